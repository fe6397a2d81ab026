//! `field export`: a visit as a file.

use super::Outcome;
use crate::cli::{ExportArgs, ExportFormat};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure, io_words};
use crate::i18n::say;
use crate::store::Store;
use minicbor::bytes::ByteSlice;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use sync_core::document::VisitView;
use sync_core::ids::{ChangeHash, VisitId};

/// Exports a visit.
pub(crate) async fn run(ctx: &mut Ctx, args: &ExportArgs) -> Outcome {
    let store = ctx.store().await?;
    let visit = super::site::find(ctx, &store, Some(&args.visit)).await?.visit;
    let bytes = match args.format {
        ExportFormat::Json => {
            let value = as_json(ctx, &store, visit).await?;
            let mut text = serde_json::to_string_pretty(&value).expect("the export is plain JSON");
            text.push('\n');
            text.into_bytes()
        }
        ExportFormat::Automerge => store.document(visit).await?.save(),
        ExportFormat::Envelopes => envelopes(&store, visit).await?,
    };
    let Some(path) = &args.out else {
        ctx.out.raw(&bytes).map_err(|error| unwritten(ctx, "-", &error))?;
        return Ok(Exit::Ok);
    };
    std::fs::write(path, &bytes).map_err(|error| unwritten(ctx, &path.display().to_string(), &error))?;
    ctx.out.event("exported", json!({ "visit": visit, "file": path, "bytes": bytes.len() }));
    let (file, size) = (path.display().to_string(), crate::render::bytes(bytes.len() as u64));
    ctx.out.done(&say!(ctx.words, "export-done", file = file, size = size));
    Ok(Exit::Ok)
}

fn unwritten(ctx: &Ctx, file: &str, error: &std::io::Error) -> Failure {
    Failure::new(
        "file",
        say!(ctx.words, "file-not-written", file = file, error = io_words(&ctx.words, error)),
    )
}

/// Everything readable about a visit, with the author of every change.
async fn as_json(ctx: &Ctx, store: &Store, visit: VisitId) -> Result<Value, Failure> {
    let document = store.document(visit).await?;
    let view = document.view();
    let changes: Vec<ChangeHash> = changes_of(&view).into_iter().collect();
    let origins = store.origins(&changes).await?;
    let origins: serde_json::Map<String, Value> = origins
        .into_iter()
        .map(|(change, origin)| {
            let origin = json!({
                "device": origin.device, "sequence": origin.sequence, "person": origin.person,
                "claimed_at_ms": origin.claimed_at,
            });
            (change.to_string(), origin)
        })
        .collect();
    let photos: Vec<Value> = store
        .photos(Some(visit))
        .await?
        .into_iter()
        .map(|photo| {
            json!({
                "entry": photo.entry, "sha256": photo.blob.sha256, "size_bytes": photo.blob.size_bytes,
                "media_type": photo.blob.media_type, "state": photo.blob.state.as_str(),
                "file": photo.blob.original_name,
            })
        })
        .collect();
    Ok(json!({
        "format": "fieldloop/visit/1",
        "exported_at_ms": ctx.now(),
        "visit": visit,
        "card": store.assignment(visit).await?,
        "heads": document.heads(),
        "accepted_heads": store.accepted_heads(visit).await?,
        "document": view,
        "origins": origins,
        "photos": photos,
    }))
}

/// Every change that the reading names.
fn changes_of(view: &VisitView) -> BTreeSet<ChangeHash> {
    fn collect(value: &Value, changes: &mut BTreeSet<ChangeHash>) {
        match value {
            Value::Object(fields) => {
                let named: Option<ChangeHash> =
                    fields.get("change").and_then(Value::as_str).and_then(|hash| hash.parse().ok());
                changes.extend(named);
                fields.values().for_each(|field| collect(field, changes));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, changes)),
            _ => {}
        }
    }
    let mut changes = BTreeSet::new();
    collect(&serde_json::to_value(view).expect("a view is plain JSON"), &mut changes);
    changes
}

/// This device's envelopes about the visit, each as a CBOR array of COSE_Sign1, salt and body.
async fn envelopes(store: &Store, visit: VisitId) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for row in store.log(Some(visit), u32::MAX).await?.into_iter().rev() {
        let Some(envelope) = store.envelope(row.hash).await? else { continue };
        let parts: [&ByteSlice; 3] =
            [envelope.cose().into(), envelope.salt()[..].into(), envelope.body_bytes().into()];
        bytes.extend(minicbor::to_vec(parts).expect("encoding into memory cannot fail"));
    }
    Ok(bytes)
}
