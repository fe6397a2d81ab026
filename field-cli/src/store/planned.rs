//! The planned events that this device carries.

use super::{Store, StoreError};
use sync_core::protocol::PlannedEventCard;

/// Where planned events stand in the pack.
const PREFIX: &str = "planned-event/";

impl Store {
    /// Every planned event, the first one first; cards that cannot be read are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn planned_events(&self) -> Result<Vec<PlannedEventCard>, StoreError> {
        let entries = self.pack_items(PREFIX).await?;
        let cards = entries.iter().filter_map(|entry| serde_json::from_str(&entry.json).ok());
        let mut cards: Vec<PlannedEventCard> = cards.collect();
        cards.sort_by(|a, b| (a.begins_at, &a.number).cmp(&(b.begins_at, &b.number)));
        Ok(cards)
    }
}
