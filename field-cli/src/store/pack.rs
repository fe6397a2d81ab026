//! What the device carries to read.

use super::{SearchItem, Store, StoreError, Tx};
use sync_core::ids::{PersonId, VisitId};
use sync_core::knowledge::ArticleCard;
use sync_core::protocol::{AssignmentCard, PackItem, PackKey};
use sync_core::time::Timestamp;

/// An item of the pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackEntry {
    /// Its key, for example `assignment/<visit>`.
    pub key: String,
    /// Its JSON.
    pub json: String,
    /// Whether this device made it itself, for a visit born in the field.
    pub provisional: bool,
}

impl Store {
    /// The item under a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pack_item(&self, key: &PackKey) -> Result<Option<PackEntry>, StoreError> {
        let sql = "SELECT key, json, provisional FROM pack_items WHERE key = $1";
        let row: Option<(String, String, bool)> =
            sqlx::query_as(sql).bind(key.to_string()).fetch_optional(self.pool()).await?;
        Ok(row.map(|(key, json, provisional)| PackEntry { key, json, provisional }))
    }

    /// Every item whose key begins with `prefix`, for example `checklist/`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pack_items(&self, prefix: &str) -> Result<Vec<PackEntry>, StoreError> {
        let rows: Vec<(String, String, bool)> = sqlx::query_as(
            "SELECT key, json, provisional FROM pack_items WHERE substr(key, 1, length($1)) = $1 ORDER BY key",
        )
        .bind(prefix)
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(|(key, json, provisional)| PackEntry { key, json, provisional }).collect())
    }

    /// The item under a key, read as `T`; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read as `T`.
    pub async fn pack_json<T: serde::de::DeserializeOwned>(
        &self,
        key: &PackKey,
    ) -> Result<Option<T>, StoreError> {
        let Some(entry) = self.pack_item(key).await? else { return Ok(None) };
        serde_json::from_str(&entry.json)
            .map(Some)
            .map_err(|_| StoreError::damaged("pack_items", "json", key))
    }

    /// The cards of every visit of this device; cards that cannot be read are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assignments(&self) -> Result<Vec<AssignmentCard>, StoreError> {
        let entries = self.pack_items("assignment/").await?;
        Ok(entries.iter().filter_map(|entry| serde_json::from_str(&entry.json).ok()).collect())
    }

    /// The card of a visit.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn assignment(&self, visit: VisitId) -> Result<Option<AssignmentCard>, StoreError> {
        self.pack_json(&PackKey::Assignment(visit)).await
    }

    /// Takes in an item from the server, and what follows from it.
    pub(crate) async fn put_pack_item_in(
        tx: &mut Tx,
        item: &PackItem,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(json) = &item.json else {
            if is_of_a_visit_with_work(tx, &item.key).await? {
                return Ok(());
            }
            super::search::remove_in(tx, &item.key).await?;
            sqlx::query("DELETE FROM pack_items WHERE key = $1").bind(&item.key).execute(&mut **tx).await?;
            return Ok(());
        };
        let before = match item.key.parse::<PackKey>() {
            Ok(PackKey::Assignment(visit)) => crew_in(tx, visit).await?,
            _ => Vec::new(),
        };
        put_in(tx, &item.key, json, false, now).await?;
        if let Ok(PackKey::Article(_)) = item.key.parse::<PackKey>()
            && let Ok(card) = serde_json::from_str::<ArticleCard>(json)
        {
            super::articles::index_in(tx, &item.key, &card).await?;
        }
        if let Ok(PackKey::Assignment(_)) = item.key.parse::<PackKey>()
            && let Ok(card) = serde_json::from_str::<AssignmentCard>(json)
        {
            take_card_in(tx, &card, now).await?;
            if card.crew != before {
                Self::follow_crew_in(tx, card.visit, &card.crew).await?;
            }
        }
        Ok(())
    }

    /// Keeps a card that this device made itself until the server sends its own.
    pub(crate) async fn put_provisional_card_in(
        tx: &mut Tx,
        card: &AssignmentCard,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let json = serde_json::to_string(card).expect("a card is plain JSON");
        put_in(tx, &PackKey::Assignment(card.visit).to_string(), &json, true, now).await?;
        take_card_in(tx, card, now).await
    }
}

/// Whether it is the card of a visit whose document is here: it goes together with that, when all of it has arrived.
async fn is_of_a_visit_with_work(tx: &mut Tx, key: &str) -> Result<bool, StoreError> {
    let Ok(PackKey::Assignment(visit)) = key.parse::<PackKey>() else { return Ok(false) };
    let sql = "SELECT count(*) FROM visits WHERE visit_id = $1 AND saved IS NOT NULL";
    let count: i64 = sqlx::query_scalar(sql).bind(visit.to_string()).fetch_one(&mut **tx).await?;
    Ok(count > 0)
}

async fn put_in(
    tx: &mut Tx,
    key: &str,
    json: &str,
    provisional: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO pack_items (key, json, provisional, updated_at_ms) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (key) DO UPDATE SET json = $2, provisional = $3, updated_at_ms = $4",
    )
    .bind(key)
    .bind(json)
    .bind(provisional)
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Who is sent to a visit, as its card says; nobody when there is none.
pub(super) async fn crew_in(tx: &mut Tx, visit: VisitId) -> Result<Vec<PersonId>, StoreError> {
    let json: Option<String> = sqlx::query_scalar("SELECT json FROM pack_items WHERE key = $1")
        .bind(PackKey::Assignment(visit).to_string())
        .fetch_optional(&mut **tx)
        .await?;
    let card = json.and_then(|json| serde_json::from_str::<AssignmentCard>(&json).ok());
    Ok(card.map(|card| card.crew).unwrap_or_default())
}

/// A card makes its visit known here, and can be found by its words.
async fn take_card_in(tx: &mut Tx, card: &AssignmentCard, now: Timestamp) -> Result<(), StoreError> {
    Store::ensure_visit_in(tx, card.visit, now).await?;
    sqlx::query(
        "UPDATE visits SET work_order_id = $2, number = $3, unassigned = 0, \
         cancelled_by = NULL, cancelled_at_ms = NULL, cancelled_reason = NULL WHERE visit_id = $1",
    )
    .bind(card.visit.to_string())
    .bind(card.work_order.map(|id| id.to_string()))
    .bind(&card.number)
    .execute(&mut **tx)
    .await?;
    let mut words = vec![card.number.as_str(), &card.summary, &card.address, &card.category];
    words.extend(card.aliases.iter().map(String::as_str));
    words.extend(
        [&card.customer.name, &card.customer.number, &card.customer.phone]
            .into_iter()
            .flatten()
            .map(String::as_str),
    );
    words.extend(card.meter.as_ref().map(|meter| meter.number.as_str()));
    let key = PackKey::Assignment(card.visit).to_string();
    let item = SearchItem { key, visit: Some(card.visit), text: words.join("\n") };
    super::search::put_in(tx, &item).await
}
