//! How corrective actions look in answers.

use super::model::{Act, ActKind, Action, ActionCause, ActionState};
use super::{acts, sql};
use crate::complaints::{self, Names, PersonRef};
use crate::store::{StoreError, Tx};
use crate::words::words;
use serde::Serialize;
use sync_core::ids::{ActionId, ComplaintId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

words! {
    /// Lists of corrective actions.
    pub(crate) ActionList {
        /// Those that the reader owns and that are to be carried out.
        Mine = "mine",
        /// All that are to be carried out, the most urgent first.
        Open = "open",
        /// Those whose last day has passed.
        Overdue = "overdue",
        /// Those that were carried out and whose effect is to be judged, the earliest first.
        ToCheck = "to_check",
        /// Those that helped or were dropped, newest first.
        Over = "over",
    }
}

/// A corrective action.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ActionBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) action_id: ActionId,
    /// Send it back with what changes it.
    pub(crate) version: i64,
    pub(crate) state: ActionState,
    /// What is to be put right.
    pub(crate) title: String,
    /// Category of the complaints that are to become rarer.
    pub(crate) category: String,
    /// Their region; empty: not known.
    pub(crate) region: String,
    /// The unit that answers for it; empty: not allotted.
    pub(crate) unit: String,
    pub(crate) owner: PersonRef,
    /// Until when it is to be carried out: the end of its last day, Unix milliseconds.
    pub(crate) due_at_ms: i64,
    /// How many days its effect is watched.
    pub(crate) effect_days: i64,
    pub(crate) planned_at_ms: i64,
    /// Who planned it; where a rule did, whoever held the complaint then.
    pub(crate) planned_by: PersonRef,
    /// The rule that planned it; null: somebody did.
    pub(crate) cause: Option<ActionCause>,
    pub(crate) done_at_ms: Option<i64>,
    pub(crate) done_by: Option<PersonRef>,
    /// When its effect can be judged.
    pub(crate) check_at_ms: Option<i64>,
    /// When it was found to help, or was dropped.
    pub(crate) over_at_ms: Option<i64>,
    /// How many complaints it is done for.
    pub(crate) complaints: i64,
}

impl ActionBody {
    pub(crate) async fn of(tx: &mut Tx, names: &mut Names, row: Action) -> Result<Self, StoreError> {
        let done_by = match row.done {
            Some((_, person)) => Some(names.person(tx, person).await?),
            None => None,
        };
        Ok(Self {
            action_id: row.id,
            version: row.version,
            state: row.state,
            owner: names.person(tx, row.owner).await?,
            due_at_ms: row.due_at.unix_ms(),
            effect_days: row.effect_days,
            planned_at_ms: row.planned_at.unix_ms(),
            planned_by: names.person(tx, row.planned_by).await?,
            cause: row.cause,
            done_at_ms: row.done.map(|(at, _)| at.unix_ms()),
            done_by,
            check_at_ms: row.check_at.map(Timestamp::unix_ms),
            over_at_ms: row.over_at.map(Timestamp::unix_ms),
            complaints: sql::complaints_count(tx, row.id).await?,
            title: row.title,
            category: row.category,
            region: row.region,
            unit: row.unit,
        })
    }
}

/// A corrective action with its complaints, what was done about it, and the figures that tell its effect.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionDetail {
    #[serde(flatten)]
    pub(crate) action: ActionBody,
    /// The complaints within the reader's reach, in the order in which they were put under it.
    pub(crate) for_complaints: Vec<ActionComplaint>,
    /// Everything that was done, oldest first.
    pub(crate) acts: Vec<ActBody>,
    pub(crate) effect: EffectBody,
}

/// A complaint because of which something is put right.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionComplaint {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) complaint_id: ComplaintId,
    pub(crate) number: String,
    pub(crate) summary: String,
    pub(crate) state: complaints::model::State,
}

/// Something that was done about a corrective action.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActBody {
    pub(crate) act: ActKind,
    /// Evidence, finding or reason.
    pub(crate) words: Option<String>,
    /// The complaint that was put under it.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) complaint_id: Option<ComplaintId>,
    /// Who owns it from then on.
    pub(crate) owner: Option<PersonRef>,
    /// Until when from then on.
    pub(crate) due_at_ms: Option<i64>,
    /// Null: the server.
    pub(crate) person: Option<PersonRef>,
    pub(crate) at_ms: i64,
}

/// Complaints of the same category and region, by when they were received.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EffectBody {
    /// Those in the `effect_days` days before the action was planned.
    pub(crate) before: i64,
    /// Those in as many days since it was carried out; null: it was not.
    pub(crate) since: Option<i64>,
    /// Whether all those days have passed.
    pub(crate) complete: bool,
}

impl ActionDetail {
    pub(super) async fn of(
        tx: &mut Tx,
        row: Action,
        reach: &complaints::scope::Reach,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut names = Names::default();
        let mut for_complaints = Vec::new();
        let complaints = acts::complaints_of(tx, row.id).await?;
        for complaint in complaints.into_iter().filter(|complaint| reach.includes(complaint)) {
            for_complaints.push(ActionComplaint {
                complaint_id: complaint.id,
                number: complaint.number,
                summary: complaint.intake.summary,
                state: complaint.state,
            });
        }
        let mut acts = Vec::new();
        for act in sql::acts(tx, row.id).await? {
            acts.push(act_body(tx, &mut names, act).await?);
        }
        let (before, since) = row.spans();
        let since_count = match since {
            Some(span) => Some(sql::alike(tx, &row, span).await?),
            None => None,
        };
        let effect = EffectBody {
            before: sql::alike(tx, &row, before).await?,
            since: since_count,
            complete: since.is_some_and(|(_, until)| until <= now),
        };
        Ok(Self { action: ActionBody::of(tx, &mut names, row).await?, for_complaints, acts, effect })
    }
}

async fn act_body(tx: &mut Tx, names: &mut Names, act: Act) -> Result<ActBody, StoreError> {
    let owner = match act.owner {
        Some(person) => Some(names.person(tx, person).await?),
        None => None,
    };
    let person = match act.person {
        Some(person) => Some(names.person(tx, person).await?),
        None => None,
    };
    Ok(ActBody {
        act: act.kind,
        words: act.words,
        complaint_id: act.complaint,
        owner,
        due_at_ms: act.due_at.map(Timestamp::unix_ms),
        person,
        at_ms: act.at.unix_ms(),
    })
}
