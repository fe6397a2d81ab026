//! `field photo add`, and photos that come with another act.

use super::claims::{CLOCK_MS_MAX, examine};
use super::exif::{self, Claims};
use crate::cli::PhotoAddArgs;
use crate::cmd::choice::{of_table, pick};
use crate::cmd::site::{Site, entry, numbered, saved};
use crate::cmd::visit::read_position;
use crate::cmd::{Outcome, site};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure, io_words};
use crate::i18n::say;
use crate::preview::{self, NoPreview};
use crate::render;
use crate::store::{Act, Store, StoreError, StoredBlob, media_type};
use serde_json::json;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use sync_core::codes::CodeTable;
use sync_core::document::Photo;
use sync_core::ids::EntryId;

/// Bytes at the beginning of a file that tell what it is.
const HEAD_BYTES: u64 = 16;

/// A photo that is safely on this device and waits for its act.
pub(crate) struct Prepared {
    photo: Photo,
    blob: StoredBlob,
    claims: Claims,
    /// The file as it was typed.
    file: PathBuf,
}

impl Prepared {
    /// Records the photo within an act.
    pub(crate) fn add(&self, act: &mut Act<'_>) -> Result<EntryId, Failure> {
        let id = act.new_entry();
        act.edit().add_photo(id, &self.photo)?;
        Ok(id)
    }

    /// Says what was kept and what the camera claims. The preview for the office is made here, when all
    /// is on disk: a photo that cannot be shown is best taken again while the technician is there.
    pub(crate) fn tell(&self, ctx: &mut Ctx, store: &Store) {
        warn_unshowable(ctx, store, &self.blob.path);
        let size = render::bytes(self.blob.size_bytes);
        let hash = self.blob.sha256.to_string();
        let taken = self.claims.taken_at.map(|at| {
            let (now, time) = (ctx.now(), render::time(&ctx.words, at, ctx.now(), &ctx.zone));
            match at.since_ms(now).abs() <= CLOCK_MS_MAX {
                true => say!(ctx.words, "photo-taken-now", time = time),
                false => say!(ctx.words, "photo-taken", time = time),
            }
        });
        let place =
            self.claims.position.as_ref().map(|place| format!("{},{}", place.lat_text, place.lon_text));
        let hash = format!("sha256 {}…", &hash[..8]);
        // Among several, each says which it is.
        let name = ctx.out.is_about().map(str::to_owned);
        let parts = [name, Some(size), Some(hash), taken, place];
        let line = parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
        ctx.out.note(&line);
    }
}

/// Says so when nobody will be able to look at a picture.
pub(crate) fn warn_unshowable(ctx: &mut Ctx, store: &Store, copy: &Path) {
    match store.preview_of(copy) {
        Ok(_) if !preview::is_cut(copy) => {}
        Err(NoPreview::OtherFormat) => {}
        Ok(_) | Err(NoPreview::Damaged) => {
            ctx.out.warn("photo-damaged", &say!(ctx.words, "warn-photo-damaged"));
        }
        Err(NoPreview::TooLarge { width, height }) => {
            let text = say!(ctx.words, "warn-photo-large", width = width, height = height);
            ctx.out.warn("photo-large", &text);
        }
    }
}

/// Adds photos: every file is copied first, then all are recorded in one act. Of several, one that cannot be taken
/// keeps no other from being recorded.
pub(crate) async fn run(ctx: &mut Ctx, args: &PhotoAddArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, args.on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let finding =
        args.finding.as_deref().map(|typed| entry(&ctx.words, &view.findings, typed)).transpose()?;
    let position = args.at.as_deref().map(|text| read_position(ctx, text)).transpose()?;
    let several = args.files.len() > 1;
    let mut left_out = 0;
    let mut files: Vec<&Path> = Vec::new();
    // Before anything is asked: whoever mistyped a name should not answer first.
    for file in &args.files {
        match refuse_strangers(ctx, file) {
            Err(failure) if several => left_out += leave_out(ctx, file, failure)?,
            fits => fits.map(|()| files.push(file))?,
        }
    }
    if files.is_empty() {
        return Err(nothing_recorded(ctx));
    }
    let role = match args.tag.as_deref() {
        None if !ctx.interactive => "other".to_owned(),
        typed => {
            let question = say!(ctx.words, "ask-photo-role");
            pick(ctx, typed, "--tag", &question, of_table(&ctx.words, CodeTable::PhotoRoles))?.code
        }
    };
    let mut prepared: Vec<Prepared> = Vec::new();
    let mut here_already = 0;
    for file in files {
        ctx.out.about(several.then(|| file.display().to_string()));
        let made = prepare(ctx, &store, &site, file, &role, args.caption.as_deref(), args.allow_old).await;
        let mut photo = match made {
            Err(failure) if several => {
                left_out += leave_out(ctx, file, failure)?;
                continue;
            }
            made => made?,
        };
        photo.photo.finding = finding;
        photo.photo.lat = position.as_ref().map(|place| place.lat_text.clone());
        photo.photo.lon = position.as_ref().map(|place| place.lon_text.clone());
        let twice = prepared.iter().any(|other| other.blob.sha256 == photo.blob.sha256);
        let same = numbered(&view.photos).into_iter().find(|(_, _, found)| {
            found.content.sha256 == photo.blob.sha256 && found.content.role == role && found.stands()
        });
        if let Some((number, _, _)) = same {
            here_already += 1;
            let name = file.display().to_string();
            if photo.blob.again {
                ctx.out.done(&say!(ctx.words, "photo-again", file = name, number = number));
                ctx.out.next(&say!(ctx.words, "next-step", command = "field sync"));
            } else {
                ctx.out.done(&say!(ctx.words, "photo-already", file = name, number = number));
            }
        } else if !twice {
            prepared.push(photo);
        }
    }
    ctx.out.about(None);
    if prepared.is_empty() && here_already == 0 {
        return Err(nothing_recorded(ctx));
    }
    if prepared.is_empty() {
        ctx.out.event("saved", json!({ "visit": site.visit, "photos": [] }));
        return Ok(ended(ctx, left_out));
    }
    let recorded = store
        .record(site.visit, |act| {
            prepared.iter().map(|photo| photo.add(act)).collect::<Result<Vec<_>, Failure>>()
        })
        .await?;
    let photos: Vec<_> = recorded
        .value
        .iter()
        .zip(&prepared)
        .map(|(id, photo)| json!({
            "photo": id, "sha256": photo.blob.sha256, "size_bytes": photo.blob.size_bytes, "role": photo.photo.role,
            "taken_at_ms": photo.claims.taken_at,
        }))
        .collect();
    for photo in &prepared {
        ctx.out.about(several.then(|| photo.file.display().to_string()));
        photo.tell(ctx, &store);
    }
    ctx.out.about(None);
    let what = say!(ctx.words, "photo-count", count = prepared.len());
    saved(ctx, &site, &recorded, &what, json!({ "photos": photos }));
    Ok(ended(ctx, left_out))
}

/// Tells why one file of several is not recorded with the others, and counts it.
///
/// # Errors
/// What is not about this file alone: a broken-off question, a full disk.
fn leave_out(ctx: &mut Ctx, file: &Path, failure: Failure) -> Result<usize, Failure> {
    let told = failure.told(&ctx.words);
    if !["file", "not-a-photo", "photo-old"].contains(&told.code) {
        return Err(told.into());
    }
    ctx.out.left_out(&file.display().to_string(), &told);
    Ok(1)
}

fn nothing_recorded(ctx: &Ctx) -> Failure {
    Failure::usage("nothing-recorded", say!(ctx.words, "nothing-recorded"))
}

/// Says so when some files were left out.
fn ended(ctx: &mut Ctx, left_out: usize) -> Exit {
    if left_out == 0 {
        return Exit::Ok;
    }
    ctx.out.warn("left-out", &say!(ctx.words, "photo-left-out", count = left_out));
    Exit::Partly
}

/// Looks at a file, copies it into the store and makes ready what will be recorded of it.
///
/// # Errors
/// When it is no photo, cannot be read, or is older than the visit and nobody said yes.
pub(crate) async fn prepare(
    ctx: &mut Ctx,
    store: &Store,
    site: &Site,
    file: &Path,
    role: &str,
    caption: Option<&str>,
    allow_old: bool,
) -> Result<Prepared, Failure> {
    refuse_strangers(ctx, file)?;
    let claims = exif::read(file, &ctx.machine_zone);
    let view = store.document(site.visit).await?.view();
    examine(ctx, site, &view, &claims, allow_old)?;
    let blob = store.import_blob(file).await.map_err(|error| match error {
        // A card that goes bad: it is the file, and nothing else.
        StoreError::File { path, source, .. } if path == file => unreadable(ctx, file, &source),
        error => error.into(),
    })?;
    if blob.known {
        used_elsewhere(ctx, store, site, &blob).await?;
    }
    let photo = Photo {
        sha256: blob.sha256,
        size: i64::try_from(blob.size_bytes).unwrap_or(i64::MAX),
        media_type: blob.media_type.clone(),
        role: role.to_owned(),
        caption: caption.map(str::to_owned),
        taken_at: claims.taken_at,
        // What the camera claims stays in the file, where the office reads it as its claim.
        lat: None,
        lon: None,
        accuracy: None,
        finding: None,
    };
    Ok(Prepared { photo, blob, claims, file: file.to_owned() })
}

/// Refuses what is no photo, whatever its name says, before anything is copied.
pub(crate) fn refuse_strangers(ctx: &Ctx, file: &Path) -> Result<(), Failure> {
    let mut head = Vec::new();
    let read = std::fs::File::open(file).and_then(|opened| opened.take(HEAD_BYTES).read_to_end(&mut head));
    read.map_err(|error| unreadable(ctx, file, &error))?;
    let found = media_type(&head);
    if found.starts_with("image/") && found != "image/gif" {
        return Ok(());
    }
    let found = if head.is_empty() {
        say!(ctx.words, "file-empty")
    } else if head.trim_ascii_start().starts_with(b"<") {
        "HTML / XML".to_owned()
    } else if found == "application/octet-stream" {
        say!(ctx.words, "file-unknown")
    } else {
        found.to_owned()
    };
    let name = file.display().to_string();
    Err(Failure::usage("not-a-photo", say!(ctx.words, "not-a-photo", file = name, found = found))
        .hint(say!(ctx.words, "not-a-photo-hint")))
}

fn unreadable(ctx: &Ctx, file: &Path, error: &std::io::Error) -> Failure {
    let (file, error) = (file.display().to_string(), io_words(&ctx.words, error));
    Failure::usage("file", say!(ctx.words, "store-file", file = file, error = error))
}

async fn used_elsewhere(ctx: &mut Ctx, store: &Store, site: &Site, blob: &StoredBlob) -> Result<(), Failure> {
    let rows = store.photos(None).await?;
    let other = rows.iter().find(|row| row.blob.sha256 == blob.sha256 && row.visit != site.visit);
    if let Some(other) = other {
        let name =
            store.assignment(other.visit).await?.map_or_else(|| other.visit.to_string(), |card| card.number);
        ctx.out.warn("photo-used-elsewhere", &say!(ctx.words, "warn-photo-elsewhere", visit = name));
    }
    Ok(())
}
