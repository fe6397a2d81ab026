//! Telling the office that this device forgot everything.

use super::SyncError;
use crate::client::DeviceClient;
use crate::machine::{Home, Machine};
use crate::store::{StoreError, Tombstone};
use sync_core::log::{ChainPosition, SigningKey};
use sync_core::protocol::{Ask, BODY_BYTES_MAX, Beacon, PROTOCOL_VERSION};
use sync_core::replica::{Upload, compose, plan};

/// Says that everything here is gone, signed with the key that is all that is left; then the key goes, too.
///
/// # Errors
/// When the server cannot be reached or refuses: it has to be said again.
pub async fn report_wipe(
    home: &Home,
    machine: &Machine,
    tombstone: Tombstone,
    language: &'static str,
) -> Result<(), SyncError> {
    let path = home.key_file();
    let seed = std::fs::read(&path).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let key = SigningKey::from_seed(&seed.ok_or(StoreError::Key { path })?);
    let identity = tombstone.identity();
    let (server, device) = (identity.server, identity.device);
    let client = DeviceClient::new(identity, key, machine.clone(), language)?;
    let beacon = Beacon {
        protocol: PROTOCOL_VERSION,
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
        wall_clock: machine.now(),
        utc_offset_min: machine.utc_offset_min(),
        wiped_at: Some(tombstone.wiped_at()),
        ..Beacon::default()
    };
    let upload = Upload {
        server,
        device,
        beacon,
        ask: Ask::default(),
        envelopes: &[],
        offered: &[],
        body_bytes_max: BODY_BYTES_MAX,
    };
    let answer = client.exchange(&compose(&upload).body, BODY_BYTES_MAX).await?;
    // Only our own server's word counts; what else it says does not matter any more.
    plan(&answer, server, 0, ChainPosition::START, ChainPosition::START)?;
    Ok(tombstone.note_reported(home)?)
}
