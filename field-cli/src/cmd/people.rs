//! Names behind person ids, as far as the pack has them.

use crate::failure::Failure;
use crate::i18n::Words;
use crate::store::Store;
use std::collections::BTreeMap;
use sync_core::ids::{DeviceId, PersonId};
use sync_core::protocol::ColleagueCard;

/// Names behind person ids.
pub(crate) struct People {
    names: BTreeMap<PersonId, String>,
    /// Name of the person and of the device.
    devices: BTreeMap<DeviceId, String>,
    /// Who uses this device.
    pub(crate) me: PersonId,
}

impl People {
    /// Everybody the device knows.
    pub(crate) async fn known(store: &Store) -> Result<Self, Failure> {
        let identity = store.identity().await?;
        let cards = store.pack_items("colleague/").await?;
        let cards: Vec<ColleagueCard> =
            cards.iter().filter_map(|entry| serde_json::from_str(&entry.json).ok()).collect();
        let devices =
            cards.iter().map(|card| (card.device, format!("{} {}", card.name, card.device_name))).collect();
        let mut names: BTreeMap<PersonId, String> =
            cards.into_iter().map(|card| (card.person, card.name)).collect();
        names.insert(identity.person, identity.person_name);
        Ok(Self { names, devices, me: identity.person })
    }

    /// Whose device another device is; what comes from none of a colleague was written by the office.
    pub(crate) fn author(&self, words: &Words, device: DeviceId) -> String {
        self.device(device).unwrap_or_else(|| words.code("author", "office"))
    }

    /// Person and name of a device, when the pack has it.
    pub(crate) fn device(&self, device: DeviceId) -> Option<String> {
        self.devices.get(&device).cloned()
    }

    /// The name, or the end of the id of somebody unknown.
    pub(crate) fn name(&self, person: PersonId) -> String {
        self.names.get(&person).cloned().unwrap_or_else(|| {
            let id = person.to_string();
            format!("…{}", &id[id.len() - 6..])
        })
    }
}
