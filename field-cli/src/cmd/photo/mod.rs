//! `field photo`: copied, hashed and on disk before the prompt returns; what the camera claims is
//! compared with this device's clock and with the site.

mod add;
mod claims;
mod exif;
mod prepare;

pub(crate) use prepare::{prepare, refuse_strangers, warn_unshowable};

use super::choice::language;
use super::people::People;
use super::site::{entry, fate, numbered};
use super::standing;
use super::{Outcome, site};
use crate::cli::{OnVisit, PhotoCommand};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use crate::render;
use crate::store::{BlobRow, BlobState, PhotoRow, PreviewState};
use serde_json::json;
use sync_core::codes::CodeTable;
use sync_core::document::Photo;
use sync_core::protocol::Request;

/// Runs a subcommand of `field photo`.
pub(crate) async fn run(ctx: &mut Ctx, command: PhotoCommand) -> Outcome {
    match command {
        PhotoCommand::Add(args) => add::run(ctx, &args).await,
        PhotoCommand::List { on } => list(ctx, &on).await,
        PhotoCommand::Unavailable { photo, reason, on } => {
            unavailable(ctx, &photo, reason.as_deref(), &on).await
        }
    }
}

/// A photo in one line, with how far it has travelled.
pub(crate) fn line(words: &Words, photo: &Photo, row: Option<&PhotoRow>) -> String {
    let role = CodeTable::PhotoRoles.name(&photo.role, language(words));
    let size = render::bytes(u64::try_from(photo.size).unwrap_or(0));
    let hash = &photo.sha256.to_string()[..8];
    let state = row.map(|row| state(words, row)).unwrap_or_default();
    let caption = photo.caption.as_deref().unwrap_or_default();
    [role, &size, &format!("sha256 {hash}…"), caption, &state]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Why the server did not take a photo, and what helps.
pub(crate) fn refusal(words: &Words, blob: &BlobRow) -> String {
    words.code("photo-refusal", blob.reason.as_deref().unwrap_or_default())
}

fn state(words: &Words, row: &PhotoRow) -> String {
    let blob = &row.blob;
    match blob.state {
        BlobState::Waiting if blob.upload_offset > 0 => {
            say!(words, "photo-partly", percent = blob.upload_percent())
        }
        BlobState::Waiting if blob.preview == PreviewState::Arrived => say!(words, "photo-previewed"),
        BlobState::Waiting => say!(words, "photo-waiting"),
        BlobState::Arrived => say!(words, "photo-arrived"),
        BlobState::Refused => say!(words, "photo-refused", reason = refusal(words, blob)),
        BlobState::Unavailable => say!(words, "photo-unavailable"),
    }
}

async fn list(ctx: &mut Ctx, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::find(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let rows = store.photos(Some(site.visit)).await?;
    let people = People::known(&store).await?;
    let photos = numbered(&view.photos);
    let mut table = render::table(
        &ctx.out,
        [
            "#".to_owned(),
            say!(ctx.words, "column-photo"),
            say!(ctx.words, "column-time"),
            say!(ctx.words, "column-by"),
        ],
    );
    for (number, id, found) in &photos {
        let row = rows.iter().find(|row| row.entry == *id);
        ctx.out.event("photo", json!({
            "number": number, "photo": id, "sha256": found.content.sha256, "size_bytes": found.content.size,
            "role": found.content.role, "state": row.map(|row| row.blob.state.as_str()),
            "sent_bytes": row.map(|row| row.blob.upload_offset),
            "preview": row.map(|row| row.blob.preview.as_str()), "by": found.meta.by,
        }));
        let time = render::time(&ctx.words, found.meta.at, ctx.now(), &ctx.zone);
        table.add_row([
            number.to_string(),
            line(&ctx.words, &found.content, row) + &fate(&ctx.words, found),
            time,
            people.name(found.meta.by),
        ]);
    }
    let text = if photos.is_empty() { say!(ctx.words, "none-recorded") } else { render::lines(&table) };
    ctx.out.data(&text);
    Ok(Exit::Ok)
}

/// Declares that the bytes of a photo are lost for good, so that nobody waits for them.
async fn unavailable(ctx: &mut Ctx, typed: &str, reason: Option<&str>, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::find(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let id = entry(&ctx.words, &view.photos, typed)?;
    let rows = store.photos(Some(site.visit)).await?;
    let Some(row) = rows.iter().find(|row| row.entry == id) else {
        return Err(Failure::new("not-yours", say!(ctx.words, "photo-not-here")));
    };
    if row.blob.state == BlobState::Arrived {
        return Err(Failure::new("arrived", say!(ctx.words, "photo-has-arrived")));
    }
    if row.blob.is_whole() {
        let command = if row.blob.state == BlobState::Refused { "field outbox retry" } else { "field sync" };
        return Err(Failure::new("photo-here", say!(ctx.words, "photo-is-here")).hint(say!(
            ctx.words,
            "next-step",
            command = command
        )));
    }
    let reason = ctx.need(reason, "--reason", &say!(ctx.words, "ask-reason"))?;
    standing::warn(ctx, &store, Some(&site)).await?;
    let request = Request::PhotoUnavailable { visit: site.visit, entry: id, reason: reason.clone() };
    let command = store.record_command(Some(site.visit), &request).await?;
    store.set_blob_state(row.blob.sha256, BlobState::Unavailable, Some(&reason)).await?;
    ctx.out.done(&say!(ctx.words, "photo-declared"));
    ctx.out.event("saved", json!({ "visit": site.visit, "photo": id, "command": command }));
    Ok(Exit::Ok)
}
