//! Property tests: devices record, exchange and overtake one another in every way, and in the
//! end all have the same, with everything that was ever written.

use super::*;
use crate::document::{Chunk, Container, FindingEdit, Place, ProposalField, Scalar, SharedText, Written};
use automerge::ReadDoc;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Act {
    Answer(u8, u8),
    Clear(u8),
    Seal(u8),
    Propose(u8),
    AddFinding,
    Reword(u8, u8),
    Withdraw(u8),
    Insert(u8, u8),
    Cut(u8, u8),
    /// The device sends what the server lacks; the bits choose order, grouping and repetition.
    Send(u8),
    /// The device takes what the server has.
    Take,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..3_u8, 0..4_u8).prop_map(|(code, value)| Act::Answer(code, value)),
        1 => (0..3_u8).prop_map(Act::Clear),
        1 => (0..3_u8).prop_map(Act::Seal),
        2 => (0..3_u8).prop_map(Act::Propose),
        1 => Just(Act::AddFinding),
        2 => any::<(u8, u8)>().prop_map(|(which, text)| Act::Reword(which, text % 3)),
        1 => any::<u8>().prop_map(Act::Withdraw),
        2 => any::<(u8, u8)>().prop_map(|(place, letter)| Act::Insert(place, letter)),
        1 => any::<(u8, u8)>().prop_map(|(place, count)| Act::Cut(place, count % 4)),
        3 => any::<u8>().prop_map(Act::Send),
        2 => Just(Act::Take),
    ]
}

/// Devices 1 to 4; 1 and 4 belong to the same person, so that findings can be in conflict too.
fn author_of(n: u8) -> EditAuthor {
    by(device(n), person(n % 3), i64::from(n))
}

/// A change and the answers it wrote.
type Made = (Chunk, Vec<(String, Scalar)>);

struct Field {
    devices: Vec<VisitDocument>,
    /// What each device made.
    made: Vec<Vec<Made>>,
    server: VisitDocument,
    open: BTreeSet<String>,
    minted: u8,
}

impl Field {
    fn new() -> Self {
        let doc = VisitDocument::birth(VISIT);
        Self {
            devices: vec![doc.clone(); 4],
            made: vec![Vec::new(); 4],
            server: doc,
            open: BTreeSet::new(),
            minted: 0,
        }
    }

    fn step(&mut self, n: u8, act: &Act) {
        match act {
            Act::Send(bits) => self.send(n, *bits),
            Act::Take => self.take(n),
            _ => self.record(n, act),
        }
    }

    fn record(&mut self, n: u8, act: &Act) {
        self.minted += 1;
        let new = entry(self.minted);
        let view = self.devices[usize::from(n)].view();
        let me = author_of(n + 1);
        let mine: Vec<EntryId> =
            view.findings.iter().filter(|(_, entry)| entry.meta.by == me.person).map(|(id, _)| *id).collect();
        let length = view.note.chars().count();
        let mut edit = self.devices[usize::from(n)].edit(me);
        let mut wrote = Vec::new();
        let pick = |which: u8| mine.get(usize::from(which) % mine.len().max(1)).copied();
        match act {
            Act::Answer(code, value) => {
                let value = Scalar::Int(i64::from(*value));
                edit.answer(&format!("c{code}"), value.clone()).unwrap();
                wrote.push((format!("answers/c{code}"), value));
            }
            Act::Clear(code) => edit.clear_answer(&format!("c{code}")).unwrap(),
            Act::Seal(state) => edit.set_seal_state("110438", "box", Some(&format!("s{state}"))).unwrap(),
            Act::Propose(value) => edit.propose(ProposalField::Cause, Some(&format!("M{value}"))).unwrap(),
            Act::AddFinding => edit.add_finding(new, &finding("new")).unwrap(),
            Act::Reword(which, text) => {
                let Some(id) = pick(*which) else { return };
                let text = Some(format!("t{text}"));
                edit.edit_finding(id, &FindingEdit { text, ..FindingEdit::default() }).unwrap();
            }
            Act::Withdraw(which) => {
                let Some(id) = pick(*which) else { return };
                edit.withdraw(Container::Findings, id, "").unwrap();
            }
            Act::Insert(place, letter) => {
                let place = usize::from(*place) % (length + 1);
                edit.splice_text(SharedText::Note, place, 0, &format!("<{letter}>")).unwrap();
            }
            Act::Cut(place, count) => {
                let place = usize::from(*place) % (length + 1);
                let count = usize::from(*count).min(length - place);
                edit.splice_text(SharedText::Note, place, count, "").unwrap();
            }
            Act::Send(_) | Act::Take => {}
        }
        if let Some(chunk) = edit.commit() {
            self.made[usize::from(n)].push((chunk, wrote));
        }
    }

    fn send(&mut self, n: u8, bits: u8) {
        let made = &self.made[usize::from(n)];
        let lacking = made.iter().map(|(chunk, _)| chunk).filter(|chunk| !self.server.contains(&chunk.hash));
        let repeated = made.iter().map(|(chunk, _)| chunk).take(usize::from(bits & 1));
        let bytes: Vec<&[u8]> = repeated.chain(lacking).map(|chunk| chunk.bytes.as_slice()).collect();
        let me = author_of(n + 1).person;
        let group = usize::from(bits >> 4) + 1;
        let mut units: Vec<MergeUnit> =
            bytes.chunks(group).map(|chunks| MergeUnit { person: me, ..unit(n + 1, chunks) }).collect();
        if bits & 2 != 0 {
            units.reverse();
        }
        if bits & 4 != 0 {
            units.extend(units.first().cloned());
        }
        let mut job = job(Some(&self.server), units);
        job.open_paths = self.open.iter().cloned().collect();
        let outcome = judge(&job, &Limits::default()).unwrap();
        assert!(outcome.results.iter().all(|(_, result)| is_accepted(result)), "{:?}", outcome.results);
        if outcome.saved.is_some() {
            self.server = merged(&outcome);
        }
        for conflict in &outcome.conflicts {
            if conflict.kind == ConflictKind::Values {
                match conflict.is_open() {
                    true => self.open.insert(conflict.path.clone()),
                    false => self.open.remove(&conflict.path),
                };
            }
        }
        self.check_conflicts(&outcome);
    }

    fn take(&mut self, n: u8) {
        let device = &mut self.devices[usize::from(n)];
        let mut foreign: Vec<Vec<u8>> =
            self.server.changes_since(&device.heads()).into_iter().map(|chunk| chunk.bytes).collect();
        foreign.reverse();
        device.apply(&foreign).unwrap();
    }

    /// What the listing found so far is what a walk over everything finds.
    fn check_conflicts(&self, outcome: &MergeOutcome) {
        let walked = walk(&self.server);
        assert_eq!(self.server.view().conflicts, walked);
        assert_eq!(self.open, walked.keys().cloned().collect());
        for conflict in outcome.conflicts.iter().filter(|conflict| conflict.is_open()) {
            if conflict.kind == ConflictKind::Values {
                assert_eq!(conflict.values, walked[&conflict.path]);
            }
        }
    }

    fn settle(&mut self) {
        for n in (0..4).rev() {
            self.send(n, n);
        }
        for n in 0..4 {
            self.take(n);
        }
    }

    fn check(&self) {
        let view = self.server.view();
        for device in &self.devices {
            assert_eq!(device.heads(), self.server.heads());
            assert_eq!(device.view(), view);
        }
        for (chunk, wrote) in self.made.iter().flatten() {
            assert!(self.server.contains(&chunk.hash));
            assert_eq!(self.server.change(&chunk.hash).as_ref(), Some(chunk));
            for (path, value) in wrote {
                let Some(Place::Shared(container, key)) = Place::parse(path) else {
                    unreachable!("a shared path")
                };
                let at = [chunk.hash.into()];
                let (found, _) =
                    self.server.automerge().get_at(container.object(), key, &at).unwrap().unwrap();
                assert_eq!(Scalar::from_value(&found), *value);
            }
        }
        let mut all: Vec<&[u8]> =
            self.made.iter().flatten().map(|(chunk, _)| chunk.bytes.as_slice()).collect();
        all.reverse();
        let mut fresh = VisitDocument::birth(VISIT);
        fresh.apply(&all).unwrap();
        assert_eq!(fresh.view(), view);
    }
}

/// Every path at which different values stand, asked for key by key.
fn walk(doc: &VisitDocument) -> BTreeMap<String, Vec<Written>> {
    let am = doc.automerge();
    let mut found = BTreeMap::new();
    let mut look = |object: &automerge::ObjId, path: &str| {
        for key in am.keys(object) {
            let values = crate::document::written_at(am, object, &key);
            let scalars = am.get_all(object, &key).unwrap().iter().all(|(value, _)| value.is_scalar());
            if scalars && values.iter().any(|written| written.value != values[0].value) {
                found.insert(format!("{path}/{key}"), values);
            }
        }
    };
    for container in [Container::Answers, Container::SealStates, Container::Proposal] {
        look(&container.object(), container.path());
    }
    for entry in am.keys(Container::Findings.object()) {
        let (_, object) = am.get(Container::Findings.object(), &entry).unwrap().unwrap();
        look(&object, &format!("findings/{entry}"));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_repetition_ends_in_the_same_and_loses_nothing(
        steps in proptest::collection::vec((0..4_u8, act()), 1..60)
    ) {
        let mut field = Field::new();
        for (n, act) in &steps {
            field.step(*n, act);
        }
        field.settle();
        field.check();
    }
}
