//! Start, pause, resume, no access; what is proposed and noted about the whole visit.

use crate::cli::{OnVisit, ProposeArgs};
use crate::cmd::choice::{of_table, pick};
use crate::cmd::site::Site;
use crate::cmd::{Outcome, site};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::place::Position;
use crate::render;
use crate::store::{Act, Recorded, VisitState};
use serde_json::json;
use sync_core::codes::CodeTable;
use sync_core::document::{Progress, ProposalField, SharedText};
use sync_core::ids::EntryId;
use sync_core::protocol::Request;

/// Farther from the address than this is worth a question.
const SITE_METRES_MAX: f64 = 500.0;

/// A step of the visit without anything else.
pub(crate) fn progress(event: &str) -> Progress {
    Progress { event: event.to_owned(), reason: None, outcome: None, lat: None, lon: None }
}

/// Records a step of the visit.
pub(crate) fn step(act: &mut Act<'_>, progress: &Progress) -> Result<EntryId, Failure> {
    let id = act.new_entry();
    act.edit().add_progress(id, progress)?;
    Ok(id)
}

/// Starts a visit and makes it the current one.
pub(crate) async fn start(ctx: &mut Ctx, typed: &str, at: Option<&str>) -> Outcome {
    let store = ctx.store().await?;
    let position = at.map(|text| read_position(ctx, text)).transpose()?;
    let mut site = site::acting(ctx, &store, Some(typed)).await?;
    site.is_current = true;
    if site.row.state == VisitState::Running {
        store.set_current_visit(Some(site.visit)).await?;
        ctx.out.done(&say!(ctx.words, "visit-is-current", visit = site.name()));
        ctx.out.event("current", json!({ "visit": site.visit, "number": site.name() }));
        return Ok(Exit::Ok);
    }
    let before = store.current_visit().await?.filter(|visit| *visit != site.visit);
    let event = if site.row.state == VisitState::Paused { "resumed" } else { "started" };
    let started = Progress {
        lat: position.as_ref().map(|place| place.lat_text.clone()),
        lon: position.as_ref().map(|place| place.lon_text.clone()),
        ..progress(event)
    };
    let recorded = store
        .record(site.visit, |act| {
            let id = step(act, &started)?;
            act.command(&Request::Arrive { visit: act.visit() });
            act.set_current(Some(act.visit()));
            Ok::<_, Failure>(id)
        })
        .await?;
    say_started(ctx, &site, &recorded, position.as_ref());
    if let Some(before) = before {
        let other = site::load(&store, before).await?;
        if other.row.state == VisitState::Running {
            ctx.out.note(&say!(ctx.words, "visit-still-running", visit = other.name()));
        }
    }
    Ok(Exit::Ok)
}

fn say_started(ctx: &mut Ctx, site: &Site, recorded: &Recorded<EntryId>, position: Option<&Position>) {
    let time = render::time(&ctx.words, recorded.at, recorded.at, &ctx.zone);
    let card = site.card.as_ref();
    let summary = card.map(|card| card.summary.clone()).unwrap_or_default();
    let place =
        card.and_then(|card| card.position.as_ref()).and_then(|(lat, lon)| Position::of_texts(lat, lon));
    let distance = position.zip(place.as_ref()).map(|(here, there)| here.metres_to(there));
    let line = match distance {
        Some(metres) => say!(
            ctx.words,
            "visit-started-at",
            visit = site.name(),
            summary = summary,
            time = time,
            distance = render::metres(metres)
        ),
        None => say!(ctx.words, "visit-started", visit = site.name(), summary = summary, time = time),
    };
    ctx.out.done(&line);
    ctx.out.event(
        "started",
        json!({
            "visit": site.visit, "number": site.name(), "at_ms": recorded.at, "metres_from_address": distance,
        }),
    );
    if distance.is_some_and(|metres| metres > SITE_METRES_MAX) {
        let far =
            say!(ctx.words, "warn-far-from-address", distance = render::metres(distance.unwrap_or_default()));
        ctx.out.warn("far-from-address", &far);
    }
    let items = site.items(&recorded.view);
    if let Some(list) = &site.checklist {
        let title = ctx.words.lang.pick(&list.zh, &list.en).to_owned();
        let done =
            items.iter().filter(|status| status.state != sync_core::checklist::ItemState::Open).count();
        ctx.out.note(&say!(ctx.words, "visit-checklist", title = title, done = done, total = items.len()));
    }
    if let Some(due) = card.and_then(|card| card.due_at) {
        let due = render::time(&ctx.words, due, recorded.at, &ctx.zone);
        ctx.out.note(&say!(ctx.words, "visit-due", due = due));
    }
    let command = items.iter().find(|status| status.blocks()).map_or_else(
        || "field visit show".to_owned(),
        |open| site::fill_command(&ctx.words, open.item, site),
    );
    ctx.out.next(&say!(ctx.words, "next-step", command = command));
}

/// `latitude,longitude` as it was typed behind `--at`.
pub(crate) fn read_position(ctx: &Ctx, text: &str) -> Result<Position, Failure> {
    Position::parse(text).ok_or_else(|| {
        let what = say!(ctx.words, "usage-wrong-value", value = text, argument = "--at");
        Failure::usage("wrong-value", what).hint(say!(ctx.words, "position-hint"))
    })
}

/// Pauses a running visit.
pub(crate) async fn pause(ctx: &mut Ctx, reason: Option<&str>, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::acting(ctx, &store, on.visit.as_deref()).await?;
    if site.row.state != VisitState::Running {
        return Err(not_possible(ctx, &site));
    }
    let paused = Progress { reason: reason.map(str::to_owned), ..progress("paused") };
    let recorded = store.record(site.visit, |act| step(act, &paused)).await?;
    tell(ctx, &site, &recorded, "paused", &say!(ctx.words, "visit-paused", visit = site.name()));
    ctx.out.next(&say!(ctx.words, "next-step", command = site.on_it("field visit resume")));
    Ok(Exit::Ok)
}

/// Goes on with a paused visit.
pub(crate) async fn resume(ctx: &mut Ctx, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::acting(ctx, &store, on.visit.as_deref()).await?;
    if site.row.state != VisitState::Paused {
        return Err(not_possible(ctx, &site));
    }
    let resumed = progress("resumed");
    let recorded = store
        .record(site.visit, |act| {
            act.set_current(Some(act.visit()));
            step(act, &resumed)
        })
        .await?;
    tell(ctx, &site, &recorded, "resumed", &say!(ctx.words, "visit-resumed", visit = site.name()));
    Ok(Exit::Ok)
}

/// Records that the technician was there in vain. Nothing else is asked for then.
pub(crate) async fn no_access(ctx: &mut Ctx, reason: Option<&str>, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::acting(ctx, &store, on.visit.as_deref()).await?;
    if matches!(site.row.state, VisitState::Finished | VisitState::NoAccess) {
        return Err(not_possible(ctx, &site));
    }
    let question = say!(ctx.words, "ask-no-access");
    let reason = pick(ctx, reason, "--reason", &question, of_table(&ctx.words, CodeTable::NoAccessReasons))?;
    let event = Progress { reason: Some(reason.code.clone()), ..progress("no_access") };
    let recorded = store
        .record(site.visit, |act| {
            let id = step(act, &event)?;
            act.command(&Request::NoAccess { visit: act.visit(), reason: reason.code.clone() });
            act.set_current(None);
            Ok::<_, Failure>(id)
        })
        .await?;
    let line = say!(ctx.words, "visit-no-access", visit = site.name(), reason = reason.name);
    tell(ctx, &site, &recorded, "no_access", &line);
    ctx.out.next(&say!(ctx.words, "next-step", command = "field today"));
    Ok(Exit::Ok)
}

/// Proposes verdict, cause and responsibility.
pub(crate) async fn propose(ctx: &mut Ctx, args: &ProposeArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, args.on.visit.as_deref()).await?;
    let mut fields = Vec::new();
    let tables = [
        (ProposalField::Verdict, &args.verdict, "--verdict", CodeTable::Verdicts),
        (ProposalField::Cause, &args.cause, "--cause", CodeTable::RootCauses),
        (
            ProposalField::Responsibility,
            &args.responsibility,
            "--responsibility",
            CodeTable::Responsibilities,
        ),
    ];
    for (field, typed, argument, table) in tables {
        if let Some(typed) = typed {
            fields.push((field, pick(ctx, Some(typed), argument, "", of_table(&ctx.words, table))?));
        }
    }
    if fields.is_empty() && args.text.is_none() {
        let question = say!(ctx.words, "ask-verdict");
        let verdict = pick(ctx, None, "--verdict", &question, of_table(&ctx.words, CodeTable::Verdicts))?;
        fields.push((ProposalField::Verdict, verdict));
    }
    let recorded = store
        .record(site.visit, |act| {
            for (field, choice) in &fields {
                act.edit().propose(*field, Some(&choice.code))?;
            }
            if let Some(text) = &args.text {
                act.edit().rewrite_text(SharedText::Cause, text)?;
            }
            Ok::<_, Failure>(())
        })
        .await?;
    let names: Vec<String> = fields.iter().map(|(_, choice)| choice.name.clone()).collect();
    site::saved(ctx, &site, &recorded, &names.join(" · "), json!({}));
    Ok(Exit::Ok)
}

/// Adds a line to the note of the visit.
pub(crate) async fn note(ctx: &mut Ctx, text: &str, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, on.visit.as_deref()).await?;
    let text = ctx.need(Some(text), "<TEXT>", "")?;
    let recorded = store
        .record(site.visit, |act| Ok::<_, Failure>(act.edit().append_text(SharedText::Note, &text)?))
        .await?;
    site::saved(ctx, &site, &recorded, "", json!({}));
    Ok(Exit::Ok)
}

fn tell<T>(ctx: &mut Ctx, site: &Site, recorded: &Recorded<T>, event: &str, line: &str) {
    ctx.out.done(line);
    ctx.out.event(event, json!({ "visit": site.visit, "number": site.name(), "at_ms": recorded.at }));
}

fn not_possible(ctx: &Ctx, site: &Site) -> Failure {
    let state = ctx.words.code("state", site.row.state.as_str());
    Failure::new("wrong-state", say!(ctx.words, "visit-wrong-state", visit = site.name(), state = state))
}
