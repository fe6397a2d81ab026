//! Names behind person ids, as far as the pack has them.

use crate::failure::Failure;
use crate::store::Store;
use std::collections::BTreeMap;
use sync_core::ids::PersonId;
use sync_core::protocol::ColleagueCard;

/// Names behind person ids.
pub(crate) struct People {
    names: BTreeMap<PersonId, String>,
    /// Who uses this device.
    pub(crate) me: PersonId,
}

impl People {
    /// Everybody the device knows.
    pub(crate) async fn known(store: &Store) -> Result<Self, Failure> {
        let identity = store.identity().await?;
        let cards = store.pack_items("colleague/").await?;
        let mut names: BTreeMap<PersonId, String> = cards
            .iter()
            .filter_map(|entry| serde_json::from_str::<ColleagueCard>(&entry.json).ok())
            .map(|card| (card.person, card.name))
            .collect();
        names.insert(identity.person, identity.person_name);
        Ok(Self { names, me: identity.person })
    }

    /// The name, or the end of the id of somebody unknown.
    pub(crate) fn name(&self, person: PersonId) -> String {
        self.names.get(&person).cloned().unwrap_or_else(|| {
            let id = person.to_string();
            format!("…{}", &id[id.len() - 6..])
        })
    }
}
