//! A table while it is sent: read some complaints at a time, so that memory stays the same however long it is.

use super::sql::{self, ComplaintRow};
use super::tables::Table;
use super::{csv, rows};
use crate::app::App;
use crate::complaints::scope::Reach;
use crate::people;
use crate::store::{StoreError, Tx};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;
use sync_core::document::VisitView;

/// Complaints that are read at once.
const COMPLAINTS_AT_ONCE: i64 = 100;

/// What is wanted of a table.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) table: Table,
    pub(super) reach: Reach,
    /// Complaints received from this moment on.
    pub(super) from_ms: i64,
    /// And before this one.
    pub(super) until_ms: i64,
}

struct Reading {
    app: App,
    wanted: Wanted,
    people: rows::People,
    /// Where the last complaint stood: moment of receipt and ordinal. `None` before the beginning.
    after: Option<(i64, i64)>,
    /// Whether anything was written into a list already.
    has_rows: bool,
    is_over: bool,
}

/// The table as an answer whose body is read from the database while it is sent. Where the database fails on the way,
/// the answer is broken off, so that nobody takes a part for the whole.
pub(super) fn answer(app: App, wanted: Wanted) -> Response {
    let table = wanted.table;
    let reading =
        Reading { app, wanted, people: rows::People::new(), after: None, has_rows: false, is_over: false };
    let body = Body::from_stream(try_unfold(reading, |mut reading| async move {
        if reading.is_over {
            return Ok::<_, StoreError>(None);
        }
        let text = reading.more().await?;
        Ok(Some((text, reading)))
    }));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(table.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = format!("attachment; filename=\"{}\"", table.file());
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

impl Reading {
    /// The next part of the table.
    async fn more(&mut self) -> Result<String, StoreError> {
        let mut tx = self.app.store.read().await?;
        let mut text = String::new();
        let after = match self.after {
            Some(after) => after,
            None => {
                self.people = people::names(&mut tx).await?.into_iter().collect();
                text.push_str(&self.beginning());
                (self.wanted.from_ms, i64::MIN)
            }
        };
        let found = sql::complaints(&mut tx, after, self.wanted.until_ms, COMPLAINTS_AT_ONCE).await?;
        self.is_over = found.len() < usize::try_from(COMPLAINTS_AT_ONCE).unwrap_or(usize::MAX);
        self.after = Some(found.last().map_or(after, |last| (last.received_at_ms, last.ordinal)));
        for row in &found {
            if self.wanted.reach.covers(&row.unit, &row.region) {
                text.push_str(&self.lines(&mut tx, row).await?);
            }
        }
        if self.is_over && self.wanted.table == Table::Map {
            text.push_str("\n]}\n");
        }
        Ok(text)
    }

    fn beginning(&self) -> String {
        if self.wanted.table == Table::Map {
            return "{\"type\":\"FeatureCollection\",\"features\":[".to_owned();
        }
        let names: Vec<&str> = self.wanted.table.columns().iter().map(|(name, _)| *name).collect();
        format!("{}{}\r\n", csv::BOM, names.join(","))
    }

    async fn lines(&mut self, tx: &mut Tx, complaint: &ComplaintRow) -> Result<String, StoreError> {
        let table = self.wanted.table;
        match table {
            Table::Complaints => return Ok(rows::complaint(complaint)),
            Table::Map => {
                let Some(feature) = rows::feature(complaint) else { return Ok(String::new()) };
                let comma = if std::mem::replace(&mut self.has_rows, true) { "," } else { "" };
                return Ok(format!("{comma}\n{feature}"));
            }
            Table::Visits | Table::Findings | Table::MeterChecks => {}
        }
        let mut text = String::new();
        for visit in sql::visits(tx, &complaint.complaint_id).await? {
            // What this release cannot read is shown on the record; a table has no place for it.
            let view: Option<VisitView> =
                visit.view_json.as_deref().and_then(|json| serde_json::from_str(json).ok());
            let (number, id) = (complaint.number.as_str(), visit.visit_id.as_str());
            let lines = match (table, &view) {
                (Table::Findings, Some(view)) => rows::findings(number, id, view, &self.people),
                (Table::MeterChecks, Some(view)) => rows::meter_checks(number, id, view, &self.people),
                (Table::Visits, view) => rows::visit(number, &visit, view.as_ref()),
                _ => String::new(),
            };
            text.push_str(&lines);
        }
        Ok(text)
    }
}
