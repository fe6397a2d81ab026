//! `field expert`: questions to expert seats, and what they answered. Asked and read without a network.

use super::choice::{Choice, language, of_term, pick};
use super::complaint::within;
use super::{Outcome, site};
use crate::cli::{ExpertCommand, OnVisit};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use crate::render;
use crate::store::{CommandRow, CommandState, Store, StoreError};
use jiff::tz::TimeZone;
use serde_json::json;
use std::collections::BTreeSet;
use sync_core::codes::Language;
use sync_core::deadline::built_in_policy;
use sync_core::ids::{ExpertRequestId, VisitId};
use sync_core::protocol::{DISCIPLINES, ExpertCard, PackKey, QUESTION_CHARS_MAX, Request, TermCard};
use sync_core::time::Timestamp;

/// Runs a subcommand of `field expert`.
pub(crate) async fn run(ctx: &mut Ctx, command: ExpertCommand) -> Outcome {
    match command {
        ExpertCommand::Ask { skill, question, on } => {
            ask(ctx, skill.as_deref(), question.as_deref(), &on).await
        }
        ExpertCommand::List { on } => list(ctx, &on).await,
    }
}

/// The question travels with the next sync, and its answer comes with the card of the visit.
async fn ask(ctx: &mut Ctx, skill: Option<&str>, question: Option<&str>, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::acting(ctx, &store, on.visit.as_deref()).await?;
    let skills = skills(&store).await?;
    let options: Vec<Choice> = skills.iter().map(|term| of_term(&ctx.words, term)).collect();
    let skill = pick(ctx, skill, "--skill", &say!(ctx.words, "ask-skill"), options)?;
    let question = ctx.need(question, "--question", &say!(ctx.words, "ask-question"))?.trim().to_owned();
    within(ctx, &question, "--question", QUESTION_CHARS_MAX)?;
    let visit = site.visit;
    let request = Request::AskExpert { visit, skill: skill.code.clone(), question };
    let command = store.record_command(Some(visit), &request).await?;
    ctx.out.done(&format!("{} · {}", skill.name, say!(ctx.words, "expert-asked")));
    ctx.out.note(&say!(ctx.words, "expert-due-hint"));
    ctx.out.event("saved", json!({ "visit": visit, "skill": skill.code, "command": command }));
    ctx.out.next(&say!(ctx.words, "next-step", command = "field sync"));
    Ok(Exit::Ok)
}

/// The disciplines of the office; before it sent any, those that every office begins with.
async fn skills(store: &Store) -> Result<Vec<TermCard>, StoreError> {
    let known: Option<Vec<TermCard>> = store.pack_json(&PackKey::Codes(DISCIPLINES.to_owned())).await?;
    let usual = || {
        let terms = built_in_policy().disciplines.iter();
        terms.map(|one| TermCard { code: one.code.clone(), zh: one.zh.clone(), en: one.en.clone() }).collect()
    };
    Ok(known.unwrap_or_else(usual))
}

/// A question with the visit on whose card it came.
struct Carried {
    visit: VisitId,
    number: String,
    card: ExpertCard,
}

/// Every question on the cards of this device, each once.
async fn carried(store: &Store) -> Result<Vec<Carried>, StoreError> {
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for of_visit in store.assignments().await? {
        let new = of_visit.expert_requests.into_iter().filter(|card| known.insert(card.id));
        let (visit, number) = (of_visit.visit, of_visit.number);
        found.extend(new.map(|card| Carried { visit, number: number.clone(), card }).collect::<Vec<_>>());
    }
    Ok(found)
}

/// Questions that have their answer.
pub(crate) async fn answered(store: &Store) -> Result<BTreeSet<ExpertRequestId>, StoreError> {
    let found = carried(store).await?.into_iter().filter(|each| each.card.answer.is_some());
    Ok(found.map(|each| each.card.id).collect())
}

/// Says which answers came since `known`.
pub(crate) async fn tell_answers(
    ctx: &mut Ctx,
    store: &Store,
    known: &BTreeSet<ExpertRequestId>,
) -> Result<(), StoreError> {
    for each in carried(store).await? {
        if each.card.answer.is_some() && !known.contains(&each.card.id) {
            event(ctx, "expert_answer", &each);
            ctx.out.note(&say!(ctx.words, "expert-answered", visit = each.number));
        }
    }
    Ok(())
}

fn event(ctx: &mut Ctx, kind: &'static str, each: &Carried) {
    let card = &each.card;
    ctx.out.event(
        kind,
        json!({
            "id": card.id, "visit": each.visit, "number": each.number, "skill": card.skill.code,
            "question": card.question, "state": card.state, "asked_at_ms": card.asked_at,
            "due_at_ms": card.due_at, "answer": card.answer, "answered_by": card.answered_by,
            "answered_at_ms": card.answered_at,
        }),
    );
}

/// A question in words, and below it what the expert says.
pub(crate) fn lines(words: &Words, card: &ExpertCard, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let time = |at: Timestamp| render::time(words, at, now, zone);
    let state = words.code("expert", &card.state);
    let due = match card.state.as_str() {
        "open" | "taken" if card.due_at < now => Some(say!(words, "expert-overdue", due = time(card.due_at))),
        "open" | "taken" => Some(say!(words, "expert-due", due = time(card.due_at))),
        _ => None,
    };
    let head: Vec<String> =
        [Some(name(words, &card.skill)), Some(state), due].into_iter().flatten().collect();
    let asked = format!("{}  ({} {})", card.question, time(card.asked_at), card.asked_by);
    let answer = card.answer.as_ref().map(|answer| {
        let (who, at) = (card.answered_by.clone().unwrap_or_default(), card.answered_at.map(time));
        say!(words, "expert-answer", answer = answer.clone(), who = who, at = at.unwrap_or_default())
    });
    [Some(head.join(" · ")), Some(format!("  {asked}")), answer.map(|answer| format!("  {answer}"))]
        .into_iter()
        .flatten()
        .collect()
}

fn name(words: &Words, term: &TermCard) -> String {
    match language(words) {
        Language::Chinese => term.zh.clone(),
        Language::English => term.en.clone(),
    }
}

async fn list(ctx: &mut Ctx, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let only = match on.visit.as_deref() {
        Some(typed) => Some(site::find(ctx, &store, Some(typed)).await?.visit),
        None => None,
    };
    let mut carried = carried(&store).await?;
    carried.retain(|each| only.is_none_or(|visit| visit == each.visit));
    let mut text = unsent(ctx, &store, &carried, only).await?;
    for each in &carried {
        event(ctx, "expert_request", each);
        let (now, zone) = (ctx.now(), &ctx.zone);
        let mut lines = lines(&ctx.words, &each.card, now, zone);
        lines[0] = format!("{}  {}", each.number, lines[0]);
        text.extend(lines);
    }
    if text.is_empty() {
        text.push(say!(ctx.words, "expert-none"));
    }
    ctx.out.data(&text.join("\n"));
    Ok(Exit::Ok)
}

/// Questions of this device that are on no card: not sent yet, refused, or about a visit that was taken away.
async fn unsent(
    ctx: &mut Ctx,
    store: &Store,
    carried: &[Carried],
    only: Option<VisitId>,
) -> Result<Vec<String>, Failure> {
    let names = super::acts::visit_names(store).await?;
    let skills = skills(store).await?;
    let mut text = Vec::new();
    for row in store.commands().await?.into_iter().filter(|row| row.request == "ask_expert") {
        let id = ExpertRequestId::from_bytes(*row.id.as_bytes());
        let Some(Request::AskExpert { visit, skill, question }) = store.request(row.id).await? else {
            continue;
        };
        if carried.iter().any(|each| each.card.id == id) || only.is_some_and(|only| only != visit) {
            continue;
        }
        let (code, reason) = fate(&row);
        ctx.out.event(
            "expert_request",
            json!({ "id": id, "visit": visit, "skill": skill, "question": question, "state": code,
                "reason": reason, "asked_at_ms": row.asked_at }),
        );
        let named = skills.iter().find(|term| term.code == skill).map(|term| name(&ctx.words, term));
        let state = ctx.words.code("expert", code);
        let state =
            reason.map_or(state.clone(), |reason| format!("{state}: {}", ctx.words.code("refusal", &reason)));
        let number = super::acts::visit_name(&names, Some(visit));
        text.push(format!("{number}  {} · {state}", named.unwrap_or(skill)));
        text.push(format!(
            "  {question}  ({})",
            render::time(&ctx.words, row.asked_at, ctx.now(), &ctx.zone)
        ));
    }
    Ok(text)
}

/// The word for what became of a question, and why it was refused.
fn fate(row: &CommandRow) -> (&'static str, Option<String>) {
    match &row.state {
        CommandState::Waiting => ("waiting", None),
        CommandState::Done { .. } => ("done", None),
        CommandState::Refused { reason, .. } => ("refused", Some(reason.clone())),
    }
}
