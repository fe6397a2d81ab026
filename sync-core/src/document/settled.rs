//! What was settled in the field: read from the document alone, so that a device that first gets it afterwards knows
//! what every other one knows.

use super::VisitDocument;
use super::paths::Container;
use super::undone::UNDONE;
use super::view::{SharedValue, VisitView, Written};
use crate::ids::ChangeHash;
use std::collections::{BTreeMap, BTreeSet};

/// Writes of one place that are looked at, the newest first: nobody settles one place this often.
const WRITES_MAX: usize = 64;

impl VisitDocument {
    /// The places at which somebody in the field wrote over values that differed, having seen them, and about which
    /// no decision of the office stands that knew of it. `view` is that of this document. Places that are in conflict
    /// now are left out.
    pub fn settled_in_field(&self, view: &VisitView) -> BTreeSet<String> {
        let places = writers(view).into_iter().filter(|(path, _)| !view.conflicts.contains_key(path));
        places.filter(|(path, now)| self.is_settled(view, path, now)).map(|(path, _)| path).collect()
    }

    /// Whether one of the writes at a place, beginning with those that stand `now`, settled something.
    fn is_settled(&self, view: &VisitView, path: &str, now: &[ChangeHash]) -> bool {
        let about = || view.resolutions.values().filter(|entry| entry.content.path == path);
        let of_office: BTreeSet<ChangeHash> = about().map(|entry| entry.meta.change).collect();
        let undone: BTreeSet<ChangeHash> =
            about().filter(|entry| !entry.stands()).map(|entry| entry.meta.change).collect();
        let decided_since = |change: &ChangeHash| {
            let mut standing = about().filter(|entry| entry.stands() && entry.content.choice != UNDONE);
            standing.any(|entry| self.knew_of(&entry.meta.change, change))
        };
        let before = now.iter().flat_map(|change| self.writes_before(path, change, WRITES_MAX));
        let mut changes: BTreeSet<ChangeHash> = before.map(|written| written.change).collect();
        changes.extend(now);
        let mut of_field = changes.difference(&of_office);
        of_field.any(|change| differ(&self.seen_by(path, change, &undone)) && !decided_since(change))
    }

    /// What stood at a place for the author of a change, with what `undone` decisions had been about in their place.
    fn seen_by(&self, path: &str, change: &ChangeHash, undone: &BTreeSet<ChangeHash>) -> Vec<Written> {
        let (mut values, mut open) = (Vec::new(), vec![*change]);
        let mut looked_behind = BTreeSet::new();
        while let Some(change) = open.pop() {
            for written in self.values_before(path, &change) {
                match undone.contains(&written.change) {
                    false => values.push(written),
                    true if looked_behind.insert(written.change) => open.push(written.change),
                    true => {}
                }
            }
        }
        values
    }
}

/// Every place that holds a single value, with the changes that wrote what stands there.
fn writers(view: &VisitView) -> Vec<(String, Vec<ChangeHash>)> {
    let shared = |container: Container, values: &BTreeMap<String, SharedValue>| -> Vec<_> {
        let changes = |value: &SharedValue| value.values.iter().map(|written| written.change).collect();
        values.iter().map(|(key, value)| (format!("{}/{key}", container.path()), changes(value))).collect()
    };
    let mut places = shared(Container::Answers, &view.answers);
    places.extend(shared(Container::SealStates, &view.seal_states));
    places.extend(shared(Container::Proposal, &view.proposal));
    for (id, finding) in &view.findings {
        let path = |field: &str| format!("{}/{id}/{field}", Container::Findings.path());
        places.extend(finding.meta.edited.iter().map(|edited| (path(&edited.field), vec![edited.change])));
    }
    places
}

fn differ(values: &[Written]) -> bool {
    values.iter().any(|written| written.value != values[0].value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ActorId16, Chunk, Edit, EditAuthor, Resolution, Role, Scalar};
    use crate::ids::{DeviceId, EntryId, PersonId, VisitId};
    use crate::time::Timestamp;

    const VISIT: VisitId = VisitId::from_bytes([7; 16]);
    const PATH: &str = "answers/load";

    fn author(n: u8, role: Role) -> EditAuthor {
        let actor = match role {
            Role::Field => ActorId16::of_device(DeviceId::from_bytes([n; 16]), VISIT, 0),
            Role::Office => ActorId16::of_office(1, VISIT),
        };
        EditAuthor { actor, person: PersonId::from_bytes([n; 16]), at: Timestamp::from_unix_ms(1), role }
    }

    fn write(document: &mut VisitDocument, n: u8, role: Role, act: impl FnOnce(&mut Edit<'_>)) -> Chunk {
        let mut edit = document.edit(author(n, role));
        act(&mut edit);
        edit.commit().expect("the act changes something")
    }

    fn answer(document: &mut VisitDocument, n: u8, value: &str) -> Chunk {
        write(document, n, Role::Field, |edit| edit.answer("load", value).unwrap())
    }

    /// Two values beside one another, in the document of the first author.
    fn in_conflict(one: &str, other: &str) -> VisitDocument {
        let (mut ours, mut theirs) = (VisitDocument::birth(VISIT), VisitDocument::birth(VISIT));
        answer(&mut ours, 1, one);
        ours.apply(&[answer(&mut theirs, 2, other).bytes]).unwrap();
        ours
    }

    fn decide(document: &mut VisitDocument, id: u8, choice: &str, value: Option<&str>) {
        let resolution =
            Resolution { path: PATH.into(), choice: choice.into(), reason: "x".into(), kept: None };
        let value = value.map(|value| Scalar::Text(value.into()));
        write(document, 9, Role::Office, |edit| {
            edit.resolve(EntryId::from_bytes([id; 16]), &resolution, value).unwrap();
        });
    }

    fn settled(document: &VisitDocument) -> Vec<String> {
        // As a device reads it that never saw anything before.
        let document = VisitDocument::load(&document.save()).unwrap();
        document.settled_in_field(&document.view()).into_iter().collect()
    }

    #[test]
    fn whoever_gets_the_visit_afterwards_knows_what_was_settled() {
        let mut document = in_conflict("idle", "normal");
        assert!(settled(&document).is_empty(), "it is open");
        answer(&mut document, 1, "high");
        assert_eq!(settled(&document), [PATH]);
        answer(&mut document, 1, "idle");
        assert_eq!(settled(&document), [PATH], "written again since");
        decide(&mut document, 1, "written", Some("normal"));
        assert!(settled(&document).is_empty(), "the office decided");
        decide(&mut document, 2, UNDONE, None);
        assert_eq!(settled(&document), [PATH], "and took it back");
    }

    #[test]
    fn nothing_was_settled_where_nothing_differed_or_the_office_did_it() {
        let mut document = in_conflict("idle", "idle");
        answer(&mut document, 1, "high");
        assert!(settled(&document).is_empty());
        let mut document = in_conflict("idle", "normal");
        decide(&mut document, 1, "written", Some("normal"));
        answer(&mut document, 1, "high");
        assert!(settled(&document).is_empty());
    }

    #[test]
    fn what_stood_beside_one_another_again_may_be_settled_in_the_field() {
        let mut document = in_conflict("idle", "normal");
        decide(&mut document, 1, "written", Some("normal"));
        decide(&mut document, 2, UNDONE, None);
        assert!(settled(&document).is_empty(), "it is open again");
        answer(&mut document, 1, "high");
        assert_eq!(settled(&document), [PATH]);
    }
}
