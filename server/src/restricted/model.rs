//! A report, what was decided about it, and who may read it.

use crate::auth::OfficeAuth;
use crate::complaints::model::Complaint;
use crate::complaints::scope::Reach;
use crate::people::Role;
use serde::{Deserialize, Serialize};
use sync_core::ids::{DeviceId, EnvelopeHash, PersonId, RestrictedId};
use sync_core::restricted::{OpenError, OpeningKey, RestrictedFinding};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Who reads restricted findings.
pub(crate) const INSPECTORS: &[Role] = &[Role::Inspector];

/// A report as it lies in the database.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) id: RestrictedId,
    pub(super) author: PersonId,
    /// `None`: written in the office.
    pub(super) device: Option<DeviceId>,
    pub(super) claimed_at: Timestamp,
    pub(super) received_at: Timestamp,
    pub(super) sealed: Vec<u8>,
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RestrictedState {
    /// Nobody decided yet.
    Open,
    /// It is true.
    Upheld,
    /// It is not true, or cannot be shown.
    Dismissed,
    /// It was handed to somebody outside, such as the discipline authority.
    Referred,
}

impl RestrictedState {
    pub(super) const ALL: [Self; 4] = [Self::Open, Self::Upheld, Self::Dismissed, Self::Referred];
    /// What may be decided.
    pub(super) const VERDICTS: [Self; 3] = [Self::Upheld, Self::Dismissed, Self::Referred];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Upheld => "upheld",
            Self::Dismissed => "dismissed",
            Self::Referred => "referred",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Somebody whom a report may mean, with one of the units that they work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meant {
    pub(super) person: PersonId,
    /// Empty: every unit.
    pub(super) unit: String,
}

/// The id of a report that came in this envelope: the same whenever the log is read again.
pub(super) fn derived_id(hash: EnvelopeHash) -> RestrictedId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    RestrictedId::from_bytes(bytes)
}

/// What a report says, with whichever of these keys opens it.
pub(super) fn opened(keys: &[OpeningKey], stored: &Stored) -> Result<RestrictedFinding, OpenError> {
    with_any(keys, |key| RestrictedFinding::open(key, stored.author, &stored.sealed))
}

/// The words of a decision.
pub(super) fn words(keys: &[OpeningKey], author: PersonId, sealed: &[u8]) -> Result<String, OpenError> {
    let content = with_any(keys, |key| key.open(author, sealed))?;
    minicbor::decode(&content).map_err(|_| OpenError::Damaged)
}

fn with_any<T>(
    keys: &[OpeningKey],
    open: impl Fn(&OpeningKey) -> Result<T, OpenError>,
) -> Result<T, OpenError> {
    let mut tried = keys.iter().map(open);
    tried.find(|result| !matches!(result, Err(OpenError::OtherKey))).unwrap_or(Err(OpenError::OtherKey))
}

/// Whether this inspector may read a report about that complaint (`None`: the server has no such complaint) that means
/// these people.
pub(super) fn may_read(office: &OfficeAuth, complaint: Option<&Complaint>, meant: &[Meant]) -> bool {
    let Some(reach) = Reach::of(&office.roles, INSPECTORS) else { return false };
    let within = complaint.map_or(reach == Reach::Everywhere, |complaint| reach.includes(complaint));
    let own_units = || office.roles.iter().map(|grant| grant.unit.as_str()).filter(|unit| !unit.is_empty());
    let concerned =
        meant.iter().any(|one| one.person == office.person_id || own_units().any(|unit| unit == one.unit));
    within && !concerned
}
