//! Which devices may hold work on a visit that nobody has seen.
//!
//! From the delivery of a visit until the device says that nothing about it is unsent, or an administrator declares
//! the device lost.

use crate::store::{StoreError, Tx, statement};
use sync_core::ids::{DeviceId, PersonId, VisitId};
use sync_core::time::Timestamp;

/// A device that carries or carried a visit.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The device.
    pub device_id: DeviceId,
    /// Its short name.
    pub device_name: String,
    /// What people call it.
    pub label: String,
    /// Whose device it is.
    pub person_id: PersonId,
    /// That person's name.
    pub person_name: String,
    /// When it got the visit.
    pub delivered_at: Timestamp,
    /// When it was settled that it holds nothing more, and by what; `None`: it may.
    pub settled: Option<(Timestamp, String)>,
    /// Time of its newest envelope about the visit, as the device says.
    pub newest_claimed_at: Option<Timestamp>,
    /// When it was last seen.
    pub last_seen_at: Option<Timestamp>,
    /// What it had not sent then.
    pub outbox_envelopes: Option<i64>,
    /// Whether it lost its access.
    pub revoked: bool,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    device_id: String,
    number: i64,
    label: String,
    person_id: String,
    display_name: String,
    delivered_at_ms: i64,
    settled_at_ms: Option<i64>,
    settled_by: Option<String>,
    last_claimed_at_ms: i64,
    last_seq: i64,
    last_seen_at_ms: Option<i64>,
    outbox_envelopes: Option<i64>,
    revoked_at_ms: Option<i64>,
}

impl TryFrom<Row> for Holder {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let settled = row.settled_at_ms.zip(row.settled_by);
        Ok(Self {
            device_id: StoreError::parse_column("devices", "device_id", &row.device_id, &row.device_id)?,
            device_name: format!("dev-{:02}", row.number),
            label: row.label,
            person_id: StoreError::parse_column("devices", "person_id", &row.device_id, &row.person_id)?,
            person_name: row.display_name,
            delivered_at: Timestamp::from_unix_ms(row.delivered_at_ms),
            settled: settled.map(|(at, by)| (Timestamp::from_unix_ms(at), by)),
            newest_claimed_at: (row.last_seq > 0).then(|| Timestamp::from_unix_ms(row.last_claimed_at_ms)),
            last_seen_at: row.last_seen_at_ms.map(Timestamp::from_unix_ms),
            outbox_envelopes: row.outbox_envelopes,
            revoked: row.revoked_at_ms.is_some(),
        })
    }
}

/// Every device that carries or carried the visit.
pub async fn holders(tx: &mut Tx, visit: VisitId) -> Result<Vec<Holder>, StoreError> {
    const SQL: &str = "SELECT v.device_id, d.number, d.label, d.person_id, p.display_name, v.delivered_at_ms, \
        v.settled_at_ms, v.settled_by, v.last_claimed_at_ms, v.last_seq, d.last_seen_at_ms, d.outbox_envelopes, \
        d.revoked_at_ms FROM device_visits v JOIN devices d ON d.device_id = v.device_id \
        JOIN people p ON p.person_id = d.person_id WHERE v.visit_id = $1 ORDER BY v.delivered_at_ms, v.device_id";
    let rows: Vec<Row> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    rows.into_iter().map(Holder::try_from).collect()
}

/// Devices that may hold unseen work on the visit.
pub async fn devices_with_unseen_work(tx: &mut Tx, visit: VisitId) -> Result<Vec<DeviceId>, StoreError> {
    const SQL: &str = "SELECT device_id FROM device_visits WHERE visit_id = $1 AND settled_at_ms IS NULL \
        ORDER BY device_id";
    let rows: Vec<String> = statement(SQL).bind(visit.to_string()).values(tx).await?;
    rows.iter().map(|row| StoreError::parse_column("device_visits", "device_id", row, row)).collect()
}

/// Envelopes about the visit that have no verdict yet: it must not be closed before.
pub async fn pending_count(tx: &mut Tx, visit: VisitId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM envelope_states WHERE visit_id = $1 AND state = 'pending'";
    statement(SQL).bind(visit.to_string()).value(tx).await
}

/// Envelopes about the visit that lie in escrow and that nobody has decided about.
pub async fn escrowed_count(tx: &mut Tx, visit: VisitId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM escrow e WHERE e.visit_id = $1 \
        AND NOT EXISTS (SELECT 1 FROM escrow_decisions d WHERE d.envelope_hash = e.envelope_hash)";
    statement(SQL).bind(visit.to_string()).value(tx).await
}

/// Records that nothing more will come from a device: it releases every visit, and stays visible.
pub async fn declare_lost(tx: &mut Tx, device: DeviceId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE device_visits SET settled_at_ms = $2, settled_by = 'declared_lost' \
        WHERE device_id = $1 AND settled_at_ms IS NULL";
    statement(SQL).bind(device.to_string()).bind(now.unix_ms()).execute(tx).await?;
    Ok(())
}

/// Records that a device said it holds nothing at all any more.
pub async fn settle_all(tx: &mut Tx, device: DeviceId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE device_visits SET settled_at_ms = $2, settled_by = 'device' \
        WHERE device_id = $1 AND settled_at_ms IS NULL";
    statement(SQL).bind(device.to_string()).bind(now.unix_ms()).execute(tx).await?;
    Ok(())
}

/// Notes that the device carries these visits from now on.
pub(super) async fn note_delivery(
    tx: &mut Tx,
    device: DeviceId,
    visits: &[VisitId],
    now: Timestamp,
    anew: bool,
) -> Result<(), StoreError> {
    let conflict = if anew {
        " ON CONFLICT (device_id, visit_id) DO UPDATE SET settled_at_ms = NULL, settled_by = NULL"
    } else {
        " ON CONFLICT (device_id, visit_id) DO NOTHING"
    };
    crate::store::insert_rows!(
        tx,
        "INSERT INTO device_visits (device_id, visit_id, delivered_at_ms, last_seq, last_claimed_at_ms) ",
        visits,
        |bind, visit| {
            bind.push_bind(device.to_string()).push_bind(visit.to_string()).push_bind(now.unix_ms());
            bind.push_bind(0_i64).push_bind(0_i64)
        },
        conflict
    )
}
