//! What rules would have done, seen on the counts of the last days.

use super::judge::{Judge, Version, date_of};
use super::rules::WarningRules;
use super::sql;
use crate::complaints::office_day_number;
use crate::store::{StoreError, Tx};
use serde::Serialize;
use std::cmp::Reverse;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Days that are looked at.
const DAYS: i64 = 90;
/// Warnings that are named.
const SHOWN_MAX: usize = 50;

/// Which warnings the last 90 days would have had. Days from which and until which rules hold are left aside.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct WarningPreview {
    /// How many days were looked at.
    pub(crate) days: i64,
    /// How many warnings.
    pub(crate) warnings: usize,
    /// For each rule, in its order, how many of them it would have raised.
    pub(crate) by_rule: Vec<usize>,
    /// The newest 50.
    pub(crate) newest: Vec<WouldWarn>,
}

/// A warning that there would have been.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct WouldWarn {
    /// `YYYY-MM-DD`.
    pub(crate) day: String,
    pub(crate) class: String,
    pub(crate) area: String,
    pub(crate) window_days: i64,
    pub(crate) level: u8,
    pub(crate) seen: u32,
    /// Number of the rule, from 1.
    pub(crate) rule: i64,
}

/// Judges every cell by these rules. The work grows with cells and days, not with complaints.
pub(super) async fn preview(
    tx: &mut Tx,
    rules: WarningRules,
    now: Timestamp,
) -> Result<WarningPreview, StoreError> {
    let today = office_day_number(now);
    let first_shown = today - DAYS + 1;
    let reach = rules.reach_days();
    let mut by_rule = vec![0; rules.rules.len()];
    let versions = [Version { number: 1, from_day: i64::MIN, rules: rules.undated() }];
    let firsts = sql::first_days(tx).await?;
    let mut found = Vec::new();
    for (cell, counts) in sql::counts_since(tx, first_shown - reach - 1).await? {
        // What nobody has judged yet began with what is counted.
        let known = firsts.get(&cell).copied().into_iter().chain(counts.keys().next().copied());
        let judge = Judge {
            versions: &versions,
            cell: &cell,
            counts: &counts,
            first: known.min().unwrap_or(first_shown),
        };
        for ((day, window_days), judged) in judge.days(first_shown..=today) {
            if let Some(count) =
                usize::try_from(judged.rule.1 - 1).ok().and_then(|place| by_rule.get_mut(place))
            {
                *count += 1;
            }
            found.push((day, cell.clone(), window_days, judged));
        }
    }
    let warnings = found.len();
    found.sort_by_key(|(day, cell, window, _)| (Reverse(*day), cell.clone(), *window));
    found.truncate(SHOWN_MAX);
    let newest = found.into_iter().map(|(day, cell, window_days, judged)| WouldWarn {
        day: date_of(day).to_string(),
        class: cell.class,
        area: cell.area,
        window_days,
        level: judged.level,
        seen: judged.seen,
        rule: judged.rule.1,
    });
    Ok(WarningPreview { days: DAYS, warnings, by_rule, newest: newest.collect() })
}
