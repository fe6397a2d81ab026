//! Putting two records of one matter together, field by field, and taking them apart again.
//!
//! The duplicate keeps its row, its visits and its history and names its survivor; nothing is copied but the fields
//! that a person chose. A merge is made only between records that stand for themselves, so no cycle can arise.

use crate::audit::{self, EntryKind};
use crate::complaints::acts::{Actor, ComplaintError, correct, named, step, write};
use crate::complaints::model::{Act, Complaint, EventKind, Intake, State};
use crate::complaints::{self, history};
use crate::deadlines;
use crate::store::{StoreError, Tx, statement};
use crate::words::words;
use crate::work_orders::refresh_cards;
use serde::Serialize;
use serde_json::json;
use sqlx_macros::FromRow;
use std::collections::BTreeMap;
use sync_core::ids::{ComplaintId, EntryId};
use utoipa::ToSchema;

const MERGED: EntryKind = EntryKind("complaint.merged");
const MERGE_UNDONE: EntryKind = EntryKind("complaint.merge_undone");

words! {
    /// A field that the survivor may take over.
    pub(super) MergeField {
        /// Category.
        Category = "category",
        /// Priority.
        Priority = "priority",
        /// What the customer says.
        Summary = "summary",
        /// What the customer wants.
        RemedySought = "remedy_sought",
        /// Customer number.
        CustomerNumber = "customer_number",
        /// Customer's name.
        CustomerName = "customer_name",
        /// Customer's phone.
        CustomerPhone = "customer_phone",
        /// Address.
        Address = "address",
        /// Place in degrees.
        Position = "position",
        /// The meter on record.
        Meter = "meter",
    }
}

/// Why records cannot be merged or taken apart.
#[derive(Debug, thiserror::Error)]
pub(super) enum MergeError {
    /// A record cannot be merged into itself.
    #[error("a record cannot be merged into itself")]
    Itself,
    /// The duplicate stands under another record already.
    #[error("the duplicate is merged into another record")]
    MergedElsewhere,
    /// Only records of one utility are about one matter.
    #[error("the records are about different utilities")]
    OtherUtility,
    /// There is no such merge, or the record was merged again since.
    #[error("there is no such merge that stands")]
    UnknownMerge,
    /// The complaint refuses.
    #[error(transparent)]
    Complaint(#[from] ComplaintError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A merge as it lies in the table.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
pub(super) struct Merge {
    pub(super) merge_id: String,
    /// The record that stands.
    pub(super) survivor: String,
    /// The record under it.
    pub(super) duplicate: String,
    pub(super) reason: String,
    /// The fields taken over, as JSON text.
    #[serde(skip)]
    pub(super) fields_json: String,
    pub(super) merged_by: String,
    /// When, Unix milliseconds.
    pub(super) merged_at_ms: i64,
    /// Who took them apart; null: it stands.
    pub(super) undone_by: Option<String>,
    pub(super) undone_at_ms: Option<i64>,
    pub(super) undo_reason: Option<String>,
}

/// What is merged, and how.
#[derive(Debug)]
pub(super) struct NewMerge<'a> {
    pub(super) id: EntryId,
    pub(super) reason: &'a str,
    pub(super) fields: &'a [MergeField],
}

/// Puts the duplicate under the survivor. Merging them again changes nothing and returns the first merge.
pub(super) async fn merge(
    tx: &mut Tx,
    survivor: Complaint,
    duplicate: Complaint,
    new: &NewMerge<'_>,
    by: Actor,
) -> Result<Merge, MergeError> {
    if survivor.id == duplicate.id {
        return Err(MergeError::Itself);
    }
    if duplicate.merged_into == Some(survivor.id) {
        return newest_of(tx, duplicate.id).await?.ok_or(MergeError::UnknownMerge);
    }
    if let Some(other) = survivor.merged_into {
        return Err(ComplaintError::Merged { survivor: other }.into());
    }
    if duplicate.merged_into.is_some() {
        return Err(MergeError::MergedElsewhere);
    }
    if survivor.intake.utility != duplicate.intake.utility {
        return Err(MergeError::OtherUtility);
    }
    let taken = take_over(&survivor.intake, &duplicate.intake, new.fields);
    let before = intake_json(&survivor.intake);
    let after = intake_json(&taken);
    let fields: BTreeMap<&str, [Option<String>; 2]> = new
        .fields
        .iter()
        .map(|field| field.as_str())
        .filter(|field| before[field] != after[field])
        .map(|field| (field, [before[field].clone(), after[field].clone()]))
        .collect();
    let survivor = correct(tx, survivor, taken, by).await?;
    put_under(tx, &survivor, duplicate.clone(), by).await?;
    let row = Merge {
        merge_id: new.id.to_string(),
        survivor: survivor.id.to_string(),
        duplicate: duplicate.id.to_string(),
        reason: new.reason.to_owned(),
        fields_json: json!(fields).to_string(),
        merged_by: by.person.to_string(),
        merged_at_ms: by.at.unix_ms(),
        undone_by: None,
        undone_at_ms: None,
        undo_reason: None,
    };
    insert(tx, &row).await?;
    let facts = json!({ "merge": new.id, "duplicate": duplicate.id, "survivor": survivor.id, "fields": fields.keys().collect::<Vec<_>>() });
    for id in [survivor.id, duplicate.id] {
        let event = by.event(EventKind::Merged).reason(new.reason).detail(facts.clone());
        history::add(tx, id, &event).await?;
    }
    let detail = named(&survivor).with("duplicate", duplicate.id);
    audit::append(tx, &by.entry(MERGED, detail).because(Some(new.reason))).await?;
    Ok(row)
}

/// Names the survivor in the duplicate, and lets the survivor's state follow the visits it gains.
async fn put_under(
    tx: &mut Tx,
    survivor: &Complaint,
    mut duplicate: Complaint,
    by: Actor,
) -> Result<(), MergeError> {
    let had_visits = !matches!(duplicate.state, State::Received | State::Accepted | State::Withdrawn);
    duplicate.merged_into = Some(survivor.id);
    write(tx, &mut duplicate).await?;
    deadlines::watch(tx, &duplicate, by.at).await?;
    for record in complaints::family(tx, survivor.id).await? {
        refresh_cards(tx, record).await?;
    }
    if had_visits && matches!(survivor.state, State::Received | State::Accepted | State::Reopened) {
        let event = by.event(EventKind::StateChanged);
        step(tx, survivor.clone(), Act::Assign, event, by).await?;
    }
    Ok(())
}

/// Takes a merge apart: the duplicate stands for itself again, and the survivor gives back the fields that nobody has
/// corrected since. Undoing it again changes nothing.
pub(super) async fn undo(tx: &mut Tx, id: EntryId, reason: &str, by: Actor) -> Result<Merge, MergeError> {
    let merge = find(tx, id).await?.ok_or(MergeError::UnknownMerge)?;
    if merge.undone_at_ms.is_some() {
        return Ok(merge);
    }
    let survivor = record(tx, &merge, &merge.survivor).await?;
    let mut duplicate = record(tx, &merge, &merge.duplicate).await?;
    if duplicate.merged_into != Some(survivor.id) {
        return Err(MergeError::UnknownMerge);
    }
    duplicate.merged_into = None;
    write(tx, &mut duplicate).await?;
    deadlines::watch(tx, &duplicate, by.at).await?;
    let fields: BTreeMap<String, [Option<String>; 2]> = serde_json::from_str(&merge.fields_json)
        .map_err(|_| StoreError::impossible("complaint_merges", "fields_json", merge.merge_id.as_str()))?;
    let given_back = give_back(&survivor.intake, &fields);
    let survivor = correct(tx, survivor, given_back, by).await?;
    for record in [survivor.id, duplicate.id] {
        for member in complaints::family(tx, record).await? {
            refresh_cards(tx, member).await?;
        }
        let facts = json!({ "merge": id, "survivor": survivor.id, "duplicate": duplicate.id });
        let event = by.event(EventKind::MergeUndone).reason(reason).detail(facts);
        history::add(tx, record, &event).await?;
    }
    mark_undone(tx, id, reason, by).await?;
    let detail = named(&survivor).with("duplicate", duplicate.id);
    audit::append(tx, &by.entry(MERGE_UNDONE, detail).because(Some(reason))).await?;
    Ok(find(tx, id).await?.unwrap_or(merge))
}

async fn record(tx: &mut Tx, merge: &Merge, id: &str) -> Result<Complaint, MergeError> {
    let id = StoreError::parse_column("complaint_merges", "survivor", &merge.merge_id, id)?;
    complaints::find(tx, id).await?.ok_or(MergeError::UnknownMerge)
}

/// The survivor's fields with the chosen ones of the duplicate.
fn take_over(survivor: &Intake, duplicate: &Intake, fields: &[MergeField]) -> Intake {
    let mut taken = survivor.clone();
    let other = duplicate.clone();
    for field in fields {
        match field {
            MergeField::Category => taken.category.clone_from(&other.category),
            MergeField::Priority => taken.priority = other.priority,
            MergeField::Summary => taken.summary.clone_from(&other.summary),
            MergeField::RemedySought => taken.remedy_sought.clone_from(&other.remedy_sought),
            MergeField::CustomerNumber => taken.customer.number.clone_from(&other.customer.number),
            MergeField::CustomerName => taken.customer.name.clone_from(&other.customer.name),
            MergeField::CustomerPhone => taken.customer.phone.clone_from(&other.customer.phone),
            MergeField::Address => taken.address.clone_from(&other.address),
            MergeField::Position => taken.position.clone_from(&other.position),
            MergeField::Meter => taken.meter.clone_from(&other.meter),
        }
    }
    taken
}

/// The survivor's fields without what it took over, as far as they are still as they were taken.
fn give_back(present: &Intake, fields: &BTreeMap<String, [Option<String>; 2]>) -> Intake {
    let now = intake_json(present);
    let mut values = now.clone();
    for (field, [before, taken]) in fields {
        if now.get(field.as_str()) == Some(taken) {
            values.insert(words_of(field), before.clone());
        }
    }
    from_json(present, &values)
}

/// The field's own spelling of a stored name; unknown names stand for nothing.
fn words_of(field: &str) -> &'static str {
    MergeField::ALL.iter().map(|known| known.as_str()).find(|known| *known == field).unwrap_or("")
}

/// Every field that can be merged as people read it; empty where there is none.
pub(super) fn shown(intake: &Intake) -> Vec<(MergeField, String)> {
    let text = |field: MergeField| match field {
        MergeField::Position => intake.position.as_ref().map(|(north, east)| format!("{north}, {east}")),
        MergeField::Meter => intake.meter.as_ref().map(|meter| meter.number.clone()),
        _ => intake_json(intake).remove(field.as_str()).flatten(),
    };
    MergeField::ALL.iter().map(|field| (*field, text(*field).unwrap_or_default())).collect()
}

/// Every field that can be merged as text.
fn intake_json(intake: &Intake) -> BTreeMap<&'static str, Option<String>> {
    let position = intake.position.as_ref().map(|pair| json!(pair).to_string());
    let meter = intake.meter.as_ref().map(|meter| json!(meter).to_string());
    BTreeMap::from([
        ("category", Some(intake.category.clone())),
        ("priority", Some(intake.priority.to_string())),
        ("summary", Some(intake.summary.clone())),
        ("remedy_sought", intake.remedy_sought.clone()),
        ("customer_number", intake.customer.number.clone()),
        ("customer_name", intake.customer.name.clone()),
        ("customer_phone", intake.customer.phone.clone()),
        ("address", Some(intake.address.clone())),
        ("position", position),
        ("meter", meter),
    ])
}

fn from_json(present: &Intake, values: &BTreeMap<&'static str, Option<String>>) -> Intake {
    let get = |field: &str| values.get(field).cloned().flatten();
    let mut intake = present.clone();
    intake.category = get("category").unwrap_or(intake.category);
    intake.priority = get("priority").and_then(|word| word.parse().ok()).unwrap_or(intake.priority);
    intake.summary = get("summary").unwrap_or(intake.summary);
    intake.remedy_sought = get("remedy_sought");
    intake.customer.number = get("customer_number");
    intake.customer.name = get("customer_name");
    intake.customer.phone = get("customer_phone");
    intake.address = get("address").unwrap_or(intake.address);
    intake.position = get("position").and_then(|json| serde_json::from_str(&json).ok());
    intake.meter = get("meter").and_then(|json| serde_json::from_str(&json).ok());
    intake
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT merge_id, survivor, duplicate, reason, fields_json, merged_by, merged_at_ms, undone_by, \
             undone_at_ms, undo_reason FROM complaint_merges WHERE ",
            $condition
        )
    };
}

/// The merge with this id.
pub(super) async fn find(tx: &mut Tx, id: EntryId) -> Result<Option<Merge>, StoreError> {
    const SQL: &str = select!("merge_id = $1");
    statement(SQL).bind(id.to_string()).row_if_any(tx).await
}

/// The newest merge of a duplicate that stands.
async fn newest_of(tx: &mut Tx, duplicate: ComplaintId) -> Result<Option<Merge>, StoreError> {
    const SQL: &str = select!("duplicate = $1 AND undone_at_ms IS NULL ORDER BY merged_at_ms DESC LIMIT 1");
    statement(SQL).bind(duplicate.to_string()).row_if_any(tx).await
}

/// Every merge into or of a complaint, oldest first.
pub(super) async fn list(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Merge>, StoreError> {
    const SQL: &str = select!("survivor = $1 OR duplicate = $1 ORDER BY merged_at_ms, merge_id");
    statement(SQL).bind(complaint.to_string()).rows(tx).await
}

async fn insert(tx: &mut Tx, row: &Merge) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaint_merges (merge_id, survivor, duplicate, reason, fields_json, merged_by, \
        merged_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    statement(SQL)
        .bind(&row.merge_id)
        .bind(&row.survivor)
        .bind(&row.duplicate)
        .bind(&row.reason)
        .bind(&row.fields_json)
        .bind(&row.merged_by)
        .bind(row.merged_at_ms)
        .execute(tx)
        .await?;
    Ok(())
}

async fn mark_undone(tx: &mut Tx, id: EntryId, reason: &str, by: Actor) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE complaint_merges SET undone_by = $2, undone_at_ms = $3, undo_reason = $4 \
        WHERE merge_id = $1 AND undone_at_ms IS NULL";
    statement(SQL)
        .bind(id.to_string())
        .bind(by.person.to_string())
        .bind(by.at.unix_ms())
        .bind(reason)
        .execute(tx)
        .await?;
    Ok(())
}
