//! Numbers without gaps.
//!
//! A number is part of the transaction that takes it: a rollback gives it back, and no reader sees number *n + 1*
//! before number *n*. The price is that the row stays locked until the commit on PostgreSQL, so counters are taken
//! last, and several of them in the order of their names.

use super::{StoreError, Tx, statement};

/// The name of one sequence of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter(pub &'static str);

impl Counter {
    /// Positions in the server log.
    pub const SERVER_LOG: Self = Self("server_log");
}

/// The next number of this sequence, starting with 1.
pub async fn next_number(tx: &mut Tx, counter: Counter) -> Result<i64, StoreError> {
    next_numbers(tx, counter, 1).await
}

/// The last number that was taken from this sequence; 0 before the first.
pub async fn last_number(tx: &mut Tx, counter: Counter) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT value FROM counters WHERE name = $1";
    let last: Option<i64> = statement(SQL).bind(counter.0).value_if_any(tx).await?;
    Ok(last.unwrap_or(0))
}

/// Takes `count` consecutive numbers and returns the first.
pub async fn next_numbers(tx: &mut Tx, counter: Counter, count: u32) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO counters (name, value) VALUES ($1, $2) \
        ON CONFLICT (name) DO UPDATE SET value = counters.value + $2 RETURNING value";
    let count = i64::from(count);
    let name = counter.0;
    let last: i64 = statement(SQL).bind(name).bind(count).value(tx).await?;
    Ok(last - count + 1)
}
