//! What the server knows about a device.

use crate::problem::{self, Problem};
use crate::store::StoreError;
use sync_core::ids::{DeviceId, PersonId};
use sync_core::log::PublicKey;
use sync_core::time::Timestamp;

/// An enrolled device.
#[derive(Debug, Clone)]
pub struct KnownDevice {
    /// Its identity.
    pub device_id: DeviceId,
    /// Part of its short name.
    pub number: i64,
    /// Who it was invited for. Envelopes name who was signed in.
    pub person_id: PersonId,
    /// What people call it.
    pub label: String,
    /// Checks its signatures.
    pub key: PublicKey,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// Set when it lost its access.
    pub revoked: Option<Revoked>,
    /// Set while it is refused until it is resumed.
    pub suspended: Option<Suspended>,
    /// Set while its person has no access: it is refused as if it were suspended.
    pub person_disabled: Option<Timestamp>,
    /// Whether its person may do field work; without the role it is refused until the role is given back.
    pub person_is_technician: bool,
    /// Since when nothing of its log enters a record: it signed two different histories, since its store was copied.
    pub forked: Option<Timestamp>,
    /// Set when it was told to forget everything, also after it obeyed.
    pub wipe: Option<WipeOrder>,
    /// When it confirmed that it has forgotten everything.
    pub wiped: Option<Timestamp>,
}

impl KnownDevice {
    /// Short name for people.
    pub fn name(&self) -> String {
        format!("dev-{:02}", self.number)
    }

    /// Why it is refused, when it is. A revocation weighs more than a suspension: it is for good.
    pub fn barred(&self) -> Option<Barred> {
        let suspended = self.suspended.is_some() || self.person_disabled.is_some();
        Barred::of(self.revoked.is_some(), suspended, self.person_is_technician)
    }

    /// Whether it still has to forget everything: until then it may hand over photos although it is revoked.
    pub fn awaits_wipe(&self) -> bool {
        self.wipe.is_some() && self.wiped.is_none()
    }
}

/// Why a device is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// It lost its access for good.
    Revoked,
    /// It is refused until somebody resumes it, or gives its person access again.
    Suspended,
    /// It is refused until its person is a technician again.
    NoTechnician,
}

impl Barred {
    /// Why a device in this state is refused, when it is. A revocation weighs more than what can be taken back.
    pub fn of(revoked: bool, suspended: bool, is_technician: bool) -> Option<Self> {
        match (revoked, suspended, is_technician) {
            (true, ..) => Some(Self::Revoked),
            (_, true, _) => Some(Self::Suspended),
            (_, _, false) => Some(Self::NoTechnician),
            _ => None,
        }
    }

    /// Whether it is taken back some day: until then everything waits on the device.
    pub const fn may_end(self) -> bool {
        !matches!(self, Self::Revoked)
    }
}

impl From<Barred> for Problem {
    fn from(barred: Barred) -> Self {
        Self::new(match barred {
            Barred::Revoked => &problem::DEVICE_REVOKED,
            Barred::Suspended => &problem::DEVICE_SUSPENDED,
            Barred::NoTechnician => &problem::TECHNICIAN_ROLE_MISSING,
        })
    }
}

/// How a device was suspended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspended {
    /// When.
    pub at: Timestamp,
    /// By whom; nobody: on the server's terminal.
    pub by: Option<PersonId>,
    /// Why, in the words of who did it.
    pub reason: String,
}

/// An order that a device forgets everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WipeOrder {
    /// When it was given.
    pub asked_at: Timestamp,
    /// By whom; nobody: on the server's terminal.
    pub by: Option<PersonId>,
    /// Why, in the words of who gave it.
    pub reason: String,
    /// When the device heard of it first.
    pub told_at: Option<Timestamp>,
}

/// How a device lost its access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// When.
    pub at: Timestamp,
    /// By whom; nobody: on the server's terminal.
    pub by: Option<PersonId>,
    /// Why, in the words of who did it.
    pub reason: String,
    /// Where the server log says so.
    pub log_index: i64,
}

/// What a device says about itself at a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Version of the client.
    pub app_version: String,
    /// Envelopes it has not sent yet.
    pub outbox_envelopes: i64,
    /// Photos it has not sent yet.
    pub outbox_photos: i64,
    /// Bytes of those photos.
    pub outbox_bytes: i64,
    /// Free bytes on its disk.
    pub disk_free_bytes: i64,
    /// Its clock minus ours.
    pub clock_offset_ms: i64,
}

/// A device with its last contact.
#[derive(Debug, Clone)]
pub struct DeviceStatus {
    /// The device.
    pub device: KnownDevice,
    /// Name of the person it was invited for.
    pub person_name: String,
    /// When it was seen last and what it said then.
    pub last_contact: Option<(Timestamp, Contact)>,
}

/// Why an act on devices is refused.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No device has this id or name.
    #[error("device {which} was never enrolled")]
    Unknown {
        /// Id or name that was asked for.
        which: String,
    },
    /// Nobody has this id.
    #[error("person {person_id} is unknown or disabled")]
    UnknownPerson {
        /// The id.
        person_id: PersonId,
    },
    /// A text is empty, too long, or has control characters.
    #[error("{field}: expected 1 to 80 characters, none of them a control character")]
    Text {
        /// Which text.
        field: &'static str,
    },
    /// A device that is revoked cannot be suspended.
    #[error("the device is revoked")]
    Revoked,
    /// The device has forgotten everything: the order cannot be taken back.
    #[error("the device has obeyed already")]
    Wiped,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DeviceError> for Problem {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Unknown { .. } => Self::new(&problem::DEVICE_UNKNOWN),
            DeviceError::Revoked => Self::new(&problem::DEVICE_BARRED).with("state", "revoked"),
            DeviceError::Wiped => Self::new(&problem::DEVICE_BARRED).with("state", "wiped"),
            DeviceError::UnknownPerson { .. } => Self::new(&problem::PERSON_UNKNOWN),
            DeviceError::Text { field } => Self::invalid_field(
                &format!("/{field}"),
                "1 to 80 characters, none of them a control character",
            ),
            DeviceError::Store(source) => source.into(),
        }
    }
}

/// A short text of a person about a device.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<String, DeviceError> {
    let text = text.trim();
    if (1..=80).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(DeviceError::Text { field })
}
