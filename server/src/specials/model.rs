//! What a special complaint is, and why something about one is refused. No SQL, no HTTP.

use crate::complaints::ComplaintError;
use crate::complaints::model::Channel;
use crate::store::StoreError;
use crate::words::words;
use serde::{Deserialize, Serialize};
use sync_core::deadline::{Limits, ReviewLevel, SpecialFlow, SpecialRules};
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

words! {
    /// In which way a complaint is special.
    pub(crate) SpecialKind {
        /// The same customer or meter with the same matter once more.
        Repeat = "repeat",
        /// A matter that was handled before comes back from above.
        Escalated = "escalated",
        /// Many customers with the same matter in one place.
        Batch = "batch",
        /// Injury, loss, media, an authority.
        Major = "major",
        /// A topic that is watched, or one that drags on.
        Focus = "focus",
    }
}

impl SpecialKind {
    /// What it brings by these rules.
    pub(super) fn flow(self, rules: &SpecialRules) -> &SpecialFlow {
        let [repeat, escalated, batch, major, focus] = rules.flows();
        match self {
            Self::Repeat => repeat,
            Self::Escalated => escalated,
            Self::Batch => batch,
            Self::Major => major,
            Self::Focus => focus,
        }
    }

    /// Whose level a verdict passes where several are confirmed: the first of these.
    pub(super) const BY_WEIGHT: [Self; 5] =
        [Self::Major, Self::Escalated, Self::Batch, Self::Focus, Self::Repeat];
}

words! {
    /// Where it stands.
    pub(crate) SpecialState {
        /// Rules propose it; somebody is to decide.
        Proposed = "proposed",
        /// Somebody decided that it is.
        Confirmed = "confirmed",
        /// Somebody decided that it is not.
        Dismissed = "dismissed",
        /// Somebody took it away.
        Removed = "removed",
        /// The signs went before anybody decided.
        Lifted = "lifted",
    }
}

words! {
    /// What happened to it.
    pub(crate) SpecialAct {
        /// Rules proposed it.
        Proposed = "proposed",
        /// More signs: it is brought before the lead.
        Raised = "raised",
        /// The signs went.
        Lifted = "lifted",
        /// Somebody confirmed it.
        Confirmed = "confirmed",
        /// Somebody dismissed it.
        Dismissed = "dismissed",
        /// Somebody set it without a proposal.
        Set = "set",
        /// Somebody took it away.
        Removed = "removed",
    }
}

words! {
    /// What kind of matter it is, which says how it is dealt with.
    pub(crate) IssueType {
        /// The customer asks about policy: answered by the office.
        Policy = "policy",
        /// The customer wants a bill or a step of business explained: answered by the office.
        Business = "business",
        /// The customer was served badly: answered by the office, with an apology where it is due.
        Service = "service",
        /// Somebody must look at it on site.
        OnSite = "on_site",
        /// It came from above, or may go public: the special flow.
        Sensitive = "sensitive",
    }
}

words! {
    /// Who passed a complaint on.
    pub(crate) Source {
        /// The energy regulator's hotline 12398.
        Energy = "energy_12398",
        /// The mayor's hotline 12345.
        Mayor = "mayor_12345",
        /// The consumers' hotline 12315.
        Consumers = "consumer_12315",
        /// The ministry of industry and information technology.
        Miit = "miit",
        /// The petitions office.
        Petition = "petition",
        /// The head office.
        HeadOffice = "head_office",
        /// National media.
        NationalMedia = "national_media",
        /// Media of the province.
        ProvincialMedia = "provincial_media",
        /// Media of the city.
        CityMedia = "city_media",
    }
}

/// Every word that may stand in the list of sources of a rule: channels, and who passed it on.
pub(crate) fn source_words() -> Vec<&'static str> {
    let channels = Channel::ALL.iter().map(|channel| channel.as_str());
    channels.chain(Source::ALL.iter().map(|source| source.as_str())).collect()
}

/// A sign by which rules propose a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sign {
    /// `again`, `transferred`, `dissatisfied`, `place`, `warning`, `sensitive`, `transfer`, `word`, `loss`, `topic`
    /// or `overdue`.
    pub(crate) reason: String,
    /// The complaint is so many of its matter; so many return visits; yuan; departments.
    #[serde(default)]
    pub(crate) number: Option<i64>,
    /// The word that was found, or who passed it on.
    #[serde(default)]
    pub(crate) word: Option<String>,
}

/// What the rules propose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) kind: SpecialKind,
    /// 1, or 2 where it is brought before the lead.
    pub(super) level: i64,
    /// In their order.
    pub(super) signs: Vec<Sign>,
}

/// A kind of a complaint as it lies in its row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Special {
    pub(crate) complaint: ComplaintId,
    pub(crate) kind: SpecialKind,
    pub(crate) state: SpecialState,
    pub(crate) level: i64,
    pub(crate) signs: Vec<Sign>,
    /// From `since` on, while it is confirmed.
    pub(crate) limits: Limits,
    /// While it is confirmed.
    pub(crate) review: Option<ReviewLevel>,
    pub(crate) since: Timestamp,
    pub(crate) by: Option<PersonId>,
}

/// How a complaint is to be dealt with, and from whom it came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) issue: Option<IssueType>,
    pub(crate) source: Option<Source>,
}

/// Why something about a special complaint is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpecialError {
    /// It does not fit where it stands: a word of [`SpecialState`], or `none`.
    #[error("it is {0}")]
    State(&'static str),
    #[error(transparent)]
    Complaint(#[from] ComplaintError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
