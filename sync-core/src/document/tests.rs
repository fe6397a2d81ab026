//! Promises of the visit document: what was recorded is read back, with its author.

use super::*;
use crate::ids::{BlobHash, DeviceId, EntryId, PersonId};
use crate::time::Timestamp;
use std::collections::BTreeMap;

const VISIT: VisitId = VisitId::from_bytes([7; 16]);
const START: Timestamp = Timestamp::from_unix_ms(1_763_700_000_123);

fn entry(n: u8) -> EntryId {
    EntryId::from_bytes([n; 16])
}

fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 16])
}

fn author(n: u8) -> EditAuthor {
    let actor = ActorId16::of_device(DeviceId::from_bytes([n; 16]), VISIT, 0);
    EditAuthor { actor, person: person(n), at: START.plus_ms(i64::from(n) * 1000), role: Role::Field }
}

fn office() -> EditAuthor {
    EditAuthor { actor: ActorId16::of_office(1, VISIT), role: Role::Office, ..author(99) }
}

fn finding(text: &str) -> Finding {
    Finding { code: "SEAL_OK".into(), text: text.into(), item: None, severity: None }
}

fn hazard(level: &str) -> Hazard {
    Hazard { level: level.into(), code: "LEAK".into(), action: None }
}

/// Commits what `act` does, and gives the chunk.
fn commit(doc: &mut VisitDocument, author: EditAuthor, act: impl FnOnce(&mut Edit<'_>)) -> Chunk {
    let mut edit = doc.edit(author);
    act(&mut edit);
    edit.commit().expect("the act changes something")
}

fn sample_photo() -> Photo {
    Photo {
        sha256: BlobHash::from_bytes([5; 32]),
        size: 201_344,
        media_type: "image/jpeg".into(),
        role: "nameplate".into(),
        caption: Some("铭牌".into()),
        taken_at: Some(START),
        lat: Some("31.2304".into()),
        lon: None,
        accuracy: None,
        finding: Some(entry(1)),
    }
}

fn sample_check() -> MeterCheck {
    MeterCheck {
        method: "watt_second".into(),
        inputs: BTreeMap::from([("n".into(), "10".into()), ("seconds".into(), "57.6".into())]),
        class: Some("2".into()),
        profile: None,
        meter_no: Some("110438".into()),
    }
}

#[test]
fn what_a_save_recorded_is_read_back_with_author_time_and_change() {
    let mut doc = VisitDocument::birth(VISIT);
    let chunk = commit(&mut doc, author(1), |edit| {
        edit.answer("meter.accuracy", "ok").unwrap();
        edit.answer("meter.count", 2).unwrap();
        edit.set_seal_state("110438", "terminal_cover", Some("broken")).unwrap();
        edit.propose(ProposalField::Verdict, Some("substantiated")).unwrap();
        edit.append_text(SharedText::Note, "用户称空调未开仍走字").unwrap();
        edit.append_text(SharedText::Note, "second line").unwrap();
        edit.add_finding(entry(1), &finding("表位 3-602")).unwrap();
        edit.add_meter_check(entry(2), &sample_check()).unwrap();
        edit.add_photo(entry(3), &sample_photo()).unwrap();
    });
    assert_eq!((chunk.seq, chunk.deps.clone()), (1, vec![birth_hash(VISIT)]));
    assert_eq!(doc.change_info(&chunk.hash).unwrap().time_s, START.plus_ms(1000).unix_s());

    let view = VisitDocument::load(&doc.save()).unwrap().view();
    assert_eq!(view.answers["meter.accuracy"].shown, Scalar::from("ok"));
    assert_eq!(view.answers["meter.count"].shown, Scalar::Int(2));
    assert_eq!(view.answers["meter.count"].values[0].change, chunk.hash);
    assert_eq!(view.answers["meter.count"].values[0].actor, author(1).actor);
    assert_eq!(view.seal_states["110438/terminal_cover"].shown, Scalar::from("broken"));
    assert_eq!(view.proposal["verdict"].shown, Scalar::from("substantiated"));
    assert_eq!(view.note, "用户称空调未开仍走字\nsecond line");
    let found = &view.findings[&entry(1)];
    assert_eq!((found.meta.by, found.meta.at, found.meta.change), (person(1), author(1).at, chunk.hash));
    assert_eq!(view.meter_checks[&entry(2)].content, sample_check());
    assert_eq!(view.photos[&entry(3)].content, sample_photo());
    assert!(view.unknown.is_empty() && view.conflicts.is_empty());

    let json = serde_json::to_string(&view).unwrap();
    assert_eq!(serde_json::from_str::<VisitView>(&json).unwrap(), view);
}

#[test]
fn the_same_edit_gives_the_same_bytes() {
    let make = || {
        let mut doc = VisitDocument::birth(VISIT);
        commit(&mut doc, author(1), |edit| edit.add_meter_check(entry(2), &sample_check()).unwrap()).bytes
    };
    assert_eq!(make(), make());
}

#[test]
fn an_edit_that_is_dropped_or_changes_nothing_leaves_no_trace() {
    let mut doc = VisitDocument::birth(VISIT);
    let before = doc.save();
    let mut edit = doc.edit(author(1));
    edit.answer("a", 1).unwrap();
    drop(edit);
    assert!(doc.edit(author(1)).commit().is_none());
    assert_eq!(doc.save(), before);
    assert_eq!(doc.last_seq(author(1).actor), 0);
}

#[test]
fn concurrent_answers_stay_beside_one_another_and_equal_ones_are_no_conflict() {
    let mut docs: Vec<_> = (0..3).map(|_| VisitDocument::birth(VISIT)).collect();
    let mut chunks = Vec::new();
    for (n, doc) in (1..).zip(&mut docs) {
        chunks.push(commit(doc, author(n), |edit| {
            edit.answer("differs", i64::from(n)).unwrap();
            edit.answer("equal", "ok").unwrap();
        }));
    }
    for doc in &mut docs {
        doc.apply(&chunks.iter().map(|chunk| chunk.bytes.as_slice()).collect::<Vec<_>>()).unwrap();
    }
    let view = docs[0].view();
    assert!(docs.iter().all(|doc| doc.heads() == docs[0].heads() && doc.view() == view));
    let values: Vec<_> =
        view.conflicts["answers/differs"].iter().map(|written| written.value.clone()).collect();
    assert_eq!(values.len(), 3);
    assert!([1, 2, 3].into_iter().all(|n| values.contains(&Scalar::Int(n))));
    assert_eq!(view.answers["equal"].values.len(), 3);
    assert!(!view.answers["equal"].is_conflict() && !view.conflicts.contains_key("answers/equal"));
}

#[test]
fn a_resolution_settles_every_replica_and_both_may_be_kept() {
    let (mut one, mut two) = (VisitDocument::birth(VISIT), VisitDocument::birth(VISIT));
    let first = commit(&mut one, author(1), |edit| {
        edit.answer("a", "yes").unwrap();
        edit.answer("b", "yes").unwrap();
    });
    commit(&mut two, author(2), |edit| {
        edit.answer("a", "no").unwrap();
        edit.answer("b", "no").unwrap();
    });
    two.apply(&[&first.bytes]).unwrap();
    let kept =
        two.view().conflicts["answers/b"].iter().map(|w| (w.change.to_string(), "kept".into())).collect();
    let mut resolution = Resolution {
        path: "answers/a".into(),
        choice: "chosen".into(),
        reason: "photo 2".into(),
        kept: None,
    };
    commit(&mut two, office(), |edit| {
        edit.resolve(entry(8), &resolution, Some("no".into())).unwrap();
        resolution.path = "answers/b".into();
        resolution.kept = Some(kept);
        edit.resolve(entry(9), &resolution, None).unwrap();
    });
    let view = two.view();
    assert_eq!(view.answers["a"].values.len(), 1);
    assert!(view.answers["b"].is_conflict());
    assert!(view.conflicts.is_empty());
    assert_eq!(view.resolutions.len(), 2);

    let mut edit = two.edit(author(1));
    assert!(matches!(edit.resolve(entry(10), &resolution, None), Err(EditError::OfficeOnly { .. })));
}

#[test]
fn whoever_confirms_the_shown_of_several_values_is_its_author() {
    let (mut one, mut two) = (VisitDocument::birth(VISIT), VisitDocument::birth(VISIT));
    let first = commit(&mut one, author(1), |edit| edit.answer("a", "yes").unwrap());
    commit(&mut two, author(2), |edit| edit.answer("a", "no").unwrap());
    two.apply(&[&first.bytes]).unwrap();
    let shown = two.view().answers["a"].shown.clone();
    let confirmed = commit(&mut two, author(3), |edit| edit.answer("a", shown.clone()).unwrap());
    let answer = &two.view().answers["a"];
    assert_eq!((answer.values.len(), &answer.shown, answer.values[0].change), (1, &shown, confirmed.hash));
}

#[test]
fn nobody_edits_or_withdraws_what_somebody_else_recorded() {
    let mut doc = VisitDocument::birth(VISIT);
    commit(&mut doc, author(1), |edit| edit.add_finding(entry(1), &finding("mine")).unwrap());
    let mut edit = doc.edit(author(2));
    let reword = FindingEdit { text: Some("yours".into()), ..FindingEdit::default() };
    assert!(matches!(edit.edit_finding(entry(1), &reword), Err(EditError::NotYours { .. })));
    assert!(matches!(edit.withdraw(Container::Findings, entry(1), "x"), Err(EditError::NotYours { .. })));
    assert!(matches!(edit.edit_finding(entry(4), &reword), Err(EditError::UnknownEntry { .. })));
    assert!(matches!(edit.add_finding(entry(1), &finding("x")), Err(EditError::EntryExists { .. })));
    drop(edit);
    commit(&mut doc, author(1), |edit| {
        edit.edit_finding(entry(1), &reword).unwrap();
        edit.withdraw(Container::Findings, entry(1), "wrong flat").unwrap();
        edit.withdraw(Container::Findings, entry(1), "again").unwrap();
    });
    let view = doc.view();
    let entry = &view.findings[&entry(1)];
    assert_eq!(entry.content.text, "yours");
    assert_eq!(entry.meta.withdrawn.as_ref().unwrap().reason, "wrong flat");
    assert!(!entry.stands());
}

#[test]
fn a_correction_names_what_it_corrects_and_both_stay() {
    let mut doc = VisitDocument::birth(VISIT);
    commit(&mut doc, author(1), |edit| {
        edit.add(entry(1), &sample_check()).unwrap();
        edit.correct(entry(1), entry(2), &sample_check()).unwrap();
        assert!(edit.correct(entry(5), entry(6), &sample_check()).is_err());
    });
    let checks = doc.view().meter_checks;
    assert_eq!(checks[&entry(1)].meta.superseded_by, [entry(2)]);
    assert_eq!(checks[&entry(2)].meta.supersedes, Some(entry(1)));
}

#[test]
fn a_correction_that_is_taken_back_corrects_nothing() {
    let mut doc = VisitDocument::birth(VISIT);
    commit(&mut doc, author(1), |edit| {
        edit.add(entry(1), &sample_check()).unwrap();
        edit.correct(entry(1), entry(2), &sample_check()).unwrap();
        edit.correct(entry(2), entry(3), &sample_check()).unwrap();
    });
    let standing = |doc: &VisitDocument| -> Vec<EntryId> {
        doc.view().meter_checks.iter().filter(|(_, check)| check.stands()).map(|(id, _)| *id).collect()
    };
    let withdraw = |doc: &mut VisitDocument, id| {
        commit(doc, author(1), |edit| edit.withdraw(Container::MeterChecks, id, "a slip").unwrap());
    };
    assert_eq!(standing(&doc), [entry(3)]);
    withdraw(&mut doc, entry(2));
    assert_eq!(standing(&doc), [entry(3)], "the first is corrected by way of the second");
    withdraw(&mut doc, entry(3));
    assert_eq!(standing(&doc), [entry(1)]);
}

#[test]
fn the_highest_hazard_wins_until_a_reviewer_lowers_it() {
    let mut doc = VisitDocument::birth(VISIT);
    commit(&mut doc, author(1), |edit| {
        edit.add_hazard(entry(1), &hazard("H1")).unwrap();
        edit.add_hazard(entry(2), &hazard("H3")).unwrap();
    });
    commit(&mut doc, author(1), |edit| edit.withdraw(Container::Hazards, entry(1), "no leak").unwrap());
    assert_eq!(doc.view().hazard_level(), Some(HazardLevel::H1));
    let lowered = |level: Option<&str>| HazardLowered {
        hazard: entry(1),
        level: level.map(str::to_owned),
        reason: "repaired".into(),
    };
    commit(&mut doc, office(), |edit| edit.lower_hazard(entry(3), &lowered(Some("H2"))).unwrap());
    assert_eq!(doc.view().hazard_level(), Some(HazardLevel::H2));
    commit(&mut doc, office(), |edit| edit.lower_hazard(entry(4), &lowered(None)).unwrap());
    assert_eq!(doc.view().hazard_level(), Some(HazardLevel::H3));
    assert_eq!(HazardLevel::parse("H0"), HazardLevel::H1);
}

#[test]
fn what_is_not_known_is_named_and_survives() {
    use automerge::transaction::Transactable;
    use automerge::{ObjType, ROOT};
    let mut doc = VisitDocument::birth(VISIT);
    commit(&mut doc, author(1), |edit| edit.add_finding(entry(1), &finding("here")).unwrap());
    let object = doc.am.get(Container::Findings.object(), entry(1).to_string()).unwrap().unwrap().1;
    let mut tx = doc.am.transaction();
    tx.put(ROOT, "weather", "rain").unwrap();
    tx.put(&object, "smell", "gas").unwrap();
    tx.put(Container::Answers.object(), "odd", f64::NAN).unwrap();
    tx.put(Container::Readings.object(), "not-an-id", 1).unwrap();
    let mut deep = tx.put_object(Container::Readings.object(), entry(2).to_string(), ObjType::Map).unwrap();
    for _ in 0..5000 {
        deep = tx.put_object(&deep, "x", ObjType::Map).unwrap();
    }
    tx.commit();
    let view = doc.view();
    assert_eq!(view.findings.len(), 1);
    let smell = format!("findings/{}/smell", entry(1));
    let reading = format!("readings/{}", entry(2));
    for path in ["weather", smell.as_str(), "answers/odd", "readings/not-an-id", reading.as_str()] {
        assert!(view.unknown.iter().any(|unknown| unknown == path), "{path} in {:?}", view.unknown);
    }
    commit(&mut doc, author(2), |edit| edit.answer("a", 1).unwrap());
    assert_eq!(doc.view().unknown, view.unknown);
    serde_json::to_string(&doc.view()).unwrap();
}

#[test]
fn foreign_changes_are_taken_whole_or_not_at_all() {
    let (mut sender, mut receiver) = (VisitDocument::birth(VISIT), VisitDocument::birth(VISIT));
    let first = commit(&mut sender, author(1), |edit| edit.answer("a", 1).unwrap());
    let second = commit(&mut sender, author(1), |edit| edit.answer("a", 2).unwrap());
    let before = receiver.save();
    assert_eq!(receiver.apply(&[&second.bytes]), Err(ApplyError::Missing { missing: vec![first.hash] }));
    let mut broken = second.bytes.clone();
    broken[40] ^= 1;
    assert!(matches!(receiver.apply(&[&first.bytes, &broken]), Err(ApplyError::Malformed { index: 1, .. })));
    assert_eq!(receiver.save(), before);
    receiver.apply(&[&second.bytes, &first.bytes, &second.bytes]).unwrap();
    receiver.apply(&[&first.bytes]).unwrap();
    assert_eq!(receiver.heads(), sender.heads());
    assert_eq!(sender.changes_since(&[first.hash]), [second]);
}

#[test]
fn a_document_of_another_kind_is_not_loaded() {
    assert!(matches!(VisitDocument::load(b"nonsense"), Err(LoadError::Unreadable { .. })));
    assert_eq!(VisitDocument::load(&Automerge::new().save()).unwrap_err(), LoadError::NotBorn);
}

#[test]
fn edits_that_no_gate_would_take_are_refused_at_once() {
    let mut doc = VisitDocument::birth(VISIT);
    let mut edit = doc.edit(author(1));
    assert!(edit.answer("", 1).is_err());
    assert!(edit.answer(&"k".repeat(257), 1).is_err());
    assert!(edit.answer("a", "x".repeat(16_385)).is_err());
    assert!(edit.answer("a", Scalar::Number(f64::NAN)).is_err());
    assert!(edit.add_finding(entry(1), &Finding { code: "x".repeat(129), ..finding("") }).is_err());
    let mut check = sample_check();
    check.inputs.insert(String::new(), "1".into());
    assert!(edit.add_meter_check(entry(1), &check).is_err());
    assert!(edit.splice_text(SharedText::Note, 5, 3, "x").is_err());
    assert!(edit.commit().is_none());
}
