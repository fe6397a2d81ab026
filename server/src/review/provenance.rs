//! Who brought a change of a visit, on which device, and when: from the signed envelope that carried it.

use crate::complaints::record::{clock_flags, was_offline};
use crate::exchange::load_envelopes;
use crate::store::{StoreError, Tx, statement};
use std::collections::BTreeMap;
use sync_core::ids::{ChangeHash, DeviceId, EntryId, PersonId, VisitId};
use sync_core::log::Envelope;
use sync_core::time::Timestamp;

/// Where a change comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// Who was signed in.
    pub(crate) person: PersonId,
    /// The device; the office's own log has an id, too.
    pub(crate) device: DeviceId,
    /// The device's word for when.
    pub(crate) claimed_at: Timestamp,
    /// The server's time in the newest answer that the device had: it was not earlier.
    pub(crate) not_before: Timestamp,
    /// When the server got it.
    pub(crate) received_at: Timestamp,
    /// Where its envelope lies in the server log.
    pub(crate) log_index: i64,
    /// Who let it out of quarantine, or took it up from escrow, and when.
    pub(crate) accepted: Option<(PersonId, Timestamp)>,
    /// Whether its device had lost its access when it came: it lay in escrow.
    pub(crate) from_escrow: bool,
}

impl Origin {
    /// Whether it was recorded without a network and arrived later.
    pub(crate) fn was_offline(&self) -> bool {
        // A clock that was set back tells nothing about how long something waited: the last contact does.
        let earliest = self.claimed_at.max(self.not_before);
        was_offline(Some(earliest.unix_ms()), self.received_at.unix_ms())
    }

    /// What is doubtful about the claimed time.
    pub(crate) fn clock_flags(&self) -> Vec<&'static str> {
        let mut flags = clock_flags(Some(self.claimed_at.unix_ms()), self.received_at.unix_ms());
        if self.not_before.since_ms(self.claimed_at) > crate::complaints::record::CLOCK_TOLERANCE_MS {
            flags.push("claimed_before_last_contact");
        }
        flags
    }
}

/// The origins of all accepted changes of a visit, and the texts that lie beside them.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    by_change: BTreeMap<ChangeHash, Origin>,
    /// Detached parts by id: statements.
    pub(crate) parts: BTreeMap<EntryId, String>,
}

impl Origins {
    /// Reads them from the server log.
    pub(crate) async fn of(tx: &mut Tx, visit: VisitId) -> Result<Self, StoreError> {
        const SQL: &str = "SELECT c.change_hash, c.log_index, l.at_ms, e.received_at_ms FROM changes c \
            JOIN server_log l ON l.log_index = c.log_index \
            LEFT JOIN escrow e ON e.envelope_hash = l.envelope_hash WHERE c.visit_id = $1";
        let rows: Vec<(String, i64, i64, Option<i64>)> =
            statement(SQL).bind(visit.to_string()).rows(tx).await?;
        let mut indexes: Vec<i64> = rows.iter().map(|row| row.1).collect();
        indexes.sort_unstable();
        indexes.dedup();
        let envelopes = load_envelopes(tx, &indexes).await?;
        let accepted = accepted(tx, visit).await?;
        let mut origins = Self::default();
        for (change, log_index, at_ms, escrowed_at_ms) in rows {
            let Some(envelope) = envelopes.get(&log_index) else { continue };
            let change = StoreError::parse_column("changes", "change_hash", &change, &change)?;
            let received_at = Timestamp::from_unix_ms(escrowed_at_ms.unwrap_or(at_ms));
            let origin = Origin::from_envelope(envelope, log_index, received_at);
            let (accepted, from_escrow) = (accepted.get(&log_index).copied(), escrowed_at_ms.is_some());
            origins.by_change.insert(change, Origin { accepted, from_escrow, ..origin });
        }
        for envelope in envelopes.values() {
            let Ok(body) = envelope.body() else { continue };
            let parts = body.change().map(|change| change.parts.clone()).unwrap_or_default();
            origins.parts.extend(parts.into_iter().map(|part| (part.id, part.text)));
        }
        Ok(origins)
    }

    /// Every envelope that brought changes, by its index in the server log.
    pub(crate) fn by_envelope(&self) -> BTreeMap<i64, Origin> {
        self.by_change.values().map(|origin| (origin.log_index, *origin)).collect()
    }

    /// The changes of the envelopes up to this place in the server log.
    pub(crate) fn changes_until(&self, log_index: i64) -> impl Iterator<Item = ChangeHash> {
        let until = self.by_change.iter().filter(move |(_, origin)| origin.log_index <= log_index);
        until.map(|(change, _)| *change)
    }

    /// The changes of the envelope at this place in the server log.
    pub(crate) fn changes_at(&self, log_index: i64) -> impl Iterator<Item = ChangeHash> {
        let own = self.by_change.iter().filter(move |(_, origin)| origin.log_index == log_index);
        own.map(|(change, _)| *change)
    }

    /// Where a change comes from; nothing for the birth of a document and for what was erased.
    pub(crate) fn get(&self, change: &ChangeHash) -> Option<&Origin> {
        self.by_change.get(change)
    }
}

impl Origin {
    fn from_envelope(envelope: &Envelope, log_index: i64, received_at: Timestamp) -> Self {
        let header = envelope.header();
        Self {
            person: header.person,
            device: header.device,
            claimed_at: header.claimed_at,
            not_before: header.server_time_known,
            received_at,
            log_index,
            accepted: None,
            from_escrow: false,
        }
    }
}

/// Who let which envelopes of a visit out of quarantine, and when.
async fn accepted(tx: &mut Tx, visit: VisitId) -> Result<BTreeMap<i64, (PersonId, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT log_index, decided_by, decided_at_ms FROM quarantine \
        WHERE visit_id = $1 AND state = 'accepted' AND decided_by IS NOT NULL AND decided_at_ms IS NOT NULL";
    let rows: Vec<(i64, String, i64)> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    let mut accepted = BTreeMap::new();
    for (log_index, person, at_ms) in rows {
        let person = StoreError::parse_column("quarantine", "decided_by", &log_index.to_string(), &person)?;
        accepted.insert(log_index, (person, Timestamp::from_unix_ms(at_ms)));
    }
    Ok(accepted)
}
