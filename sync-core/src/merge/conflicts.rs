//! Which paths hold values that differ, found from what the accepted operations wrote or
//! overwrote and from the paths on which a conflict is open.

use super::job::{ConflictKind, Overwrite, PathConflict};
use super::ledger::{Ledger, is_text};
use super::policy::Record;
use crate::document::{
    Container, Place, Resolution, Scalar, SharedValue, UNDONE, Undone, VisitDocument, VisitView, Written,
    kept_by, written_at,
};
use automerge::{ObjId, ReadDoc};
use std::collections::{BTreeMap, BTreeSet};

/// The paths of a merged document that hold values that differ, those that did before this job, and those that the
/// office decided about in it.
pub(super) fn list(
    document: &VisitDocument,
    view: &VisitView,
    ledger: &mut Ledger<'_>,
    records: &[&Record],
    open_paths: &[String],
) -> Vec<PathConflict> {
    let written = records.iter().flat_map(|record| &record.writes).map(|write| write.path.as_str());
    let fresh = records.iter().flat_map(|record| &record.resolutions);
    let fresh: Vec<_> = fresh.filter_map(|id| Some((*id, &view.resolutions.get(id)?.content))).collect();
    let decided = fresh.iter().map(|(_, resolution)| resolution.path.as_str());
    let wanted: BTreeSet<&str> = decided.chain(open_paths.iter().map(String::as_str)).collect();
    let candidates: BTreeSet<&str> = written.chain(wanted.iter().copied()).collect();
    let undone_by = |path: &str| {
        let undoing =
            |(_, resolution): &&(_, &Resolution)| resolution.path == path && resolution.choice == UNDONE;
        fresh.iter().find(undoing).map(|(id, _)| *id)
    };
    let mut conflicts = Vec::new();
    for path in candidates {
        let Some(values) = values_at(document, view, path) else { continue };
        if values.len() < 2 && !wanted.contains(path) {
            continue;
        }
        conflicts.push(PathConflict {
            path: path.to_owned(),
            kind: ConflictKind::Values,
            kept_by: kept_by(&view.resolutions, path, &values),
            overwritten_by: overwrites(ledger, records, path),
            undone_by: undone_by(path),
            values,
        });
    }
    for text in [Container::CauseText, Container::Note] {
        let open = open_paths.iter().any(|path| path == text.path());
        let undone_by = undone_by(text.path());
        let found = merged_text(document, ledger, records, text, open);
        let nothing = || undone_by.map(|_| PathConflict::of_text(text.path()));
        conflicts.extend(found.or_else(nothing).map(|found| PathConflict { undone_by, ..found }));
    }
    conflicts
}

/// Every value of a path; `None` when it is no place of single values. Values of shared places
/// are in the view already, each key asked for with all that stands there.
fn values_at(document: &VisitDocument, view: &VisitView, path: &str) -> Option<Vec<Written>> {
    let of = |values: &BTreeMap<String, SharedValue>, key: &str| {
        values.get(key).map_or_else(Vec::new, |shared| shared.values.clone())
    };
    match Place::parse(path)? {
        Place::Shared(Container::Answers, key) => Some(of(&view.answers, key)),
        Place::Shared(Container::SealStates, key) => Some(of(&view.seal_states, key)),
        Place::Shared(_, key) => Some(of(&view.proposal, key)),
        Place::Field(container, entry, field) => {
            let am = document.automerge();
            let (_, object) = am.get(container.object(), entry).ok()??;
            let undone = Undone::of(&view.resolutions).values(document, &object, field, path);
            matches!(object, ObjId::Id(..)).then(|| undone.unwrap_or_else(|| written_at(am, &object, field)))
        }
        Place::Text(_) => None,
    }
}

fn overwrites(ledger: &Ledger<'_>, records: &[&Record], path: &str) -> Vec<Overwrite> {
    let writes = records.iter().flat_map(|record| &record.writes);
    writes
        .filter(|write| write.path == path && !write.replaced.is_empty())
        .map(|write| {
            let node = ledger.history.node(write.change);
            Overwrite { change: node.hash, actor: node.actor, replaced: write.replaced.clone() }
        })
        .collect()
}

/// The versions of a text that several authors wrote without knowing of one another.
///
/// With an open item and no new concurrent version, the text as it is now: its writers had
/// seen all versions.
fn merged_text(
    document: &VisitDocument,
    ledger: &mut Ledger<'_>,
    records: &[&Record],
    text: Container,
    open: bool,
) -> Option<PathConflict> {
    let writers: BTreeSet<usize> = records
        .iter()
        .flat_map(|record| &record.texts)
        .filter(|(container, _)| *container == text)
        .map(|(_, change)| *change)
        .collect();
    let last = *writers.last()?;
    let mut versions = concurrent_writers(ledger, &writers, text);
    if versions.is_empty() && open {
        versions.insert(last);
    }
    let values: Vec<Written> = tips(ledger, &versions)
        .into_iter()
        .map(|change| {
            let node = ledger.history.node(change);
            let version = document.automerge().text_at(text.object(), &[node.hash.into()]);
            let value = Scalar::Text(version.unwrap_or_default());
            Written { value, change: node.hash, actor: node.actor }
        })
        .collect();
    let overwritten_by = writers
        .iter()
        .map(|change| ledger.history.node(*change))
        .map(|node| Overwrite { change: node.hash, actor: node.actor, replaced: Vec::new() })
        .collect();
    (!values.is_empty()).then(|| PathConflict {
        values,
        overwritten_by,
        ..PathConflict::of_text(text.path())
    })
}

/// Every change that wrote the text and one that did so without either knowing of the other.
fn concurrent_writers(
    ledger: &mut Ledger<'_>,
    writers: &BTreeSet<usize>,
    text: Container,
) -> BTreeSet<usize> {
    let mut concurrent = BTreeSet::new();
    for &writer in writers {
        let unseen: Vec<usize> = match ledger.history.base_seen_by(writer) {
            None => Vec::new(),
            Some(_) => {
                let base = ledger.history.base_nodes().map(|(index, _)| index);
                base.filter(|index| !ledger.history.has_seen(writer, *index)).collect()
            }
        };
        let wrote = |ledger: &mut Ledger<'_>, index| {
            ledger.base_ops_of(index).iter().any(|op| is_text(&op.obj, text))
        };
        let in_base: Vec<usize> = unseen.into_iter().filter(|index| wrote(ledger, *index)).collect();
        let in_job = writers.iter().copied().filter(|other| {
            !ledger.history.has_seen(writer, *other) && !ledger.history.has_seen(*other, writer)
        });
        let others: Vec<usize> = in_base.into_iter().chain(in_job).collect();
        if !others.is_empty() {
            concurrent.insert(writer);
            concurrent.extend(others);
        }
    }
    concurrent
}

/// The last change of each actor, without those that another one had seen.
fn tips(ledger: &Ledger<'_>, changes: &BTreeSet<usize>) -> Vec<usize> {
    let mut last = BTreeMap::new();
    for &change in changes {
        let node = ledger.history.node(change);
        let tip = last.entry(node.actor).or_insert(change);
        if ledger.history.node(*tip).seq < node.seq {
            *tip = change;
        }
    }
    let tips: Vec<usize> = last.into_values().collect();
    let superseded =
        |tip: &usize| tips.iter().any(|other| other != tip && ledger.history.has_seen(*other, *tip));
    tips.iter().filter(|tip| !superseded(tip)).copied().collect()
}
