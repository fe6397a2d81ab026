//! Visits that were called off, as their technicians are told.

use super::dispatch::VISIT_CANCELLED;
use crate::audit;
use crate::complaints::Names;
use crate::store::{StoreError, Tx};
use std::collections::BTreeMap;
use sync_core::ids::VisitId;
use sync_core::protocol::Cancellation;
use sync_core::time::Timestamp;

/// Those of these visits that were called off, with who did it, when and why.
pub(crate) async fn cancellations(
    tx: &mut Tx,
    visits: &[VisitId],
) -> Result<BTreeMap<VisitId, Cancellation>, StoreError> {
    let (mut names, mut found) = (Names::default(), BTreeMap::new());
    for act in audit::acts_on_visits(tx, VISIT_CANCELLED, visits).await? {
        let visit = StoreError::parse_column("server_log", "visit_id", &act.visit_id, &act.visit_id)?;
        let by = names.person_text(tx, act.person_id.as_deref().unwrap_or_default()).await?;
        let cancellation = Cancellation {
            by: by.and_then(|person| person.name).unwrap_or_default(),
            at: Timestamp::from_unix_ms(act.at_ms),
            reason: act.reason.unwrap_or_default(),
        };
        found.insert(visit, cancellation);
    }
    Ok(found)
}
