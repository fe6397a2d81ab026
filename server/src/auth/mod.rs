//! Who is asking: devices by token or assertion, office people by session.
//!
//! Extractors authenticate and hand over the actor; what the actor may do is decided by the handlers. Revocation and
//! disablement are read from the store on every request, so they take effect with the next one.

mod access;
mod access_token;
mod api;
mod assertion;
mod device;
mod office;
mod signatures;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use access::{AccessTable, authorise};
pub use access_token::issue as issue_access_token;
pub use api::routes;
pub(crate) use assertion::keep_forgetting;
pub use device::{AnyDeviceAuth, Credential, DeviceAuth, EvidenceAuth};
pub(crate) use office::is_same_origin;
pub use office::{AdminAuth, ClientAddress, OfficeAuth};

/// Longest `Authorization` header that is looked at. Ours are below 1 kB; a token of megabytes would be decoded.
pub(crate) const AUTHORIZATION_BYTES_MAX: usize = 4096;
