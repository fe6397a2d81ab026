//! Who this installation is: one row, made when the store is first used.

use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::clock::{Clock, Entropy};
use crate::store::{Store, StoreError, Tx, statement};
use sync_core::ids::ServerId;
use sync_core::log::PublicKey;
use sync_core::time::Timestamp;

/// Identity of the server towards its devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installation {
    /// Never changes; kept by backups.
    pub server_id: ServerId,
    /// Raised by a restore. Ask [`find`] in the transaction where it matters: another process may raise it.
    pub epoch: i64,
    /// When the store was made.
    pub created_at: Timestamp,
}

/// The row, if the store was used before.
pub async fn find(tx: &mut Tx) -> Result<Option<Installation>, StoreError> {
    const SQL: &str = "SELECT server_id, epoch, created_at_ms FROM installation";
    let row: Option<(String, i64, i64)> = statement(SQL).row_if_any(tx).await?;
    row.map(|(server_id, epoch, created_at_ms)| {
        Ok(Installation {
            server_id: StoreError::parse_column("installation", "server_id", "1", &server_id)?,
            epoch,
            created_at: Timestamp::from_unix_ms(created_at_ms),
        })
    })
    .transpose()
}

/// The row, made now if the store is new. Several processes may do this at once.
pub async fn ensure(store: &Store, clock: &Clock, entropy: &Entropy) -> Result<Installation, StoreError> {
    if let Some(installation) = find(&mut store.read().await?).await? {
        return Ok(installation);
    }
    const SQL: &str = "INSERT INTO installation (singleton, server_id, epoch, created_at_ms) \
        VALUES (1, $1, 1, $2) ON CONFLICT (singleton) DO NOTHING";
    let now = clock.now();
    let server_id = ServerId::from_entropy(now, entropy.bytes());
    let mut tx = store.write().await?;
    let inserted = statement(SQL).bind(server_id.to_string()).bind(now.unix_ms()).execute(&mut tx).await?;
    if inserted == 1 {
        audit::append(&mut tx, &NewEntry::new(EntryKind::INSTALLED, now)).await?;
    }
    let installation = find(&mut tx).await?;
    tx.commit().await?;
    installation.ok_or_else(|| StoreError::impossible("installation", "singleton", "1"))
}

/// Checks the office log of this epoch; `None`: the epoch is new, nothing was signed in it.
pub async fn office_key(tx: &mut Tx, epoch: i64) -> Result<Option<PublicKey>, StoreError> {
    const SQL: &str = "SELECT public_key FROM office_keys WHERE epoch = $1";
    let key: Option<Vec<u8>> = statement(SQL).bind(epoch).value_if_any(tx).await?;
    let impossible = |_| StoreError::impossible("office_keys", "public_key", epoch.to_string());
    key.map(|key| PublicKey::from_bytes(&key).map_err(impossible)).transpose()
}

/// Remembers the key of an epoch's office log. The first one stays.
pub async fn keep_office_key(tx: &mut Tx, epoch: i64, key: PublicKey) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO office_keys (epoch, public_key) VALUES ($1, $2) ON CONFLICT (epoch) DO NOTHING";
    let bytes = key.as_bytes().to_vec();
    statement(SQL).bind(epoch).bind(bytes).execute(tx).await?;
    Ok(())
}

/// Begins a new epoch because a person says so: devices offer again what this server lacks. Returns its number.
///
/// # Errors
/// When the store fails or was never used.
pub async fn begin_epoch(tx: &mut Tx, reason: &str, now: Timestamp) -> Result<i64, StoreError> {
    const SQL: &str = "UPDATE installation SET epoch = epoch + 1 RETURNING epoch";
    let epoch: i64 = statement(SQL).value(tx).await?;
    let detail = Detail::new().with("from", (epoch - 1).to_string()).with("to", epoch.to_string());
    audit::append(tx, &NewEntry::new(EntryKind::EPOCH_RAISED, now).detail(detail).because(Some(reason)))
        .await?;
    Ok(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::for_each_engine;

    #[tokio::test]
    async fn an_installation_keeps_its_identity() {
        for_each_engine(|store| async move {
            let first = ensure(&store, &Clock::System, &Entropy::System).await.unwrap();
            let again = ensure(&store, &Clock::System, &Entropy::System).await.unwrap();
            assert_eq!(first, again);
            assert_eq!(first.epoch, 1);
            assert_eq!(audit::last_index(&mut store.read().await.unwrap()).await.unwrap(), 1);
        })
        .await;
    }
}
