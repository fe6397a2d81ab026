//! A visit as it was: its document with only what had been accepted up to a place in the server log.
//!
//! Made from the accepted document alone, so no bytes that a gate did not judge are ever read here.

use super::bodies::Moment;
use super::entries;
use super::entries::OriginBody;
use super::model::VisitPlan;
use super::visit_record::{self, VisitRecord};
use crate::complaints::Names;
use crate::exchange::{load_envelopes, visits};
use crate::review::Origins;
use crate::store::{StoreError, Tx, statement};
use std::collections::BTreeMap;
use sync_core::document::{VisitDocument, VisitView};
use sync_core::ids::{EntryId, VisitId};
use sync_core::log::BodyKind;
use sync_core::time::Timestamp;

/// What is needed to look back: the accepted document and who brought each of its changes.
#[derive(Debug)]
pub(crate) struct Past {
    document: VisitDocument,
    origins: Origins,
    /// Every envelope that brought changes, in the order of the server log.
    pub(crate) envelopes: Vec<OriginBody>,
}

impl Past {
    /// The past of a visit; `None` while nothing is known of it.
    pub(crate) async fn of(
        tx: &mut Tx,
        names: &mut Names,
        visit: &VisitPlan,
    ) -> Result<Option<Self>, StoreError> {
        let Some(stored) = visits::find(tx, visit.id).await? else { return Ok(None) };
        let document = VisitDocument::load(&stored.saved)
            .map_err(|_| StoreError::impossible("visit_documents", "saved", visit.id))?;
        let origins = Origins::of(tx, visit.id).await?;
        let envelopes = entries::envelopes(tx, names, &origins).await?;
        Ok(Some(Self { document, origins, envelopes }))
    }

    /// The words of statements, which lie beside the document.
    pub(crate) fn into_parts(self) -> BTreeMap<EntryId, String> {
        self.origins.parts
    }

    /// The view as it was after the envelope at this place was accepted; `None` when it cannot be made.
    ///
    /// What had been accepted may build on changes that lie later in the log, because they arrived later: these
    /// belong to it.
    pub(crate) fn view_at(&self, log_index: i64) -> Option<VisitView> {
        visits::view_at(&self.document, self.origins.changes_until(log_index).collect())
    }
}

/// The record of a visit as it was in this view, with the authors of its values.
pub(crate) async fn record_of(
    tx: &mut Tx,
    names: &mut Names,
    visit: VisitPlan,
    view: VisitView,
) -> Result<VisitRecord, StoreError> {
    visit_record::build_of(tx, names, visit, Some(view)).await
}

/// A place in the server log, and what was known of a visit there.
#[derive(Debug)]
pub(crate) struct Place {
    log_index: i64,
    /// When the envelope at this place was received.
    pub(super) received_at: Timestamp,
    /// Where the requests of devices about the visit lie, by the device's word for when.
    requests: BTreeMap<Timestamp, i64>,
}

impl Place {
    /// The place of an envelope of this visit.
    pub(crate) async fn of(
        tx: &mut Tx,
        visit: VisitId,
        log_index: i64,
        received_at: Timestamp,
    ) -> Result<Self, StoreError> {
        const SQL: &str = "SELECT log_index FROM server_log WHERE visit_id = $1 AND kind = 'envelope'";
        let rows: Vec<(i64,)> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
        let indexes: Vec<i64> = rows.into_iter().map(|(index,)| index).collect();
        let mut requests = BTreeMap::new();
        for (index, envelope) in load_envelopes(tx, &indexes).await? {
            if envelope.header().kind == BodyKind::Command {
                requests.entry(envelope.header().claimed_at).or_insert(index);
            }
        }
        Ok(Self { log_index, received_at, requests })
    }

    /// Whether it had happened for the server. What came with one request has one time: the log tells it apart.
    pub(super) fn knows(&self, moment: &Moment) -> bool {
        match self.requests.get(&moment.claimed_at_ms) {
            Some(index) => *index <= self.log_index,
            None => moment.received_at_ms <= self.received_at,
        }
    }
}
