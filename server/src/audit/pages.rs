//! The log of acts of people and of the installation, for administrators: filter and export.

mod rows;

use super::sql::ActFilter;
use crate::app::App;
use crate::complaints::{self, scope::READERS};
use crate::exports::csv::{BOM, Line};
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page};
use crate::people::{self, Role};
use crate::problem::Problem;
use crate::routing::get;
use crate::store::{StoreError, Tx};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rows::Row;
use serde::{Deserialize, Serialize};
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;

const ADMINISTRATORS: Policy = Policy::Roles(&[Role::Administrator]);
/// Entries on one page.
const PER_PAGE: u32 = 100;
/// Entries in one exported file; the next file begins before its last entry.
const EXPORT_MAX: u32 = 10_000;

/// What the filter offers.
const KINDS: &[&str] = &[
    "person.created",
    "person.changed",
    "person.disabled",
    "person.enabled",
    "person.password_set",
    "device.invited",
    "device.enrolled",
    "device.renamed",
    "device.suspended",
    "device.resumed",
    "device.revoked",
    "device.wipe_ordered",
    "device.wipe_withdrawn",
    "device.wiped",
    "device.declared_lost",
    "device.forked",
    "envelope.escrowed",
    "escrow.accepted",
    "escrow.decided",
    "evidence.opened",
    "evidence.given_up",
    "evidence.refused",
    "quarantine.accepted",
    "quarantine.rejected",
    "quarantine.returned",
    "field_work.linked",
    "field_work.rejected",
    "complaint.opened",
    "complaint.corrected",
    "complaint.state_changed",
    "complaint.handed_over",
    "complaint.allotted",
    "complaint.merged",
    "complaint.merge_undone",
    "contact.flag_raised",
    "contact.flag_settled",
    "work_order.created",
    "visit.planned",
    "visit.assigned",
    "visit.unassigned",
    "visit.cancelled",
    "conflict.decided",
    "conflict.reopened",
    "return.planned",
    "return.done",
    "return.sent_to_door",
    "return.waived",
    "return.contradicted",
    "action.planned",
    "action.linked",
    "action.moved",
    "action.done",
    "action.judged",
    "action.dropped",
    "review.level_passed",
    "review.sent_back",
    "section.opened",
    "section.worked",
    "section.handed_over",
    "section.signed_off",
    "section.taken_back",
    "section.dropped",
    "back_billing.proposed",
    "back_billing.withdrawn",
    "planned_event.written",
    "planned_event.submitted",
    "planned_event.sent_back",
    "planned_event.approved",
    "planned_event.announced",
    "planned_event.cancelled",
    "expert.asked",
    "expert.taken",
    "expert.given_back",
    "expert.answered",
    "expert.withdrawn",
    "special.proposed",
    "special.raised",
    "special.lifted",
    "special.confirmed",
    "special.dismissed",
    "special.set",
    "special.removed",
    "complaint.classified",
    "article.written",
    "article.approved",
    "article.withdrawn",
    "promise.corrected",
    "warning.raised",
    "warning.risen",
    "warning.lifted",
    "warning.acknowledged",
    "warning.rechecked",
    "warning.closed",
    "warning_rules.published",
    "checklist.published",
    "calendar.published",
    "deadline.missed",
    "deadline.escalated",
    "deadline.kept",
    "deadline_policy.published",
    "export.taken",
    "installation.created",
    "installation.epoch_raised",
];

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/server-log", ADMINISTRATORS, get(show_log)).page(
        "/server-log.csv",
        ADMINISTRATORS,
        get(export),
    )
}

/// Acts, newest first.
#[derive(Template)]
#[template(path = "audit/log.html")]
struct LogPage {
    shell: Shell,
    rows: Vec<Row>,
    asked: LogQuery,
    /// Everybody who may have acted: id and name.
    people: Vec<(String, String)>,
    /// Set when no complaint has the number that was asked for.
    no_such_number: bool,
    /// Where the next page begins.
    next: Option<i64>,
    /// Whether this person may open complaints and photos.
    may_open: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct LogQuery {
    #[serde(skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    person: String,
    /// Number of a complaint.
    #[serde(skip_serializing_if = "String::is_empty")]
    complaint: String,
    /// First day.
    #[serde(skip_serializing_if = "String::is_empty")]
    from: String,
    /// Last day.
    #[serde(skip_serializing_if = "String::is_empty")]
    until: String,
    #[serde(skip_serializing)]
    before: Option<i64>,
}

impl LogQuery {
    /// The filter, as part of an address.
    fn query(&self) -> String {
        serde_html_form::to_string(self).unwrap_or_default()
    }

    /// What is wanted; `None` when it names a complaint that does not exist. What cannot be understood filters nothing.
    async fn filter(&self, tx: &mut Tx) -> Result<Option<ActFilter>, StoreError> {
        let number = self.complaint.trim();
        let mut complaint = None;
        if !number.is_empty() {
            let Some(found) = complaints::find_by_number(tx, number).await? else { return Ok(None) };
            complaint = Some(found.id.to_string());
        }
        Ok(Some(ActFilter {
            kind: KINDS.iter().find(|kind| **kind == self.kind).map(|kind| (*kind).to_owned()),
            person: self.person.parse::<PersonId>().ok().map(String::from),
            complaint,
            from_ms: midnight(&self.from, 0),
            until_ms: midnight(&self.until, 1),
        }))
    }
}

/// The moment when this day, or one some days later, begins in the office.
fn midnight(day: &str, later: i32) -> Option<i64> {
    let day: jiff::civil::Date = day.parse().ok()?;
    let day = day.checked_add(jiff::Span::new().try_days(later).ok()?).ok()?;
    complaints::office_moment(day.to_datetime(jiff::civil::Time::midnight())).map(Timestamp::unix_ms)
}

async fn show_log(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<LogQuery>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let before = query.before.unwrap_or(i64::MAX);
    let filter = query.filter(&mut tx).await?;
    let no_such_number = filter.is_none();
    let mut rows = match filter {
        Some(filter) => rows::read(&mut tx, viewer.w(), before, &filter, PER_PAGE + 1).await?,
        None => Vec::new(),
    };
    let more = rows.len() > PER_PAGE as usize;
    rows.truncate(PER_PAGE as usize);
    let next = rows.last().filter(|_| more).map(|row| row.entry.log_index);
    let people = people::names(&mut tx).await?;
    let may_open = viewer.shell.has_role(READERS);
    Ok(page(&LogPage { shell: viewer.shell, rows, asked: query, people, no_such_number, next, may_open }))
}

/// The same as a table for a spreadsheet: UTF-8 with a byte-order mark, times in UTC.
async fn export(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<LogQuery>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let before = query.before.unwrap_or(i64::MAX);
    let rows = match query.filter(&mut tx).await? {
        Some(filter) => rows::read(&mut tx, viewer.w(), before, &filter, EXPORT_MAX).await?,
        None => Vec::new(),
    };
    let mut text = format!(
        "{BOM}log_index,at,kind,person,device,complaint,visit_id,photo_sha256,reason,facts,entry_sha256\r\n"
    );
    for row in &rows {
        let entry = &row.entry;
        let line = Line::default()
            .plain(entry.log_index)
            .time(entry.at_ms)
            .plain(&entry.kind)
            .text(&row.person)
            .text(&row.device)
            .text(row.complaint.as_ref().map_or("", |(_, number)| number.as_str()))
            .plain(entry.visit_id.as_deref().unwrap_or_default())
            .plain(row.photo.as_deref().unwrap_or_default())
            .text(row.reason.as_deref().unwrap_or_default())
            .text(&row.facts.join("; "))
            .plain(&entry.entry_sha256);
        text.push_str(&line.end());
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"server-log.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

#[cfg(test)]
mod tests;
