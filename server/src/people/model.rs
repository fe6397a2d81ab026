//! Who a person is and what they may do.

use crate::problem::{self, Problem};
use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works on site with a device.
    Technician,
    /// Takes complaints and dispatches work orders.
    Clerk,
    /// Reviews visits, settles conflicts, closes complaints.
    Reviewer,
    /// Leads a unit: everything a clerk and a reviewer may do, and reassignment.
    Lead,
    /// Manages people, devices and the installation. Sees no more of complaints than other roles allow.
    Administrator,
    /// Answers questions of technicians.
    Expert,
    /// Reads restricted findings: what is reported about the conduct of staff.
    Inspector,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Technician,
        Self::Clerk,
        Self::Reviewer,
        Self::Lead,
        Self::Administrator,
        Self::Expert,
        Self::Inspector,
    ];

    /// The word in tables, API and command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Technician => "technician",
            Self::Clerk => "clerk",
            Self::Reviewer => "reviewer",
            Self::Lead => "lead",
            Self::Administrator => "administrator",
            Self::Expert => "expert",
            Self::Inspector => "inspector",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no role: expected technician, clerk, reviewer, lead, administrator, expert or inspector"
)]
pub struct RoleError {
    /// What was found.
    pub found: String,
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let role = Self::ALL.into_iter().find(|role| role.as_str() == text);
        role.ok_or_else(|| RoleError { found: text.chars().take(40).collect() })
    }
}

/// A role and where it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What may be done.
    pub role: Role,
    /// In which unit of the utility; empty: in all.
    #[serde(default)]
    #[schema(max_length = 80)]
    pub unit: String,
    /// In which region; empty: in all.
    #[serde(default)]
    #[schema(max_length = 80)]
    pub region: String,
}

impl Grant {
    /// The role everywhere.
    pub fn everywhere(role: Role) -> Self {
        Self { role, unit: String::new(), region: String::new() }
    }
}

/// `role`, `role@unit` or `role@unit/region`, as on the command line.
impl FromStr for Grant {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let (role, scope) = text.split_once('@').unwrap_or((text, ""));
        let (unit, region) = scope.split_once('/').unwrap_or((scope, ""));
        Ok(Self { role: role.parse()?, unit: unit.to_owned(), region: region.to_owned() })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.unit.as_str(), self.region.as_str()) {
            ("", "") => write!(f, "{}", self.role),
            (unit, "") => write!(f, "{}@{unit}", self.role),
            (unit, region) => write!(f, "{}@{unit}/{region}", self.role),
        }
    }
}

/// A person as the server knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub person_id: PersonId,
    /// What is typed at sign-in, in lower case.
    pub login_name: String,
    /// What others see.
    pub display_name: String,
    /// Number in the utility's personnel list; may be empty.
    pub staff_number: String,
    /// Whether a password was set.
    pub has_password: bool,
    /// When the person lost access, if they did.
    pub disabled_at: Option<Timestamp>,
    /// Raised by every change.
    pub version: i64,
    /// What they may do.
    pub roles: Vec<Grant>,
}

/// A person that is to be created.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// What is typed at sign-in.
    pub login_name: String,
    /// What others see.
    pub display_name: String,
    /// May be empty.
    pub staff_number: String,
    /// What they may do.
    pub roles: Vec<Grant>,
}

/// Why an act on people is refused.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Nobody has this id or name.
    #[error("nobody is known as {who}")]
    Unknown {
        /// Id or login name that was asked for.
        who: String,
    },
    /// The login name is in use.
    #[error("the login name {login_name} is in use")]
    LoginTaken {
        /// The name.
        login_name: String,
    },
    /// A field cannot be taken.
    #[error("{field}: expected {expected}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What would do.
        expected: &'static str,
    },
    /// Nobody would be left to manage people and devices.
    #[error("this is the last administrator")]
    LastAdministrator,
    /// Somebody else changed the person since it was read.
    #[error("the person was changed meanwhile")]
    Changed,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Unknown { .. } => Self::new(&problem::PERSON_UNKNOWN),
            PeopleError::LoginTaken { .. } => Self::new(&problem::LOGIN_TAKEN),
            PeopleError::Invalid { field, expected } => Self::invalid_field(&format!("/{field}"), expected),
            PeopleError::LastAdministrator => Self::new(&problem::LAST_ADMINISTRATOR),
            PeopleError::Changed => Self::new(&problem::PRECONDITION_FAILED),
            PeopleError::Store(source) => source.into(),
        }
    }
}

/// The form in which login names are stored and compared.
pub(super) fn fold_login(text: &str) -> Result<String, PeopleError> {
    let folded = text.trim().to_lowercase();
    let plain = folded.chars().all(|c| c.is_alphanumeric() || "-_.@".contains(c));
    if (1..=64).contains(&folded.chars().count()) && plain {
        return Ok(folded);
    }
    Err(PeopleError::Invalid {
        field: "login_name",
        expected: "1 to 64 letters, digits, '-', '_', '.' or '@'",
    })
}

/// A short text for people: not blank where it must not be, no control characters.
pub(super) fn check_text(
    field: &'static str,
    text: &str,
    chars: std::ops::RangeInclusive<usize>,
) -> Result<String, PeopleError> {
    let text = text.trim();
    if chars.contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(PeopleError::Invalid { field, expected: "a short text without control characters" })
}

/// Passwords are long enough to resist guessing; beyond that their form is the person's business.
pub(super) fn check_password(password: &str) -> Result<(), PeopleError> {
    if (10..=256).contains(&password.chars().count()) {
        return Ok(());
    }
    Err(PeopleError::Invalid { field: "password", expected: "10 to 256 characters" })
}
