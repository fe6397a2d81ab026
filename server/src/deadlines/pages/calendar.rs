//! The next version of a calendar as a form: days off and make-up days as they stand in the notice.

use crate::app::App;
use crate::deadlines::api::{PUBLISHERS, publish_checked_calendar};
use crate::deadlines::sql;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, unprocessable};
use crate::problem::{self, Problem};
use crate::routing::get;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use sync_core::date::CivilDate;
use sync_core::deadline::{Calendar, CalendarError};

/// The calendar that is shown when none is named.
const USUAL: &str = "cn";

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/deadlines/calendar", Policy::Roles(PUBLISHERS), get(show).post(publish))
}

/// The form.
#[derive(Template)]
#[template(path = "deadlines/calendar.html")]
pub(super) struct CalendarPage {
    pub(super) shell: Shell,
    pub(super) name: String,
    pub(super) typed: CalendarTyped,
    pub(super) failure: Option<String>,
}

/// What is typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct CalendarTyped {
    pub(super) code: String,
    /// Of the newest version that was read.
    pub(super) version: i64,
    pub(super) covered_from: String,
    pub(super) covered_to: String,
    /// `17:30`; `24:00` is the end of the day.
    pub(super) closing: String,
    pub(super) off: String,
    pub(super) on: String,
}

#[derive(Debug, Default, Deserialize)]
struct Which {
    code: Option<String>,
}

/// Why what was typed is no calendar.
enum Mistake {
    Day(String),
    Closing,
    Calendar(CalendarError),
}

impl CalendarTyped {
    fn of(version: i64, calendar: &Calendar) -> Self {
        Self {
            code: calendar.code.clone(),
            version,
            covered_from: calendar.covered_from.to_string(),
            covered_to: calendar.covered_to.to_string(),
            closing: format!("{:02}:{:02}", calendar.closing_minutes / 60, calendar.closing_minutes % 60),
            off: lines(&calendar.off),
            on: lines(&calendar.on),
        }
    }

    /// The newest version with what was typed.
    fn calendar(&self, newest: Calendar) -> Result<Calendar, Mistake> {
        let calendar = Calendar {
            covered_from: day(&self.covered_from)?,
            covered_to: day(&self.covered_to)?,
            closing_minutes: minutes(&self.closing).ok_or(Mistake::Closing)?,
            off: days(&self.off)?,
            on: days(&self.on)?,
            ..newest
        };
        calendar.check().map_err(Mistake::Calendar)?;
        Ok(calendar)
    }
}

/// A line for each month.
fn lines(days: &BTreeSet<CivilDate>) -> String {
    let mut text = String::new();
    let mut month = String::new();
    for day in days.iter().map(CivilDate::to_string) {
        let joint = if text.is_empty() {
            ""
        } else if day.starts_with(&month) {
            " "
        } else {
            "\n"
        };
        text.push_str(joint);
        text.push_str(&day);
        month = day.chars().take(7).collect();
    }
    text
}

fn day(text: &str) -> Result<CivilDate, Mistake> {
    text.trim().parse().map_err(|_| Mistake::Day(text.trim().chars().take(20).collect()))
}

/// Days with spaces, commas or line ends between them, also Chinese ones.
fn days(text: &str) -> Result<BTreeSet<CivilDate>, Mistake> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '，' | '、' | '；');
    text.split(between).filter(|part| !part.is_empty()).map(day).collect()
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 24 && minutes < 60).then_some(hours * 60 + minutes)
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let code = which.code.unwrap_or_else(|| USUAL.to_owned());
    let newest = sql::newest_calendar(&mut app.store.read().await?, &code).await?;
    let newest = newest.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    let typed = CalendarTyped::of(newest.version, &newest.calendar);
    Ok(page(&calendar_page(viewer.shell, &newest.calendar, typed, None)))
}

async fn publish(State(app): State<App>, posted: Posted<CalendarTyped>) -> Result<Response, Problem> {
    let Posted { viewer, form: typed } = posted;
    let w = viewer.w();
    let newest = sql::newest_calendar(&mut app.store.read().await?, &typed.code).await?;
    let newest = newest.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?.calendar;
    let refused = |failure: String, typed: CalendarTyped| {
        Ok(unprocessable(&calendar_page(viewer.shell.clone(), &newest, typed, Some(failure))))
    };
    let calendar = match typed.calendar(newest.clone()) {
        Ok(calendar) => calendar,
        Err(mistake) => return refused(in_words(w, &mistake), typed),
    };
    let version = typed.version + 1;
    match publish_checked_calendar(&app, &viewer.office, &typed.code, version, json!(calendar)).await {
        Ok(_) => Ok(see_other("/deadlines", Some("calendar-published"))),
        Err(problem) if problem.kind().code == problem::PRECONDITION_FAILED.code => {
            refused(w.t("deadlines-changed-meanwhile"), typed)
        }
        Err(problem) => Ok(problem.into_response()),
    }
}

fn calendar_page(
    shell: Shell,
    calendar: &Calendar,
    typed: CalendarTyped,
    failure: Option<String>,
) -> CalendarPage {
    let name = shell.w.either(&calendar.name.zh, &calendar.name.en).to_owned();
    CalendarPage { shell, name, typed, failure }
}

fn in_words(w: Words, mistake: &Mistake) -> String {
    match mistake {
        Mistake::Day(text) => w.a("calendar-no-day", text),
        Mistake::Closing | Mistake::Calendar(CalendarError::Closing) => w.t("calendar-closing-rule"),
        Mistake::Calendar(CalendarError::Covered) => w.t("calendar-covered-rule"),
        Mistake::Calendar(CalendarError::Both(day)) => w.a("calendar-both", day),
        Mistake::Calendar(CalendarError::Outside(day)) => w.a("calendar-outside", day),
        Mistake::Calendar(other) => other.to_string(),
    }
}
