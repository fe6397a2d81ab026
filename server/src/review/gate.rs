//! What holds back approval and closing: unfinished visits, open conflicts, refused and unjudged items, unseen work,
//! sections that nobody has signed off, a customer whom nobody could reach.

use super::sql;
use crate::complaints;
use crate::complaints::contact::FlagKind;
use crate::specials;
use crate::store::{StoreError, Tx, statement};
use crate::work_orders::model::{VisitPlan, VisitState};
use crate::work_orders::visits_of;
use serde::Serialize;
use sync_core::ids::{ComplaintId, VisitId};
use utoipa::ToSchema;

/// Something that is still open on a complaint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Blocker {
    /// `conflict`, `quarantine`, `pending`, `unseen_work`, `visit_open`, `rework`, `section` (a discipline has
    /// not signed off its part), `visit_needed` (the matter is to be looked at on site, and nobody was there) or `contact` (name or phone of the customer is missing, and nobody has settled that); for closing also `return_visit` (the customer was not
    /// asked), `review_level` (a level is to judge a verdict that was given anew) and `corrective_action` (it is not carried out).
    pub(crate) kind: &'static str,
    /// The visit it is about; null: the complaint itself.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) visit_id: Option<VisitId>,
    /// What exactly: a conflict, the index of an item, a device, a state, the number of a flag.
    pub(crate) reference: String,
}

/// Everything that is open on a complaint and on the records merged into it.
pub(crate) async fn blockers(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Blocker>, StoreError> {
    let (mut found, mut took_place) = (Vec::new(), false);
    for source in complaints::family(tx, complaint).await? {
        for visit in visits_of(tx, source).await? {
            took_place |= visit.took_place();
            found.extend(of_visit(tx, &visit).await?);
        }
    }
    if !took_place && specials::needs_visit(tx, complaint).await? {
        found.push(Blocker { kind: "visit_needed", visit_id: None, reference: complaint.to_string() });
    }
    found.extend(crate::sections::blockers(tx, complaint).await?);
    let flags = complaints::contact::open_of(tx, complaint).await?.into_iter();
    let missing = flags.filter(|flag| flag.kind == FlagKind::Missing);
    found.extend(missing.map(|flag| Blocker {
        kind: "contact",
        visit_id: None,
        reference: flag.number.to_string(),
    }));
    Ok(found)
}

/// Everything that is open on one visit. A visit that was called off may still hold work nobody has seen.
pub(crate) async fn of_visit(tx: &mut Tx, visit: &VisitPlan) -> Result<Vec<Blocker>, StoreError> {
    const CONFLICTS: &str =
        "SELECT conflict_id FROM conflicts WHERE visit_id = $1 AND state <> 'resolved' ORDER BY conflict_id";
    const QUARANTINE: &str = "SELECT CAST(log_index AS TEXT) FROM quarantine \
        WHERE visit_id = $1 AND state = 'open' ORDER BY log_index";
    const PENDING: &str = "SELECT CAST(log_index AS TEXT) FROM envelope_states \
        WHERE visit_id = $1 AND state = 'pending' ORDER BY log_index";
    const UNSEEN: &str = "SELECT device_id FROM device_visits WHERE visit_id = $1 AND settled_at_ms IS NULL ORDER BY device_id";
    let id = visit.id;
    let blocker =
        |kind: &'static str| move |reference: String| Blocker { kind, visit_id: Some(id), reference };
    let mut found = Vec::new();
    if visit.is_open() && visit.state != VisitState::Cancelled {
        found.push(blocker("visit_open")(visit.state.as_str().to_owned()));
    }
    for (kind, query) in
        [("conflict", CONFLICTS), ("quarantine", QUARANTINE), ("pending", PENDING), ("unseen_work", UNSEEN)]
    {
        found.extend(references(tx, query, id).await?.into_iter().map(blocker(kind)));
    }
    found.extend(sql::open_rework(tx, id).await?.into_iter().map(blocker("rework")));
    Ok(found)
}

async fn references(tx: &mut Tx, sql: &'static str, visit: VisitId) -> Result<Vec<String>, StoreError> {
    statement(sql).bind(visit.to_string()).values(tx).await
}
