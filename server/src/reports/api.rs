//! Reports for clients of the office.

use super::body::ReportBody;
use super::figures::{Asked, Figures, Filter};
use super::period::Period;
use super::sql;
use super::tables::{Counted, ReportTable};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::scope::Reach;
use crate::complaints::{office_day_number, reach_of};
use crate::people::{self, Role};
use crate::problem::{self, Problem};
use crate::review::REVIEWERS;
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sync_core::time::Timestamp;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

/// Weeks or months in the trend.
const TREND: usize = 12;
/// How long a filter may be, in characters.
const FILTER_MAX: usize = 80;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read_report)).routes(routes!(read_report_table))
}

/// Which complaints are wanted.
#[derive(Debug, Default, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportQuery {
    /// Only this utility: `power`, `gas`, `telecom`, `water`.
    #[param(max_length = 80)]
    pub(super) utility: Option<String>,
    /// Only this organisation unit.
    #[param(max_length = 80)]
    pub(super) unit: Option<String>,
    /// Only this region.
    #[param(max_length = 80)]
    pub(super) region: Option<String>,
}

impl ReportQuery {
    fn filter(self) -> Result<Filter, Problem> {
        let text = |name: &'static str, text: Option<String>| {
            let text = text.unwrap_or_default();
            let fits = text.chars().count() <= FILTER_MAX && !text.contains('\0');
            if fits { Ok(text) } else { Err(Problem::new(&problem::QUERY_INVALID).with("parameter", name)) }
        };
        Ok(Filter {
            utility: text("utility", self.utility)?,
            unit: text("unit", self.unit)?,
            region: text("region", self.region)?,
        })
    }
}

/// What happened in a week or a month within reach, and how well it was handled, beside the period before and the same a
/// year before. Figures of single people are for leads.
#[utoipa::path(get, path = "/v1/reports/{period}", tag = "reports",
    params(("period" = String, Path, description = "`2026-W47` or `2026-11`"), ReportQuery),
    security(("session" = ["reviewer", "lead"])),
    responses((status = OK, body = ReportBody), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_report(
    State(app): State<App>,
    office: OfficeAuth,
    Path(period): Path<Period>,
    Query(query): Query<ReportQuery>,
) -> Result<Json<ReportBody>, Problem> {
    let counted = count(&app, &office, period, query).await?;
    let today = office_day_number(app.clock.now());
    Ok(Json(ReportBody::new(period, period.days().end <= today, counted.tables())))
}

/// One table of a report as CSV in UTF-8; its name is that of the table and `.csv`.
#[utoipa::path(get, path = "/v1/reports/{period}/{table}", tag = "reports",
    params(("period" = String, Path, description = "`2026-W47` or `2026-11`"),
        ("table" = String, Path, description = "`causes.csv` for the table `causes`"), ReportQuery),
    security(("session" = ["reviewer", "lead"])),
    responses((status = OK, body = String, content_type = "text/csv"),
        (status = BAD_REQUEST, description = "query-invalid"), (status = FORBIDDEN, description = "role-missing")))]
async fn read_report_table(
    State(app): State<App>,
    office: OfficeAuth,
    Path((period, table)): Path<(Period, String)>,
    Query(query): Query<ReportQuery>,
) -> Result<Response, Problem> {
    send_table(&app, &office, (period, &table), query).await
}

/// A table as a file, for the API and for pages.
pub(super) async fn send_table(
    app: &App,
    office: &OfficeAuth,
    (period, file): (Period, &str),
    query: ReportQuery,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(&problem::QUERY_INVALID).with("parameter", "table");
    let table: ReportTable =
        file.strip_suffix(".csv").and_then(|name| name.parse().ok()).ok_or_else(unknown)?;
    let counted = count(app, office, period, query).await?;
    let table = counted.table(table).ok_or_else(|| Problem::new(&problem::ROLE_MISSING))?;
    let name = format!("attachment; filename=\"report-{period}-{}.csv\"", table.table);
    let mut response = table.csv().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Counts what a report tells.
///
/// # Errors
/// `role-missing`, `query-invalid`, or the database fails.
pub(super) async fn count(
    app: &App,
    office: &OfficeAuth,
    period: Period,
    query: ReportQuery,
) -> Result<Counted, Problem> {
    let reach = reach_of(office, REVIEWERS)?;
    let filter = query.filter()?;
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let wanted = (&reach, &filter);
    Ok(Counted {
        period,
        now: figures(&mut tx, period, wanted, now).await?,
        before: figures(&mut tx, period.before(), wanted, now).await?,
        year_before: match period.year_before() {
            Some(period) => Some(figures(&mut tx, period, wanted, now).await?),
            None => None,
        },
        trend: trend(&mut tx, period, wanted).await?,
        people: match Reach::of(&office.roles, &[Role::Lead]) {
            // Who leads one unit sees the single people of no other.
            Some(leads) if leads == reach => Some(people::names(&mut tx).await?.into_iter().collect()),
            _ => None,
        },
    })
}

async fn figures(
    tx: &mut Tx,
    period: Period,
    (reach, filter): (&Reach, &Filter),
    now: Timestamp,
) -> Result<Figures, StoreError> {
    Figures::read(tx, &Asked { days: period.days(), reach, filter }, now).await
}

/// The last twelve periods with the number of their complaints, the oldest first.
async fn trend(
    tx: &mut Tx,
    period: Period,
    (reach, filter): (&Reach, &Filter),
) -> Result<Vec<(Period, i64)>, StoreError> {
    let mut periods = vec![period];
    while periods.len() < TREND {
        periods.push(periods[periods.len() - 1].before());
    }
    periods.reverse();
    let days = periods[0].days().start..period.days().end;
    let counted = sql::by_day(tx, &Asked { days, reach, filter }).await?;
    let of = |period: Period| {
        let days = period.days();
        let within = counted.iter().filter(|(day, _)| days.contains(day));
        (period, within.map(|(_, number)| number).sum())
    };
    Ok(periods.into_iter().map(of).collect())
}
