//! Coming back to what could not be judged at once: a worker died, the server was killed between the append and the
//! verdict, or an envelope waits for one of another device. Any server process may do it.

use super::{Docket, settle};
use crate::app::App;
use crate::store::{StoreError, Tx, on_engine};
use std::collections::BTreeSet;
use std::time::Duration;
use sync_core::ids::{DeviceId, VisitId};

/// Pause between two rounds.
const ROUND_EVERY: Duration = Duration::from_secs(5);
/// Visits looked at in one round.
const VISITS_PER_ROUND: i64 = 64;

/// Comes back to pending envelopes until the server stops.
pub(in crate::exchange) async fn run(app: App) {
    let mut after = String::new();
    while !app.is_stopping() {
        match round(&app, &mut after).await {
            Ok(()) => {}
            Err(error) if error.is_busy() => {}
            Err(error) => tracing::error!(%error, "pending envelopes cannot be looked at"),
        }
        tokio::time::sleep(ROUND_EVERY).await;
    }
}

/// One round: the next visits with pending envelopes after `after`, and all devices with pending commands.
pub(in crate::exchange) async fn round(app: &App, after: &mut String) -> Result<(), StoreError> {
    let mut tx = app.store.read().await?;
    let waiting = count(&mut tx).await?;
    metrics::gauge!("fieldloop_envelopes_pending").set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
    if waiting == 0 {
        after.clear();
        return Ok(());
    }
    let visits = visits(&mut tx, after).await?;
    let devices = devices(&mut tx).await?;
    drop(tx);
    *after = visits.last().map(ToString::to_string).unwrap_or_default();
    let visits: BTreeSet<VisitId> = visits.into_iter().collect();
    settle(app, &Docket { visits, ..Docket::default() }).await?;
    for device in devices {
        settle(app, &Docket { device: Some(device), ..Docket::default() }).await?;
    }
    Ok(())
}

/// How many envelopes wait for a verdict.
async fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM envelope_states WHERE state = 'pending'";
    Ok(on_engine!(tx, |conn| sqlx::query_scalar(SQL).fetch_one(conn).await)?)
}

async fn visits(tx: &mut Tx, after: &str) -> Result<Vec<VisitId>, StoreError> {
    const SQL: &str = "SELECT DISTINCT visit_id FROM envelope_states WHERE state = 'pending' AND visit_id > $1 \
        ORDER BY visit_id LIMIT $2";
    let rows: Vec<String> = on_engine!(tx, |conn| {
        sqlx::query_scalar(SQL).bind(after).bind(VISITS_PER_ROUND).fetch_all(conn).await
    })?;
    rows.iter().map(|row| StoreError::parse_column("envelope_states", "visit_id", row, row)).collect()
}

async fn devices(tx: &mut Tx) -> Result<Vec<DeviceId>, StoreError> {
    const SQL: &str =
        "SELECT DISTINCT device_id FROM envelope_states WHERE state = 'pending' AND visit_id IS NULL";
    let rows: Vec<String> = on_engine!(tx, |conn| sqlx::query_scalar(SQL).fetch_all(conn).await)?;
    rows.iter().map(|row| StoreError::parse_column("envelope_states", "device_id", row, row)).collect()
}
