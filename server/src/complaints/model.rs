//! What a complaint is, which states it passes through, and what may be decided about it. No SQL, no HTTP.

use crate::words::words;
use serde::{Deserialize, Serialize};
use sync_core::ids::{ComplaintId, DeviceId, PersonId};
use sync_core::protocol::CardMeter;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

words! {
    /// Where a complaint stands.
    pub State {
        /// Written down; nobody has looked at it.
        Received = "received",
        /// Its holder has taken it up.
        Accepted = "accepted",
        /// Somebody was sent to the site.
        Assigned = "assigned",
        /// The visits are finished; a reviewer is to judge.
        Investigated = "investigated",
        /// A reviewer gave the verdict.
        Reviewed = "reviewed",
        /// The customer was told.
        Answered = "answered",
        /// A return visit found how it is now.
        ReturnVisited = "return_visited",
        /// Done.
        Closed = "closed",
        /// Sent back to the technicians.
        Rework = "rework",
        /// Closed or answered before, and open again.
        Reopened = "reopened",
        /// Taken back by the customer, or written down by mistake.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// How the customer turned to us.
    pub Channel {
        /// By telephone.
        Phone = "phone",
        /// By letter or e-mail.
        Letter = "letter",
        /// In person.
        Counter = "counter",
        /// Through the web site.
        Web = "web",
        /// Through an app.
        App = "app",
        /// To a technician on site.
        Field = "field",
        /// Through a regulator or another authority.
        Regulator = "regulator",
        /// In another way.
        Other = "other",
    }
}

words! {
    /// What is supplied.
    pub Utility {
        /// Electricity.
        Power = "power",
        /// Gas.
        Gas = "gas",
        /// Telecommunication.
        Telecom = "telecom",
        /// Water.
        Water = "water",
    }
}

words! {
    /// What kind of customer complains.
    pub CustomerClass {
        /// A household.
        Residential = "residential",
        /// A shop, an office, a school.
        Commercial = "commercial",
        /// A factory.
        Industrial = "industrial",
        /// A filling station for natural gas.
        Cng = "cng",
        /// Anybody else.
        Other = "other",
    }
}

words! {
    /// How urgent it is.
    pub Priority {
        /// In its turn.
        Normal = "normal",
        /// Before others.
        High = "high",
        /// At once.
        Urgent = "urgent",
    }
}

words! {
    /// What happened to a complaint.
    pub EventKind {
        /// It was written down.
        Received = "received",
        /// Its state changed by a decision of the office.
        StateChanged = "state_changed",
        /// Server-owned fields were corrected.
        Corrected = "corrected",
        /// Another person became accountable.
        HandedOver = "handed_over",
        /// Another organisation unit answers for it.
        Allotted = "allotted",
        /// A work order was made.
        WorkOrderCreated = "work_order_created",
        /// A visit was planned or opened.
        VisitPlanned = "visit_planned",
        /// Somebody was sent to a visit.
        Assigned = "assigned",
        /// Somebody was taken off a visit.
        Unassigned = "unassigned",
        /// A technician took the work order.
        AcceptedInField = "accepted_in_field",
        /// A technician could not take the work order.
        DeclinedInField = "declined_in_field",
        /// A technician arrived.
        Arrived = "arrived",
        /// A technician was there in vain.
        NoAccess = "no_access",
        /// A technician finished the visit.
        Finished = "finished",
        /// A customer was promised something.
        Promised = "promised",
        /// A promise was put right with the customer: its article had changed.
        PromiseCorrected = "promise_corrected",
        /// Contact data look doubtful.
        ContactFlagged = "contact_flagged",
        /// A reviewer settled that.
        ContactSettled = "contact_settled",
        /// A photo will never arrive.
        PhotoUnavailable = "photo_unavailable",
        /// A device will never report again.
        DeviceLost = "device_lost",
        /// Something was recorded on a visit; one line for each envelope, read from the visit document.
        Recorded = "recorded",
        /// Something recorded was refused and is kept aside; read from quarantine.
        Refused = "refused",
        /// Competing values were decided; read from the visit document.
        ConflictResolved = "conflict_resolved",
        /// The office took its decision back.
        ConflictReopened = "conflict_reopened",
        /// A refused item was decided.
        QuarantineDecided = "quarantine_decided",
        /// What a device without access had sent was taken up from escrow.
        EscrowTakenUp = "escrow_taken_up",
        /// The reviewer's verdict.
        Reviewed = "reviewed",
        /// A verdict passed one of several levels.
        LevelPassed = "level_passed",
        /// A verdict was sent back to the level below.
        LevelSentBack = "level_sent_back",
        /// Work was sent back.
        ReworkRequested = "rework_requested",
        /// Another record was put under this one.
        Merged = "merged",
        /// That was undone.
        MergeUndone = "merge_undone",
        /// Field work that had no complaint was put under this one.
        FieldWorkLinked = "field_work_linked",
        /// Its clock was stopped for a named reason.
        ClockPaused = "clock_paused",
        /// Its clock runs again.
        ClockResumed = "clock_resumed",
        /// Field work arrived after its author had lost the visit.
        LateWork = "late_work",
        /// Most of the time until a deadline has passed.
        DeadlineNear = "deadline_near",
        /// A deadline passed without what it demands.
        DeadlineMissed = "deadline_missed",
        /// That was brought before somebody else.
        DeadlineEscalated = "deadline_escalated",
        /// What arrived late shows that a deadline was kept.
        DeadlineKept = "deadline_kept",
        /// The customer is to be asked how it went.
        ReturnPlanned = "return_planned",
        /// The customer was called in vain, or asked for another time.
        ReturnAttempted = "return_attempted",
        /// The customer was asked.
        ReturnDone = "return_done",
        /// The customer need not be asked, for a reason.
        ReturnWaived = "return_waived",
        /// What the customer says contradicts what the technician claims.
        ReturnContradicted = "return_contradicted",
        /// Something is put right because of it, or that changed.
        CorrectiveAction = "corrective_action",
        /// A discipline answers for a part of it, or that changed.
        Section = "section",
        /// An expert was asked about it, or what became of that.
        ExpertRequest = "expert_request",
        /// Somebody proposed what the customer owes or gets back, or withdrew that.
        BackBilling = "back_billing",
        /// It was proposed to be special, or somebody decided about that.
        Special = "special",
        /// Somebody said what kind of matter it is, or who passed it on.
        Classified = "classified",
    }
}

/// The central record as it lies in its row.
#[derive(Debug, Clone, PartialEq)]
pub struct Complaint {
    /// Its identity.
    pub id: ComplaintId,
    /// Order of arrival.
    pub ordinal: i64,
    /// `C-2026-0417`.
    pub number: String,
    /// Raised by every change.
    pub version: i64,
    /// Where it stands.
    pub state: State,
    /// What the office wrote down.
    pub intake: Intake,
    /// Who received it. Never changes.
    pub first_owner: PersonId,
    /// Who is accountable now.
    pub holder: PersonId,
    /// Since when.
    pub holder_since: Timestamp,
    /// The device it was opened on, when it was born in the field.
    pub opened_on_device: Option<DeviceId>,
    /// When it entered the record.
    pub received_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The record it was merged into.
    pub merged_into: Option<ComplaintId>,
}

impl State {
    /// Whether a verdict was given on it.
    pub fn has_verdict(self) -> bool {
        matches!(self, Self::Reviewed | Self::Answered | Self::ReturnVisited | Self::Closed | Self::Reopened)
    }
}

impl Complaint {
    /// Whether the matter is still open.
    pub fn is_open(&self) -> bool {
        self.merged_into.is_none() && !matches!(self.state, State::Closed | State::Withdrawn)
    }

    /// Whether this must still happen: somebody who was sent has contacted the customer, what was investigated needs
    /// nobody on site, and what was answered needs no answer.
    pub fn awaits(&self, kind: DeadlineKind) -> bool {
        use State::{Accepted, Assigned, Investigated, Received, Reopened, Reviewed, Rework};
        let states: &[State] = match kind {
            DeadlineKind::Contact => &[Received, Accepted],
            DeadlineKind::Onsite => &[Received, Accepted, Assigned, Rework, Reopened],
            DeadlineKind::Answer => &[Received, Accepted, Assigned, Investigated, Reviewed, Rework, Reopened],
        };
        self.merged_into.is_none() && states.contains(&self.state)
    }

    /// The deadline that binds next.
    pub fn next_deadline(&self) -> Option<(DeadlineKind, Timestamp)> {
        let kinds = [DeadlineKind::Contact, DeadlineKind::Onsite, DeadlineKind::Answer];
        let awaited = kinds.into_iter().filter(|kind| self.awaits(*kind));
        awaited.filter_map(|kind| Some((kind, self.intake.deadlines.of(kind)?))).min_by_key(|(_, at)| *at)
    }
}

words! {
    /// What must have happened at a deadline.
    pub DeadlineKind {
        /// The customer was contacted.
        Contact = "contact",
        /// Somebody was on site.
        Onsite = "onsite",
        /// The customer has the answer.
        Answer = "answer",
    }
}

impl Deadlines {
    /// Until when; `None` where no limit is set.
    pub fn of(&self, kind: DeadlineKind) -> Option<Timestamp> {
        match kind {
            DeadlineKind::Contact => self.contact_due_at_ms,
            DeadlineKind::Onsite => self.onsite_due_at_ms,
            DeadlineKind::Answer => self.answer_due_at_ms,
        }
    }
}

/// What is written down about a complaint; all of it may be corrected later.
#[derive(Debug, Clone, PartialEq)]
pub struct Intake {
    /// What is supplied.
    pub utility: Utility,
    /// Code of the category.
    pub category: String,
    /// How the customer turned to us.
    pub channel: Channel,
    /// How urgent it is.
    pub priority: Priority,
    /// What the customer says.
    pub summary: String,
    /// What the customer wants.
    pub remedy_sought: Option<String>,
    /// Who complains.
    pub customer: Customer,
    /// Why nobody can be reached, where name or phone is not known.
    pub no_contact_reason: Option<String>,
    /// Whether those who are sent must not learn who complains.
    pub confidential: bool,
    /// What kind of customer that is; `None`: not known.
    pub customer_class: Option<CustomerClass>,
    /// Where.
    pub address: String,
    /// Code of the region.
    pub region: String,
    /// The organisation unit that answers for it; empty: not allotted yet.
    pub unit: String,
    /// Latitude and longitude in WGS-84 degrees as decimal text.
    pub position: Option<(String, String)>,
    /// The meter on record.
    pub meter: Option<CardMeter>,
    /// When the customer turned to us.
    pub requested_at: Timestamp,
    /// Limits.
    pub deadlines: Deadlines,
}

impl Intake {
    /// Whether somebody can be asked: a name, and a phone number of believable length.
    pub fn is_reachable(&self) -> bool {
        self.customer.name.is_some() && self.customer.phone.as_deref().and_then(phone_digits).is_some()
    }
}

/// Who complains. Personal data: never in documents, logs or problems.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// Customer number; text, since leading zeros count.
    #[serde(default)]
    pub number: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Phone.
    #[serde(default)]
    pub phone: Option<String>,
}

/// Limits of a complaint as Unix milliseconds; null where none is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    /// When the customer must have been contacted.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub contact_due_at_ms: Option<Timestamp>,
    /// When somebody must have been on site.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub onsite_due_at_ms: Option<Timestamp>,
    /// When the customer must have the answer.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub answer_due_at_ms: Option<Timestamp>,
}

/// Something that moves a complaint to another state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The holder takes it up.
    Accept,
    /// Somebody is sent to the site.
    Assign,
    /// The last open visit was finished.
    Investigate,
    /// A reviewer gives the verdict after a visit.
    Review,
    /// A reviewer gives the verdict and says why no visit was needed, or none but those that were made.
    ReviewWithoutVisit,
    /// The work goes back to the technicians.
    Rework,
    /// The customer is told.
    Answer,
    /// The result was checked on site.
    ReturnVisit,
    /// Everything is done.
    Close,
    /// The customer takes it back.
    Withdraw,
    /// It is taken up again.
    Reopen,
    /// Field work arrived that nobody had judged.
    LateWork,
    /// The customer contradicts what was recorded.
    Contradict,
}

/// The act does not fit the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a complaint that is {state} cannot take this step")]
pub struct StateConflict {
    /// Where the complaint stands.
    pub state: State,
}

/// The state after this act; the same state when it was done before.
///
/// # Errors
/// [`StateConflict`] when the act does not fit.
pub fn next_state(state: State, act: Act) -> Result<State, StateConflict> {
    use State::{
        Accepted, Answered, Assigned, Closed, Investigated, Received, Reopened, ReturnVisited, Reviewed,
        Rework, Withdrawn,
    };
    let refused = Err(StateConflict { state });
    match (act, state) {
        (Act::Accept, Received | Accepted) => Ok(Accepted),
        (Act::Assign, Received | Accepted | Assigned | Investigated | Rework | Reopened) => Ok(Assigned),
        // A return visit is sent out while the complaint waits for it.
        (Act::Assign, Reviewed | Answered) => Ok(state),
        (Act::Investigate, Received | Accepted | Assigned | Investigated | Rework | Reopened) => {
            Ok(Investigated)
        }
        (Act::Investigate, Reviewed) => Ok(Reviewed),
        (Act::Investigate, Answered | ReturnVisited) => Ok(ReturnVisited),
        (Act::Review, Investigated | Reviewed) => Ok(Reviewed),
        // A visit that is still open holds the review back by itself.
        (
            Act::ReviewWithoutVisit,
            Received | Accepted | Assigned | Rework | Reopened | Investigated | Reviewed,
        ) => Ok(Reviewed),
        (Act::Rework, Investigated | Reviewed | Rework) => Ok(Rework),
        (Act::Answer, Reviewed | Answered) => Ok(Answered),
        (Act::ReturnVisit, Answered | ReturnVisited) => Ok(ReturnVisited),
        (Act::Close, Answered | ReturnVisited | Closed) => Ok(Closed),
        (Act::Withdraw, Closed) => refused,
        (Act::Withdraw, _) => Ok(Withdrawn),
        (Act::Reopen, Answered | ReturnVisited | Closed | Withdrawn | Reopened) => Ok(Reopened),
        // What nobody has judged yet needs no second look; what was judged does.
        (Act::LateWork, Reviewed | Answered | ReturnVisited | Closed) => Ok(Reopened),
        (Act::LateWork, _) => Ok(state),
        // Where work is under way anyway, the new order adds to it.
        (Act::Contradict, Received | Accepted | Assigned | Rework) => Ok(state),
        (Act::Contradict, Investigated | Reviewed | Answered | ReturnVisited | Closed | Reopened) => {
            Ok(Reopened)
        }
        _ => refused,
    }
}

/// The number of a complaint: its year and its place in it, with at least four digits.
pub fn number_text(year: i16, place: i64) -> String {
    format!("C-{year:04}-{place:04}")
}

/// The last eleven digits of a phone number: what is left when people write it differently.
pub fn phone_digits(phone: &str) -> Option<String> {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let tail = &digits[digits.len().saturating_sub(11)..];
    (tail.len() >= 7).then(|| tail.iter().collect())
}

/// One personal or identifying field that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Stable name of the field.
    pub field: &'static str,
    /// What it was.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

/// The fields whose history is kept and that differ between two versions.
pub fn field_changes(old: &Intake, new: &Intake) -> Vec<FieldChange> {
    let position = |intake: &Intake| intake.position.as_ref().map(|(lat, lon)| format!("{lat},{lon}"));
    let meter = |intake: &Intake| intake.meter.as_ref().map(|meter| meter.number.clone());
    let class = |intake: &Intake| intake.customer_class.map(|class| class.to_string());
    [
        ("utility", Some(old.utility.to_string()), Some(new.utility.to_string())),
        ("category", Some(old.category.clone()), Some(new.category.clone())),
        ("channel", Some(old.channel.to_string()), Some(new.channel.to_string())),
        ("priority", Some(old.priority.to_string()), Some(new.priority.to_string())),
        ("summary", Some(old.summary.clone()), Some(new.summary.clone())),
        ("remedy_sought", old.remedy_sought.clone(), new.remedy_sought.clone()),
        ("customer_number", old.customer.number.clone(), new.customer.number.clone()),
        ("customer_name", old.customer.name.clone(), new.customer.name.clone()),
        ("customer_phone", old.customer.phone.clone(), new.customer.phone.clone()),
        ("no_contact_reason", old.no_contact_reason.clone(), new.no_contact_reason.clone()),
        ("customer_class", class(old), class(new)),
        ("confidential", yes(old.confidential), yes(new.confidential)),
        ("address", Some(old.address.clone()), Some(new.address.clone())),
        ("region", Some(old.region.clone()), Some(new.region.clone())),
        ("unit", Some(old.unit.clone()), Some(new.unit.clone())),
        ("position", position(old), position(new)),
        ("meter", meter(old), meter(new)),
        ("contact_due", due(old.deadlines.contact_due_at_ms), due(new.deadlines.contact_due_at_ms)),
        ("onsite_due", due(old.deadlines.onsite_due_at_ms), due(new.deadlines.onsite_due_at_ms)),
        ("answer_due", due(old.deadlines.answer_due_at_ms), due(new.deadlines.answer_due_at_ms)),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .map(|(field, old, new)| FieldChange { field, old, new })
    .collect()
}

fn yes(is: bool) -> Option<String> {
    is.then(|| "yes".to_owned())
}

fn due(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.unix_ms().to_string())
}

#[cfg(test)]
mod tests;
