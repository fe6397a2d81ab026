//! What the field brings besides visits: grumbles for the queue of prevention, and photos that will never arrive.
//! Tables `grumbles`, `photo_declarations`.

use super::commands::{Decision, FieldCommand, Refusal};
use crate::complaints::intake::clean;
use crate::deadlines;
use crate::store::{StoreError, Tx, statement};
use crate::warnings;
use serde::Serialize;
use sqlx_macros::FromRow;
use sync_core::codes::CodeTable;
use sync_core::ids::{EntryId, VisitId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Something heard in the field.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
pub(super) struct Grumble {
    /// Its identity.
    pub(super) grumble_id: String,
    /// What was heard.
    pub(super) text: String,
    /// Category code.
    pub(super) category: Option<String>,
    /// Where.
    pub(super) place: Option<String>,
    /// Who heard it.
    pub(super) person_id: String,
    /// On which device it was written down.
    pub(super) device_id: String,
    /// When, by the device's clock, Unix milliseconds.
    pub(super) claimed_at_ms: i64,
    /// When the server got it.
    pub(super) received_at_ms: i64,
    /// The complaint that was made of it.
    pub(super) complaint_id: Option<String>,
    /// Who dealt with it.
    pub(super) settled_by: Option<String>,
    /// When.
    pub(super) settled_at_ms: Option<i64>,
    /// What became of it.
    pub(super) settled_note: Option<String>,
}

pub(super) async fn add_grumble(
    tx: &mut Tx,
    command: &FieldCommand,
    text: &str,
    category: Option<&str>,
    place: Option<&str>,
) -> Decision {
    const SQL: &str = "INSERT INTO grumbles (grumble_id, text, category, place, person_id, device_id, claimed_at_ms, \
        received_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (grumble_id) DO NOTHING";
    let text = clean(text);
    if text.is_empty() {
        return Err(Refusal::because("text_missing", "a grumble needs words"));
    }
    // A code from a newer client is kept as it is; one that is only strange is kept, too: ten seconds to file.
    let category =
        category.map(|code| CodeTable::Categories.find(code).map_or_else(|| clean(code), |e| e.code.clone()));
    let place = place.map(clean).filter(|place| !place.is_empty());
    let added = statement(SQL)
        .bind(command.id.to_string())
        .bind(text)
        .bind(&category)
        .bind(place)
        .bind(command.person.to_string())
        .bind(command.device.to_string())
        .bind(command.claimed_at.unix_ms())
        .bind(command.received_at.unix_ms())
        .execute(tx)
        .await?;
    if added == 1 {
        let heard =
            deadlines::happened_at(tx, command.device, (command.claimed_at, command.received_at)).await?;
        warnings::grumble_heard(tx, command, category.as_deref(), heard).await?;
    }
    Ok(None)
}

/// Grumbles after this one that nobody has dealt with, oldest first.
pub(super) async fn open_grumbles(
    tx: &mut Tx,
    after: Option<(i64, String)>,
    limit: u32,
) -> Result<Vec<Grumble>, StoreError> {
    const SQL: &str = "SELECT grumble_id, text, category, place, person_id, device_id, claimed_at_ms, received_at_ms, \
        complaint_id, settled_by, settled_at_ms, settled_note FROM grumbles \
        WHERE settled_at_ms IS NULL AND (received_at_ms, grumble_id) > ($1, $2) \
        ORDER BY received_at_ms, grumble_id LIMIT $3";
    let (at, id) = after.unwrap_or((i64::MIN, String::new()));
    statement(SQL).bind(at).bind(id).bind(i64::from(limit)).rows(tx).await
}

/// Notes that somebody dealt with a grumble. Says whether it was open.
pub(super) async fn settle_grumble(
    tx: &mut Tx,
    id: &str,
    complaint: Option<String>,
    by: String,
    at: Timestamp,
    note: &str,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE grumbles SET complaint_id = $2, settled_by = $3, settled_at_ms = $4, settled_note = $5 \
        WHERE grumble_id = $1 AND settled_at_ms IS NULL";
    let changed =
        statement(SQL).bind(id).bind(&complaint).bind(by).bind(at.unix_ms()).bind(note).execute(tx).await?;
    if changed == 1 && complaint.is_some() {
        warnings::grumble_became_complaint(tx, id).await?;
    }
    Ok(changed == 1)
}

/// A photo that its technician declared lost.
#[derive(Debug, Clone, FromRow)]
pub struct PhotoDeclaration {
    /// Its entry in the visit document.
    pub entry_id: String,
    /// Why.
    pub reason: String,
    /// Who declared it.
    pub person_id: String,
    /// When, by the device's clock.
    pub claimed_at_ms: i64,
}

pub(super) async fn declare_photo(
    tx: &mut Tx,
    command: &FieldCommand,
    visit: VisitId,
    entry: EntryId,
    reason: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO photo_declarations (visit_id, entry_id, reason, person_id, device_id, \
        claimed_at_ms, received_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (visit_id, entry_id) DO NOTHING";
    statement(SQL)
        .bind(visit.to_string())
        .bind(entry.to_string())
        .bind(reason)
        .bind(command.person.to_string())
        .bind(command.device.to_string())
        .bind(command.claimed_at.unix_ms())
        .bind(command.received_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Photos of a visit that will never arrive.
pub async fn photo_declarations(tx: &mut Tx, visit: VisitId) -> Result<Vec<PhotoDeclaration>, StoreError> {
    const SQL: &str = "SELECT entry_id, reason, person_id, claimed_at_ms FROM photo_declarations \
        WHERE visit_id = $1 ORDER BY entry_id";
    statement(SQL).bind(visit.to_string()).rows(tx).await
}
