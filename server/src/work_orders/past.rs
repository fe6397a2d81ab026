//! A visit as it was: its document with only what had been accepted up to a place in the server log.
//!
//! Made from the accepted document alone, so no bytes that a gate did not judge are ever read here.

use super::entries;
use super::entries::OriginBody;
use super::model::VisitPlan;
use super::visit_record::{self, VisitRecord};
use crate::complaints::Names;
use crate::exchange::visits;
use crate::review::Origins;
use crate::store::{StoreError, Tx};
use std::collections::BTreeMap;
use sync_core::document::{VisitDocument, VisitView};
use sync_core::ids::EntryId;

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
