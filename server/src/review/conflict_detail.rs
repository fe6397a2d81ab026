//! What only the page of one conflict tells: how each value came about, and what every device of the visit has of it.

use super::conflicts::{self, CarrierBody, ConflictBody, ConflictRow, EarlierBody, Known};
use crate::complaints::Names;
use crate::exchange::fetched;
use crate::store::{StoreError, Tx};
use sync_core::ids::{ChangeHash, VisitId};
use sync_core::time::Timestamp;

/// Most values before one that are told.
const EARLIER_MAX: usize = 8;

/// The conflict with how its values came about and with what devices have of it.
pub(super) async fn whole(
    tx: &mut Tx,
    names: &mut Names,
    row: ConflictRow,
) -> Result<ConflictBody, StoreError> {
    let visit = row.visit()?;
    let all = conflicts::of_visit(tx, visit).await?;
    let newer = all.iter().rfind(|other| other.path == row.path && other.is_later_than(&row));
    let newer = newer.map(|other| other.conflict_id.clone());
    let known = Known::of(tx, visit).await?;
    let mut body = conflicts::body_of(tx, names, &known, row).await?;
    for value in &mut body.values {
        value.earlier = earlier(tx, names, &known, &body.path, &value.change).await?;
    }
    body.devices = Some(devices(tx, names, &known, visit, &body).await?);
    body.newer = newer;
    Ok(body)
}

async fn earlier(
    tx: &mut Tx,
    names: &mut Names,
    known: &Known,
    path: &str,
    change: &ChangeHash,
) -> Result<Vec<EarlierBody>, StoreError> {
    let written = known.document.as_ref().map(|document| document.writes_before(path, change, EARLIER_MAX));
    let mut bodies = Vec::new();
    for written in written.unwrap_or_default() {
        let origin = known.origins.get(&written.change);
        let (person, device) = conflicts::who(tx, names, origin).await?;
        let claimed_at_ms = origin.map(|origin| origin.claimed_at.unix_ms());
        bodies.push(EarlierBody { value: written.value, person, device, claimed_at_ms });
    }
    Ok(bodies)
}

async fn devices(
    tx: &mut Tx,
    names: &mut Names,
    known: &Known,
    visit: VisitId,
    body: &ConflictBody,
) -> Result<Vec<CarrierBody>, StoreError> {
    let index_of = |change: &ChangeHash| known.origins.get(change).map(|origin| origin.log_index);
    let act = known.newest_act(&body.path).and_then(|change| index_of(&change));
    let mut bodies = Vec::new();
    for carrier in fetched::carriers(tx, visit).await? {
        let has = |log_index: i64| carrier.has.contains(&log_index);
        let changes = body.values.iter().map(|value| value.change);
        bodies.push(CarrierBody {
            device: names.device(tx, carrier.device).await?,
            person: names.person(tx, carrier.person).await?,
            told: carrier.is_told,
            values: changes.filter(|change| index_of(change).is_some_and(has)).collect(),
            has_decision: act.map(has),
            confirmed_at_ms: act.and_then(|act| carrier.confirmed_at.get(&act)).map(|at| at.unix_ms()),
            last_seen_at_ms: carrier.last_seen_at.map(Timestamp::unix_ms),
        });
    }
    Ok(bodies)
}
