//! The shape of a visit document: its containers, and how a place in it is written as text.
//!
//! A path is the container's name, a slash and the key: `answers/meter-accuracy.seal`,
//! `seal_states/110438/terminal_cover`, `proposal/verdict`, `note`. Places inside an entry
//! add the field: `findings/018f3c52-8f00-7c3a-9d2e-0123456789ab/text`. Keys of shared
//! containers may contain slashes themselves; only the first slash separates there.

use super::actor::ActorId16;
use automerge::ObjId;

/// A container that the birth change creates. Nothing else can create or replace one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Container {
    /// Checklist answers: item code → scalar, shared.
    Answers = 3,
    /// State of each seal: `<meter no>/<position>` → code, shared.
    SealStates,
    /// Proposed verdict, cause, responsibility and outcome, shared.
    Proposal,
    /// The cause in words: a text that several people may write.
    CauseText,
    /// The note of the visit: a text that several people may write.
    Note,
    /// Findings; their author may reword them.
    Findings,
    /// Register readings, append-only.
    Readings,
    /// Meter checks, append-only.
    MeterChecks,
    /// Gas volume and leak tests, append-only.
    GasTests,
    /// Seals found and fitted, append-only.
    Seals,
    /// References to photos, append-only.
    Photos,
    /// References to statements, append-only.
    Statements,
    /// References to signatures and refusals to sign, append-only.
    Signatures,
    /// Promises made to the customer, append-only.
    Promises,
    /// Hazards found, append-only.
    Hazards,
    /// What happened when: started, paused, resumed, no access, finished; append-only.
    Progress,
    /// Notices handed over, append-only.
    Notices,
    /// What only the office writes.
    Office,
    /// Inside `office`: decisions about conflicts.
    Resolutions,
    /// Inside `office`: hazards whose level a reviewer lowered.
    HazardLowered,
}

/// How a container may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Single values that several people may write: concurrent ones are conflicts.
    Shared,
    /// An Automerge Text.
    Text,
    /// A map of entries keyed by ids that their authors minted.
    Entries,
    /// Holds other containers only.
    Frame,
}

impl Container {
    /// Every container in the order in which the birth change creates them.
    pub const ALL: [Self; 20] = [
        Self::Answers,
        Self::SealStates,
        Self::Proposal,
        Self::CauseText,
        Self::Note,
        Self::Findings,
        Self::Readings,
        Self::MeterChecks,
        Self::GasTests,
        Self::Seals,
        Self::Photos,
        Self::Statements,
        Self::Signatures,
        Self::Promises,
        Self::Hazards,
        Self::Progress,
        Self::Notices,
        Self::Office,
        Self::Resolutions,
        Self::HazardLowered,
    ];

    /// The path of the container, which is its key in the root map (`office/…` inside `office`).
    pub const fn path(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::SealStates => "seal_states",
            Self::Proposal => "proposal",
            Self::CauseText => "cause_text",
            Self::Note => "note",
            Self::Findings => "findings",
            Self::Readings => "readings",
            Self::MeterChecks => "meter_checks",
            Self::GasTests => "gas_tests",
            Self::Seals => "seals",
            Self::Photos => "photos",
            Self::Statements => "statements",
            Self::Signatures => "signatures",
            Self::Promises => "promises",
            Self::Hazards => "hazards",
            Self::Progress => "progress",
            Self::Notices => "notices",
            Self::Office => "office",
            Self::Resolutions => "office/resolutions",
            Self::HazardLowered => "office/hazard_lowered",
        }
    }

    /// The key under which the container stands in its parent.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Resolutions => "resolutions",
            Self::HazardLowered => "hazard_lowered",
            other => other.path(),
        }
    }

    /// The container inside which this one stands; `None` for the root map.
    pub const fn parent(self) -> Option<Self> {
        match self {
            Self::Resolutions | Self::HazardLowered => Some(Self::Office),
            _ => None,
        }
    }

    /// How the container may be written.
    pub const fn shape(self) -> Shape {
        match self {
            Self::Answers | Self::SealStates | Self::Proposal => Shape::Shared,
            Self::CauseText | Self::Note => Shape::Text,
            Self::Office => Shape::Frame,
            _ => Shape::Entries,
        }
    }

    /// The Automerge object, the same in every visit document: the birth change writes it
    /// with the operation whose counter is the discriminant.
    pub fn object(self) -> ObjId {
        ObjId::Id(self.counter(), ActorId16::BIRTH.into(), 0)
    }

    /// The counter of the birth operation that creates the container.
    pub const fn counter(self) -> u64 {
        self as u64
    }

    /// The container that the birth operation with this counter creates.
    pub fn from_counter(counter: u64) -> Option<Self> {
        let index = usize::try_from(counter.checked_sub(3)?).ok()?;
        Self::ALL.get(index).copied()
    }
}

/// A place that may hold concurrent values, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place<'a> {
    /// A key of a shared container.
    Shared(Container, &'a str),
    /// A whole text.
    Text(Container),
    /// A field of an entry: container, key of the entry, field.
    Field(Container, &'a str, &'a str),
}

impl<'a> Place<'a> {
    /// Takes a path apart. `None` when it names no place that may hold concurrent values.
    pub fn parse(path: &'a str) -> Option<Self> {
        let container = Container::ALL.into_iter().rfind(|container| {
            path.strip_prefix(container.path()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })?;
        let rest = &path[container.path().len()..];
        match (container.shape(), rest.strip_prefix('/')) {
            (Shape::Shared, Some(key)) => Some(Self::Shared(container, key)),
            (Shape::Text, None) => Some(Self::Text(container)),
            (Shape::Entries, Some(rest)) => {
                let (entry, field) = rest.split_once('/')?;
                Some(Self::Field(container, entry, field))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shared(container, key) => write!(f, "{}/{key}", container.path()),
            Self::Text(container) => f.write_str(container.path()),
            Self::Field(container, entry, field) => write!(f, "{}/{entry}/{field}", container.path()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart_as_it_was_written() {
        for path in [
            "answers/meter-accuracy.seal",
            "answers/a/b//c",
            "answers/",
            "seal_states/110438/terminal_cover",
            "note",
            "findings/018f3c52-8f00-7c3a-9d2e-0123456789ab/text",
            "office/resolutions/018f3c52-8f00-7c3a-9d2e-0123456789ab/reason",
        ] {
            assert_eq!(Place::parse(path).map(|place| place.to_string()).as_deref(), Some(path));
        }
        for path in ["", "answers", "answer/x", "note/x", "office", "office/x", "findings/x", "schema"] {
            assert_eq!(Place::parse(path), None, "{path}");
        }
    }

    #[test]
    fn containers_are_found_by_the_operation_that_made_them() {
        for container in Container::ALL {
            assert_eq!(Container::from_counter(container.counter()), Some(container));
        }
        assert_eq!(Container::from_counter(2), None);
        assert_eq!(Container::from_counter(23), None);
    }
}
