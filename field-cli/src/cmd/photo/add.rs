//! `field photo add`: every file is copied first, then all are recorded in one act. Of several, one that cannot be taken
//! keeps no other from being recorded.

use super::prepare::{Prepared, prepare, refuse_strangers};
use crate::cli::PhotoAddArgs;
use crate::cmd::choice::{of_table, pick};
use crate::cmd::site::{Site, entry, numbered, saved};
use crate::cmd::visit::read_position;
use crate::cmd::{Outcome, site};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::store::Store;
use serde_json::json;
use std::path::{Path, PathBuf};
use sync_core::codes::CodeTable;
use sync_core::document::VisitView;

/// What became of the files that were typed, before anything is recorded.
#[derive(Default)]
struct Gathered {
    /// Those that are copied and wait for their act.
    prepared: Vec<Prepared>,
    /// How many stand on the visit already.
    here_already: usize,
    /// How many cannot be taken.
    left_out: usize,
}

/// Adds photos.
pub(crate) async fn run(ctx: &mut Ctx, args: &PhotoAddArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, args.on.visit.as_deref()).await?;
    let gathered = gather(ctx, &store, &site, args).await?;
    if !gathered.prepared.is_empty() {
        record(ctx, &store, &site, &gathered.prepared, args.files.len() > 1).await?;
    } else if gathered.here_already > 0 {
        ctx.out.event("saved", json!({ "visit": site.visit, "photos": [] }));
    } else {
        return Err(nothing_recorded(ctx));
    }
    Ok(ended(ctx, gathered.left_out))
}

/// Copies every file that can be taken.
async fn gather(ctx: &mut Ctx, store: &Store, site: &Site, args: &PhotoAddArgs) -> Result<Gathered, Failure> {
    let view = store.document(site.visit).await?.view();
    let finding =
        args.finding.as_deref().map(|typed| entry(&ctx.words, &view.findings, typed)).transpose()?;
    let position = args.at.as_deref().map(|text| read_position(ctx, text)).transpose()?;
    let several = args.files.len() > 1;
    let (files, left_out) = photos_among(ctx, &args.files)?;
    let role = role(ctx, args.tag.as_deref())?;
    let mut gathered = Gathered { left_out, ..Gathered::default() };
    for file in files {
        ctx.out.about(several.then(|| file.display().to_string()));
        let made = prepare(ctx, store, site, file, &role, args.caption.as_deref(), args.allow_old).await;
        let mut photo = match made {
            Err(failure) if several => {
                gathered.left_out += leave_out(ctx, file, failure)?;
                continue;
            }
            made => made?,
        };
        photo.photo.finding = finding;
        photo.photo.lat = position.as_ref().map(|place| place.lat_text.clone());
        photo.photo.lon = position.as_ref().map(|place| place.lon_text.clone());
        let twice = gathered.prepared.iter().any(|other| other.blob.sha256 == photo.blob.sha256);
        if is_here(ctx, &view, &photo) {
            gathered.here_already += 1;
        } else if !twice {
            gathered.prepared.push(photo);
        }
    }
    ctx.out.about(None);
    Ok(gathered)
}

/// The files that are photos, and how many are left out. Before anything is asked: whoever mistyped a name should not
/// answer first.
fn photos_among<'f>(ctx: &mut Ctx, files: &'f [PathBuf]) -> Result<(Vec<&'f Path>, usize), Failure> {
    let (mut photos, mut left_out) = (Vec::new(), 0);
    for file in files {
        match refuse_strangers(ctx, file) {
            Err(failure) if files.len() > 1 => left_out += leave_out(ctx, file, failure)?,
            fits => fits.map(|()| photos.push(file.as_path()))?,
        }
    }
    if photos.is_empty() { Err(nothing_recorded(ctx)) } else { Ok((photos, left_out)) }
}

fn role(ctx: &Ctx, typed: Option<&str>) -> Result<String, Failure> {
    if typed.is_none() && !ctx.interactive {
        return Ok("other".to_owned());
    }
    let question = say!(ctx.words, "ask-photo-role");
    Ok(pick(ctx, typed, "--tag", &question, of_table(&ctx.words, CodeTable::PhotoRoles))?.code)
}

/// Whether the visit has this photo under this role; says so, and what becomes of its bytes.
fn is_here(ctx: &mut Ctx, view: &VisitView, photo: &Prepared) -> bool {
    let (sha256, role) = (photo.blob.sha256, &photo.photo.role);
    let same = numbered(&view.photos).into_iter().find(|(_, _, found)| {
        found.content.sha256 == sha256 && found.content.role == *role && found.stands()
    });
    let Some((number, _, _)) = same else { return false };
    let name = photo.file.display().to_string();
    if photo.blob.again {
        ctx.out.done(&say!(ctx.words, "photo-again", file = name, number = number));
        ctx.out.next(&say!(ctx.words, "next-step", command = "field sync"));
    } else {
        ctx.out.done(&say!(ctx.words, "photo-already", file = name, number = number));
    }
    true
}

/// Records what was copied, in one act, and says what was kept.
async fn record(
    ctx: &mut Ctx,
    store: &Store,
    site: &Site,
    prepared: &[Prepared],
    several: bool,
) -> Result<(), Failure> {
    let recorded = store
        .record(site.visit, |act| {
            prepared.iter().map(|photo| photo.add(act)).collect::<Result<Vec<_>, Failure>>()
        })
        .await?;
    let photos: Vec<_> = recorded
        .value
        .iter()
        .zip(prepared)
        .map(|(id, photo)| json!({
            "photo": id, "sha256": photo.blob.sha256, "size_bytes": photo.blob.size_bytes, "role": photo.photo.role,
            "taken_at_ms": photo.claims.taken_at,
        }))
        .collect();
    for photo in prepared {
        ctx.out.about(several.then(|| photo.file.display().to_string()));
        photo.tell(ctx, store);
    }
    ctx.out.about(None);
    let what = say!(ctx.words, "photo-count", count = prepared.len());
    saved(ctx, site, &recorded, &what, json!({ "photos": photos }));
    Ok(())
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
