//! Decisions that the office takes back: every reader finds the values they were about again.

use super::*;
use crate::document::{FindingEdit, Resolution, Scalar, UNDONE, Written};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A shared value and a field of an entry.
fn places() -> [String; 2] {
    ["answers/a".to_owned(), format!("findings/{}/text", entry(200))]
}

#[derive(Debug, Clone)]
enum Act {
    Write(u8),
    /// The device writes what it shows once more, to confirm it.
    Confirm,
    Send,
    Take,
    /// The office takes one of the values, all of them, or one of its own.
    Choose(u8),
    Keep,
    Dictate(u8),
    Undo,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..4_u8).prop_map(Act::Write),
        1 => Just(Act::Confirm),
        4 => Just(Act::Send),
        3 => Just(Act::Take),
        2 => any::<u8>().prop_map(Act::Choose),
        1 => Just(Act::Keep),
        1 => (0..4_u8).prop_map(Act::Dictate),
        3 => Just(Act::Undo),
    ]
}

/// A naive list of who wrote what, against which documents are compared.
struct Office {
    path: String,
    devices: Vec<VisitDocument>,
    made: Vec<Vec<Chunk>>,
    server: VisitDocument,
    is_open: bool,
    writes: Vec<(ChangeHash, Scalar)>,
    decisions: Vec<(ChangeHash, Option<BTreeSet<ChangeHash>>)>,
    undoings: Vec<ChangeHash>,
    minted: u8,
}

impl Office {
    fn new(path: &str) -> Self {
        let mut server = VisitDocument::birth(VISIT);
        let mint = commit(&mut server, 1, |edit| edit.add_finding(entry(200), &finding("first")).unwrap());
        let mut office = Self {
            path: path.to_owned(),
            devices: vec![server.clone(); 3],
            made: vec![Vec::new(); 3],
            server,
            is_open: false,
            writes: Vec::new(),
            decisions: Vec::new(),
            undoings: Vec::new(),
            minted: 0,
        };
        if !path.starts_with("answers") {
            office.writes.push((mint.hash, "first".into()));
        }
        office
    }

    fn step(&mut self, n: usize, act: &Act) {
        let standing = self.standing(&self.server);
        match act {
            Act::Write(value) => self.record(n, format!("v{value}").into()),
            Act::Confirm => {
                if let Some(shown) = shown(&self.devices[n], &self.path) {
                    self.record(n, shown);
                }
            }
            Act::Send => self.send(n),
            Act::Take => {
                let lacking = self.server.changes_since(&self.devices[n].heads());
                let bytes: Vec<Vec<u8>> = lacking.into_iter().map(|chunk| chunk.bytes).collect();
                self.devices[n].apply(&bytes).unwrap();
            }
            Act::Choose(which) if self.is_open => {
                let (change, value) = &standing[usize::from(*which) % standing.len()];
                self.decide("chosen", Some(value.clone()), Some(BTreeSet::from([*change])));
            }
            Act::Keep if self.is_open => {
                let all = standing.iter().map(|(change, _)| *change).collect();
                self.decide("both", None, Some(all));
            }
            Act::Dictate(value) if self.is_open => {
                self.decide("written", Some(format!("v{value}").into()), None);
            }
            Act::Undo if !self.decisions.is_empty() => self.decide(UNDONE, None, None),
            _ => {}
        }
        for document in self.devices.iter().chain([&self.server]) {
            self.check(document);
        }
    }

    fn record(&mut self, n: usize, value: Scalar) {
        let mut edit = self.devices[n].edit(by(device(u8::try_from(n).unwrap() + 1), person(1), 5));
        edit.confirming();
        match self.path.strip_prefix("answers/") {
            Some(code) => edit.answer(code, value.clone()).unwrap(),
            None => {
                let text = value.as_text().map(str::to_owned);
                edit.edit_finding(entry(200), &FindingEdit { text, ..FindingEdit::default() }).unwrap();
            }
        }
        let chunk = edit.commit().expect("a confirming edit always writes");
        self.writes.push((chunk.hash, value));
        self.made[n].push(chunk);
    }

    fn send(&mut self, n: usize) {
        let lacking: Vec<Chunk> =
            self.made[n].iter().filter(|chunk| !self.server.contains(&chunk.hash)).cloned().collect();
        let bytes: Vec<&[u8]> = lacking.iter().map(|chunk| chunk.bytes.as_slice()).collect();
        if !bytes.is_empty() {
            let unit = unit(u8::try_from(n).unwrap() + 1, &bytes);
            self.judge(MergeUnit { person: person(1), ..unit });
        }
    }

    fn decide(&mut self, choice: &str, value: Option<Scalar>, kept: Option<BTreeSet<ChangeHash>>) {
        self.minted += 1;
        let strings =
            |kept: &BTreeSet<ChangeHash>| kept.iter().map(|c| (c.to_string(), String::new())).collect();
        let resolution = Resolution {
            path: self.path.clone(),
            choice: choice.to_owned(),
            reason: "seen".to_owned(),
            kept: kept.as_ref().map(strings),
        };
        let id = entry(self.minted);
        let chunk = commit_office(&mut self.server.clone(), |edit| {
            edit.resolve(id, &resolution, value.clone()).unwrap();
        });
        let hash = chunk.hash;
        match choice {
            UNDONE => self.undoings.push(hash),
            _ => self.decisions.push((hash, kept.filter(|_| choice == "both"))),
        }
        self.writes.extend(value.map(|value| (hash, value)));
        let found = self.judge(office_unit(&[&chunk.bytes])).expect("what is decided about is listed");
        assert_eq!(found.undone_by, (choice == UNDONE).then_some(id));
        assert!(choice == UNDONE || !found.is_open(), "a decision closes the conflict");
    }

    /// The server takes changes in, as after an exchange, and says what it found at the path.
    fn judge(&mut self, unit: MergeUnit) -> Option<PathConflict> {
        let mut job = job(Some(&self.server), vec![unit]);
        job.open_paths = self.is_open.then(|| self.path.clone()).into_iter().collect();
        let outcome = judge(&job, &Limits::default()).unwrap();
        assert!(is_accepted(&outcome.results[0].1), "{:?}", outcome.results);
        self.server = merged(&outcome);
        let found = outcome.conflicts.into_iter().find(|found| found.path == self.path);
        let standing = self.standing(&self.server);
        match &found {
            Some(found) => {
                let mut values: Vec<_> = found.values.iter().map(|w| (w.change, w.value.clone())).collect();
                values.sort_by_key(|(change, _)| *change);
                assert_eq!(values, standing);
            }
            None => assert!(!self.is_open && standing.len() < 2, "{standing:?} is not listed"),
        }
        self.is_open = found.as_ref().is_some_and(PathConflict::is_open);
        found
    }

    fn is_undone(&self, document: &VisitDocument, change: &ChangeHash) -> bool {
        let is_decision = self.decisions.iter().any(|(decision, _)| decision == change);
        is_decision && self.undoings.iter().any(|undoing| document.knew_of(undoing, change))
    }

    /// What stands in a document: every write that no other one had seen, undone decisions apart.
    fn standing(&self, document: &VisitDocument) -> Vec<(ChangeHash, Scalar)> {
        let counts = |change: &ChangeHash| document.contains(change) && !self.is_undone(document, change);
        let writes: Vec<_> = self.writes.iter().filter(|(change, _)| counts(change)).collect();
        let overwritten = |change: &ChangeHash| {
            writes.iter().any(|(other, _)| other != change && document.knew_of(other, change))
        };
        let mut standing: Vec<_> =
            writes.iter().filter(|(change, _)| !overwritten(change)).map(|write| (*write).clone()).collect();
        standing.sort_by_key(|(change, _)| *change);
        standing
    }

    fn check(&self, document: &VisitDocument) {
        let standing = self.standing(document);
        let differ = standing.iter().any(|(_, value)| *value != standing[0].1);
        let kept = self.decisions.iter().any(|(decision, kept)| {
            document.contains(decision)
                && !self.is_undone(document, decision)
                && kept.as_ref().is_some_and(|kept| standing.iter().all(|(change, _)| kept.contains(change)))
        });
        let view = document.view();
        let found: Option<&Vec<Written>> = view.conflicts.get(&self.path);
        assert_eq!(found.is_some(), differ && !kept);
        let Some(found) = found else { return };
        let mut values: Vec<_> = found.iter().map(|w| (w.change, w.value.clone())).collect();
        values.sort_by_key(|(change, _)| *change);
        assert_eq!(values, standing);
        assert_eq!(shown(document, &self.path), found.last().map(|written| written.value.clone()));
    }
}

/// What a document shows at the path.
fn shown(document: &VisitDocument, path: &str) -> Option<Scalar> {
    let view = document.view();
    match path.strip_prefix("answers/") {
        Some(code) => view.answers.get(code).map(|shared| shared.shown.clone()),
        None => view.findings.get(&entry(200)).map(|finding| finding.content.text.as_str().into()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_decided_and_undone_every_reader_finds_the_same_values(
        place in 0..2_usize,
        steps in proptest::collection::vec((0..3_usize, act()), 1..40)
    ) {
        let mut office = Office::new(&places()[place]);
        for (n, act) in &steps {
            office.step(*n, act);
        }
        for n in 0..3 {
            office.step(n, &Act::Send);
        }
        let view = office.server.view();
        for n in 0..3 {
            office.step(n, &Act::Take);
            prop_assert_eq!(&office.devices[n].view(), &view);
        }
    }
}

#[test]
fn an_undone_decision_leaves_the_two_values_it_was_about_and_another_one_can_be_made() {
    let mut office = Office::new("answers/a");
    office.record(0, "intact".into());
    office.record(1, "broken".into());
    office.send(0);
    office.send(1);
    let before = office.server.view().conflicts["answers/a"].clone();
    office.step(0, &Act::Choose(0));
    assert!(office.server.view().conflicts.is_empty());
    office.step(0, &Act::Undo);
    let view = office.server.view();
    assert_eq!(view.conflicts["answers/a"], before, "with the changes, so with author, time and photos");
    let decided: BTreeMap<_, _> =
        view.resolutions.values().map(|entry| (entry.content.choice.as_str(), entry.stands())).collect();
    assert_eq!(decided, BTreeMap::from([("chosen", false), (UNDONE, true)]));
    let decided = view.resolutions[&entry(1)].meta.change;
    let a_side = office.server.value_as_of("answers/a", &[before[0].change]).unwrap();
    assert_eq!(a_side, before[0].value);
    let chosen = office.server.value_as_of("answers/a", &[decided]).unwrap();
    assert!(before.iter().any(|written| written.value == chosen));
    let seen: Vec<_> =
        office.server.writes_before("answers/a", &decided, 10).iter().map(|w| w.change).collect();
    assert_eq!(seen, before.iter().rev().map(|written| written.change).collect::<Vec<_>>());
    // The value that the undone decision wrote can be decided on again, although it stands.
    office.step(0, &Act::Choose(0));
    assert!(office.server.view().conflicts.is_empty());
}

#[test]
fn the_note_of_a_visit_waits_again_when_its_decision_is_undone() {
    let mut office = VisitDocument::birth(VISIT);
    let resolve = |document: &mut VisitDocument, n: u8, choice: &str, value: Option<Scalar>| {
        let resolution =
            Resolution { path: "note".into(), choice: choice.into(), reason: "x".into(), kept: None };
        commit_office(document, |edit| edit.resolve(entry(n), &resolution, value).unwrap())
    };
    let decided = resolve(&mut office, 1, "written", Some("seal broken".into()));
    let undone = resolve(&mut office, 2, UNDONE, None);
    let outcome = run(None, vec![office_unit(&[&decided.bytes, &undone.bytes])]);
    let found: Vec<_> =
        outcome.conflicts.iter().map(|found| (found.path.as_str(), found.undone_by)).collect();
    assert_eq!(found, [("note", Some(entry(2)))]);
}

#[test]
fn whoever_wrote_a_field_of_an_entry_again_is_named() {
    let mut phone = VisitDocument::birth(VISIT);
    let mint = commit(&mut phone, 1, |edit| edit.add_finding(entry(1), &finding("x")).unwrap());
    assert_eq!(phone.view().findings[&entry(1)].meta.edited, []);
    let text = FindingEdit { text: Some("reworded".into()), ..FindingEdit::default() };
    let reword = commit(&mut phone, 1, |edit| edit.edit_finding(entry(1), &text).unwrap());
    let meta = &phone.view().findings[&entry(1)].meta;
    assert_eq!(meta.change, mint.hash);
    let edited: Vec<_> = meta.edited.iter().map(|edited| (edited.field.as_str(), edited.change)).collect();
    assert_eq!(edited, [("text", reword.hash)]);
}
