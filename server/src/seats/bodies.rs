//! How questions to experts look in answers.

use super::model::{ExpertRequest, ExpertRequestState};
use crate::complaints::{self, DeviceRef, Names, PersonRef};
use crate::store::{StoreError, Tx};
use crate::words::words;
use serde::Serialize;
use sync_core::ids::{ComplaintId, ExpertRequestId, VisitId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

words! {
    /// Lists of questions to experts.
    pub(crate) RequestList {
        /// Everything that waits for its answer, the soonest due first.
        Waiting = "waiting",
        /// Of those, what nobody took so far.
        Open = "open",
        /// What the reader took.
        Mine = "mine",
        /// What is late or near its deadline.
        Pressing = "pressing",
        /// What was answered or withdrawn, newest first.
        Over = "over",
    }
}

/// A question to an expert seat.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ExpertRequestBody {
    /// That of a question from the field is the id of the command that asked it.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) request_id: ExpertRequestId,
    /// For `If-Match`.
    pub(crate) version: i64,
    pub(crate) state: ExpertRequestState,
    #[schema(value_type = String, format = "uuid")]
    pub(crate) complaint_id: ComplaintId,
    pub(crate) complaint_number: String,
    /// What the customer says.
    pub(crate) summary: String,
    /// Region of the complaint; empty: not known.
    pub(crate) region: String,
    /// Unit of the complaint; empty: not allotted.
    pub(crate) complaint_unit: String,
    /// Whether the complaint is closed or withdrawn; the question can be answered all the same.
    pub(crate) complaint_over: bool,
    /// On which visit it arose; null: at the desk.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) visit_id: Option<VisitId>,
    /// Who is to answer: the code of a discipline.
    pub(crate) skill: String,
    pub(crate) skill_zh: String,
    pub(crate) skill_en: String,
    pub(crate) question: String,
    pub(crate) asked_by: PersonRef,
    /// On which device; null: at the desk.
    pub(crate) device: Option<DeviceRef>,
    /// The device's word for when, Unix milliseconds.
    pub(crate) claimed_at_ms: Option<i64>,
    /// When the server received it: the limit is counted from here.
    pub(crate) received_at_ms: i64,
    /// From when on it is near its deadline.
    pub(crate) near_at_ms: i64,
    pub(crate) due_at_ms: i64,
    /// Who took it; null: nobody so far.
    pub(crate) holder: Option<PersonRef>,
    pub(crate) taken_at_ms: Option<i64>,
    pub(crate) answer: Option<String>,
    /// Why it was withdrawn.
    pub(crate) reason: Option<String>,
    /// When it was answered or withdrawn.
    pub(crate) over_at_ms: Option<i64>,
    pub(crate) over_by: Option<PersonRef>,
}

/// A question with what follows from the time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExpertRequestDetail {
    #[serde(flatten)]
    pub(crate) request: ExpertRequestBody,
    /// Whether the answer came, or comes, later than it was due.
    pub(crate) late: bool,
}

impl ExpertRequestBody {
    /// The question with the names of its people.
    pub(super) async fn of(tx: &mut Tx, names: &mut Names, row: ExpertRequest) -> Result<Self, StoreError> {
        let missing = || StoreError::impossible("expert_requests", "complaint_id", row.id);
        let complaint = complaints::standing(tx, row.complaint).await?.ok_or_else(missing)?;
        let device = match row.asked_on {
            Some((device, _)) => Some(names.device(tx, device).await?),
            None => None,
        };
        let holder = match row.holder {
            Some((person, _)) => Some(names.person(tx, person).await?),
            None => None,
        };
        let over_by = match row.over {
            Some((_, person)) => Some(names.person(tx, person).await?),
            None => None,
        };
        Ok(Self {
            request_id: row.id,
            version: row.version,
            state: row.state,
            complaint_id: complaint.id,
            complaint_over: !complaint.is_open(),
            complaint_number: complaint.number,
            summary: complaint.intake.summary,
            region: complaint.intake.region,
            complaint_unit: complaint.intake.unit,
            visit_id: row.visit,
            skill: row.skill.code,
            skill_zh: row.skill.zh,
            skill_en: row.skill.en,
            question: row.question,
            asked_by: names.person(tx, row.asked_by).await?,
            device,
            claimed_at_ms: row.asked_on.map(|(_, at)| at.unix_ms()),
            received_at_ms: row.received_at.unix_ms(),
            near_at_ms: row.near_at.unix_ms(),
            due_at_ms: row.due_at.unix_ms(),
            holder,
            taken_at_ms: row.holder.map(|(_, at)| at.unix_ms()),
            answer: row.answer,
            reason: row.reason,
            over_at_ms: row.over.map(|(at, _)| at.unix_ms()),
            over_by,
        })
    }

    /// The same with what follows from the time.
    pub(super) async fn detail(
        tx: &mut Tx,
        row: ExpertRequest,
        now: Timestamp,
    ) -> Result<ExpertRequestDetail, StoreError> {
        let late = row.is_late(now);
        Ok(ExpertRequestDetail { request: Self::of(tx, &mut Names::default(), row).await?, late })
    }
}
