//! Coming back to what could not be judged at once: a worker died, the server was killed between the append and the
//! verdict, or an envelope waits for one of another device. Any server process may do it.
//!
//! A visit for which nothing changed since the last look is looked at ever less often: an envelope that waits for a
//! change that never comes must not cost a merge every few seconds.

use super::{Docket, settle};
use crate::app::App;
use crate::store::{StoreError, Tx, statement};
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};
use sync_core::ids::{DeviceId, VisitId};

/// Pause between two rounds.
const ROUND_EVERY: Duration = Duration::from_secs(5);
/// Longest pause for a visit for which nothing changed.
const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// Visits looked at in one round.
const VISITS_PER_ROUND: i64 = 64;

/// Comes back to pending envelopes until the server stops.
pub(in crate::exchange) async fn run(app: App) {
    let mut rounds = Rounds::default();
    while !app.is_stopping() {
        match rounds.next(&app).await {
            Ok(()) => {}
            Err(error) if error.is_busy() => {}
            Err(error) => tracing::error!(%error, "pending envelopes cannot be looked at"),
        }
        tokio::time::sleep(ROUND_EVERY).await;
    }
}

/// Where the rounds stand. Losing it costs a few merges.
#[derive(Debug, Default)]
pub(in crate::exchange) struct Rounds {
    /// The last visit of the round before; empty to begin anew.
    after: String,
    looks: HashMap<VisitId, Look>,
}

/// The last look at a visit.
#[derive(Debug)]
struct Look {
    facts: Facts,
    next: Instant,
    pause: Duration,
}

/// What would make another look worthwhile: the document or the pending envelopes are others.
type Facts = (Option<i64>, i64);

impl Rounds {
    /// Looks at the next visits with pending envelopes, and at all devices with pending commands.
    pub(in crate::exchange) async fn next(&mut self, app: &App) -> Result<(), StoreError> {
        let mut tx = app.store.read().await?;
        let waiting = count(&mut tx).await?;
        metrics::gauge!("fieldloop_envelopes_pending")
            .set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
        if waiting == 0 {
            *self = Self::default();
            return Ok(());
        }
        let visits = visits(&mut tx, &self.after).await?;
        let devices = devices(&mut tx).await?;
        drop(tx);
        self.after = visits.last().map(|(visit, _)| visit.to_string()).unwrap_or_default();
        let due: BTreeSet<VisitId> = visits
            .into_iter()
            .filter(|(visit, facts)| self.is_due(*visit, *facts))
            .map(|(visit, _)| visit)
            .collect();
        if !due.is_empty() {
            settle(app, &Docket { visits: due, ..Docket::default() }).await?;
        }
        for device in devices {
            settle(app, &Docket { device: Some(device), ..Docket::default() }).await?;
        }
        // Nobody could judge: what waits is looked at again as soon as somebody can.
        if app.exchange.workers.cannot_start() {
            self.looks.clear();
        }
        Ok(())
    }

    /// Whether to look at the visit now. Says no ever longer while its facts stay the same.
    fn is_due(&mut self, visit: VisitId, facts: Facts) -> bool {
        let now = Instant::now();
        match self.looks.get_mut(&visit).filter(|look| look.facts == facts) {
            Some(look) if look.next > now => false,
            Some(look) => {
                look.pause = (look.pause * 2).min(PAUSE_MAX);
                look.next = now + look.pause;
                true
            }
            None => {
                self.looks.insert(visit, Look { facts, next: now + ROUND_EVERY, pause: ROUND_EVERY });
                true
            }
        }
    }
}

/// How many envelopes wait for a verdict.
async fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM envelope_states WHERE state = 'pending'";
    statement(SQL).value(tx).await
}

async fn visits(tx: &mut Tx, after: &str) -> Result<Vec<(VisitId, Facts)>, StoreError> {
    const SQL: &str = "SELECT s.visit_id, d.version, max(s.log_index) FROM envelope_states s \
        LEFT JOIN visit_documents d ON d.visit_id = s.visit_id \
        WHERE s.state = 'pending' AND s.visit_id > $1 GROUP BY s.visit_id, d.version ORDER BY s.visit_id LIMIT $2";
    let rows: Vec<(String, Option<i64>, i64)> =
        statement(SQL).bind(after).bind(VISITS_PER_ROUND).rows(tx).await?;
    let parse = |(visit, version, newest): (String, Option<i64>, i64)| {
        Ok((StoreError::parse_column("envelope_states", "visit_id", &visit, &visit)?, (version, newest)))
    };
    rows.into_iter().map(parse).collect()
}

async fn devices(tx: &mut Tx) -> Result<Vec<DeviceId>, StoreError> {
    const SQL: &str =
        "SELECT DISTINCT device_id FROM envelope_states WHERE state = 'pending' AND visit_id IS NULL";
    let rows: Vec<String> = statement(SQL).values(tx).await?;
    rows.iter().map(|row| StoreError::parse_column("envelope_states", "device_id", row, row)).collect()
}
