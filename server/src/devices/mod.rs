//! Devices: how they get their identity and how they lose their access.
//!
//! An administrator invites a device for a named person; the device makes its own key, proves that it holds it, and
//! gets an id. There is no long-lived bearer secret. A revocation is a row read on every request, so it takes effect
//! with the next one; what the device sent before stays. A suspension is the same, but can be ended ([`life`]). Secrets and codes of invitations are stored as hashes.

mod api;
pub mod cli;
mod code;
mod enrol;
pub mod history;
mod invitations;
pub mod life;
mod life_api;
mod model;
mod pages;
mod sql;
#[cfg(test)]
pub(crate) mod tests;
mod waiting;

pub(crate) use api::enrolment_routes;
pub use api::routes;
pub use enrol::{EnrolError, enrol};
pub use invitations::{Invitation, invite};
pub use life::{By, revoke};
pub(crate) use model::check_text;
pub use model::{Barred, Contact, DeviceError, DeviceStatus, KnownDevice, Revoked, Suspended, WipeOrder};
pub(crate) use pages::pages;
pub use sql::{
    find, find_by_name, list, list_of_person, note_kept_back, note_photo_arrived, record_contact, rename,
};
pub(crate) use waiting::{ArrivedDevice, arrived, reported_by_day, waiting};
