//! A report as a page that can be printed, and its tables as files for a browser.

use super::api::{ReportQuery, count, send_table};
use super::period::Period;
use super::tables::{Holds, ReportLine, ReportTable, ReportTableBody};
use crate::app::App;
use crate::complaints::model::Utility;
use crate::complaints::{office_day_number, office_time, reach_of, units};
use crate::pages::{PageRoutes, Policy, Shell, Viewer, Words, page};
use crate::problem::Problem;
use crate::review::REVIEWERS;
use crate::routing::get;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sync_core::codes::CodeTable;

const WHO: Policy = Policy::Roles(REVIEWERS);
/// Hours from which on days are told.
const HOURS_MAX: f64 = 72.0;
/// Width of a full bar in the picture.
const BAR_WIDTH: f64 = 100.0;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/reports", WHO, get(show)).page("/reports/{period}/{table}", WHO, get(send))
}

/// Which report is wanted.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct Wanted {
    /// `2026-W47` or `2026-11`; anything else: this week.
    period: String,
    utility: String,
    unit: String,
    region: String,
}

impl Wanted {
    fn query(&self) -> ReportQuery {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        ReportQuery { utility: some(&self.utility), unit: some(&self.unit), region: some(&self.region) }
    }

    /// The filter as the query of an address.
    fn in_address(&self) -> String {
        serde_html_form::to_string(Filtered::from(self)).unwrap_or_default()
    }
}

/// The filter without the period.
#[derive(Debug, Serialize)]
struct Filtered<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    utility: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    region: &'a str,
}

impl<'a> From<&'a Wanted> for Filtered<'a> {
    fn from(wanted: &'a Wanted) -> Self {
        Self { utility: &wanted.utility, unit: &wanted.unit, region: &wanted.region }
    }
}

/// A cell in words, with a bar where it is a count among others.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Width of its bar, 0 to 100.
    pub(super) bar: Option<i64>,
}

/// A line in words.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) cells: Vec<Cell>,
}

/// A bar of the picture.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) count: String,
    pub(super) x: i64,
    pub(super) width: i64,
    pub(super) height: i64,
    /// Whether there is room for its label.
    pub(super) is_labelled: bool,
}

/// A table in words.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) table: ReportTable,
    pub(super) title: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// The same as a picture; empty for most.
    pub(super) bars: Vec<Bar>,
    pub(super) csv: String,
}

/// The report.
#[derive(Template)]
#[template(path = "reports/report.html")]
pub(super) struct ReportPage {
    pub(super) shell: Shell,
    pub(super) title: String,
    pub(super) days: String,
    pub(super) is_over: bool,
    pub(super) period: String,
    /// The same length before and after, and the other length: address and name.
    pub(super) before: (String, String),
    pub(super) after: Option<(String, String)>,
    pub(super) other: (String, String),
    pub(super) utility: String,
    pub(super) unit: String,
    pub(super) region: String,
    pub(super) units: Vec<String>,
    pub(super) sections: Vec<Section>,
}

impl ReportPage {
    fn utilities(&self) -> &'static [Utility] {
        Utility::ALL
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let today = office_time(app.clock.now()).date();
    let period = wanted.period.parse().unwrap_or_else(|()| Period::week_of(today));
    let counted = count(&app, &viewer.office, period, wanted.query()).await?;
    let reach = reach_of(&viewer.office, REVIEWERS)?;
    let units = units::within_reach(&mut app.store.read_once().await?, &reach).await?;
    let filter = wanted.in_address();
    let w = viewer.w();
    let link = |period: Period| (address(period, &filter), period_name(w, period));
    let today_number = office_day_number(app.clock.now());
    let other = match period {
        Period::Week { .. } => Period::month_of(period.last()),
        Period::Month { .. } => Period::week_of(period.last().min(today).max(period.first())),
    };
    let after = Some(period.after()).filter(|after| after.days().start <= today_number).map(link);
    let tables = counted.tables();
    let sections = tables.iter().filter_map(|table| section(&viewer.shell, period, table, &filter)).collect();
    Ok(page(&ReportPage {
        title: period_name(w, period),
        days: w.ab("report-days-of", period.first(), period.last()),
        is_over: period.days().end <= today_number,
        period: period.to_string(),
        before: link(period.before()),
        after,
        other: link(other),
        utility: wanted.utility,
        unit: wanted.unit,
        region: wanted.region,
        units,
        sections,
        shell: viewer.shell,
    }))
}

async fn send(
    State(app): State<App>,
    viewer: Viewer,
    Path((period, table)): Path<(Period, String)>,
    Query(query): Query<ReportQuery>,
) -> Result<Response, Problem> {
    send_table(&app, &viewer.office, (period, &table), query).await
}

fn address(period: Period, filter: &str) -> String {
    let and = if filter.is_empty() { "" } else { "&" };
    format!("/reports?period={period}{and}{filter}")
}

/// A week or month as people call it.
fn period_name(w: Words, period: Period) -> String {
    match period {
        Period::Week { year, week } => w.ab("report-week", year, week),
        Period::Month { year, month } => w.ab("report-month", year, w.code("report-month-name", month)),
    }
}

/// A table in words; none when there is nothing in it.
fn section(shell: &Shell, period: Period, table: &ReportTableBody, filter: &str) -> Option<Section> {
    if table.lines.is_empty() {
        return None;
    }
    let w = shell.w;
    let is_chart = matches!(table.table, ReportTable::Days | ReportTable::Trend);
    let most = table.lines.iter().filter_map(|line| line.cells[0]).fold(1.0, f64::max);
    let rows = table.lines.iter().map(|line| row(shell, table, line, most)).collect();
    let question = if filter.is_empty() { "" } else { "?" };
    Some(Section {
        table: table.table,
        title: w.code("report-table", table.table),
        columns: table.columns.iter().map(|column| w.code("report-column", column.name)).collect(),
        rows,
        bars: if is_chart { bars(shell, table, most) } else { Vec::new() },
        csv: format!("/reports/{period}/{}.csv{question}{filter}", table.table),
    })
}

fn row(shell: &Shell, table: &ReportTableBody, line: &ReportLine, most: f64) -> Row {
    let has_bars = table.columns[0].holds == Holds::Number
        && !matches!(table.table, ReportTable::Days | ReportTable::Trend);
    let cells = line.cells.iter().zip(&table.columns).enumerate().map(|(place, (value, column))| {
        let holds = if column.holds == Holds::OfLine { line.holds } else { column.holds };
        Cell {
            text: value.map_or_else(|| "–".to_owned(), |value| in_words(shell.w, holds, value)),
            bar: value.filter(|_| has_bars && place == 0).map(|value| part_of(value, most, BAR_WIDTH)),
        }
    });
    Row { label: label(shell, table.table, &line.code), cells: cells.collect() }
}

/// The part of a length that a value has of the greatest one.
fn part_of(value: f64, most: f64, length: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "0 to the length")]
    let part = (value / most * length).round() as i64;
    part
}

fn in_words(w: Words, holds: Holds, value: f64) -> String {
    match holds {
        Holds::Number | Holds::OfLine => format!("{value:.0}"),
        Holds::Share => format!("{:.1} %", value * 100.0),
        Holds::Rating => format!("{value:.1}"),
        Holds::Seconds => w.a("report-seconds", format!("{value:.0}")),
        Holds::Hours if value < HOURS_MAX => w.a("report-hours", format!("{value:.1}")),
        Holds::Hours => w.a("report-days", format!("{:.1}", value / 24.0)),
    }
}

/// What a line is about, in words.
fn label(shell: &Shell, table: ReportTable, code: &str) -> String {
    let w = shell.w;
    let named = |table: CodeTable| table.name(code, w.codes()).to_owned();
    match table {
        _ if code.is_empty() => w.t("report-not-known"),
        ReportTable::Metrics => w.code("report-metric", code),
        ReportTable::Days => code.to_owned(),
        ReportTable::Trend => code.parse().map_or_else(|()| code.to_owned(), |period| period_name(w, period)),
        ReportTable::Classes => w.category(code).to_owned(),
        ReportTable::Causes => named(CodeTable::RootCauses),
        ReportTable::Responsibilities => named(CodeTable::Responsibilities),
        ReportTable::Verdicts => named(CodeTable::Verdicts),
        ReportTable::Outcomes => named(CodeTable::Outcomes),
        ReportTable::Channels => w.code("channel", code),
        ReportTable::Regions => shell.region(code).to_owned(),
        ReportTable::Deadlines => w.code("watch-step", code),
        ReportTable::States => w.code("state", code),
        ReportTable::ReturnVisits => w.code("report-asked", code),
        ReportTable::Units | ReportTable::Departments | ReportTable::People | ReportTable::Callers => {
            code.to_owned()
        }
    }
}

/// Days or periods side by side, 560 units wide.
fn bars(shell: &Shell, table: &ReportTableBody, most: f64) -> Vec<Bar> {
    let count = i64::try_from(table.lines.len()).unwrap_or(1).max(1);
    let width = 560 / count;
    let step = (count + 6) / 7;
    let bar = |(place, line): (i64, &ReportLine)| {
        let value = line.cells[0].unwrap_or(0.0);
        let short = match table.table {
            ReportTable::Days => line.code.get(5..).unwrap_or_default().to_owned(),
            _ => line.code.get(2..).unwrap_or_default().to_owned(),
        };
        Bar {
            label: short,
            count: if value > 0.0 { in_words(shell.w, Holds::Number, value) } else { String::new() },
            x: place * width,
            width: width - 4,
            height: part_of(value, most, 100.0),
            is_labelled: (count - 1 - place) % step == 0,
        }
    };
    (0..).zip(&table.lines).map(bar).collect()
}
