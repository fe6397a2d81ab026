//! What a report counts. Pure: rows in, figures out, whatever their order.

use super::callers::Callers;
use super::sql::{self, EndedVisit, Passage};
use crate::complaints::office_day_begin;
use crate::complaints::scope::Reach;
use crate::store::{StoreError, Tx};
use crate::warnings::class_of;
use sqlx_macros::FromRow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use sync_core::time::Timestamp;

/// Which complaints are wanted; an empty text: any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) utility: String,
    pub(super) unit: String,
    pub(super) region: String,
}

/// What a report is asked for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// Its days since 1970 in the office.
    pub(super) days: Range<i64>,
    pub(super) reach: &'a Reach,
    pub(super) filter: &'a Filter,
}

impl Asked<'_> {
    /// From when (inclusive) until when (exclusive) it is, Unix milliseconds.
    pub(super) fn moments(&self) -> (i64, i64) {
        (office_day_begin(self.days.start).unix_ms(), office_day_begin(self.days.end).unix_ms())
    }
}

/// A complaint that happened.
#[derive(Debug, FromRow)]
pub(super) struct Happened {
    pub(super) day: i64,
    pub(super) source: String,
    pub(super) received_at_ms: i64,
    pub(super) category: String,
    pub(super) channel: String,
    pub(super) unit: String,
    pub(super) region: String,
    pub(super) state: String,
    /// 1: another one of the same customer or meter happened shortly before.
    pub(super) repeated: i64,
}

/// A complaint that was closed.
#[derive(Debug, FromRow)]
pub(super) struct Closed {
    pub(super) complaint_id: String,
    pub(super) unit: String,
    pub(super) requested_at_ms: i64,
    pub(super) received_at_ms: i64,
    pub(super) closed_at_ms: i64,
    /// `asked`, `waived`, `missing`, or `none` was planned.
    pub(super) asked: String,
}

/// Deadlines of one unit and step that ended in one way.
#[derive(Debug, FromRow)]
pub(super) struct Step {
    pub(super) unit: String,
    pub(super) step: String,
    /// `kept`, `missed` or `open`.
    pub(super) how: String,
    pub(super) number: i64,
}

/// Verdicts that say the same.
#[derive(Debug, FromRow)]
pub(super) struct Verdict {
    pub(super) verdict: String,
    pub(super) cause: Option<String>,
    pub(super) responsibility: Option<String>,
    pub(super) number: i64,
}

/// Deadlines by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) kept: i64,
    pub(super) missed: i64,
    /// Their time runs still.
    pub(super) open: i64,
}

impl Kept {
    fn add(&mut self, how: &str, number: i64) {
        match how {
            "kept" => self.kept += number,
            "missed" => self.missed += number,
            _ => self.open += number,
        }
    }

    /// The share that was kept of those that are over.
    pub(super) fn rate(&self) -> Option<f64> {
        share(self.kept, self.kept + self.missed)
    }
}

/// One unit's part.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct UnitFigures {
    pub(super) happened: i64,
    pub(super) repeated: i64,
    pub(super) deadlines: Kept,
    /// How long each complaint took that was closed.
    handled_ms: Vec<i64>,
}

impl UnitFigures {
    pub(super) fn closed(&self) -> i64 {
        count(self.handled_ms.len())
    }

    pub(super) fn median_hours(&self) -> Option<f64> {
        quantile_hours(&self.handled_ms, 50)
    }
}

/// One technician's visits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PersonFigures {
    pub(super) finished: i64,
    pub(super) solved: i64,
    pub(super) no_access: i64,
}

/// How long complaints stayed in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stay {
    stays_ms: Vec<i64>,
}

impl Stay {
    pub(super) fn number(&self) -> i64 {
        count(self.stays_ms.len())
    }

    pub(super) fn median_hours(&self) -> Option<f64> {
        quantile_hours(&self.stays_ms, 50)
    }

    pub(super) fn most_hours(&self) -> Option<f64> {
        quantile_hours(&self.stays_ms, 100)
    }
}

/// Everything that a report counts, each by its code.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) happened: i64,
    /// Of them, those that were written down after its last day.
    pub(super) late: i64,
    pub(super) repeated: i64,
    /// Of those that happened, those that are neither closed nor withdrawn by now.
    pub(super) open: i64,
    pub(super) withdrawn: i64,
    pub(super) grumbles: i64,
    /// By day since 1970.
    pub(super) days: BTreeMap<i64, i64>,
    pub(super) classes: BTreeMap<String, i64>,
    pub(super) channels: BTreeMap<String, i64>,
    pub(super) regions: BTreeMap<String, i64>,
    pub(super) units: BTreeMap<String, UnitFigures>,
    handled_ms: Vec<i64>,
    /// Whether customers were asked how it went.
    pub(super) asked: BTreeMap<String, i64>,
    pub(super) deadlines: Kept,
    pub(super) steps: BTreeMap<String, Kept>,
    /// Visits that were finished.
    pub(super) finished: i64,
    /// Of them, those that solved it on the spot.
    pub(super) solved: i64,
    pub(super) no_access: i64,
    pub(super) outcomes: BTreeMap<String, i64>,
    pub(super) people: BTreeMap<String, PersonFigures>,
    pub(super) callers: Callers,
    pub(super) verdicts: BTreeMap<String, i64>,
    pub(super) causes: BTreeMap<String, i64>,
    pub(super) responsibilities: BTreeMap<String, i64>,
    pub(super) states: BTreeMap<String, Stay>,
    /// How long complaints lay with each unit.
    pub(super) departments: BTreeMap<String, Stay>,
}

impl Figures {
    /// Reads everything that a report counts.
    ///
    /// # Errors
    /// Whatever reading meets.
    pub(super) async fn read(tx: &mut Tx, asked: &Asked<'_>, now: Timestamp) -> Result<Self, StoreError> {
        let mut figures = Self::default();
        let (_, until_ms) = asked.moments();
        sql::happened(tx, asked, |row| figures.add_happened(&row, until_ms)).await?;
        figures.grumbles = sql::grumbles(tx, asked).await?;
        sql::closed(tx, asked, |row| figures.add_closed(&row)).await?;
        sql::passages(tx, asked, |passages| figures.add_passages(&passages)).await?;
        for step in sql::deadlines(tx, asked, now.unix_ms()).await? {
            figures.add_step(&step);
        }
        figures.add_visits(&sql::ended_visits(tx, asked).await?);
        for made in sql::return_visits(tx, asked).await? {
            figures.callers.add(&made);
        }
        for (person, seconds) in sql::return_answers(tx, asked).await? {
            figures.callers.add_answer(&person, seconds);
        }
        for verdict in sql::verdicts(tx, asked).await? {
            figures.add_verdict(verdict);
        }
        Ok(figures)
    }

    fn add_happened(&mut self, row: &Happened, until_ms: i64) {
        self.happened += 1;
        self.late += i64::from(row.received_at_ms >= until_ms);
        self.repeated += row.repeated;
        match row.state.as_str() {
            "withdrawn" => self.withdrawn += 1,
            "closed" => {}
            _ => self.open += 1,
        }
        *self.days.entry(row.day).or_default() += 1;
        *self.classes.entry(class_of(&row.category)).or_default() += 1;
        *self.channels.entry(row.channel.clone()).or_default() += 1;
        *self.regions.entry(row.region.clone()).or_default() += 1;
        let unit = self.units.entry(row.unit.clone()).or_default();
        unit.happened += 1;
        unit.repeated += row.repeated;
    }

    fn add_closed(&mut self, row: &Closed) {
        let took = (row.closed_at_ms - row.requested_at_ms.min(row.received_at_ms)).max(0);
        self.handled_ms.push(took);
        self.units.entry(row.unit.clone()).or_default().handled_ms.push(took);
        *self.asked.entry(row.asked.clone()).or_default() += 1;
    }

    /// What one complaint went through, in the order in which it happened.
    fn add_passages(&mut self, passages: &[Passage]) {
        let Some(last) = passages.last() else { return };
        let (mut states, mut units): (BTreeMap<&str, i64>, BTreeMap<String, i64>) = Default::default();
        let (mut state, mut unit_since) = (None::<(&str, i64)>, passages[0].at_ms);
        for passage in passages {
            if let Some(to) = passage.state_to.as_deref()
                && let Some((from, since)) = state.replace((to, passage.at_ms))
            {
                *states.entry(from).or_default() += passage.at_ms - since;
            }
            if let Some(from) = passage.unit_from.as_deref().and_then(unit_before) {
                *units.entry(from).or_default() += passage.at_ms - unit_since;
                unit_since = passage.at_ms;
            }
        }
        *units.entry(last.unit.clone()).or_default() += (last.closed_at_ms - unit_since).max(0);
        for (state, ms) in states {
            self.states.entry(state.to_owned()).or_default().stays_ms.push(ms);
        }
        for (unit, ms) in units {
            self.departments.entry(unit).or_default().stays_ms.push(ms);
        }
    }

    fn add_step(&mut self, row: &Step) {
        self.deadlines.add(&row.how, row.number);
        self.steps.entry(row.step.clone()).or_default().add(&row.how, row.number);
        self.units.entry(row.unit.clone()).or_default().deadlines.add(&row.how, row.number);
    }

    fn add_visits(&mut self, rows: &[EndedVisit]) {
        let mut known = BTreeSet::new();
        for row in rows {
            let no_access = row.state == "no_access";
            let solved = !no_access && row.outcome.as_deref() == Some("resolved_on_site");
            if known.insert(&row.visit_id) {
                self.no_access += i64::from(no_access);
                self.finished += i64::from(!no_access);
                self.solved += i64::from(solved);
                if let Some(outcome) = row.outcome.as_ref().filter(|_| !no_access) {
                    *self.outcomes.entry(outcome.clone()).or_default() += 1;
                }
            }
            if let Some(person) = &row.person_id {
                let person = self.people.entry(person.clone()).or_default();
                person.no_access += i64::from(no_access);
                person.finished += i64::from(!no_access);
                person.solved += i64::from(solved);
            }
        }
    }

    fn add_verdict(&mut self, row: Verdict) {
        *self.verdicts.entry(row.verdict).or_default() += row.number;
        if let Some(cause) = row.cause {
            *self.causes.entry(cause).or_default() += row.number;
        }
        if let Some(responsibility) = row.responsibility {
            *self.responsibilities.entry(responsibility).or_default() += row.number;
        }
    }

    pub(super) fn closed(&self) -> i64 {
        count(self.handled_ms.len())
    }

    /// Hours from the customer's word to closing: so many or fewer for half of what was closed.
    pub(super) fn median_hours(&self) -> Option<f64> {
        quantile_hours(&self.handled_ms, 50)
    }

    /// The same for nine of ten.
    pub(super) fn most_hours(&self) -> Option<f64> {
        quantile_hours(&self.handled_ms, 90)
    }

    /// The share of what customers were unhappy with that became no complaint.
    pub(super) fn potential_rate(&self) -> Option<f64> {
        share(self.grumbles, self.grumbles + self.happened)
    }

    pub(super) fn solved_rate(&self) -> Option<f64> {
        share(self.solved, self.finished)
    }

    pub(super) fn repeated_rate(&self) -> Option<f64> {
        share(self.repeated, self.happened)
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The unit that a complaint was taken from, of an entry about an allotment.
fn unit_before(detail: &str) -> Option<String> {
    let detail: serde_json::Value = serde_json::from_str(detail).ok()?;
    detail["unit_from"].as_str().map(str::to_owned)
}

/// A part of a whole, 0 to 1; `None` of nothing.
pub(super) fn share(part: i64, whole: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of a month are far below 2^52")]
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The smallest of these values that so many percent do not exceed (nearest rank).
pub(super) fn quantile(values: &[i64], percent: usize) -> Option<i64> {
    let mut sorted = values.to_vec();
    let rank = (values.len() * percent).div_ceil(100).max(1) - 1;
    if sorted.is_empty() {
        return None;
    }
    let (_, found, _) = sorted.select_nth_unstable(rank.min(values.len() - 1));
    Some(*found)
}

/// The same of times, in hours.
fn quantile_hours(times_ms: &[i64], percent: usize) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "centuries in milliseconds are below 2^52")]
    quantile(times_ms, percent).map(|ms| ms as f64 / 3_600_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn times_are_told_by_nearest_rank() {
        let hours = |list: &[i64]| list.iter().map(|hours| hours * HOUR).collect::<Vec<_>>();
        assert_eq!(quantile_hours(&[], 50), None);
        assert_eq!(quantile_hours(&hours(&[7]), 50), Some(7.0));
        assert_eq!(quantile_hours(&hours(&[4, 1, 3, 2]), 50), Some(2.0));
        assert_eq!(quantile_hours(&hours(&[4, 1, 3, 2, 9, 8, 7, 6, 5, 10]), 90), Some(9.0));
        assert_eq!(quantile_hours(&hours(&[4, 1]), 100), Some(4.0));
    }

    fn passage(state_to: Option<&str>, unit_from: Option<&str>, hour: i64) -> Passage {
        let detail =
            unit_from.map(|unit| serde_json::json!({ "unit_from": unit, "unit_to": "x" }).to_string());
        Passage {
            complaint_id: "c".into(),
            unit: "gas".into(),
            closed_at_ms: 20 * HOUR,
            state_to: state_to.map(str::to_owned),
            unit_from: detail,
            at_ms: hour * HOUR,
        }
    }

    #[test]
    fn time_is_counted_where_a_complaint_lay() {
        let mut figures = Figures::default();
        figures.add_passages(&[
            passage(Some("received"), None, 0),
            passage(Some("assigned"), None, 2),
            passage(None, Some(""), 3),
            passage(Some("received"), None, 6),
            passage(None, Some("power"), 8),
            passage(Some("assigned"), None, 10),
            passage(Some("closed"), None, 20),
        ]);
        let told = |stays: &BTreeMap<String, Stay>| -> Vec<(String, Option<f64>)> {
            stays.iter().map(|(code, stay)| (code.clone(), stay.median_hours())).collect()
        };
        let line = |code: &str, hours: f64| (code.to_owned(), Some(hours));
        assert_eq!(told(&figures.states), [line("assigned", 14.0), line("received", 6.0)]);
        assert_eq!(told(&figures.departments), [line("", 3.0), line("gas", 12.0), line("power", 5.0)]);
    }

    #[test]
    fn shares_of_nothing_are_not_told() {
        let figures = Figures::default();
        assert_eq!(
            (figures.solved_rate(), figures.repeated_rate(), figures.deadlines.rate()),
            (None, None, None)
        );
        assert_eq!(share(1, 4), Some(0.25));
    }

    proptest! {
        #[test]
        fn the_order_of_visits_changes_nothing(
            visits in proptest::collection::vec((0..9_u8, 0..3_u8, 0..3_u8), 0..30).prop_shuffle()
        ) {
            let row = |(visit, person, how): &(u8, u8, u8)| EndedVisit {
                visit_id: visit.to_string(),
                state: if visit % 4 == 0 { "no_access" } else { "finished" }.into(),
                outcome: Some(if visit % 2 == 0 { "resolved_on_site" } else { "further_work" }.into()),
                person_id: Some(person.to_string()).filter(|_| *how > 0),
            };
            let mut once: Vec<EndedVisit> = visits.iter().map(row).collect();
            let (mut given, mut sorted) = (Figures::default(), Figures::default());
            given.add_visits(&once);
            once.sort_by_key(|row| (row.visit_id.clone(), row.person_id.clone()));
            sorted.add_visits(&once);
            prop_assert_eq!(given, sorted);
        }
    }
}
