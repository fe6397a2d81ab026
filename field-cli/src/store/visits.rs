//! Visit documents and what lists need to know of them without reading them.

use super::{Store, StoreError, Tx};
use sqlx_macros::FromRow;
use sync_core::document::{VisitDocument, VisitView, birth_hash};
use sync_core::ids::{ChangeHash, ComplaintId, EntryId, PersonId, VisitId, WorkOrderId};
use sync_core::protocol::Cancellation;
use sync_core::time::Timestamp;

/// Where a visit stands, told from its newest step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitState {
    /// Nobody has started it.
    Planned,
    /// Somebody is on site.
    Running,
    /// Interrupted.
    Paused,
    /// Nobody could get in.
    NoAccess,
    /// Done.
    Finished,
}

impl VisitState {
    /// The word that stands in the store and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::NoAccess => "no_access",
            Self::Finished => "finished",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Planned, Self::Running, Self::Paused, Self::NoAccess, Self::Finished];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// Where a visit stands: the newest step that nobody took back decides. Whoever is not sent any more is not on site,
/// so what they began is to be begun anew; what they ended stays ended.
fn state_of(view: &VisitView, crew: &[PersonId]) -> VisitState {
    let is_sent = |person: &PersonId| crew.is_empty() || crew.contains(person);
    let standing = view.progress.iter().filter(|(_, step)| {
        let ends = ["finished", "no_access"].contains(&step.content.event.as_str());
        step.stands() && (ends || is_sent(&step.meta.by))
    });
    let newest = standing.max_by_key(|(id, step)| (step.meta.at, **id));
    match newest.map(|(_, step)| step.content.event.as_str()) {
        Some("started" | "resumed") => VisitState::Running,
        Some("paused") => VisitState::Paused,
        Some("no_access") => VisitState::NoAccess,
        Some("finished") => VisitState::Finished,
        _ => VisitState::Planned,
    }
}

/// A visit as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitRow {
    /// The visit.
    pub visit: VisitId,
    /// How people call it; stays when the visit was taken away and its card is gone.
    pub number: Option<String>,
    /// Generation of this device's actor in it.
    pub generation: u64,
    /// Whether this device has begun to write it under that generation.
    pub begun: bool,
    /// Whether anything was ever written in it.
    pub has_document: bool,
    /// The work order that sent somebody.
    pub work_order: Option<WorkOrderId>,
    /// The complaint, for a visit born in the field.
    pub complaint: Option<ComplaintId>,
    /// Where it stands.
    pub state: VisitState,
    /// Places where different values stand beside one another.
    pub conflicts_open: u32,
    /// Whether the office decided about values of it, as far as is known without reading it.
    pub may_be_decided: bool,
    /// When it last changed here.
    pub updated_at: Timestamp,
    /// Whether the server took it away from this device.
    pub unassigned: bool,
    /// Set when the office called it off.
    pub cancelled: Option<Cancellation>,
    /// The server has everything of this device about it up to this time.
    pub receipt_up_to: Option<Timestamp>,
    /// Photos that the visit names, as the server said.
    pub receipt_photos_named: u32,
    /// Those of them that are whole on the server.
    pub receipt_photos_arrived: u32,
}

/// Work sent back by the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReworkRow {
    /// Identity of the request.
    pub id: EntryId,
    /// The visit to redo.
    pub visit: VisitId,
    /// Why.
    pub reason: String,
    /// Paths of the fields to redo.
    pub paths: Vec<String>,
    /// When this device heard of it.
    pub received_at: Timestamp,
}

#[derive(FromRow)]
struct RawVisit {
    visit_id: String,
    number: Option<String>,
    generation: i64,
    begun_generation: Option<i64>,
    has_document: bool,
    work_order_id: Option<String>,
    complaint_id: Option<String>,
    state: String,
    conflicts_open: i64,
    decided: Option<i64>,
    updated_at_ms: i64,
    unassigned: bool,
    cancelled_by: Option<String>,
    cancelled_at_ms: Option<i64>,
    cancelled_reason: Option<String>,
    receipt_up_to_ms: Option<i64>,
    receipt_photos_named: Option<i64>,
    receipt_photos_arrived: Option<i64>,
}

const SELECT: &str = "SELECT visit_id, number, generation, begun_generation, saved IS NOT NULL AS has_document, \
    work_order_id, complaint_id, state, conflicts_open, decided, updated_at_ms, unassigned, cancelled_by, \
    cancelled_at_ms, cancelled_reason, receipt_up_to_ms, receipt_photos_named, receipt_photos_arrived FROM visits";

impl TryFrom<RawVisit> for VisitRow {
    type Error = StoreError;

    fn try_from(row: RawVisit) -> Result<Self, StoreError> {
        let damaged = |column| StoreError::damaged("visits", column, &row.visit_id);
        let count = |value: Option<i64>| u32::try_from(value.unwrap_or(0)).unwrap_or(0);
        Ok(Self {
            visit: row.visit_id.parse().map_err(|_| damaged("visit_id"))?,
            number: row.number,
            generation: u64::try_from(row.generation).map_err(|_| damaged("generation"))?,
            begun: row.begun_generation == Some(row.generation),
            has_document: row.has_document,
            work_order: row
                .work_order_id
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|_| damaged("work_order_id"))?,
            complaint: row
                .complaint_id
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|_| damaged("complaint_id"))?,
            state: VisitState::parse(&row.state).ok_or(damaged("state"))?,
            conflicts_open: count(Some(row.conflicts_open)),
            may_be_decided: row.has_document && row.decided != Some(0),
            updated_at: Timestamp::from_unix_ms(row.updated_at_ms),
            unassigned: row.unassigned,
            cancelled: row.cancelled_at_ms.map(|at_ms| Cancellation {
                by: row.cancelled_by.unwrap_or_default(),
                at: Timestamp::from_unix_ms(at_ms),
                reason: row.cancelled_reason.unwrap_or_default(),
            }),
            receipt_up_to: row.receipt_up_to_ms.map(Timestamp::from_unix_ms),
            receipt_photos_named: count(row.receipt_photos_named),
            receipt_photos_arrived: count(row.receipt_photos_arrived),
        })
    }
}

impl Store {
    /// Every visit of this device.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn visits(&self) -> Result<Vec<VisitRow>, StoreError> {
        let sql = format!("{SELECT} ORDER BY visit_id");
        let rows: Vec<RawVisit> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        rows.into_iter().map(VisitRow::try_from).collect()
    }

    /// One visit.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub async fn visit(&self, visit: VisitId) -> Result<Option<VisitRow>, StoreError> {
        let sql = format!("{SELECT} WHERE visit_id = $1");
        let row: Option<RawVisit> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(visit.to_string())
            .fetch_optional(self.pool())
            .await?;
        row.map(VisitRow::try_from).transpose()
    }

    /// The document of a visit; as every replica begins it when nobody wrote in it yet.
    ///
    /// # Errors
    /// When the stored document cannot be read.
    pub async fn document(&self, visit: VisitId) -> Result<VisitDocument, StoreError> {
        let sql = "SELECT saved FROM visits WHERE visit_id = $1";
        let saved: Option<Option<Vec<u8>>> =
            sqlx::query_scalar(sql).bind(visit.to_string()).fetch_optional(self.pool()).await?;
        read_document(visit, saved.flatten())
    }

    /// The heads of a visit that the server has accepted.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub async fn accepted_heads(&self, visit: VisitId) -> Result<Vec<ChangeHash>, StoreError> {
        let sql = "SELECT accepted_heads FROM visits WHERE visit_id = $1";
        let text: Option<String> =
            sqlx::query_scalar(sql).bind(visit.to_string()).fetch_optional(self.pool()).await?;
        let Some(text) = text else { return Ok(Vec::new()) };
        serde_json::from_str(&text).map_err(|_| StoreError::damaged("visits", "accepted_heads", visit))
    }

    /// What the office sent back and is still to do, newest first: neither did the server say that it was done, nor
    /// was the visit finished here since it came.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn reworks(&self) -> Result<Vec<ReworkRow>, StoreError> {
        let rows: Vec<(String, String, String, String, i64)> = sqlx::query_as(
            "SELECT rework_id, visit_id, reason, paths, received_at_ms FROM reworks r WHERE done_at_ms IS NULL \
             AND NOT EXISTS (SELECT 1 FROM commands c WHERE c.visit_id = r.visit_id AND c.request = 'finish' \
             AND c.outcome <> 'refused' AND c.asked_at_ms > r.received_at_ms) ORDER BY received_at_ms DESC",
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter()
            .map(|(id, visit, reason, paths, received_at_ms)| {
                let damaged = |column| StoreError::damaged("reworks", column, &id);
                Ok(ReworkRow {
                    visit: visit.parse().map_err(|_| damaged("visit_id"))?,
                    paths: serde_json::from_str(&paths).map_err(|_| damaged("paths"))?,
                    received_at: Timestamp::from_unix_ms(received_at_ms),
                    id: id.parse().map_err(|_| damaged("rework_id"))?,
                    reason,
                })
            })
            .collect()
    }

    /// Whether the office ever sent work on the visit back.
    pub(super) async fn was_sent_back_in(tx: &mut Tx, visit: VisitId) -> Result<bool, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM reworks WHERE visit_id = $1")
            .bind(visit.to_string())
            .fetch_one(&mut **tx)
            .await?;
        Ok(count > 0)
    }

    /// Writes a document and what follows from it; the row is made when there is none.
    pub(crate) async fn save_document_in(
        tx: &mut Tx,
        document: &VisitDocument,
        view: &VisitView,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let crew = super::pack::crew_in(tx, document.visit()).await?;
        let decisions = view.resolutions.values().filter(|entry| entry.stands()).count();
        sqlx::query(
            "INSERT INTO visits (visit_id, saved, accepted_heads, generation, state, conflicts_open, updated_at_ms, \
             unassigned, decided) VALUES ($1, $2, $6, 0, $3, $4, $5, 0, $7) ON CONFLICT (visit_id) DO UPDATE SET \
             saved = $2, state = $3, conflicts_open = $4, updated_at_ms = $5, settled_told = 0, decided = $7",
        )
        .bind(document.visit().to_string())
        .bind(document.save())
        .bind(state_of(view, &crew).as_str())
        .bind(i64::try_from(view.conflicts.len()).unwrap_or(i64::MAX))
        .bind(now.unix_ms())
        .bind(born_heads(document.visit()))
        .bind(i64::try_from(decisions).unwrap_or(i64::MAX))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Says anew where a visit stands whose crew may have changed.
    pub(super) async fn follow_crew_in(
        tx: &mut Tx,
        visit: VisitId,
        crew: &[PersonId],
    ) -> Result<(), StoreError> {
        // What nobody wrote in stays planned whoever is sent, and what is over stays over.
        const OPEN: &str = "SELECT saved FROM visits WHERE visit_id = $1 AND saved IS NOT NULL \
            AND state NOT IN ('finished', 'no_access')";
        let saved: Option<Option<Vec<u8>>> =
            sqlx::query_scalar(OPEN).bind(visit.to_string()).fetch_optional(&mut **tx).await?;
        let Some(saved) = saved.flatten() else { return Ok(()) };
        let state = state_of(&read_document(visit, Some(saved))?.view(), crew);
        sqlx::query("UPDATE visits SET state = $2 WHERE visit_id = $1")
            .bind(visit.to_string())
            .bind(state.as_str())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Makes the row of a visit that only the pack knows so far.
    pub(crate) async fn ensure_visit_in(
        tx: &mut Tx,
        visit: VisitId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO visits (visit_id, saved, accepted_heads, generation, state, conflicts_open, updated_at_ms, \
             unassigned) VALUES ($1, NULL, $3, 0, 'planned', 0, $2, 0) ON CONFLICT (visit_id) DO NOTHING",
        )
        .bind(visit.to_string())
        .bind(now.unix_ms())
        .bind(born_heads(visit))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// The heads of a visit that nobody wrote in, as they stand in the store.
fn born_heads(visit: VisitId) -> String {
    heads_text(&[birth_hash(visit)])
}

/// Heads as they stand in the store.
pub(super) fn heads_text(heads: &[ChangeHash]) -> String {
    serde_json::to_string(heads).expect("hashes are plain JSON")
}

/// A visit as the write path needs it.
pub(super) struct OpenVisit {
    pub(super) document: VisitDocument,
    pub(super) generation: u64,
    pub(super) begun: bool,
    pub(super) work_order: Option<WorkOrderId>,
    pub(super) complaint: Option<ComplaintId>,
}

/// Reads a visit inside the transaction that will write it; `None` when there is no row.
pub(super) async fn open_in(tx: &mut Tx, visit: VisitId) -> Result<Option<OpenVisit>, StoreError> {
    let sql = format!("{SELECT} WHERE visit_id = $1");
    let row: Option<RawVisit> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(visit.to_string()).fetch_optional(&mut **tx).await?;
    let Some(row) = row.map(VisitRow::try_from).transpose()? else { return Ok(None) };
    let saved: Option<Vec<u8>> = sqlx::query_scalar("SELECT saved FROM visits WHERE visit_id = $1")
        .bind(visit.to_string())
        .fetch_one(&mut **tx)
        .await?;
    Ok(Some(OpenVisit {
        document: read_document(visit, saved)?,
        generation: row.generation,
        begun: row.begun,
        work_order: row.work_order,
        complaint: row.complaint,
    }))
}

pub(super) fn read_document(visit: VisitId, saved: Option<Vec<u8>>) -> Result<VisitDocument, StoreError> {
    match saved {
        Some(bytes) => {
            VisitDocument::load(&bytes).map_err(|source| StoreError::DamagedDocument { visit, source })
        }
        None => Ok(VisitDocument::birth(visit)),
    }
}
