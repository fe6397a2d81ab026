//! A table while it is sent: read some complaints at a time, so that memory stays the same however long it is.

use super::csv::{self, Line};
use super::rows;
use super::sql::{self, ComplaintRow};
use super::tables::{ExportFile, Form, Table};
use super::xlsx::Workbook;
use crate::app::App;
use crate::complaints::scope::Reach;
use crate::people;
use crate::store::{StoreError, Tx};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;
use sync_core::document::VisitView;
use zip::result::{ZipError, ZipResult};

/// Complaints that are read at once.
const COMPLAINTS_AT_ONCE: i64 = 100;

/// What is wanted of a table.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) file: ExportFile,
    pub(super) reach: Reach,
    /// Complaints received from this moment on.
    pub(super) from_ms: i64,
    /// And before this one.
    pub(super) until_ms: i64,
}

/// Why a table is broken off.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Workbook(#[from] ZipError),
}

struct Reading {
    app: App,
    wanted: Wanted,
    people: rows::People,
    written: Written,
    /// Where the last complaint stood: moment of receipt and ordinal. `None` before the beginning.
    after: Option<(i64, i64)>,
}

/// What was written and not sent yet.
enum Written {
    Csv(String),
    Map {
        text: String,
        has_rows: bool,
    },
    Workbook(Box<Workbook>),
    /// All of it was sent.
    Over,
}

/// The table as an answer whose body is read from the database while it is sent. Where the database fails on the way,
/// the answer is broken off, so that nobody takes a part for the whole.
///
/// # Errors
/// The workbook cannot be begun.
pub(super) fn answer(app: App, wanted: Wanted) -> ZipResult<Response> {
    let file = wanted.file;
    let written = Written::beginning(file)?;
    let reading = Reading { app, wanted, people: rows::People::new(), written, after: None };
    let body = Body::from_stream(try_unfold(reading, |mut reading| async move {
        if matches!(reading.written, Written::Over) {
            return Ok::<_, BrokenOff>(None);
        }
        let part = reading.more().await?;
        Ok(Some((part, reading)))
    }));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.form().media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = format!("attachment; filename=\"{}\"", file.name());
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

impl Reading {
    /// The next part of the table.
    async fn more(&mut self) -> Result<Vec<u8>, BrokenOff> {
        let mut tx = self.app.store.read().await?;
        let after = match self.after {
            Some(after) => after,
            None => {
                self.people = people::names(&mut tx).await?.into_iter().collect();
                (self.wanted.from_ms, i64::MIN)
            }
        };
        let found = sql::complaints(&mut tx, after, self.wanted.until_ms, COMPLAINTS_AT_ONCE).await?;
        self.after = Some(found.last().map_or(after, |last| (last.received_at_ms, last.ordinal)));
        for row in found.iter().filter(|row| self.wanted.reach.covers(&row.unit, &row.region)) {
            match self.wanted.file.table() {
                Table::Map => self.written.feature(row),
                Table::Complaints => self.written.line(rows::complaint(row))?,
                Table::Visits | Table::Findings | Table::MeterChecks => {
                    for line in self.of_visits(&mut tx, row).await? {
                        self.written.line(line)?;
                    }
                }
            }
        }
        let is_over = found.len() < usize::try_from(COMPLAINTS_AT_ONCE).unwrap_or(usize::MAX);
        Ok(if is_over {
            std::mem::replace(&mut self.written, Written::Over).end()?
        } else {
            self.written.take()
        })
    }

    async fn of_visits(&self, tx: &mut Tx, complaint: &ComplaintRow) -> Result<Vec<Line>, StoreError> {
        let mut lines = Vec::new();
        for visit in sql::visits(tx, &complaint.complaint_id).await? {
            // What this release cannot read is shown on the record; a table has no place for it.
            let view: Option<VisitView> =
                visit.view_json.as_deref().and_then(|json| serde_json::from_str(json).ok());
            let (number, id) = (complaint.number.as_str(), visit.visit_id.as_str());
            match (self.wanted.file.table(), &view) {
                (Table::Findings, Some(view)) => lines.extend(rows::findings(number, id, view, &self.people)),
                (Table::MeterChecks, Some(view)) => {
                    lines.extend(rows::meter_checks(number, id, view, &self.people));
                }
                (Table::Visits, view) => lines.push(rows::visit(number, &visit, view.as_ref())),
                _ => {}
            }
        }
        Ok(lines)
    }
}

impl Written {
    fn beginning(file: ExportFile) -> ZipResult<Self> {
        let table = file.table();
        let names: Vec<&'static str> = table.columns().iter().map(|(name, _)| *name).collect();
        Ok(match file.form() {
            Form::Csv => Self::Csv(format!("{}{}\r\n", csv::BOM, names.join(","))),
            Form::Xlsx => Self::Workbook(Box::new(Workbook::new(table.code(), names)?)),
            Form::GeoJson => Self::Map {
                text: "{\"type\":\"FeatureCollection\",\"features\":[".to_owned(),
                has_rows: false,
            },
        })
    }

    fn line(&mut self, line: Line) -> ZipResult<()> {
        match self {
            Self::Csv(text) => text.push_str(&line.end()),
            Self::Workbook(book) => book.row(line)?,
            Self::Map { .. } | Self::Over => {}
        }
        Ok(())
    }

    fn feature(&mut self, complaint: &ComplaintRow) {
        if let (Self::Map { text, has_rows }, Some(feature)) = (self, rows::feature(complaint)) {
            text.push_str(if std::mem::replace(has_rows, true) { ",\n" } else { "\n" });
            text.push_str(&feature);
        }
    }

    /// What was written since the last time.
    fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Csv(text) | Self::Map { text, .. } => std::mem::take(text).into_bytes(),
            Self::Workbook(book) => book.take(),
            Self::Over => Vec::new(),
        }
    }

    /// The rest of it.
    fn end(self) -> ZipResult<Vec<u8>> {
        Ok(match self {
            Self::Csv(text) => text.into_bytes(),
            Self::Map { text, .. } => (text + "\n]}\n").into_bytes(),
            Self::Workbook(book) => book.finish()?,
            Self::Over => Vec::new(),
        })
    }
}
