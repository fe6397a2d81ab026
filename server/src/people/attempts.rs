//! Slowing guesses down: failures counted in windows, in the database so that all processes count together.
//!
//! Subjects are hashed before they are stored: a login name or an address is personal.

use crate::store::{StoreError, Tx, statement};
use sha2::{Digest, Sha256};
use sync_core::time::Timestamp;

/// How many failures are borne in a window of time.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Failures until further attempts are refused.
    pub failures_max: i64,
    /// Length of the window.
    pub window_ms: i64,
}

impl Limit {
    /// For one login name tried from one address.
    pub const NAME_FROM_ADDRESS: Self = Self { failures_max: 5, window_ms: 15 * 60_000 };
    /// For one login name from anywhere: high, or anybody could lock anybody out.
    pub const NAME: Self = Self { failures_max: 100, window_ms: 15 * 60_000 };
    /// For one address whatever it tries.
    pub const ADDRESS: Self = Self { failures_max: 60, window_ms: 15 * 60_000 };
    /// For wrong enrolment codes from one address.
    pub const CODES_FROM_ADDRESS: Self = Self { failures_max: 20, window_ms: 60 * 60_000 };
}

/// Milliseconds until this subject may try again, or `None` when it may now.
pub async fn is_exhausted(
    tx: &mut Tx,
    subject: &str,
    limit: Limit,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "SELECT window_began_at_ms, failures FROM attempts WHERE subject = $1";
    let subject = hash(subject);
    let row: Option<(i64, i64)> = statement(SQL).bind(subject).row_if_any(tx).await?;
    Ok(row.and_then(|(began, failures)| {
        let left = began + limit.window_ms - now.unix_ms();
        (failures >= limit.failures_max && left > 0).then_some(left)
    }))
}

/// Counts a failure of this subject.
pub async fn count_failure(
    tx: &mut Tx,
    subject: &str,
    limit: Limit,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO attempts (subject, window_began_at_ms, failures) VALUES ($1, $2, 1) \
        ON CONFLICT (subject) DO UPDATE SET \
        failures = CASE WHEN attempts.window_began_at_ms < $3 THEN 1 ELSE attempts.failures + 1 END, \
        window_began_at_ms = CASE WHEN attempts.window_began_at_ms < $3 THEN $2 \
            ELSE attempts.window_began_at_ms END";
    const FORGET: &str = "DELETE FROM attempts WHERE window_began_at_ms < $1";
    let subject = hash(subject);
    let (now_ms, stale_ms) = (now.unix_ms(), now.unix_ms() - limit.window_ms);
    statement(SQL).bind(subject).bind(now_ms).bind(stale_ms).execute(tx).await?;
    let long_ago = now_ms - 24 * 3_600_000;
    statement(FORGET).bind(long_ago).execute(tx).await?;
    Ok(())
}

fn hash(subject: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(subject.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::for_each_engine;

    #[tokio::test]
    async fn a_subject_is_refused_after_its_failures_until_the_window_is_over() {
        for_each_engine(|store| async move {
            let limit = Limit { failures_max: 2, window_ms: 1000 };
            let mut tx = store.write().await.unwrap();
            let at = |ms: i64| Timestamp::from_unix_ms(1_000_000 + ms);
            for (ms, expected) in [(0, None), (10, None), (20, Some(980)), (1001, None)] {
                assert_eq!(is_exhausted(&mut tx, "x", limit, at(ms)).await.unwrap(), expected, "{ms}");
                count_failure(&mut tx, "x", limit, at(ms)).await.unwrap();
            }
            assert_eq!(is_exhausted(&mut tx, "y", limit, at(20)).await.unwrap(), None);
        })
        .await;
    }
}
