//! Requests for things the server owns, and what became of them.

use super::{Store, StoreError, Tx};
use sqlx_macros::FromRow;
use sync_core::ids::{CommandId, DeviceId, VisitId};
use sync_core::protocol::{CommandOutcome, Request};
use sync_core::time::Timestamp;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandState {
    /// The server has not answered yet.
    Waiting,
    /// Done.
    Done {
        /// What came of it, for example the number of a complaint.
        reference: Option<String>,
    },
    /// Refused; the request stays on record.
    Refused {
        /// Stable reason code.
        reason: String,
        /// What exactly.
        detail: String,
    },
}

/// A request as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRow {
    /// Its identity.
    pub id: CommandId,
    /// The chain of the envelope that asks it.
    pub device: DeviceId,
    /// Place in that chain.
    pub sequence: u64,
    /// What was asked: `finish`, `open_complaint` …
    pub request: String,
    /// The visit it belongs to.
    pub visit: Option<VisitId>,
    /// When it was asked, by this device's clock.
    pub asked_at: Timestamp,
    /// What became of it.
    pub state: CommandState,
}

impl CommandState {
    pub(super) fn of(outcome: &CommandOutcome) -> Self {
        match outcome.clone() {
            CommandOutcome::Done { reference } => Self::Done { reference },
            CommandOutcome::Refused { reason, detail } => Self::Refused { reason, detail },
        }
    }
}

#[derive(FromRow)]
struct RawCommand {
    command_id: String,
    device_id: String,
    sequence: i64,
    request: String,
    visit_id: Option<String>,
    asked_at_ms: i64,
    outcome: String,
    reference: Option<String>,
    reason: Option<String>,
    detail: Option<String>,
}

impl TryFrom<RawCommand> for CommandRow {
    type Error = StoreError;

    fn try_from(row: RawCommand) -> Result<Self, StoreError> {
        let damaged = |column| StoreError::damaged("commands", column, &row.command_id);
        let state = match row.outcome.as_str() {
            "waiting" => CommandState::Waiting,
            "done" => CommandState::Done { reference: row.reference },
            _ => CommandState::Refused {
                reason: row.reason.unwrap_or_default(),
                detail: row.detail.unwrap_or_default(),
            },
        };
        Ok(Self {
            id: row.command_id.parse().map_err(|_| damaged("command_id"))?,
            visit: row.visit_id.as_deref().map(str::parse).transpose().map_err(|_| damaged("visit_id"))?,
            asked_at: Timestamp::from_unix_ms(row.asked_at_ms),
            device: row.device_id.parse().map_err(|_| damaged("device_id"))?,
            sequence: u64::try_from(row.sequence).map_err(|_| damaged("sequence"))?,
            request: row.request,
            state,
        })
    }
}

impl Store {
    /// Every request of this device, newest first.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn commands(&self) -> Result<Vec<CommandRow>, StoreError> {
        let rows: Vec<RawCommand> = sqlx::query_as(
            "SELECT command_id, device_id, sequence, request, visit_id, asked_at_ms, outcome, reference, reason, detail FROM commands \
             ORDER BY asked_at_ms DESC, sequence DESC",
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(CommandRow::try_from).collect()
    }

    /// What a request of this device asks; `None` for one that is not here or of another version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn request(&self, id: CommandId) -> Result<Option<Request>, StoreError> {
        let encoded: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT encoded FROM commands WHERE command_id = $1")
                .bind(id.to_string())
                .fetch_optional(self.pool())
                .await?;
        Ok(encoded.and_then(|bytes| Request::decode(&bytes).ok()))
    }

    /// Notes what the server answered.
    pub(crate) async fn set_outcome_in(
        tx: &mut Tx,
        id: CommandId,
        outcome: &CommandOutcome,
    ) -> Result<(), StoreError> {
        let (word, reference, reason, detail) = match outcome {
            CommandOutcome::Done { reference } => ("done", reference.as_deref(), None, None),
            CommandOutcome::Refused { reason, detail } => {
                ("refused", None, Some(reason.as_str()), Some(detail.as_str()))
            }
        };
        sqlx::query("UPDATE commands SET outcome = $1, reference = $2, reason = $3, detail = $4 WHERE command_id = $5")
            .bind(word)
            .bind(reference)
            .bind(reason)
            .bind(detail)
            .bind(id.to_string())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

pub(super) async fn insert_in(
    tx: &mut Tx,
    device: DeviceId,
    sequence: u64,
    id: CommandId,
    request: &[u8],
    visit: Option<VisitId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO commands (command_id, device_id, sequence, request, visit_id, asked_at_ms, encoded, \
         outcome) VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting') ON CONFLICT (command_id) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(device.to_string())
    .bind(i64::try_from(sequence).unwrap_or(i64::MAX))
    .bind(Request::decode(request).map_or("unknown", |request| word(&request)))
    .bind(visit.map(|id| id.to_string()))
    .bind(now.unix_ms())
    .bind(request)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The word for a request that stands in the store and in JSON.
const fn word(request: &Request) -> &'static str {
    match request {
        Request::AcceptWorkOrder { .. } => "accept_work_order",
        Request::DeclineWorkOrder { .. } => "decline_work_order",
        Request::Arrive { .. } => "arrive",
        Request::NoAccess { .. } => "no_access",
        Request::Finish { .. } => "finish",
        Request::OpenComplaint(_) => "open_complaint",
        Request::Grumble { .. } => "grumble",
        Request::Promise { .. } => "promise",
        Request::PhotoUnavailable { .. } => "photo_unavailable",
        Request::CorrectContact { .. } => "correct_contact",
        Request::AskExpert { .. } => "ask_expert",
    }
}
