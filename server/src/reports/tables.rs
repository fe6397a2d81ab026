//! The tables of a report: the same for its page, its JSON and its CSV.

use super::callers::CallerFigures;
use super::figures::{Figures, Kept, PersonFigures, Stay};
use super::period::{Period, day_name};
use crate::exports::csv::{BOM, Line};
use crate::words::words;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

words! {
    /// A table of a report.
    pub(crate) ReportTable {
        /// The figures by which the work is judged, beside those of the period before and of a year before.
        Metrics = "metrics",
        /// Complaints by the day on which they happened.
        Days = "days",
        /// Complaints of the last twelve weeks or months.
        Trend = "trend",
        /// By class.
        Classes = "classes",
        /// By root cause of the verdicts of the period.
        Causes = "causes",
        /// By responsibility of the same.
        Responsibilities = "responsibilities",
        /// By what the same say.
        Verdicts = "verdicts",
        /// By how the customer turned to us.
        Channels = "channels",
        /// By region.
        Regions = "regions",
        /// By the unit that answers for it.
        Units = "units",
        /// By step: contact, on site, answer.
        Deadlines = "deadlines",
        /// How long what was closed stayed in each state.
        States = "states",
        /// How long it lay with each unit.
        Departments = "departments",
        /// Finished visits by how they ended.
        Outcomes = "outcomes",
        /// Closed complaints by whether the customer was asked how it went.
        ReturnVisits = "return_visits",
        /// Visits of each technician; for leads.
        People = "people",
        /// Return visits of each who asks customers; for leads.
        Callers = "callers",
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holds {
    /// How many.
    Number,
    /// A part of a whole, 0 to 1.
    Share,
    /// Hours.
    Hours,
    /// Seconds.
    Seconds,
    /// How content customers are in the mean, 1 to 5.
    Rating,
    /// What the line says: a number, a share or hours.
    OfLine,
}

/// A column.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct ReportColumn {
    /// Its stable name.
    pub(super) name: &'static str,
    pub(super) holds: Holds,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct ReportLine {
    /// What it is about: a code, a day, a unit; empty where that is not known.
    pub(super) code: String,
    /// What its cells hold.
    pub(super) holds: Holds,
    /// A value for each column; null where there is nothing to tell.
    pub(super) cells: Vec<Option<f64>>,
}

/// A table with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ReportTableBody {
    pub(super) table: ReportTable,
    pub(super) columns: Vec<ReportColumn>,
    pub(super) lines: Vec<ReportLine>,
}

impl ReportTableBody {
    /// As CSV: what the line is about, then its cells.
    pub(super) fn csv(&self) -> String {
        let mut text = BOM.to_owned();
        let names = self.columns.iter().map(|column| column.name);
        text.push_str(&names.fold(Line::default().plain("code"), Line::plain).end());
        for line in &self.lines {
            let cells = line.cells.iter();
            let written = cells.fold(Line::default().text(&line.code), |written, cell| match cell {
                Some(value) => written.plain(value),
                None => written.plain(""),
            });
            text.push_str(&written.end());
        }
        text
    }
}

/// What the tables are made of.
pub(super) struct Counted {
    pub(super) period: Period,
    pub(super) now: Figures,
    pub(super) before: Figures,
    /// None where there was no such week.
    pub(super) year_before: Option<Figures>,
    /// The last twelve periods with their complaints, the oldest first.
    pub(super) trend: Vec<(Period, i64)>,
    /// Names of people by their id; none when the reader may not see single people.
    pub(super) people: Option<BTreeMap<String, String>>,
}

type Columns = &'static [(&'static str, Holds)];
const NUMBER: Columns = &[("number", Holds::Number)];
const COMPARED: Columns = &[("number", Holds::Number), ("before", Holds::Number)];
const STAYS: Columns =
    &[("number", Holds::Number), ("median_hours", Holds::Hours), ("longest_hours", Holds::Hours)];

fn table(table: ReportTable, columns: Columns, lines: Vec<ReportLine>) -> ReportTableBody {
    let columns = columns.iter().map(|&(name, holds)| ReportColumn { name, holds }).collect();
    ReportTableBody { table, columns, lines }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn number(number: i64) -> Option<f64> {
    Some(number as f64)
}

/// A share with four digits, hours with two: more says nothing.
fn rounded(value: Option<f64>, digits: i32) -> Option<f64> {
    let scale = 10_f64.powi(digits);
    value.map(|value| (value * scale).round() / scale)
}

fn line(code: impl Into<String>, cells: Vec<Option<f64>>) -> ReportLine {
    ReportLine { code: code.into(), holds: Holds::Number, cells }
}

/// Codes of now and before with both counts, the most frequent first.
fn compared(now: &BTreeMap<String, i64>, before: &BTreeMap<String, i64>) -> Vec<ReportLine> {
    let mut all: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    now.iter().for_each(|(code, count)| all.entry(code).or_default().0 = *count);
    before.iter().for_each(|(code, count)| all.entry(code).or_default().1 = *count);
    let mut lines: Vec<_> = all.into_iter().collect();
    lines.sort_by_key(|&(_, (now, before))| std::cmp::Reverse((now, before)));
    lines.into_iter().map(|(code, (now, before))| line(code, vec![number(now), number(before)])).collect()
}

fn deadline_cells(kept: &Kept) -> Vec<Option<f64>> {
    vec![number(kept.kept), number(kept.missed), number(kept.open), rounded(kept.rate(), 4)]
}

fn stays(stays: &BTreeMap<String, Stay>) -> Vec<ReportLine> {
    let cells = |stay: &Stay| {
        vec![number(stay.number()), rounded(stay.median_hours(), 2), rounded(stay.most_hours(), 2)]
    };
    stays.iter().map(|(code, stay)| line(code, cells(stay))).collect()
}

/// The figures by which the work is judged.
type Metric = (&'static str, Holds, fn(&Figures) -> Option<f64>);
const METRICS: &[Metric] = &[
    ("complaints", Holds::Number, |figures| number(figures.happened)),
    ("grumbles", Holds::Number, |figures| number(figures.grumbles)),
    ("potential_share", Holds::Share, Figures::potential_rate),
    ("closed", Holds::Number, |figures| number(figures.closed())),
    ("median_hours", Holds::Hours, Figures::median_hours),
    ("ninety_percent_hours", Holds::Hours, Figures::most_hours),
    ("in_time_share", Holds::Share, |figures| figures.deadlines.rate()),
    ("visits_finished", Holds::Number, |figures| number(figures.finished)),
    ("solved_on_site_share", Holds::Share, Figures::solved_rate),
    ("no_access", Holds::Number, |figures| number(figures.no_access)),
    ("repeated_share", Holds::Share, Figures::repeated_rate),
    ("rating", Holds::Rating, |figures| figures.callers.all.mean_rating()),
    ("withdrawn", Holds::Number, |figures| number(figures.withdrawn)),
    ("still_open", Holds::Number, |figures| number(figures.open)),
    ("arrived_later", Holds::Number, |figures| number(figures.late)),
];

impl Counted {
    /// All tables that the reader may see, in the order of the page.
    pub(super) fn tables(&self) -> Vec<ReportTableBody> {
        ReportTable::ALL.iter().filter_map(|wanted| self.table(*wanted)).collect()
    }

    /// One table; `None` when the reader may not see it.
    pub(super) fn table(&self, wanted: ReportTable) -> Option<ReportTableBody> {
        let (now, before) = (&self.now, &self.before);
        let (columns, lines) = match wanted {
            ReportTable::Metrics => (
                &[("now", Holds::OfLine), ("before", Holds::OfLine), ("year_before", Holds::OfLine)][..],
                self.metrics(),
            ),
            ReportTable::Days => (NUMBER, self.days()),
            ReportTable::Trend => (
                NUMBER,
                self.trend
                    .iter()
                    .map(|(period, count)| line(period.to_string(), vec![number(*count)]))
                    .collect(),
            ),
            ReportTable::Classes => (COMPARED, compared(&now.classes, &before.classes)),
            ReportTable::Causes => (COMPARED, compared(&now.causes, &before.causes)),
            ReportTable::Responsibilities => {
                (COMPARED, compared(&now.responsibilities, &before.responsibilities))
            }
            ReportTable::Verdicts => (COMPARED, compared(&now.verdicts, &before.verdicts)),
            ReportTable::Channels => (COMPARED, compared(&now.channels, &before.channels)),
            ReportTable::Regions => (COMPARED, compared(&now.regions, &before.regions)),
            ReportTable::Outcomes => (COMPARED, compared(&now.outcomes, &before.outcomes)),
            ReportTable::ReturnVisits => (COMPARED, compared(&now.asked, &before.asked)),
            ReportTable::Units => (UNITS, self.units()),
            ReportTable::Deadlines => {
                (DEADLINES, now.steps.iter().map(|(step, kept)| line(step, deadline_cells(kept))).collect())
            }
            ReportTable::States => (STAYS, stays(&now.states)),
            ReportTable::Departments => (STAYS, stays(&now.departments)),
            ReportTable::People => (PEOPLE, self.people()?),
            ReportTable::Callers => (CALLERS, self.callers()?),
        };
        Some(table(wanted, columns, lines))
    }

    fn metrics(&self) -> Vec<ReportLine> {
        let told = |&(code, holds, of): &Metric| {
            let digits = if matches!(holds, Holds::Hours | Holds::Rating) { 2 } else { 4 };
            let year_before = self.year_before.as_ref().and_then(of);
            let cells = [of(&self.now), of(&self.before), year_before];
            let cells = cells.into_iter().map(|cell| rounded(cell, digits)).collect();
            ReportLine { code: code.to_owned(), holds, cells }
        };
        METRICS.iter().map(told).collect()
    }

    fn days(&self) -> Vec<ReportLine> {
        let count = |day: i64| self.now.days.get(&day).copied().unwrap_or(0);
        self.period.days().map(|day| line(day_name(day), vec![number(count(day))])).collect()
    }

    fn units(&self) -> Vec<ReportLine> {
        let units = self.now.units.iter().map(|(unit, figures)| {
            let mut cells = vec![
                number(figures.happened),
                number(figures.repeated),
                number(figures.closed()),
                rounded(figures.median_hours(), 2),
            ];
            cells.extend(deadline_cells(&figures.deadlines));
            line(unit, cells)
        });
        units.collect()
    }

    fn people(&self) -> Option<Vec<ReportLine>> {
        let names = self.people.as_ref()?;
        let cells = |figures: &PersonFigures| {
            vec![number(figures.finished), number(figures.solved), number(figures.no_access)]
        };
        Some(by_name(names, self.now.people.iter().map(|(id, figures)| (id, cells(figures)))))
    }

    fn callers(&self) -> Option<Vec<ReportLine>> {
        let names = self.people.as_ref()?;
        let cells = |figures: &CallerFigures| {
            vec![
                number(figures.made),
                number(figures.late),
                rounded(figures.last_tenth_rate(), 4),
                rounded(figures.mean_rating(), 2),
                figures.median_seconds(),
                rounded(figures.hurried_rate(), 4),
            ]
        };
        Some(by_name(names, self.now.callers.each.iter().map(|(id, figures)| (id, cells(figures)))))
    }
}

/// Lines of people in the order of their names.
fn by_name<'a>(
    names: &BTreeMap<String, String>,
    people: impl Iterator<Item = (&'a String, Vec<Option<f64>>)>,
) -> Vec<ReportLine> {
    let mut lines: Vec<_> = people.map(|(id, cells)| line(names.get(id).unwrap_or(id), cells)).collect();
    lines.sort_by(|one, other| one.code.cmp(&other.code));
    lines
}

const CALLERS: Columns = &[
    ("return_visits_made", Holds::Number),
    ("missed", Holds::Number),
    ("last_tenth_share", Holds::Share),
    ("rating", Holds::Rating),
    ("median_seconds", Holds::Seconds),
    ("hurried_share", Holds::Share),
];
const DEADLINES: Columns = &[
    ("kept", Holds::Number),
    ("missed", Holds::Number),
    ("running", Holds::Number),
    ("in_time_share", Holds::Share),
];
const UNITS: Columns = &[
    ("complaints", Holds::Number),
    ("repeated", Holds::Number),
    ("closed", Holds::Number),
    ("median_hours", Holds::Hours),
    ("kept", Holds::Number),
    ("missed", Holds::Number),
    ("running", Holds::Number),
    ("in_time_share", Holds::Share),
];
const PEOPLE: Columns =
    &[("visits_finished", Holds::Number), ("solved_on_site", Holds::Number), ("no_access", Holds::Number)];
