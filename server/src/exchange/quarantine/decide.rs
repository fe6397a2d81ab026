//! Deciding about an item in quarantine.

use super::returned::{Ground, ground_of};
use super::sql;
use crate::app::App;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::exchange::envelopes;
use crate::exchange::gate::{self, Approval, Approved, Fate};
use crate::problem::{self, Problem};
use crate::store::StoreError;
use sync_core::ids::{PersonId, VisitId};

/// A person rejected a refused envelope for good.
pub(crate) const QUARANTINE_REJECTED: EntryKind = EntryKind("quarantine.rejected");

/// A person let a refused envelope enter.
pub(crate) const QUARANTINE_ACCEPTED: EntryKind = EntryKind("quarantine.accepted");

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It shall enter the record as it is.
    Accept,
    /// It shall not.
    Reject,
}

/// Why a decision cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such item.
    #[error("no item {log_index} in quarantine")]
    Unknown {
        /// The id that was asked for.
        log_index: i64,
    },
    /// Somebody decided before, or the author wrote it anew.
    #[error("item {log_index} is {state} already")]
    Decided {
        /// The item.
        log_index: i64,
        /// Its state.
        state: String,
    },
    /// It cannot enter whatever a person says: it would break the document, or there is nothing to enter.
    #[error("item {log_index} cannot enter: {reason}")]
    CannotEnter {
        /// The item.
        log_index: i64,
        /// Stable reason code.
        reason: String,
    },
    /// It builds on something that has to be decided first, or the gate is busy.
    #[error("item {log_index} cannot be judged now")]
    Later {
        /// The item.
        log_index: i64,
    },
    /// What it builds on is nowhere on this server.
    #[error("item {log_index} builds on something that is lost")]
    GroundLost {
        /// The item.
        log_index: i64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Unknown { .. } => Self::new(&problem::QUARANTINE_UNKNOWN),
            DecideError::Decided { state, .. } => {
                Self::new(&problem::QUARANTINE_DECIDED).with("state", state)
            }
            DecideError::CannotEnter { reason, .. } => {
                Self::new(&problem::QUARANTINE_CANNOT_ENTER).with("reason", reason)
            }
            DecideError::Later { .. } => Self::new(&problem::QUARANTINE_WAITS),
            DecideError::GroundLost { .. } => Self::new(&problem::QUARANTINE_GROUND_LOST),
            DecideError::Store(source) => source.into(),
        }
    }
}

/// Carries out a decision about an item. Deciding the same again is success.
///
/// # Errors
/// See [`DecideError`]; nothing changed then.
pub async fn decide(
    app: &App,
    log_index: i64,
    decision: Decision,
    by: PersonId,
    reason: &str,
) -> Result<(), DecideError> {
    let item = sql::find(&mut app.store.read().await?, log_index).await?;
    let item = item.ok_or(DecideError::Unknown { log_index })?;
    let (state, visit) = (item.state, item.visit_id);
    match (decision, state.as_str()) {
        (Decision::Accept, "accepted") | (Decision::Reject, "rejected") => Ok(()),
        (Decision::Accept, "open") => accept(app, log_index, by, reason).await,
        (Decision::Reject, "open") => reject(app, log_index, visit, by, reason).await,
        _ => Err(DecideError::Decided { log_index, state }),
    }
}

async fn accept(app: &App, log_index: i64, by: PersonId, reason: &str) -> Result<(), DecideError> {
    let approval = Approval { by, reason: reason.to_owned() };
    match gate::approve(app, log_index, &approval).await? {
        Approved::Entered => Ok(()),
        Approved::StillRefused(Fate::Quarantined { reason, .. }) if reason == "depends_on_refused" => {
            Err(DecideError::Later { log_index })
        }
        Approved::StillRefused(Fate::Quarantined { reason, .. }) => {
            Err(DecideError::CannotEnter { log_index, reason })
        }
        Approved::StillRefused(_) | Approved::Later => Err(later(app, log_index).await?),
        Approved::Nothing => Err(DecideError::CannotEnter { log_index, reason: "no_content".to_owned() }),
    }
}

/// Why it cannot be judged now.
async fn later(app: &App, log_index: i64) -> Result<DecideError, StoreError> {
    let mut tx = app.store.read().await?;
    let envelope = envelopes::load(&mut tx, &[log_index]).await?.remove(&log_index);
    let ground = match envelope {
        Some(envelope) => ground_of(&mut tx, &envelope).await?,
        None => Ground::There,
    };
    Ok(match ground {
        Ground::Lost => DecideError::GroundLost { log_index },
        Ground::There | Ground::Waits => DecideError::Later { log_index },
    })
}

async fn reject(
    app: &App,
    log_index: i64,
    visit: Option<VisitId>,
    by: PersonId,
    reason: &str,
) -> Result<(), DecideError> {
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    if !sql::close(&mut tx, log_index, "rejected", by, reason, now).await? {
        return Err(DecideError::Later { log_index });
    }
    let detail = Detail::new().with("envelope", log_index.to_string());
    let entry = NewEntry::new(QUARANTINE_REJECTED, now).by(Some(by)).detail(detail).because(Some(reason));
    let entry = match visit {
        Some(visit) => entry.visit(visit),
        None => entry,
    };
    audit::append(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(())
}
