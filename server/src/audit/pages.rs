//! The log of acts of people and of the installation, for administrators: filter and export.

use super::sql::{self, Entry};
use crate::app::App;
use crate::complaints::Names;
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page};
use crate::people::Role;
use crate::problem::Problem;
use crate::store::{StoreError, Tx};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use std::fmt::Write;

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
    "evidence.opened",
    "quarantine.rejected",
    "complaint.handed_over",
    "complaint.allotted",
    "complaint.merged",
    "complaint.merge_undone",
    "checklist.published",
    "calendar.published",
    "deadline_policy.published",
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
    kind: String,
    /// Where the next page begins.
    next: Option<i64>,
}

struct Row {
    entry: Entry,
    person: String,
    device: String,
}

#[derive(Debug, Default, Deserialize)]
struct LogQuery {
    #[serde(default)]
    kind: String,
    before: Option<i64>,
}

impl LogQuery {
    fn kind(&self) -> Option<&'static str> {
        KINDS.iter().copied().find(|kind| *kind == self.kind)
    }
}

async fn show_log(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<LogQuery>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let before = query.before.unwrap_or(i64::MAX);
    let mut rows = read(&mut tx, before, query.kind(), PER_PAGE + 1).await?;
    let more = rows.len() > PER_PAGE as usize;
    rows.truncate(PER_PAGE as usize);
    let next = rows.last().filter(|_| more).map(|row| row.entry.log_index);
    let kind = query.kind().unwrap_or_default().to_owned();
    Ok(page(&LogPage { shell: viewer.shell, rows, kind, next }))
}

async fn read(tx: &mut Tx, before: i64, kind: Option<&str>, limit: u32) -> Result<Vec<Row>, StoreError> {
    let mut names = Names::default();
    let mut rows = Vec::new();
    for entry in sql::list_acts(tx, before, kind, limit).await? {
        let person = match &entry.person_id {
            Some(id) => names.person_text(tx, id).await?.and_then(|person| person.name),
            None => None,
        };
        let device = match &entry.device_id {
            Some(id) => names.device_text(tx, id).await?.and_then(|device| device.label),
            None => None,
        };
        rows.push(Row { person: person.unwrap_or_default(), device: device.unwrap_or_default(), entry });
    }
    Ok(rows)
}

/// The same as a table for a spreadsheet: UTF-8 with a byte-order mark, times in UTC.
async fn export(
    State(app): State<App>,
    _viewer: Viewer,
    Query(query): Query<LogQuery>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let rows = read(&mut tx, query.before.unwrap_or(i64::MAX), query.kind(), EXPORT_MAX).await?;
    let mut text = String::from("\u{feff}log_index,at,kind,person,device,visit_id,entry_sha256\r\n");
    for Row { entry, person, device } in &rows {
        let at = jiff::Timestamp::from_millisecond(entry.at_ms).unwrap_or_default();
        let visit = entry.visit_id.as_deref().unwrap_or_default();
        let (person, device) = (cell(person), cell(device));
        let _ = write!(
            text,
            "{},{at},{},{person},{device},{visit},{}\r\n",
            entry.log_index, entry.kind, entry.entry_sha256
        );
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"server-log.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

/// A text as a cell: quoted, and never read as a formula by a spreadsheet.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests;
