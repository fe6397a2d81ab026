//! Cells whose counts have changed are judged anew: only these, and only the days that the change can reach.
//!
//! A day is judged from its counts alone, so judging twice, late or in another order finds the same. What it finds is
//! compared with what stands: new warnings are raised, those that no longer hold are lifted.

use super::judge::{Cell, Judge, Judged, Key, Version};
use super::model::{Act, Warning, WarningAct, WarningKind, WarningState};
use super::rules::WarningRule;
use super::{rows, sql};
use crate::app::App;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::complaints::scope::Reach;
use crate::complaints::{office_day_begin, office_day_number};
use crate::people;
use crate::store::{StoreError, Tx};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;
use sync_core::time::Timestamp;

const RAISED: EntryKind = EntryKind("warning.raised");
const RISEN: EntryKind = EntryKind("warning.risen");
const LIFTED: EntryKind = EntryKind("warning.lifted");

/// How often cells are looked for that are to be judged anew.
const ROUND_EVERY: Duration = Duration::from_secs(5);
/// Cells judged in one round, each in its own transaction.
const CELLS_PER_ROUND: i64 = 50;

/// Judges what has changed until the server stops.
pub(crate) async fn run(app: App) {
    while !app.is_stopping() {
        match round(&app).await {
            Ok(judged) if i64::try_from(judged).is_ok_and(|judged| judged == CELLS_PER_ROUND) => continue,
            Ok(_) => {}
            Err(error) if error.is_busy() => {}
            Err(error) => tracing::error!(%error, "early warnings cannot be judged"),
        }
        tokio::time::sleep(ROUND_EVERY).await;
    }
}

/// Judges a limited number of cells; says how many.
pub(super) async fn round(app: &App) -> Result<usize, StoreError> {
    let cells = sql::due_cells(&mut app.store.read_once().await?, CELLS_PER_ROUND).await?;
    for cell in &cells {
        let mut tx = app.store.write().await?;
        judge_cell(&mut tx, cell, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(cells.len())
}

/// The published rules with the first day of each: the one that begins when they hold, or next.
fn versions_of(published: Vec<super::PublishedRules>) -> Vec<Version> {
    let mut versions: Vec<Version> = published
        .into_iter()
        .map(|published| Version {
            number: published.version,
            from_day: first_day_of(published.effective_from),
            rules: published.rules,
        })
        .collect();
    versions.sort_by_key(|version| version.number);
    versions
}

/// A day that has begun keeps the rules that it had.
fn first_day_of(effective_from: Timestamp) -> i64 {
    let day = office_day_number(effective_from);
    if office_day_begin(day) < effective_from { day + 1 } else { day }
}

/// The days that changes on these days can reach, up to today.
fn reached(
    changed: &[i64],
    (first_before, first): (Option<i64>, Option<i64>),
    reach: i64,
    today: i64,
) -> Vec<RangeInclusive<i64>> {
    let moved = if first_before == first { [None, None] } else { [first_before, first] };
    let mut days: Vec<i64> = changed.iter().copied().chain(moved.into_iter().flatten()).collect();
    days.sort_unstable();
    let mut ranges: Vec<RangeInclusive<i64>> = Vec::new();
    for day in days.into_iter().filter(|day| *day <= today) {
        let end = (day + reach).min(today);
        match ranges.last_mut() {
            Some(last) if day <= *last.end() + 1 => *last = *last.start()..=end.max(*last.end()),
            _ => ranges.push(day..=end),
        }
    }
    ranges
}

pub(super) async fn judge_cell(tx: &mut Tx, cell: &Cell, now: Timestamp) -> Result<(), StoreError> {
    let changed = sql::take_due(tx, cell).await?;
    let versions = versions_of(sql::versions(tx).await?);
    let reach = versions.iter().map(|version| version.rules.reach_days()).max().unwrap_or(0);
    let firsts = (sql::judged_first_day(tx, cell).await?, sql::first_day(tx, cell).await?);
    for days in reached(&changed, firsts, reach, office_day_number(now)) {
        let counts = sql::counts(tx, cell, days.start() - reach - 1..=*days.end()).await?;
        let first = firsts.1.unwrap_or(i64::MAX / 2);
        let judge = Judge { versions: &versions, cell, counts: &counts, first };
        let found = judge.days(days.clone());
        bring_in_step(tx, &Matter { cell, versions: &versions, now }, days, found).await?;
    }
    match firsts.1 {
        Some(first) if firsts.0 != Some(first) => sql::put_first_day(tx, cell, first).await,
        _ => Ok(()),
    }
}

/// What is judged, by which rules, when.
struct Matter<'a> {
    cell: &'a Cell,
    versions: &'a [Version],
    now: Timestamp,
}

/// Makes what stands on these days what was found.
async fn bring_in_step(
    tx: &mut Tx,
    matter: &Matter<'_>,
    days: RangeInclusive<i64>,
    mut found: BTreeMap<Key, Judged>,
) -> Result<(), StoreError> {
    for standing in rows::of_cell(tx, matter.cell, days).await? {
        match found.remove(&(standing.day, standing.window_days)) {
            Some(judged) => follow(tx, matter, standing, &judged).await?,
            None if standing.level > 0 => lift(tx, standing, matter.now).await?,
            None => {}
        }
    }
    for (key, judged) in found {
        raise(tx, matter, key, &judged).await?;
    }
    Ok(())
}

impl Matter<'_> {
    fn rule(&self, (version, number): (i64, i64)) -> Option<&WarningRule> {
        let version = self.versions.iter().find(|known| known.number == version)?;
        version.rules.rules.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// Whether what had arrived by the end of its last day would not have reached this level.
    async fn is_late(&self, tx: &mut Tx, (day, window): Key, judged: &Judged) -> Result<bool, StoreError> {
        let end = office_day_begin(day + 1);
        if self.now < end {
            return Ok(false);
        }
        let in_time = sql::received_before(tx, self.cell, day - window + 1..=day, end).await?;
        let fixed = self.rule(judged.rule).map_or(0, |rule| rule.fixed_level(in_time));
        let unusual = judged.usual.map_or(0, |usual| usual.level(in_time));
        Ok(fixed.max(unusual) < judged.level)
    }
}

/// The row of a warning with these figures.
fn with_figures(row: Warning, judged: &Judged, recheck_minutes: i64, late: bool) -> Warning {
    Warning {
        rule: judged.rule,
        level: i64::from(judged.level),
        seen: i64::from(judged.seen),
        usual_milli: judged.usual.map(|usual| milli(usual.mean)),
        limit_milli: milli(judged.limit),
        recheck_minutes,
        late,
        ..row
    }
}

/// In thousandths; counts are far from what an i64 cannot hold.
#[expect(clippy::cast_possible_truncation, reason = "means of counts, held within the range")]
fn milli(value: f64) -> i64 {
    (value * 1_000.0).round().clamp(0.0, 1e15) as i64
}

async fn raise(tx: &mut Tx, matter: &Matter<'_>, key: Key, judged: &Judged) -> Result<(), StoreError> {
    let cell = matter.cell;
    let row = Warning {
        id: rows::id_of(WarningKind::Counts, &format!("{}\n{}\n{}\n{}", cell.class, cell.area, key.0, key.1)),
        version: 1,
        kind: WarningKind::Counts,
        state: WarningState::Raised,
        cell: cell.clone(),
        unit: String::new(),
        day: key.0,
        window_days: key.1,
        complaint: None,
        rule: judged.rule,
        level: 0,
        seen: 0,
        usual_milli: None,
        limit_milli: 0,
        late: false,
        recheck_minutes: 0,
        raised_at: matter.now,
        waits_from: Some(matter.now),
        over_at: None,
    };
    let late = matter.is_late(tx, key, judged).await?;
    let recheck = matter.rule(judged.rule).map_or(1_440, WarningRule::recheck_minutes);
    let row = with_figures(row, judged, recheck, late);
    if !rows::insert(tx, &row).await? {
        // Another process raised it meanwhile: the next round compares anew.
        return Err(StoreError::Busy { waited: Duration::ZERO });
    }
    address(tx, matter, &row).await?;
    say(tx, &row, (WarningAct::Raised, RAISED), matter.now).await
}

/// Brings a warning that stands in step with what was found anew.
async fn follow(
    tx: &mut Tx,
    matter: &Matter<'_>,
    standing: Warning,
    judged: &Judged,
) -> Result<(), StoreError> {
    let key = (standing.day, standing.window_days);
    let recheck = matter.rule(judged.rule).map_or(standing.recheck_minutes, WarningRule::recheck_minutes);
    let same = with_figures(standing.clone(), judged, recheck, standing.late);
    if same == standing {
        return Ok(());
    }
    let late = matter.is_late(tx, key, judged).await?;
    let row = with_figures(standing.clone(), judged, recheck, late);
    let level_rose = row.level > standing.level;
    let is_over = standing.over_at.is_some();
    let comes_back = level_rose || (is_over && row.seen > standing.seen);
    let row = if comes_back { row.waiting(matter.now) } else { row };
    write(tx, &row).await?;
    if !comes_back {
        return Ok(());
    }
    address(tx, matter, &row).await?;
    say(tx, &row, (WarningAct::Risen, RISEN), matter.now).await
}

/// What arrived later took a warning back. Whoever looked at it already closes it.
async fn lift(tx: &mut Tx, standing: Warning, now: Timestamp) -> Result<(), StoreError> {
    let nobody_looked = standing.state == WarningState::Raised;
    let row = Warning { level: 0, ..standing };
    let row = if nobody_looked { row.over(WarningState::Lifted, now) } else { row };
    write(tx, &row).await?;
    say(tx, &row, (WarningAct::Lifted, LIFTED), now).await
}

async fn write(tx: &mut Tx, row: &Warning) -> Result<(), StoreError> {
    if rows::update(tx, row).await? {
        return Ok(());
    }
    // Somebody acted upon it meanwhile: the next round compares anew.
    Err(StoreError::Busy { waited: Duration::ZERO })
}

/// Addresses a warning to everybody whom the levels that it has reached name.
async fn address(tx: &mut Tx, matter: &Matter<'_>, row: &Warning) -> Result<(), StoreError> {
    let Some(rule) = matter.rule(row.rule) else { return Ok(()) };
    let reached = usize::try_from(row.level).unwrap_or(0);
    for (level, found) in (1..).zip(rule.levels.iter().take(reached)) {
        for recipient in &found.recipients {
            let area = if recipient.region.is_empty() { &row.cell.area } else { &recipient.region };
            for (person, grant) in people::holders_of(tx, recipient.role).await? {
                let reach = Reach::of(&[grant], &[recipient.role]);
                if reach.is_some_and(|reach| reach.covers(&recipient.unit, area)) {
                    rows::address(tx, row.id, person, level).await?;
                }
            }
        }
    }
    Ok(())
}

async fn say(
    tx: &mut Tx,
    row: &Warning,
    (act, entry): (WarningAct, EntryKind),
    now: Timestamp,
) -> Result<(), StoreError> {
    let noted = Act { act, level: row.level, seen: row.seen, words: None, person: None, at: now };
    rows::note(tx, row.id, &noted).await?;
    let days = (row.day - row.window_days + 1, row.day);
    crate::specials::warned(tx, (&row.cell.class, &row.cell.area), days, now).await?;
    audit::append(tx, &NewEntry::new(entry, now).detail(named(row))).await.map(drop)
}

/// The facts that name a warning in the server log.
pub(super) fn named(row: &Warning) -> Detail {
    let detail = Detail::new()
        .with("warning", row.id)
        .with("class", &row.cell.class)
        .with("area", &row.cell.area)
        .with("day", super::judge::date_of(row.day).to_string())
        .with("level", row.level.to_string())
        .with("count", row.seen.to_string());
    match row.complaint {
        Some(complaint) => detail.with("complaint", complaint),
        None => detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_reaches_so_many_days_and_no_further_than_today() {
        let none = (Some(5), Some(5));
        assert_eq!(reached(&[100], none, 31, 200), [100..=131]);
        assert_eq!(reached(&[100], none, 31, 110), [100..=110]);
        assert_eq!(reached(&[100, 120, 190], none, 31, 200), [100..=151, 190..=200]);
        assert!(reached(&[100], none, 31, 99).is_empty());
        // An earlier report makes the history longer: what followed the first one is judged anew, too.
        assert_eq!(reached(&[50], (Some(150), Some(50)), 31, 200), [50..=81, 150..=181]);
        assert_eq!(reached(&[50], (None, Some(50)), 31, 200), [50..=81]);
    }

    #[test]
    fn a_day_that_has_begun_keeps_its_rules() {
        let begin = office_day_begin(20_413);
        assert_eq!(first_day_of(begin), 20_413);
        assert_eq!(first_day_of(begin.plus_ms(1)), 20_414);
        assert_eq!(first_day_of(Timestamp::from_unix_ms(0)), 1, "eight o'clock in China");
    }
}
