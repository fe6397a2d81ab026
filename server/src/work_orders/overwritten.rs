//! What an act wrote into a visit and what does not stand any more: the document forgets nothing, so every act can be
//! told in its own words.

use super::entries::{self, OriginBody};
use crate::complaints::Names;
use crate::exchange::visits;
use crate::review::Origins;
use crate::store::{StoreError, Tx};
use std::collections::BTreeSet;
use sync_core::document::{Scalar, VisitDocument, VisitView, Written};
use sync_core::ids::{ChangeHash, VisitId};

/// Earlier values of one place that are looked for.
const EARLIER_MAX: usize = 50;

/// Acts on shared texts that are told, the newest.
const TEXTS_MAX: usize = 100;
/// Texts that several people write together.
const TEXTS: [&str; 2] = ["note", "cause_text"];

/// A value that is not shown any more, or what an act added to a shared text.
#[derive(Debug)]
pub(crate) struct Overwritten {
    /// Where it was written, for example `answers/meter-accuracy.seal`.
    pub(crate) path: String,
    pub(crate) value: Scalar,
    /// Who wrote it.
    pub(crate) origin: OriginBody,
    /// Who wrote another value over it; none for a value beside the one that is shown.
    pub(crate) later: Option<OriginBody>,
}

/// The document of a visit, if anything in it can be told by looking back.
pub(super) async fn document(
    tx: &mut Tx,
    visit: VisitId,
    view: Option<&VisitView>,
    origins: &Origins,
) -> Result<Option<VisitDocument>, StoreError> {
    let has_text = |view: &VisitView| !view.note.is_empty() || !view.cause_text.is_empty();
    if !view.is_some_and(|view| has_text(view) || origins.by_envelope().len() > 1) {
        return Ok(None);
    }
    let Some(stored) = visits::find(tx, visit).await? else { return Ok(None) };
    let loaded = VisitDocument::load(&stored.saved);
    loaded.map(Some).map_err(|_| StoreError::impossible("visit_documents", "saved", visit))
}

/// Everything of a visit that was written over, place by place.
pub(super) async fn of_visit(
    tx: &mut Tx,
    names: &mut Names,
    document: &VisitDocument,
    view: &VisitView,
    origins: &Origins,
) -> Result<Vec<Overwritten>, StoreError> {
    let mut found = Vec::new();
    for (path, standing) in standing(view) {
        let mut told = BTreeSet::new();
        for change in &standing {
            for (written, later) in earlier(document, &path, change) {
                if !told.insert(written.change) {
                    continue;
                }
                let Some(origin) = OriginBody::of_change(tx, names, origins, &written.change).await? else {
                    continue;
                };
                let is_new = document.value_as_of(&path, &[later]).as_ref() != Some(&written.value);
                let later = match is_new {
                    true => OriginBody::of_change(tx, names, origins, &later).await?,
                    false => None,
                };
                found.push(Overwritten { path: path.clone(), value: written.value, origin, later });
            }
        }
    }
    for (path, rivals) in view.conflicts.iter().filter(|(path, _)| entries::is_entry_field(path)) {
        for rival in rivals.iter().rev().skip(1) {
            if let Some(origin) = OriginBody::of_change(tx, names, origins, &rival.change).await? {
                let (path, value) = (path.clone(), rival.value.clone());
                found.push(Overwritten { path, value, origin, later: None });
            }
        }
    }
    Ok(found)
}

/// What these acts wrote into the texts that several people share.
pub(super) fn texts(document: &VisitDocument, origins: &Origins, acts: Vec<OriginBody>) -> Vec<Overwritten> {
    let mut found = Vec::new();
    for origin in acts.into_iter().rev().take(TEXTS_MAX) {
        let changes: Vec<ChangeHash> = origins.changes_at(origin.log_index).collect();
        for path in TEXTS {
            let added = added(document, path, &changes);
            let of_act =
                |value| Overwritten { path: path.to_owned(), value, origin: origin.clone(), later: None };
            found.extend(added.map(of_act));
        }
    }
    found
}

/// What changes added to a text, the whole of it where they wrote elsewhere than at its end; `None` when they left it.
fn added(document: &VisitDocument, path: &str, changes: &[ChangeHash]) -> Option<Scalar> {
    let known = changes.iter().filter_map(|change| document.change_info(change));
    let before: Vec<ChangeHash> =
        known.flat_map(|info| info.deps).filter(|dep| !changes.contains(dep)).collect();
    let text = |heads: &[ChangeHash]| document.value_as_of(path, heads)?.as_text().map(str::to_owned);
    let (before, after) = (text(&before)?, text(changes)?);
    if before == after {
        return None;
    }
    let added = after.strip_prefix(&before).unwrap_or(&after).trim();
    Some(if added.is_empty() { Scalar::Null } else { Scalar::from(added) })
}

/// Every place that may be written again, with the changes whose values stand there.
fn standing(view: &VisitView) -> Vec<(String, Vec<ChangeHash>)> {
    let containers =
        [("answers", &view.answers), ("seal_states", &view.seal_states), ("proposal", &view.proposal)];
    let mut places = Vec::new();
    for (container, values) in containers {
        places.extend(values.iter().map(|(key, shared)| {
            let changes = shared.values.iter().map(|written| written.change).collect();
            (format!("{container}/{key}"), changes)
        }));
    }
    places.extend(entries::edited(view).into_iter().map(|(path, change)| {
        let rivals = view.conflicts.get(&path).into_iter().flatten().map(|written| written.change);
        let changes = rivals.chain([change]).collect();
        (path, changes)
    }));
    places
}

/// What was written before a change at this place, newest first, each with the change that wrote over it.
fn earlier(document: &VisitDocument, path: &str, standing: &ChangeHash) -> Vec<(Written, ChangeHash)> {
    let mut newer = vec![*standing];
    let mut found = Vec::new();
    for written in document.writes_before(path, standing, EARLIER_MAX) {
        let over = newer.iter().rev().find(|newer| document.knew_of(newer, &written.change));
        let over = over.copied().unwrap_or(*standing);
        newer.push(written.change);
        found.push((written, over));
    }
    found
}
