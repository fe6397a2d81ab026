//! What this device says in an exchange.

use crate::machine::disk_free_bytes;
use crate::store::{Identity, PAUSED, Store, StoreError, SyncState};
use sync_core::ids::{DeviceId, VisitId};
use sync_core::log::{ChainPosition, Envelope, office_log};
use sync_core::protocol::{
    ANSWER_BYTES_DEFAULT, Ask, Beacon, ENVELOPES_PER_EXCHANGE_MAX, PROTOCOL_VERSION, VISIT_DIGESTS_MAX,
    VisitDigest, visit_digest,
};
use sync_core::replica::Upload;

/// What this device says in an exchange.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Who it is.
    pub identity: Identity,
    /// Where the exchange stood when this was put together.
    pub state: SyncState,
    /// Its health.
    pub beacon: Beacon,
    /// What it has and wants.
    pub ask: Ask,
    /// Envelopes that the server has not acknowledged, as many as fit.
    pub envelopes: Vec<Envelope>,
    /// Envelopes of others that the server asked for.
    pub offered: Vec<Envelope>,
    /// End of its own chain.
    pub own: ChainPosition,
}

impl Outgoing {
    /// It in the form that is composed into a body.
    pub fn upload(&self, body_bytes_max: usize) -> Upload<'_> {
        Upload {
            server: self.identity.server,
            device: self.identity.device,
            beacon: self.beacon.clone(),
            ask: self.ask.clone(),
            envelopes: &self.envelopes,
            offered: &self.offered,
            body_bytes_max,
        }
    }

    /// The end of the chain that the server had confirmed.
    pub fn acknowledged(&self) -> ChainPosition {
        match self.state.acknowledged_hash {
            Some(hash) => ChainPosition { sequence: self.state.acknowledged, hash },
            None => ChainPosition::START,
        }
    }
}

impl Store {
    /// Puts together what the next exchange says, with at most `bytes_max` bytes of envelopes.
    ///
    /// # Errors
    /// [`StoreError::Copied`] when another copy of this store speaks for the device.
    pub async fn outgoing(&self, bytes_max: usize) -> Result<Outgoing, StoreError> {
        match self.check_binding().await {
            // An older store learns from the server what it lost.
            Ok(()) | Err(StoreError::Restored { .. }) => {}
            Err(error) => return Err(error),
        }
        let (identity, mut state) = (self.identity().await?, self.sync_state().await?);
        let device = identity.device;
        let paused = self.setting(PAUSED).await?.is_some();
        let (mut envelopes, unreadable) = if state.own_from == 0 && !paused {
            self.unacknowledged(device, &state, bytes_max).await?
        } else {
            (Vec::new(), None)
        };
        if envelopes.is_empty() && unreadable.is_some() {
            self.restart_chain().await?;
            state = self.sync_state().await?;
            envelopes = self.unacknowledged(device, &state, bytes_max).await?.0;
        }
        let own = Self::chain_end_in(&mut self.pool().begin().await?, device).await?;
        let last = envelopes.last().map_or(state.acknowledged, |envelope| envelope.header().sequence);
        let ask = Ask {
            epoch: state.epoch,
            cursor: state.cursor,
            acknowledged: state.acknowledged,
            acknowledged_hash: state.acknowledged_hash,
            answer_bytes_max: ANSWER_BYTES_DEFAULT,
            visit_digests: self.visit_digests(&state).await?,
            own_from: state.own_from,
            settled_visits: self.settled_visits(device, last).await?,
            everything: state.wants_everything,
            kept_logs: match state.kept_logs_due {
                true => self.kept_logs().await?,
                false => self.kept_office_log(office_log(identity.server, state.epoch)).await?,
            },
        };
        let offered = if paused { Vec::new() } else { self.offered(bytes_max).await? };
        let beacon = self.beacon(device, &state).await?;
        Ok(Outgoing { identity, state, beacon, ask, envelopes, offered, own })
    }

    /// Envelopes after the acknowledged one that follow on one another, and the sequence of the
    /// first that cannot be read.
    async fn unacknowledged(
        &self,
        device: DeviceId,
        state: &SyncState,
        bytes_max: usize,
    ) -> Result<(Vec<Envelope>, Option<u64>), StoreError> {
        let from = Self::restarted_from(self, device, state.acknowledged).await?;
        self.envelopes_after(device, from, ENVELOPES_PER_EXCHANGE_MAX, bytes_max).await
    }

    async fn visit_digests(&self, state: &SyncState) -> Result<Vec<VisitDigest>, StoreError> {
        if !state.digest_differs {
            return Ok(Vec::new());
        }
        let mut digests = Vec::new();
        for row in self.visits().await?.iter().filter(|row| !row.unassigned).take(VISIT_DIGESTS_MAX) {
            digests.push(visit_digest(row.visit, &self.accepted_heads(row.visit).await?));
        }
        Ok(digests)
    }

    /// Visits about which nothing is unsent once everything up to `last` has arrived, and which
    /// this device will not go on with; each is told once.
    async fn settled_visits(&self, device: DeviceId, last: u64) -> Result<Vec<VisitId>, StoreError> {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT visit_id FROM visits WHERE settled_told = 0 AND (unassigned = 1 OR state IN ('finished', \
             'no_access')) AND NOT EXISTS (SELECT 1 FROM log WHERE log.visit_id = visits.visit_id \
             AND log.device_id = $1 AND log.sequence > $2 AND log.state = 'unsent') ORDER BY visit_id",
        )
        .bind(device.to_string())
        .bind(i64::try_from(last).unwrap_or(i64::MAX))
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(|id| id.parse().map_err(|_| StoreError::damaged("visits", "visit_id", id))).collect()
    }

    async fn beacon(&self, device: DeviceId, state: &SyncState) -> Result<Beacon, StoreError> {
        let pending: i64 =
            sqlx::query_scalar("SELECT count(*) FROM log WHERE device_id = $1 AND state = 'unsent'")
                .bind(device.to_string())
                .fetch_one(self.pool())
                .await?;
        let photos = self.photo_counts().await?;
        Ok(Beacon {
            protocol: PROTOCOL_VERSION,
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            wall_clock: self.machine().now(),
            utc_offset_min: self.machine().utc_offset_min(),
            envelopes_pending: u64::try_from(pending).unwrap_or(0),
            photos_pending: photos.waiting,
            photo_bytes_pending: photos.waiting_bytes,
            disk_free_bytes: disk_free_bytes(&self.home().data).unwrap_or(0),
            last_failure: state.last_failure.clone(),
            wiped_at: None,
        })
    }
}
