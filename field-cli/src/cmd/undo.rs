//! `field undo`: the last act is taken back by an act of its own; both stay readable.

use super::Outcome;
use super::acts::{describe, visit_name, visit_names};
use super::conflicts::write;
use super::terms::Terms;
use crate::cli::UndoArgs;
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use crate::render;
use crate::store::{Act, LastAct, LogRow, Store, Write};
use serde_json::{Value, json};
use sync_core::document::{Container, FindingEdit, Scalar, Shape, SharedText};

/// Takes back the last act.
pub(crate) async fn run(ctx: &mut Ctx, args: &UndoArgs) -> Outcome {
    let store = ctx.store().await?;
    let (row, requests) = match store.last_act().await? {
        Some(LastAct::Save { row, requests }) => (row, requests),
        Some(LastAct::Request(row)) => return Err(stays(ctx, &store, &row).await?),
        None => return Err(Failure::new("nothing-to-undo", say!(ctx.words, "undo-nothing"))),
    };
    let visit = row.visit.ok_or_else(|| Failure::new("nothing-to-undo", say!(ctx.words, "undo-nothing")))?;
    let site = super::site::load(&store, visit).await?;
    super::standing::warn(ctx, &store, Some(&site)).await?;
    let why = args.why.clone().unwrap_or_else(|| say!(ctx.words, "undo-reason"));
    let recorded = store
        .record(visit, |act| {
            act.undoes(row.hash);
            requests.iter().for_each(|request| act.undoes(*request));
            let left = take_back(act, &row, &why)?;
            if left.len() < row.writes.len() { Ok(left) } else { Err(nothing_left(&ctx.words, &row)) }
        })
        .await?;
    let names = visit_names(&store).await?;
    let terms = Terms::known(&store).await?;
    let (what, visit_shown) = (describe(&ctx.words, &terms, &row, &[]), visit_name(&names, Some(visit)));
    ctx.out.event(
        "undone",
        json!({ "visit": visit, "undone": row.hash, "envelopes": recorded.envelopes, "left": recorded.value }),
    );
    ctx.out.done(&say!(ctx.words, "undo-done", what = what, visit = visit_shown));
    for path in &recorded.value {
        ctx.out.warn("not-undone", &say!(ctx.words, "undo-left", path = terms.path(&ctx.words, path)));
    }
    Ok(Exit::Ok)
}

/// Why the last act stays: it asked the office for something, and what is asked is not taken back by this device.
async fn stays(ctx: &Ctx, store: &Store, row: &LogRow) -> Result<Failure, Failure> {
    let (terms, commands) = (Terms::known(store).await?, store.commands().await?);
    let what = describe(&ctx.words, &terms, row, &commands);
    let time = render::time(&ctx.words, row.claimed_at, ctx.now(), &ctx.zone);
    let failure = Failure::new("request-stays", say!(ctx.words, "undo-request", what = what, time = time));
    let request =
        commands.iter().find(|command| command.sequence == row.sequence && command.device == row.device);
    let hint = match request.map(|command| command.request.as_str()) {
        None if row.kind == "restricted" => say!(ctx.words, "undo-restricted-hint"),
        Some("arrive" | "no_access" | "finish") => say!(ctx.words, "undo-progress-hint"),
        _ => say!(ctx.words, "undo-request-hint"),
    };
    Ok(failure.hint(hint))
}

/// Why nothing of an act can be taken back; then nothing is recorded either.
fn nothing_left(words: &Words, row: &LogRow) -> Failure {
    let withdrawal = |item: &Write| item.after.get("withdrawn").is_some_and(|gone| !gone.is_null());
    if row.writes.iter().any(withdrawal) {
        let failure = Failure::new("withdrawal-stays", say!(words, "undo-withdrawal"));
        return failure.hint(say!(words, "undo-withdrawal-hint"));
    }
    Failure::new("written-since", say!(words, "undo-written-since"))
}

/// Takes back what can be: yields the places that somebody wrote since.
fn take_back(act: &mut Act<'_>, row: &LogRow, why: &str) -> Result<Vec<String>, Failure> {
    let mut left = Vec::new();
    for item in &row.writes {
        if !take_back_one(act, item, why)? {
            left.push(item.path.clone());
        }
    }
    Ok(left)
}

fn take_back_one(act: &mut Act<'_>, item: &Write, why: &str) -> Result<bool, Failure> {
    let Some((container, key)) = item.place() else { return Ok(false) };
    match container.shape() {
        Shape::Entries if item.before.is_null() => {
            let Ok(id) = key.parse() else { return Ok(false) };
            act.edit().withdraw(container, id, why)?;
            Ok(true)
        }
        Shape::Entries => reword(act, container, key, item),
        Shape::Shared => {
            let shown = match container {
                Container::Answers => act.before().answers.get(key),
                Container::SealStates => act.before().seal_states.get(key),
                _ => act.before().proposal.get(key),
            };
            let still = shown
                .is_some_and(|value| serde_json::to_value(&value.shown).is_ok_and(|now| now == item.after));
            if !still {
                return Ok(false);
            }
            let before: Scalar = serde_json::from_value(item.before.clone()).unwrap_or(Scalar::Null);
            Ok(write(act.edit(), &item.path, &before)?)
        }
        Shape::Text => {
            let text = if container == Container::Note { SharedText::Note } else { SharedText::Cause };
            if Some(act.edit().text(text).as_str()) != item.after.as_str() {
                return Ok(false);
            }
            act.edit().rewrite_text(text, item.before.as_str().unwrap_or_default())?;
            Ok(true)
        }
        Shape::Frame => Ok(false),
    }
}

/// Gives a finding its old words again.
fn reword(act: &mut Act<'_>, container: Container, key: &str, item: &Write) -> Result<bool, Failure> {
    let (Container::Findings, Ok(id)) = (container, key.parse()) else { return Ok(false) };
    let old = |field: &str| item.before.get(field).and_then(Value::as_str).map(str::to_owned);
    // Only a rewording can be reversed; a withdrawal stays, since nothing is ever un-withdrawn.
    if item.after.get("withdrawn").is_some() {
        return Ok(false);
    }
    act.edit()
        .edit_finding(id, &FindingEdit { code: old("code"), text: old("text"), severity: old("severity") })?;
    Ok(true)
}
