//! What a planned event is, and what may be done with it. No SQL, no HTTP.

use crate::complaints::intake::clean;
use crate::complaints::model::Utility;
use crate::complaints::scope::Reach;
use crate::store::StoreError;
use crate::words::words;
use serde::{Deserialize, Serialize};
use sync_core::ids::{PersonId, PlannedEventId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Regions that one event names.
const REGIONS_MAX: usize = 40;
/// An event lasts a year at most: a longer one is a typing error.
const LASTS_MS_MAX: i64 = 366 * 86_400_000;
/// A place outside of every region that has a code; codes hold no such character.
const ANYWHERE_ELSE: &str = "*";

words! {
    /// What the utility plans.
    pub(crate) PlannedKind {
        /// The supply is interrupted.
        Outage = "outage",
        /// No gas is supplied.
        GasStop = "gas_stop",
        /// A network is cut over.
        CutOver = "cut_over",
        /// Prices or their rules change.
        Tariff = "tariff",
        /// Meters are replaced.
        MeterReplacement = "meter_replacement",
        /// Something else.
        Other = "other",
    }
}

words! {
    /// Where the newest version of a planned event stands.
    pub(crate) PlannedState {
        /// It is being written, or was sent back.
        Draft = "draft",
        /// It waits for approval.
        Submitted = "submitted",
        /// It is approved; customers are to be told.
        Approved = "approved",
        /// Customers were told.
        Announced = "announced",
        /// It does not take place, for a reason.
        Cancelled = "cancelled",
    }
}

words! {
    /// What was done about a planned event.
    pub(crate) PlannedAct {
        /// A version was written, or its draft changed.
        Written = "written",
        /// It was submitted for approval.
        Submitted = "submitted",
        /// It was sent back for a reason.
        SentBack = "sent_back",
        /// It was approved.
        Approved = "approved",
        /// Customers were told.
        Announced = "announced",
        /// It does not take place.
        Cancelled = "cancelled",
    }
}

/// What a version of a planned event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedContent {
    pub(crate) kind: PlannedKind,
    pub(crate) utility: Utility,
    /// Region codes; none: everywhere.
    #[serde(default)]
    #[schema(max_items = 40)]
    pub(crate) regions: Vec<String>,
    /// Places and streets in words.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(crate) places: String,
    /// When it begins, Unix milliseconds.
    pub(crate) begins_at_ms: i64,
    /// When it ends; at most a year later.
    pub(crate) ends_at_ms: i64,
    /// What customers will notice.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(crate) effect: String,
    /// The one wording for customers in Chinese.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) wording_zh: String,
    /// The same in English.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) wording_en: String,
    /// The organisation unit that answers for it.
    #[serde(default)]
    #[schema(max_length = 80)]
    pub(crate) unit: String,
    /// Who knows more, with a phone number.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(crate) contact: String,
    /// What is done so that nobody has to complain.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) prevention: String,
}

impl PlannedContent {
    /// The content with its texts cleaned and its regions in order.
    ///
    /// # Errors
    /// [`PlannedError::Invalid`] with the first field that cannot be taken.
    pub(super) fn checked(mut self) -> Result<Self, PlannedError> {
        for text in [
            &mut self.places,
            &mut self.effect,
            &mut self.wording_zh,
            &mut self.wording_en,
            &mut self.unit,
            &mut self.contact,
            &mut self.prevention,
        ] {
            *text = clean(&text.replace("\r\n", "\n"));
        }
        self.regions = self.regions.iter().map(|code| clean(code)).filter(|code| !code.is_empty()).collect();
        self.regions.sort_unstable();
        self.regions.dedup();
        self.require()?;
        Ok(self)
    }

    fn require(&self) -> Result<(), PlannedError> {
        let fits = |text: &str, most: usize| text.chars().count() <= most;
        let line = |text: &str, most: usize| fits(text, most) && !text.contains(['\n', '\t']);
        let plain = |code: &String| {
            let letters = code.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | ' '));
            letters && fits(code, 100)
        };
        let lasts = self.ends_at_ms.saturating_sub(self.begins_at_ms);
        for (holds, pointer, expected) in [
            (self.begins_at_ms > 0, "/begins_at_ms", "a moment"),
            (
                (1..=LASTS_MS_MAX).contains(&lasts),
                "/ends_at_ms",
                "a moment at most a year after the beginning",
            ),
            (self.regions.iter().all(plain), "/regions", "codes of regions"),
            (self.regions.len() <= REGIONS_MAX, "/regions", "at most 40 codes"),
            (fits(&self.places, 1_000), "/places", "at most 1000 characters"),
            (fits(&self.effect, 1_000), "/effect", "at most 1000 characters"),
            (fits(&self.wording_zh, 2_000), "/wording_zh", "at most 2000 characters"),
            (fits(&self.wording_en, 2_000), "/wording_en", "at most 2000 characters"),
            (line(&self.unit, 80), "/unit", "one line of at most 80 characters"),
            (line(&self.contact, 200), "/contact", "one line of at most 200 characters"),
            (fits(&self.prevention, 2_000), "/prevention", "at most 2000 characters"),
        ] {
            if !holds {
                return Err(PlannedError::invalid(pointer, expected));
            }
        }
        Ok(())
    }

    /// Whether it says everything that customers and technicians need: a draft may still lack some of it.
    ///
    /// # Errors
    /// [`PlannedError::Invalid`] with the first field that is missing.
    pub(super) fn complete(&self) -> Result<(), PlannedError> {
        let worded = !self.wording_zh.is_empty() || !self.wording_en.is_empty();
        for (holds, pointer, expected) in [
            (!self.effect.is_empty(), "/effect", "what customers will notice"),
            (worded, "/wording_zh", "a wording for customers in one language at least"),
            (!self.contact.is_empty(), "/contact", "who knows more"),
            (!self.prevention.is_empty(), "/prevention", "what is done so that nobody has to complain"),
        ] {
            if !holds {
                return Err(PlannedError::invalid(pointer, expected));
            }
        }
        Ok(())
    }

    /// Whether somebody with this reach may read it: something of it lies there.
    pub(super) fn is_read_by(&self, reach: &Reach) -> bool {
        self.regions.is_empty() && reach.covers(&self.unit, "")
            || self.regions.iter().any(|region| reach.covers(&self.unit, region))
    }

    /// Whether somebody with this reach may plan it: all of it lies there.
    pub(super) fn is_written_by(&self, reach: &Reach) -> bool {
        if self.regions.is_empty() {
            return reach.covers(&self.unit, ANYWHERE_ELSE);
        }
        self.regions.iter().all(|region| reach.covers(&self.unit, region))
    }

    /// Whether it is about a complaint of this utility and region. What is not known shuts nothing out.
    pub(super) fn touches(&self, utility: Utility, region: &str) -> bool {
        let here = || self.regions.iter().any(|own| own == region);
        self.utility == utility && (region.is_empty() || self.regions.is_empty() || here())
    }

    pub(super) fn begins_at(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.begins_at_ms)
    }

    pub(super) fn ends_at(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.ends_at_ms)
    }
}

/// A planned event as it lies in its row.
#[derive(Debug, Clone)]
pub(crate) struct PlannedEvent {
    pub(crate) id: PlannedEventId,
    /// 7 is shown as `PE-0007`.
    pub(crate) number: i64,
    pub(crate) version: i64,
    pub(crate) state: PlannedState,
    /// The version that the state is about.
    pub(crate) newest: i64,
    /// The newest approved version.
    pub(crate) approved: Option<i64>,
    pub(crate) times: Times,
    /// From when until when the approved version is carried and shown.
    pub(crate) holds: Option<(Timestamp, Timestamp)>,
    /// When packs change next because of it.
    pub(crate) turns_at: Option<Timestamp>,
    pub(crate) changed_at: Timestamp,
    /// What the newest version says.
    pub(crate) content: PlannedContent,
}

/// What is due until when for the newest version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) submit_by: Timestamp,
    pub(crate) inform_by: Timestamp,
    pub(crate) provisional: bool,
    pub(crate) carried_from: Timestamp,
    /// From when on submitting, and everything after it, is soon late.
    pub(crate) near_submit: Timestamp,
    pub(crate) near_inform: Timestamp,
}

impl PlannedEvent {
    /// What people call it.
    pub(crate) fn name(&self) -> String {
        format!("PE-{:04}", self.number)
    }

    /// Until when the next step is due, and from when on that is soon late; `None` when nothing is due.
    pub(super) fn due(&self) -> Option<(Timestamp, Timestamp)> {
        match self.state {
            PlannedState::Draft => Some((self.times.submit_by, self.times.near_submit)),
            PlannedState::Submitted | PlannedState::Approved => {
                Some((self.times.inform_by, self.times.near_inform))
            }
            PlannedState::Announced | PlannedState::Cancelled => None,
        }
    }

    /// Whether its newest version has ended by time.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.content.ends_at() <= now
    }

    /// The event while something can be done about it.
    ///
    /// # Errors
    /// [`PlannedError::State`] when it was cancelled or is over.
    pub(super) fn standing(self, now: Timestamp) -> Result<Self, PlannedError> {
        match self.state {
            PlannedState::Cancelled => Err(PlannedError::State("cancelled")),
            _ if self.is_over(now) => Err(PlannedError::State("over")),
            _ => Ok(self),
        }
    }

    /// The event where it stands in this state.
    ///
    /// # Errors
    /// [`PlannedError::State`] with the state that it has instead.
    pub(super) fn being(self, state: PlannedState, now: Timestamp) -> Result<Self, PlannedError> {
        let event = self.standing(now)?;
        if event.state == state { Ok(event) } else { Err(PlannedError::State(event.state.as_str())) }
    }

    /// When packs change next after this moment because of what is approved.
    pub(super) fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        let (from, to) = self.holds.filter(|_| self.state != PlannedState::Cancelled)?;
        [from, to].into_iter().find(|at| *at > now)
    }

    /// Whether technicians carry what is approved.
    pub(super) fn is_carried(&self, now: Timestamp) -> bool {
        let held = self.holds.filter(|_| self.state != PlannedState::Cancelled);
        held.is_some_and(|(from, to)| from <= now && now < to)
    }
}

/// Something that was done about a planned event.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) act: PlannedAct,
    /// The version that it was about.
    pub(crate) version: i64,
    /// A reason, or how customers were told.
    pub(crate) words: Option<String>,
    /// When customers were told.
    pub(crate) told_at: Option<Timestamp>,
    /// After the moment until which it was due.
    pub(crate) late: bool,
    pub(crate) person: PersonId,
    pub(crate) at: Timestamp,
}

/// Whether this person wrote or submitted a part of this version.
pub(super) fn had_a_hand(acts: &[Done], version: i64, person: PersonId) -> bool {
    let hand = |act: &Done| matches!(act.act, PlannedAct::Written | PlannedAct::Submitted);
    acts.iter().any(|act| act.version == version && act.person == person && hand(act))
}

/// Why something about a planned event is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlannedError {
    #[error("there is no such planned event")]
    Unknown,
    /// It does not fit where the event stands: a word of [`PlannedState`], or `over`.
    #[error("the event is {0}")]
    State(&'static str),
    #[error("nobody decides about what they wrote or submitted")]
    Own,
    #[error("the event lies outside of where this person works")]
    Elsewhere,
    #[error("{pointer}: expected {expected}")]
    Invalid { pointer: &'static str, expected: &'static str },
    #[error("the event was changed meanwhile")]
    Changed,
    #[error("there are no rules or no calendar")]
    NoRules,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PlannedError {
    pub(super) fn invalid(pointer: &'static str, expected: &'static str) -> Self {
        Self::Invalid { pointer, expected }
    }
}
