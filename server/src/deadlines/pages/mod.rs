//! Deadlines as pages: limits and calendars with their forms, and the clock on the record page.

mod calendar;
mod chain_form;
mod clock;
mod discipline_form;
mod return_form;
mod rules;
mod special;
mod special_form;
#[cfg(test)]
mod tests;
mod watch;
mod watch_form;

pub(crate) use clock::{ClockPart, clock_part};
pub(crate) use watch::deadline_facts;

use super::api::PUBLISHERS;
use super::{PublishedCalendar, PublishedPolicy, preview, sql};
use crate::app::App;
use crate::complaints::phrases::Phrases;
use crate::pages::{PageRoutes, Policy, Shell, Viewer, Words, page};
use crate::problem::Problem;
use crate::routing::get;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sync_core::codes::CodeTable;
use sync_core::deadline::{Limit, LimitUnit, Rule};
use sync_core::time::Timestamp;

/// Administrators are told so long before a calendar ends: the State Council publishes the next year in November.
const ENDS_SOON_MS: i64 = 60 * 86_400_000;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    let routes = routes.page("/deadlines", Policy::Roles(PUBLISHERS), get(show));
    special::pages(watch::pages(calendar::pages(rules::pages(clock::pages(routes)))))
}

/// The limits that hold, those that will, and the calendars.
#[derive(Template)]
#[template(path = "deadlines/overview.html")]
struct OverviewPage {
    shell: Shell,
    /// Version and since when; none: nothing is published.
    holds: Option<String>,
    /// Versions whose day has not come.
    coming: Vec<String>,
    rules: Vec<RuleLine>,
    calendars: Vec<CalendarLine>,
}

/// A rule in words.
#[derive(Debug)]
struct RuleLine {
    number: usize,
    fits: String,
    /// Contact, on site, answer.
    limits: [String; 3],
    source: String,
    /// Open complaints that it fits.
    complaints: i64,
}

/// A calendar in words.
#[derive(Debug)]
struct CalendarLine {
    code: String,
    name: String,
    version: i64,
    covered: String,
    off: usize,
    on: usize,
    ends_soon: bool,
}

async fn show(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let w = viewer.w();
    let phrases = Phrases::of(&mut tx, w).await?;
    let policies = sql::policies(&mut tx).await?;
    let (holds, coming) = in_force(&policies, now);
    let rules = match holds {
        Some(holds) => {
            let counts = preview::preview(&mut tx, &holds.policy, now).await?;
            let lines = (1..).zip(&holds.policy.rules).zip(counts.rules);
            lines.map(|((number, rule), count)| rule_line(&phrases, number, rule, count.complaints)).collect()
        }
        None => Vec::new(),
    };
    let calendars = sql::calendars(&mut tx).await?;
    let said = |published: &PublishedPolicy| {
        w.ab("deadlines-version", published.version, w.time(published.effective_from))
    };
    Ok(page(&OverviewPage {
        holds: holds.map(|holds| match holds.effective_from.unix_ms() {
            0 => w.a("deadlines-version-first", holds.version),
            _ => said(holds),
        }),
        coming: coming.iter().map(|published| said(published)).collect(),
        rules,
        calendars: calendars.iter().map(|published| calendar_line(w, published, now)).collect(),
        shell: viewer.shell,
    }))
}

/// The rules that hold now, and newer ones whose day has not come.
fn in_force(
    policies: &[PublishedPolicy],
    now: Timestamp,
) -> (Option<&PublishedPolicy>, Vec<&PublishedPolicy>) {
    let place = policies.iter().position(|published| published.effective_from <= now);
    let coming = policies.iter().take(place.unwrap_or(policies.len())).collect();
    (place.and_then(|place| policies.get(place)), coming)
}

fn rule_line(phrases: &Phrases, number: usize, rule: &Rule, complaints: i64) -> RuleLine {
    let w = phrases.w;
    let limit = |limit: Option<Limit>| limit.map_or_else(|| "–".to_owned(), |limit| limit_words(w, limit));
    RuleLine {
        number,
        fits: fits_words(phrases, rule),
        limits: [rule.limits.contact, rule.limits.onsite, rule.limits.answer].map(limit),
        source: rule.source.clone(),
        complaints,
    }
}

/// What a rule fits, in words.
fn fits_words(phrases: &Phrases, rule: &Rule) -> String {
    let w = phrases.w;
    let parts: Vec<String> = [
        rule.utility.as_ref().map(|utility| w.code("utility", utility)),
        rule.category.as_ref().map(|category| phrases.coded(CodeTable::Categories, category)),
        rule.channel.as_ref().map(|channel| w.code("channel", channel)),
        rule.priority.as_ref().map(|priority| w.code("priority", priority)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { w.t("deadlines-everything-else") } else { parts.join(" · ") }
}

fn calendar_line(w: Words, published: &PublishedCalendar, now: Timestamp) -> CalendarLine {
    let calendar = &published.calendar;
    CalendarLine {
        code: calendar.code.clone(),
        name: w.either(&calendar.name.zh, &calendar.name.en).to_owned(),
        version: published.version,
        covered: w.ab("deadlines-from-to", calendar.covered_from, calendar.covered_to),
        off: calendar.off.len(),
        on: calendar.on.len(),
        ends_soon: calendar.close_of(calendar.covered_to) < now.plus_ms(ENDS_SOON_MS),
    }
}

/// The units of limits, as a form offers them: code and name.
pub(crate) fn limit_units(w: Words) -> Vec<(String, String)> {
    rules::UNITS.iter().map(|(_, code)| ((*code).to_owned(), w.code("unit-of-limit", code))).collect()
}

/// The unit of a limit with this code.
pub(crate) fn unit_of_limit(code: &str) -> Option<LimitUnit> {
    rules::UNITS.iter().find(|(_, known)| *known == code).map(|(unit, _)| *unit)
}

/// A limit in words, for example "5 working days".
pub(crate) fn limit_words(w: Words, limit: Limit) -> String {
    let key = match limit.unit {
        LimitUnit::Minute => "limit-minute",
        LimitUnit::Hour => "limit-hour",
        LimitUnit::CalendarDay => "limit-calendar-day",
        LimitUnit::WorkingDay => "limit-working-day",
        LimitUnit::CalendarMonth => "limit-calendar-month",
    };
    w.n(key, i64::from(limit.amount))
}
