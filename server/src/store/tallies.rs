//! Numbers that many transactions add to, day by day and place by place: the tables `daily_counts` and, for early
//! warning, `warning_counts`.
//!
//! A row that transactions share stays locked until the commit on PostgreSQL. So what a transaction adds is collected
//! and written as the last of everything, in the order of the keys: two transactions can wait for one another's rows,
//! never in a circle, and never for long. A rollback adds nothing; before the commit nobody sees it, not even the
//! transaction itself.

use super::{StoreError, Tx, insert_rows};
use std::collections::BTreeMap;

/// What is counted, when, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tally {
    pub(crate) counted: &'static str,
    /// Days since 1970.
    pub(crate) day: i64,
    pub(crate) unit: String,
    pub(crate) region: String,
}

/// Where a report is counted for early warning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReportTally {
    pub(crate) class: String,
    pub(crate) area: String,
    /// Days since 1970.
    pub(crate) day: i64,
}

/// What a transaction will add.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    daily: BTreeMap<Tally, i64>,
    reports: BTreeMap<ReportTally, i64>,
}

impl Tallies {
    pub(super) fn add(&mut self, key: Tally, number: i64) {
        *self.daily.entry(key).or_default() += number;
    }

    pub(super) fn add_report(&mut self, key: ReportTally, number: i64) {
        *self.reports.entry(key).or_default() += number;
    }

    pub(super) async fn write(self, tx: &mut Tx) -> Result<(), StoreError> {
        let rows = changed(self.daily);
        insert_rows!(
            tx,
            "INSERT INTO daily_counts (counted, day, unit, region, number) ",
            &rows,
            |bind, (key, number)| {
                bind.push_bind(key.counted).push_bind(key.day).push_bind(&key.unit).push_bind(&key.region);
                bind.push_bind(*number)
            },
            " ON CONFLICT (counted, day, unit, region) DO UPDATE SET number = daily_counts.number + excluded.number"
        )?;
        let rows = changed(self.reports);
        insert_rows!(
            tx,
            "INSERT INTO warning_counts (class, area, day, number) ",
            &rows,
            |bind, (key, number)| {
                bind.push_bind(&key.class).push_bind(&key.area).push_bind(key.day).push_bind(*number)
            },
            " ON CONFLICT (class, area, day) DO UPDATE SET number = warning_counts.number + excluded.number"
        )
    }
}

fn changed<K>(numbers: BTreeMap<K, i64>) -> Vec<(K, i64)> {
    numbers.into_iter().filter(|(_, number)| *number != 0).collect()
}
