//! The pack: what a device carries to read, as JSON items under stable keys.
//!
//! Items are replaced as a whole. Fields are only ever added; readers ignore what they do not
//! know, so that old and new clients share one pack.

use crate::ids::{
    ArticleId, ComplaintId, DeviceId, ExpertRequestId, PersonId, PlannedEventId, VisitId, WorkOrderId,
};
use crate::restricted::SealingKey;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Key of the [`OfficeCard`].
const OFFICE: &str = "office/card";

/// Name of the table of codes that lists the disciplines of the newest rules.
pub const DISCIPLINES: &str = "disciplines";

/// Where an item stands in the pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PackKey {
    /// An [`AssignmentCard`].
    Assignment(VisitId),
    /// An [`ArticleCard`](crate::knowledge::ArticleCard).
    Article(ArticleId),
    /// A [`ChecklistTemplate`].
    Checklist(String),
    /// A [`ColleagueCard`]: names behind person and device ids.
    Colleague(DeviceId),
    /// A table of codes: a list of [`TermCard`].
    Codes(String),
    /// The [`OfficeCard`].
    Office,
    /// A [`PlannedEventCard`].
    PlannedEvent(PlannedEventId),
}

impl fmt::Display for PackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assignment(visit) => write!(f, "assignment/{visit}"),
            Self::Article(article) => write!(f, "article/{article}"),
            Self::Checklist(code) => write!(f, "checklist/{code}"),
            Self::Colleague(device) => write!(f, "colleague/{device}"),
            Self::Codes(table) => write!(f, "codes/{table}"),
            Self::Office => f.write_str(OFFICE),
            Self::PlannedEvent(event) => write!(f, "planned-event/{event}"),
        }
    }
}

impl FromStr for PackKey {
    type Err = String;

    /// Reads a key; the error is the text of a key that this version does not know.
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || text.to_owned();
        if text == OFFICE {
            return Ok(Self::Office);
        }
        let (kind, name) = text.split_once('/').ok_or_else(unknown)?;
        match kind {
            "assignment" => name.parse().map(Self::Assignment).map_err(|_| unknown()),
            "article" => name.parse().map(Self::Article).map_err(|_| unknown()),
            "checklist" => Ok(Self::Checklist(name.to_owned())),
            "colleague" => name.parse().map(Self::Colleague).map_err(|_| unknown()),
            "codes" => Ok(Self::Codes(name.to_owned())),
            "planned-event" => name.parse().map(Self::PlannedEvent).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

/// What holds for the whole utility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeCard {
    /// How far its clocks are ahead of UTC, in minutes: its days begin at its midnight.
    pub utc_offset_minutes: i16,
    /// What restricted findings are sealed to; `None` from a server that takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealing_key: Option<SealingKey>,
}

/// One visit that the technician is to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentCard {
    /// The visit.
    pub visit: VisitId,
    /// The work order, `None` for a visit born in the field.
    pub work_order: Option<WorkOrderId>,
    /// The complaint.
    pub complaint: ComplaintId,
    /// Its number, for example `C-2026-0417`.
    pub number: String,
    /// Numbers given out before, such as the provisional one.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// `power`, `gas`, `telecom` or `water`.
    pub utility: String,
    /// Code of the region; empty: not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Category code.
    pub category: String,
    /// What the customer says.
    pub summary: String,
    /// Where.
    pub address: String,
    /// Who, as far as the technician may know.
    pub customer: CardCustomer,
    /// Whether the customer asked not to be named: then the card does not say who complains.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confidential: bool,
    /// The meter on record, if there is one.
    pub meter: Option<CardMeter>,
    /// Checklist to fill in.
    pub checklist: String,
    /// Day of the visit in the office's calendar, `YYYY-MM-DD`.
    pub planned_on: String,
    /// Appointment from, if one was made.
    pub appointment_from: Option<Timestamp>,
    /// Appointment to.
    pub appointment_to: Option<Timestamp>,
    /// When the complaint must be answered on site.
    pub due_at: Option<Timestamp>,
    /// `normal`, `high` or `urgent`.
    pub priority: String,
    /// State of the work order: `assigned`, `accepted`, `rework`, `done` …
    pub state: String,
    /// Position of the site in WGS-84 degrees as decimal text (latitude, longitude).
    #[serde(default)]
    pub position: Option<(String, String)>,
    /// Everybody assigned to the visit.
    #[serde(default)]
    pub crew: Vec<PersonId>,
    /// What experts were asked about the complaint and what they answered, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expert_requests: Vec<ExpertCard>,
}

/// A question to an expert seat, as the technician reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpertCard {
    /// The question; that of a device has the id of the command that asked it.
    pub id: ExpertRequestId,
    /// Who is to answer.
    pub skill: TermCard,
    /// What is asked.
    pub question: String,
    /// `open`, `taken`, `answered` or `withdrawn`.
    pub state: String,
    /// Who asks.
    pub asked_by: String,
    /// When: the device's word for a question from the field.
    pub asked_at: Timestamp,
    /// Until when it is to be answered.
    pub due_at: Timestamp,
    /// What the expert says.
    #[serde(default)]
    pub answer: Option<String>,
    /// Who.
    #[serde(default)]
    pub answered_by: Option<String>,
    /// When.
    #[serde(default)]
    pub answered_at: Option<Timestamp>,
}

/// Something that the utility plans, as the technician tells customers of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEventCard {
    /// The event.
    pub event: PlannedEventId,
    /// Its number, for example `PE-0007`.
    pub number: String,
    /// The approved version.
    pub version: u32,
    /// `outage`, `gas_stop`, `cut_over`, `tariff`, `meter_replacement` or `other`.
    pub kind: String,
    /// `power`, `gas`, `telecom` or `water`.
    pub utility: String,
    /// Where it is; none: everywhere.
    #[serde(default)]
    pub regions: Vec<TermCard>,
    /// Places and streets in words.
    #[serde(default)]
    pub places: String,
    /// When it begins.
    pub begins_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// What customers will notice.
    pub effect: String,
    /// What everybody says to customers, in Chinese; empty: only in English.
    #[serde(default)]
    pub wording_zh: String,
    /// The same in English.
    #[serde(default)]
    pub wording_en: String,
    /// Who knows more.
    #[serde(default)]
    pub contact: String,
    /// Whether customers were told.
    #[serde(default)]
    pub announced: bool,
}

impl PlannedEventCard {
    /// Whether it is about a complaint of this utility and region. What is not known shuts nothing out.
    pub fn touches(&self, utility: &str, region: &str) -> bool {
        let here = || self.regions.iter().any(|own| own.code == region);
        self.utility == utility && (region.is_empty() || self.regions.is_empty() || here())
    }

    /// Whether it has not ended yet.
    pub fn is_ahead(&self, now: Timestamp) -> bool {
        now < self.ends_at
    }
}

/// The customer as the technician may see them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CardCustomer {
    /// Customer number; text, since leading zeros count.
    pub number: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Phone.
    pub phone: Option<String>,
}

/// The meter on record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CardMeter {
    /// Meter number; text, since leading zeros count.
    pub number: String,
    /// Accuracy class, for example `2` or `0.5S`.
    pub class: Option<String>,
    /// Constant in imp/kWh.
    pub constant: Option<u32>,
    /// CT ratio as both numbers, for example `200/5`.
    pub ct: Option<String>,
    /// PT ratio as both numbers.
    pub pt: Option<String>,
    /// Digits before the point on the register.
    pub digits: Option<u8>,
    /// Digits after the point.
    pub decimals: Option<u8>,
    /// Rated voltage and current as on the nameplate, for example `220V 5(60)A`.
    pub rating: Option<String>,
    /// Newest reading on record, as displayed.
    pub last_reading: Option<String>,
    /// When it was read.
    pub last_read_at: Option<Timestamp>,
    /// Date of manufacture, `YYYY-MM-DD`.
    pub made_on: Option<String>,
}

/// A checklist under one published version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistTemplate {
    /// Stable code.
    pub code: String,
    /// Published version; answers stay valid under every version ever published.
    pub version: u32,
    /// Title in Chinese.
    pub zh: String,
    /// Title in English.
    pub en: String,
    /// The questions in order.
    pub items: Vec<ChecklistItem>,
}

/// One question of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistItem {
    /// Stable code; never reused.
    pub code: String,
    /// Question in Chinese.
    pub zh: String,
    /// Question in English.
    pub en: String,
    /// What answers it.
    pub kind: ItemKind,
    /// A visit cannot be finished without it, unless skipped with a reason.
    pub required: bool,
}

/// What answers a checklist item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ItemKind {
    /// Yes or no.
    YesNo,
    /// One of these.
    Choice {
        /// The options.
        options: Vec<TermCard>,
    },
    /// A decimal number.
    Number {
        /// Unit in UCUM, for example `V`.
        unit: String,
        /// Lowest plausible value: below it there is a warning.
        min: Option<String>,
        /// Highest plausible value.
        max: Option<String>,
    },
    /// Words.
    Text,
    /// A photo with this role.
    Photo {
        /// Role code, for example `seal`.
        role: String,
    },
    /// At least one check of the meter, or test of the installation.
    MeterCheck {
        /// The kinds that answer it; where none is named, every kind does.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        of: Vec<CheckKind>,
    },
    /// At least one reading.
    Reading,
}

/// What a check or a test is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Accuracy of an electricity meter.
    Electricity,
    /// Accuracy of a gas meter.
    GasMeter,
    /// Whether gas escapes: search for leaks, pressure, tightness.
    GasTightness,
}

impl CheckKind {
    /// What a recorded gas test of this kind is about; `None` for a kind of later times.
    pub fn of_gas_test(kind: &str) -> Option<Self> {
        match kind {
            "meter_error" => Some(Self::GasMeter),
            "leak_check" | "cn_pressure" | "uk_tightness" => Some(Self::GasTightness),
            _ => None,
        }
    }
}

/// A code with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermCard {
    /// Stable code.
    pub code: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The name behind a device and its usual person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColleagueCard {
    /// The device.
    pub device: DeviceId,
    /// Its short name.
    pub device_name: String,
    /// The person it was enrolled for.
    pub person: PersonId,
    /// That person's name.
    pub name: String,
}
