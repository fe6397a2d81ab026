//! Tables for clients of the office.

use super::EXPORT_TAKEN;
use super::stream::{self, Wanted};
use super::tables::ExportFile;
use crate::app::App;
use crate::audit::{self, Detail, NewEntry};
use crate::auth::OfficeAuth;
use crate::complaints::{office_moment, reach_of};
use crate::problem::{self, Problem};
use crate::review::REVIEWERS;
use crate::routing::routes;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use serde::Deserialize;
use sync_core::time::Timestamp;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read_export))
}

/// The days whose complaints are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Days {
    /// First day on which they were received, `YYYY-MM-DD` in the office's calendar; the first of all if absent.
    #[param(max_length = 10)]
    pub(super) from: Option<String>,
    /// Last day; the newest if absent.
    #[param(max_length = 10)]
    pub(super) until: Option<String>,
}

/// A table of complaints, their visits, findings or meter checks as CSV or as a workbook, or of complaints as points for a map: everything
/// within reach whose complaint was received in these days. Sent while it is read; broken off when that fails.
#[utoipa::path(get, path = "/v1/exports/{table}", tag = "exports",
    params(("table" = inline(ExportFile), Path, description = "the table and its form"), Days),
    security(("session" = ["reviewer", "lead"])),
    responses((status = OK, description = "the table", content((String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "application/geo+json"))),
        (status = BAD_REQUEST, description = "query-invalid"), (status = FORBIDDEN, description = "role-missing")))]
async fn read_export(
    State(app): State<App>,
    office: OfficeAuth,
    Path(file): Path<ExportFile>,
    Query(days): Query<Days>,
) -> Result<Response, Problem> {
    take(app, &office, file, &days).await
}

/// Notes in the log of acts who takes which table, and gives it.
///
/// # Errors
/// `role-missing`, `query-invalid`, or the database fails.
pub(super) async fn take(
    app: App,
    office: &OfficeAuth,
    file: ExportFile,
    days: &Days,
) -> Result<Response, Problem> {
    let reach = reach_of(office, REVIEWERS)?;
    let wanted = Wanted {
        file,
        reach,
        from_ms: midnight("from", days.from.as_deref(), 0)?.unwrap_or(i64::MIN),
        until_ms: midnight("until", days.until.as_deref(), 1)?.unwrap_or(i64::MAX),
    };
    let mut detail = Detail::new().with("table", file.name());
    for (name, day) in [("from", &days.from), ("until", &days.until)] {
        if let Some(day) = day.as_deref().filter(|day| !day.is_empty()) {
            detail = detail.with(name, day);
        }
    }
    let mut tx = app.store.write().await?;
    let entry = NewEntry::new(EXPORT_TAKEN, app.clock.now()).by(Some(office.person_id)).detail(detail);
    audit::append(&mut tx, &entry).await?;
    tx.commit().await?;
    stream::answer(app, wanted).map_err(|error| Problem::internal(&error))
}

/// The moment when this day, or one some days later, begins in the office.
fn midnight(name: &'static str, day: Option<&str>, later: i64) -> Result<Option<i64>, Problem> {
    let Some(day) = day.map(str::trim).filter(|day| !day.is_empty()) else { return Ok(None) };
    let begins = |day: Date| {
        let day = day.checked_add(later.days()).ok()?;
        office_moment(day.to_datetime(Time::midnight())).map(Timestamp::unix_ms)
    };
    let found = day.parse().ok().and_then(begins);
    found.map(Some).ok_or_else(|| Problem::new(&problem::QUERY_INVALID).with("parameter", name))
}
