//! Sending work back to a technician.

use super::feed::{self, Audience, Event};
use crate::store::{StoreError, Tx};
use sync_core::ids::PersonId;
use sync_core::protocol::Rework;

/// Sends work back to a person's devices, or says to them that it was done. Call it before `audit::append`.
pub async fn send(tx: &mut Tx, person: PersonId, rework: &Rework) -> Result<(), StoreError> {
    let json = serde_json::json!({
        "id": rework.id,
        "visit": rework.visit,
        "reason": rework.reason,
        "paths": rework.paths,
        "done_at": rework.done_at,
    });
    feed::append(tx, &[(Audience::Person(person), Event::Rework(json.to_string()))]).await.map(drop)
}
