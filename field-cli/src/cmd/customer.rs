//! `field customer`: statements are kept beside the document, so that they can be erased without it.

use super::choice::{language, of_table, pick};
use super::photo::{refuse_strangers, warn_unshowable};
use super::site::saved;
use super::{Outcome, site};
use crate::cli::{CustomerCommand, OnVisit};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure, io_words};
use crate::i18n::{Words, say};
use crate::render;
use serde_json::json;
use std::path::Path;
use sync_core::codes::CodeTable;
use sync_core::document::{Signature, Statement, VisitView};
use sync_core::ids::EntryId;
use sync_core::protocol::Request;

/// A telephone number with fewer digits leads to nobody.
const PHONE_DIGITS_MIN: usize = 7;
/// Longest statement in bytes; one act must fit into one envelope.
const STATEMENT_BYTES_MAX: usize = 64 * 1024;

/// Who made a statement, in words.
pub(crate) fn giver_name(words: &Words, code: &str) -> String {
    CodeTable::StatementGivers.name(code, language(words)).to_owned()
}

/// Runs a subcommand of `field customer`.
pub(crate) async fn run(ctx: &mut Ctx, command: CustomerCommand) -> Outcome {
    match command {
        CustomerCommand::Statement { text, file, from, on } => {
            statement(ctx, text.as_deref(), file.as_deref(), from.as_deref(), &on).await
        }
        CustomerCommand::Sign { image, on } => sign(ctx, &image, &on).await,
        CustomerCommand::Refuse { reason, on } => refuse(ctx, reason.as_deref(), &on).await,
        CustomerCommand::Contact { name, phone, address, reason, on } => {
            contact(ctx, Contact { name, phone, address }, reason.as_deref(), &on).await
        }
    }
}

/// What is to stand on the complaint; what is absent stays.
struct Contact {
    name: Option<String>,
    phone: Option<String>,
    address: Option<String>,
}

/// Asks the office to correct name, phone or address. They are the office's and in no document: the request travels
/// with the next sync, every version stays on record, and a reviewer looks at it.
async fn contact(ctx: &mut Ctx, wanted: Contact, reason: Option<&str>, on: &OnVisit) -> Outcome {
    let given =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let (name, phone, address) = (given(wanted.name), given(wanted.phone), given(wanted.address));
    if name.is_none() && phone.is_none() && address.is_none() {
        return Err(Failure::usage("missing-value", say!(ctx.words, "contact-nothing"))
            .hint(say!(ctx.words, "usage-help")));
    }
    if phone
        .as_deref()
        .is_some_and(|phone| phone.chars().filter(char::is_ascii_digit).count() < PHONE_DIGITS_MIN)
    {
        return Err(Failure::usage("wrong-value", say!(ctx.words, "contact-phone")));
    }
    let store = ctx.store().await?;
    let site = site::acting(ctx, &store, on.visit.as_deref()).await?;
    let reason = ctx.need(reason, "--reason", &say!(ctx.words, "ask-reason"))?;
    let fields: Vec<&str> = [("name", &name), ("phone", &phone), ("address", &address)]
        .iter()
        .filter_map(|(field, value)| value.as_ref().map(|_| *field))
        .collect();
    let (visit, fields) = (site.visit, json!(fields));
    let request = Request::CorrectContact { visit, name, phone, address, reason };
    let command = store.record_command(Some(visit), &request).await?;
    ctx.out.done(&say!(ctx.words, "contact-asked"));
    ctx.out.note(&say!(ctx.words, "contact-reviewed"));
    ctx.out.event("saved", json!({ "visit": visit, "fields": fields, "command": command }));
    Ok(Exit::Ok)
}

async fn statement(
    ctx: &mut Ctx,
    text: Option<&str>,
    file: Option<&Path>,
    from: Option<&str>,
    on: &OnVisit,
) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, on.visit.as_deref()).await?;
    let giver = pick(
        ctx,
        Some(from.unwrap_or("customer")),
        "--from",
        "",
        of_table(&ctx.words, CodeTable::StatementGivers),
    )?;
    let text = match file {
        Some(file) => std::fs::read_to_string(file).map_err(|error| {
            let name = file.display().to_string();
            Failure::usage(
                "file",
                say!(ctx.words, "store-file", file = name, error = io_words(&ctx.words, &error)),
            )
        })?,
        None => ctx.need(text, "--text", &say!(ctx.words, "ask-statement"))?,
    };
    if text.trim().is_empty() || text.len() > STATEMENT_BYTES_MAX {
        let max = STATEMENT_BYTES_MAX / 1024;
        return Err(Failure::usage("statement-size", say!(ctx.words, "statement-size", max = max)));
    }
    let recorded = store
        .record(site.visit, |act| {
            let (part, commitment) = act.part(text.trim());
            let id = act.new_entry();
            act.edit().add_statement(id, &Statement { from: giver.code.clone(), part, commitment })?;
            Ok::<_, Failure>((id, commitment))
        })
        .await?;
    let (id, commitment) = recorded.value;
    let hash = commitment.to_string()[..8].to_owned();
    let what = say!(ctx.words, "statement-saved", from = giver.name, hash = hash);
    saved(ctx, &site, &recorded, &what, json!({ "statement": id, "commitment": commitment }));
    ctx.out.next(&say!(
        ctx.words,
        "next-step",
        command = site.on_it(format!("field customer sign --image {}", say!(ctx.words, "placeholder-file")))
    ));
    Ok(Exit::Ok)
}

/// The newest statement: what a signature covers. Without one it covers the whole visit.
fn newest_statement(view: &VisitView) -> Option<EntryId> {
    let standing = view.statements.iter().filter(|(_, entry)| entry.stands());
    standing.max_by_key(|(id, entry)| (entry.meta.at, **id)).map(|(id, _)| *id)
}

async fn sign(ctx: &mut Ctx, image: &Path, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, on.visit.as_deref()).await?;
    refuse_strangers(ctx, image)?;
    let blob = store.import_blob(image).await?;
    warn_unshowable(ctx, &store, &blob.path);
    let recorded = store
        .record(site.visit, |act| {
            let covers = newest_statement(act.before());
            let signature = Signature {
                covers,
                sha256: Some(blob.sha256),
                size: i64::try_from(blob.size_bytes).ok(),
                refused_reason: None,
            };
            let id = act.new_entry();
            act.edit().add_signature(id, &signature)?;
            Ok::<_, Failure>((id, covers))
        })
        .await?;
    let (id, covers) = recorded.value;
    let hash = blob.sha256.to_string()[..8].to_owned();
    let time = render::time(&ctx.words, recorded.at, recorded.at, &ctx.zone);
    let what = match covers {
        Some(_) => say!(ctx.words, "signed-statement", time = time, hash = hash),
        None => say!(ctx.words, "signed-visit", time = time, hash = hash),
    };
    saved(ctx, &site, &recorded, &what, json!({ "signature": id, "covers": covers, "sha256": blob.sha256 }));
    Ok(Exit::Ok)
}

async fn refuse(ctx: &mut Ctx, reason: Option<&str>, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, on.visit.as_deref()).await?;
    let reason = ctx.need(reason, "--reason", &say!(ctx.words, "ask-reason"))?;
    let recorded = store
        .record(site.visit, |act| {
            let covers = newest_statement(act.before());
            let refused =
                Signature { covers, sha256: None, size: None, refused_reason: Some(reason.clone()) };
            let id = act.new_entry();
            act.edit().add_signature(id, &refused)?;
            Ok::<_, Failure>(id)
        })
        .await?;
    let what = say!(ctx.words, "show-refused", reason = reason);
    saved(ctx, &site, &recorded, &what, json!({ "signature": recorded.value }));
    Ok(Exit::Ok)
}
