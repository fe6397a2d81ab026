//! How return visits look in answers.

use super::check::{compared, heard};
use super::model::{Attempt, AttemptOutcome, Checked, ReturnState, ReturnVisit};
use super::sql;
use crate::complaints::{self, Names, PersonRef};
use crate::store::{StoreError, Tx};
use crate::words::words;
use serde::Serialize;
use sync_core::document::Scalar;
use sync_core::ids::{ComplaintId, ReturnVisitId, VisitId, WorkOrderId};
use sync_core::return_visit::{Compared, Fit};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

words! {
    /// Lists of return visits.
    pub(crate) ReturnList {
        /// Those that may be called now: no appointment, or its time has come.
        Now = "now",
        /// Those that the reader took.
        Mine = "mine",
        /// Those whose limit has passed.
        Overdue = "overdue",
        /// All that are to be made.
        Open = "open",
        /// Those that found a contradiction, newest first.
        Contradicted = "contradicted",
        /// Those that were made, newest first.
        Done = "done",
    }
}

/// A return visit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReturnBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) return_id: ReturnVisitId,
    #[schema(value_type = String, format = "uuid")]
    pub(crate) complaint_id: ComplaintId,
    /// For example `C-2026-0417`.
    pub(crate) complaint_number: String,
    pub(crate) summary: String,
    /// The visit that is checked; null: it waits until the work was done again.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) visit_id: Option<VisitId>,
    /// The return visit that found a contradiction, for a second one.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) follows: Option<ReturnVisitId>,
    /// Send it back with what changes it.
    pub(crate) version: i64,
    pub(crate) state: ReturnState,
    /// `phone` or `door`.
    pub(crate) method: &'static str,
    /// Code of the checklist with the questions.
    pub(crate) questions: String,
    /// Version of the published rules.
    pub(crate) policy: i64,
    /// Number of the rule in them, from 1; 0: planned by hand.
    pub(crate) rule: i64,
    /// When the work was completed, Unix milliseconds.
    pub(crate) completed_at_ms: Option<i64>,
    /// Until when the customer is to be asked.
    pub(crate) due_at_ms: Option<i64>,
    /// The calendar does not reach so far.
    pub(crate) provisional: bool,
    /// When the customer expects the call or the visit.
    pub(crate) appointment_from_ms: Option<i64>,
    pub(crate) appointment_to_ms: Option<i64>,
    /// The customer asked for another time.
    pub(crate) asked_later: bool,
    /// Who asks.
    pub(crate) holder: Option<PersonRef>,
    /// Since when they have been calling.
    pub(crate) calling_since_ms: Option<i64>,
    /// The visit on which it is asked at the door.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) door_visit_id: Option<VisitId>,
    pub(crate) done_at_ms: Option<i64>,
    pub(crate) done_by: Option<PersonRef>,
    /// What the customer said in words, or why it was waived.
    pub(crate) record: Option<String>,
    /// Null: the technician's record has not arrived.
    pub(crate) checked: Option<Checked>,
    /// The work order that was made because of a contradiction.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) work_order_id: Option<WorkOrderId>,
}

impl ReturnBody {
    pub(crate) async fn of(tx: &mut Tx, names: &mut Names, row: ReturnVisit) -> Result<Self, StoreError> {
        let complaint = complaints::find(tx, row.complaint).await?;
        let (number, summary) =
            complaint.map(|found| (found.number, found.intake.summary)).unwrap_or_default();
        let holder = match row.holder {
            Some(person) => Some(names.person(tx, person).await?),
            None => None,
        };
        let done_by = match row.done_by {
            Some(person) => Some(names.person(tx, person).await?),
            None => None,
        };
        let ms = |at: Option<Timestamp>| at.map(Timestamp::unix_ms);
        Ok(Self {
            return_id: row.id,
            complaint_id: row.complaint,
            complaint_number: number,
            summary,
            visit_id: row.visit,
            follows: row.follows,
            version: row.version,
            state: row.state,
            method: row.method.as_str(),
            questions: row.questions,
            policy: row.rule.0,
            rule: row.rule.1,
            completed_at_ms: ms(row.completed_at),
            due_at_ms: ms(row.due_at),
            provisional: row.provisional,
            appointment_from_ms: row.appointment.map(|(from, _)| from.unix_ms()),
            appointment_to_ms: row.appointment.map(|(_, to)| to.unix_ms()),
            asked_later: row.asked_later,
            holder,
            calling_since_ms: ms(row.calling_since),
            door_visit_id: row.door_visit,
            done_at_ms: ms(row.done_at),
            done_by,
            record: row.record,
            checked: row.checked,
            work_order_id: row.child,
        })
    }
}

/// A return visit with everything that was asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReturnDetail {
    #[serde(flatten)]
    pub(crate) planned: ReturnBody,
    /// Every answer in the order in which they were given; the newest of a question counts.
    pub(crate) answers: Vec<AnswerBody>,
    /// Calls in vain, oldest first.
    pub(crate) attempts: Vec<AttemptBody>,
    /// What the technician claims beside what the customer said; null while the record has not arrived, or nobody has
    /// asked.
    pub(crate) compared: Option<Vec<ComparedBody>>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerBody {
    /// Code of the question.
    pub(crate) question: String,
    #[schema(value_type = Value)]
    pub(crate) answer: Scalar,
    /// When it was written down, Unix milliseconds; null: on a device.
    pub(crate) answered_at_ms: Option<i64>,
    /// How long the question took; null: on a device.
    pub(crate) seconds: Option<i64>,
}

/// A call in vain.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptBody {
    pub(crate) outcome: AttemptOutcome,
    pub(crate) note: String,
    pub(crate) at_ms: i64,
    /// Whether people like to be called at that hour.
    pub(crate) in_window: bool,
    pub(crate) next_from_ms: Option<i64>,
    pub(crate) next_to_ms: Option<i64>,
    pub(crate) person: PersonRef,
}

/// A claim beside an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparedBody {
    /// `came`, `on_time`, `identity`, `resolved`, `checked`, `sealed`, `notice` or `signed`.
    pub(crate) claim: &'static str,
    /// Code of the question.
    pub(crate) question: String,
    /// What the record claims; null: nothing.
    pub(crate) claimed: Option<bool>,
    #[schema(value_type = Value)]
    pub(crate) answer: Scalar,
    /// `agrees`, `contradicts` or `open`.
    pub(crate) fit: &'static str,
}

impl From<Compared> for ComparedBody {
    fn from(pair: Compared) -> Self {
        Self {
            claim: pair.claim.as_str(),
            question: pair.question,
            claimed: pair.claimed,
            answer: pair.answer,
            fit: match pair.fit {
                Fit::Agrees => "agrees",
                Fit::Contradicts => "contradicts",
                Fit::Open => "open",
            },
        }
    }
}

impl ReturnDetail {
    pub(crate) async fn of(tx: &mut Tx, row: ReturnVisit) -> Result<Self, StoreError> {
        let mut names = Names::default();
        let answers = answers_of(tx, &row).await?;
        let mut attempts = Vec::new();
        for attempt in sql::attempts(tx, row.id).await? {
            attempts.push(attempt_body(tx, &mut names, attempt).await?);
        }
        let compared = match row.state {
            ReturnState::Done => compared(tx, &row).await?,
            _ => None,
        };
        Ok(Self {
            planned: ReturnBody::of(tx, &mut names, row).await?,
            answers,
            attempts,
            compared: compared.map(|pairs| pairs.into_iter().map(ComparedBody::from).collect()),
        })
    }
}

async fn answers_of(tx: &mut Tx, row: &ReturnVisit) -> Result<Vec<AnswerBody>, StoreError> {
    if row.door_visit.is_some() {
        let heard = heard(tx, row).await?.into_iter();
        let body = |(question, answer)| AnswerBody { question, answer, answered_at_ms: None, seconds: None };
        return Ok(heard.map(body).collect());
    }
    let given = sql::answers(tx, row.id).await?.into_iter();
    let body = |given: sql::Answer| AnswerBody {
        question: given.question,
        answer: given.answer,
        answered_at_ms: Some(given.at.unix_ms()),
        seconds: Some(given.seconds),
    };
    Ok(given.map(body).collect())
}

async fn attempt_body(tx: &mut Tx, names: &mut Names, made: Attempt) -> Result<AttemptBody, StoreError> {
    Ok(AttemptBody {
        outcome: made.outcome,
        note: made.note,
        at_ms: made.at.unix_ms(),
        in_window: made.in_window,
        next_from_ms: made.next.map(|(from, _)| from.unix_ms()),
        next_to_ms: made.next.map(|(_, to)| to.unix_ms()),
        person: names.person(tx, made.person).await?,
    })
}
