//! What this device remembers between commands: the language, the current visit.

use super::{Store, StoreError, Tx};
use sync_core::ids::VisitId;

/// Name of the setting that holds the current visit, `@`.
const CURRENT_VISIT: &str = "current-visit";

/// Name of the setting that counts the provisional numbers this device has given out.
pub(crate) const NUMBERS: &str = "provisional_numbers";

/// Name of the setting that holds back what would be sent.
pub const PAUSED: &str = "outbox-paused";

impl Store {
    /// The value of a setting.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM settings WHERE name = $1";
        Ok(sqlx::query_scalar(sql).bind(name).fetch_optional(self.pool()).await?)
    }

    /// Sets or, with `None`, forgets a setting.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_setting(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        set_in(&mut tx, name, value).await?;
        Ok(tx.commit().await?)
    }

    /// Counts on: 1, 2, 3 …, and no number twice, however many processes ask at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_count(&self, name: &str) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let count = count_in(&mut tx, name).await?.saturating_add(1);
        set_in(&mut tx, name, Some(&count.to_string())).await?;
        tx.commit().await?;
        Ok(count)
    }

    /// The current visit, `@`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn current_visit(&self) -> Result<Option<VisitId>, StoreError> {
        Ok(self.setting(CURRENT_VISIT).await?.and_then(|text| text.parse().ok()))
    }

    /// Makes a visit the current one, or none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_current_visit(&self, visit: Option<VisitId>) -> Result<(), StoreError> {
        self.set_setting(CURRENT_VISIT, visit.map(|id| id.to_string()).as_deref()).await
    }
}

pub(super) async fn set_current_in(tx: &mut Tx, visit: Option<VisitId>) -> Result<(), StoreError> {
    set_in(tx, CURRENT_VISIT, visit.map(|id| id.to_string()).as_deref()).await
}

/// Counts on from `given` at least: it was given out before the store was restored.
pub(super) async fn note_count_in(tx: &mut Tx, name: &str, given: u64) -> Result<(), StoreError> {
    if count_in(tx, name).await? < given {
        set_in(tx, name, Some(&given.to_string())).await?;
    }
    Ok(())
}

async fn count_in(tx: &mut Tx, name: &str) -> Result<u64, StoreError> {
    let value: Option<String> = sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
        .bind(name)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(value.and_then(|text| text.parse().ok()).unwrap_or(0))
}

async fn set_in(tx: &mut Tx, name: &str, value: Option<&str>) -> Result<(), StoreError> {
    let Some(value) = value else {
        sqlx::query("DELETE FROM settings WHERE name = $1").bind(name).execute(&mut **tx).await?;
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
    )
    .bind(name)
    .bind(value)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
