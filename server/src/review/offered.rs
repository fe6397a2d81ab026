//! What visits recorded, offered as evidence: for a verdict, or for what a discipline found.

use super::api::EvidenceRef;
use crate::app::App;
use crate::complaints::pages::person_name;
use crate::complaints::phrases::Phrases;
use crate::complaints::{Names, family};
use crate::evidence::photos_of;
use crate::problem::Problem;
use crate::store::{StoreError, Tx};
use crate::work_orders::{VisitRecord, visit_records};
use std::collections::BTreeMap;
use sync_core::ids::ComplaintId;

/// Pieces of evidence that are offered of one visit.
const EVIDENCE_OFFERED: usize = 200;

/// A visit with what may be named: key and words.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) id: String,
    pub(crate) number: usize,
    pub(crate) state: String,
    pub(crate) items: Vec<Item>,
}

/// Something that may be named.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) key: String,
    pub(crate) words: String,
    /// Who recorded it and when; empty for kinds of entries.
    pub(crate) who: String,
    /// Address and small picture of a photo.
    pub(crate) photo: Option<(String, Option<String>)>,
}

/// What the visits of a complaint and of the records merged into it recorded, as it may be named.
pub(crate) async fn evidence_offered(
    app: &App,
    tx: &mut Tx,
    phrases: &Phrases,
    complaint: ComplaintId,
) -> Result<Vec<Offered>, StoreError> {
    let records = records(tx, complaint).await?;
    offered(app, tx, phrases, &records).await
}

/// The same of visits that were read already.
pub(super) async fn offered(
    app: &App,
    tx: &mut Tx,
    phrases: &Phrases,
    records: &[VisitRecord],
) -> Result<Vec<Offered>, StoreError> {
    let mut thumbnails = BTreeMap::new();
    for record in records {
        let photos = photos_of(app, tx, record.visit.visit_id).await?.photos;
        thumbnails
            .extend(photos.into_iter().map(|photo| (photo.sha256.to_string(), photo.preview.thumbnail)));
    }
    let visits = records.iter().enumerate();
    Ok(visits.map(|(place, record)| evidence_of(phrases, place + 1, record, &thumbnails)).collect())
}

/// The visits of a complaint and of the records merged into it.
pub(super) async fn records(tx: &mut Tx, id: ComplaintId) -> Result<Vec<VisitRecord>, StoreError> {
    let (mut names, mut records) = (Names::default(), Vec::new());
    for record in family(tx, id).await? {
        records.extend(visit_records(tx, &mut names, record).await?);
    }
    Ok(records)
}

/// Entries as forms name them: `<visit>/<entry>`.
pub(crate) fn evidence_keys(named: &[EvidenceRef]) -> Vec<String> {
    named.iter().map(|one| format!("{}/{}", one.visit_id, one.entry_id)).collect()
}

/// What a form names.
pub(crate) fn evidence_refs(keys: &[String]) -> Result<Vec<EvidenceRef>, Problem> {
    let parsed = |key: &String| {
        let (visit, entry) = key.split_once('/')?;
        Some(EvidenceRef { visit_id: visit.parse().ok()?, entry_id: entry.parse().ok()? })
    };
    let invalid = || Problem::invalid_field("/evidence", "entries of visits of this complaint");
    keys.iter().map(|key| parsed(key).ok_or_else(invalid)).collect()
}

fn evidence_of(
    phrases: &Phrases,
    number: usize,
    record: &VisitRecord,
    thumbnails: &BTreeMap<String, Option<String>>,
) -> Offered {
    let visit = record.visit.visit_id;
    let standing = record.entries.iter().filter(|entry| {
        entry.stands && !entry.container.starts_with("office") && entry.container != "progress"
    });
    let item = |entry: &crate::work_orders::EntryBody| {
        let words = crate::complaints::pages::entry_words(phrases, record, entry);
        let photo = entry.content["sha256"].as_str().filter(|_| entry.container == "photos");
        Item {
            key: format!("{visit}/{}", entry.entry_id),
            words: format!("{} · {words}", phrases.path(entry.container)),
            who: authors(phrases, entry),
            photo: photo.map(|hash| (format!("/photos/{hash}"), thumbnails.get(hash).cloned().flatten())),
        }
    };
    Offered {
        id: visit.to_string(),
        number,
        state: phrases.w.code("visit-state", record.visit.state),
        items: standing.take(EVIDENCE_OFFERED).map(item).collect(),
    }
}

/// Who recorded an entry, and everybody whose later words are shown in it.
fn authors(phrases: &Phrases, entry: &crate::work_orders::EntryBody) -> String {
    let w = phrases.w;
    let mut said = vec![format!("{} · {}", person_name(w, &entry.by), w.time(entry.at_ms))];
    for origin in entry.edits.iter().filter_map(|edit| edit.origin.as_ref()) {
        let edit = w.ab("record-edited-by", person_name(w, &origin.person), w.time(origin.claimed_at_ms));
        if !said.contains(&edit) {
            said.push(edit);
        }
    }
    said.join(" · ")
}
