//! What becomes of units: accepted, waiting, refused, repeated.

use super::super::judge::judge_with;
use super::super::trial::try_merge;
use super::*;
use crate::document::{Container, FindingEdit, Photo, SharedText};

fn photo(byte: u8) -> Photo {
    Photo {
        sha256: BlobHash::from_bytes([byte; 32]),
        size: 1,
        media_type: "image/jpeg".into(),
        role: "nameplate".into(),
        caption: None,
        taken_at: None,
        lat: None,
        lon: None,
        accuracy: None,
        finding: None,
    }
}

#[test]
fn what_a_device_recorded_enters_and_can_be_read() {
    let mut doc = VisitDocument::birth(VISIT);
    let first = commit(&mut doc, 1, |edit| {
        edit.answer("a", "yes").unwrap();
        edit.add_finding(entry(1), &finding("x")).unwrap();
        edit.append_text(SharedText::Note, "first").unwrap();
    });
    let second = commit(&mut doc, 1, |edit| {
        edit.clear_answer("a").unwrap();
        edit.edit_finding(entry(1), &FindingEdit { text: Some("y".into()), ..FindingEdit::default() })
            .unwrap();
        edit.withdraw(Container::Findings, entry(1), "wrong").unwrap();
        edit.rewrite_text(SharedText::Note, "the first 你好 👍🏽").unwrap();
    });
    let outcome = run(None, vec![unit(1, &[&first.bytes, &second.bytes])]);
    assert!(is_accepted(&outcome.results[0].1), "{:?}", outcome.results);
    assert_eq!(merged(&outcome).view(), doc.view());
    assert_eq!(serde_json::from_str::<crate::document::VisitView>(&outcome.view_json).unwrap(), doc.view());
    let one_by_one = run(None, vec![unit(1, &[&first.bytes]), unit(1, &[&second.bytes])]);
    assert_eq!(one_by_one.heads, outcome.heads);
    assert_eq!(one_by_one.saved, outcome.saved);
}

#[test]
fn sending_again_is_success_and_changes_nothing() {
    let mut doc = VisitDocument::birth(VISIT);
    let chunk = commit(&mut doc, 1, |edit| edit.answer("a", 1).unwrap());
    let again = run(Some(&doc), vec![unit(1, &[&chunk.bytes]), unit(1, &[])]);
    let UnitResult::Accepted { changes } = &again.results[0].1 else { panic!("{:?}", again.results) };
    assert_eq!((changes[0].hash, changes[0].seq, changes[0].fresh), (chunk.hash, 1, false));
    assert!(is_accepted(&again.results[1].1));
    assert_eq!((again.saved, again.heads), (None, doc.heads()));
    let twice = run(None, vec![unit(1, &[&chunk.bytes]), unit(1, &[&chunk.bytes])]);
    assert!(twice.results.iter().all(|(_, result)| is_accepted(result)));
    let birth = crate::document::birth_chunk(VISIT);
    assert!(is_accepted(&run(None, vec![unit(1, &[&birth, &chunk.bytes])]).results[0].1));
}

#[test]
fn a_unit_waits_for_what_it_builds_on_and_names_it() {
    let mut doc = VisitDocument::birth(VISIT);
    let first = commit(&mut doc, 1, |edit| edit.answer("a", 1).unwrap());
    let second = commit(&mut doc, 2, |edit| edit.answer("a", 2).unwrap());
    let alone = run(None, vec![unit(2, &[&second.bytes])]);
    assert_eq!(alone.results[0].1, UnitResult::Waiting { missing: vec![first.hash] });
    assert_eq!(alone.heads, [birth_hash(VISIT)]);
    let together = run(None, vec![unit(2, &[&second.bytes]), unit(1, &[&first.bytes])]);
    assert!(together.results.iter().all(|(_, result)| is_accepted(result)));
    assert_eq!(together.heads, doc.heads());
}

#[test]
fn a_refused_unit_takes_those_that_build_on_it_and_nobody_else() {
    let base = VisitDocument::birth(VISIT);
    let bad = Forged::next(&base, device(1), vec![put(ObjectId::Root, "visit", 1)]);
    let bad = bad.chunk();
    let bad_hash = crate::document::hash_of(&bad);
    let after = Forged {
        seq: 2,
        start_op: 24,
        deps: vec![bad_hash],
        ..Forged::next(&base, device(1), vec![put(object(Container::Answers), "a", 1)])
    };
    let mut other = base.clone();
    let good = commit(&mut other, 2, |edit| edit.answer("b", 1).unwrap());
    let units = vec![unit(1, &[&bad]), unit(1, &[&after.chunk()]), unit(2, &[&good.bytes])];
    let outcome = run(None, units);
    assert_eq!(reason(&outcome.results[0].1), QuarantineReason::ForbiddenPath);
    assert_eq!(reason(&outcome.results[1].1), QuarantineReason::DependsOnRefused);
    assert!(is_accepted(&outcome.results[2].1));
    assert_eq!(merged(&outcome).view(), other.view());
}

#[test]
fn a_unit_enters_whole_or_not_at_all() {
    let mut doc = VisitDocument::birth(VISIT);
    let good = commit(&mut doc, 1, |edit| edit.add_finding(entry(1), &finding("x")).unwrap());
    let bad = Forged::next(&doc, device(1), vec![put(object(Container::Proposal), "wages", "more")]).chunk();
    let outcome = run(None, vec![unit(1, &[&good.bytes, &bad]), unit(1, &[&good.bytes])]);
    assert_eq!(reason(&outcome.results[0].1), QuarantineReason::ForbiddenPath);
    assert!(is_accepted(&outcome.results[1].1), "what was rolled back is free again");
    assert_eq!(outcome.heads, [good.hash]);
}

#[test]
fn photos_named_and_photos_declared_are_the_same() {
    let mut doc = VisitDocument::birth(VISIT);
    let chunk = commit(&mut doc, 1, |edit| edit.add_photo(entry(1), &photo(5)).unwrap());
    let declare = |photos: &[u8]| {
        let photos = photos.iter().map(|byte| BlobHash::from_bytes([*byte; 32])).collect();
        run(None, vec![MergeUnit { photos, ..unit(1, &[&chunk.bytes]) }]).results.remove(0).1
    };
    assert!(is_accepted(&declare(&[5])));
    assert_eq!(reason(&declare(&[])), QuarantineReason::PhotosDiffer);
    assert_eq!(reason(&declare(&[5, 6])), QuarantineReason::PhotosDiffer);
}

#[test]
fn when_automerge_fails_only_the_guilty_unit_is_left_out() {
    let mut docs: Vec<_> = (0..5).map(|_| VisitDocument::birth(VISIT)).collect();
    let mut units = Vec::new();
    for (n, doc) in (0..).zip(&mut docs) {
        units.push(unit(n, &[&commit(doc, n, |edit| edit.answer("a", i64::from(n)).unwrap()).bytes]));
    }
    let after = commit(&mut docs[2], 2, |edit| edit.answer("b", 1).unwrap());
    units.push(unit(2, &[&after.bytes]));
    let guilty = device(2).actor(VISIT);
    let trial = |document: &automerge::Automerge, changes: Vec<Change>, limits: &Limits| {
        if changes.iter().any(|change| change.actor_id().to_bytes() == guilty.as_bytes() && change.seq() == 1)
        {
            return Err(Refusal {
                reason: QuarantineReason::TrialFailed,
                detail: "as the test wants".into(),
            });
        }
        try_merge(document, changes, limits)
    };
    let outcome = judge_with(&job(None, units), &Limits::default(), &trial).unwrap();
    for (place, (_, result)) in outcome.results.iter().enumerate() {
        match place {
            2 => assert_eq!(reason(result), QuarantineReason::TrialFailed),
            5 => assert_eq!(reason(result), QuarantineReason::DependsOnRefused),
            _ => assert!(is_accepted(result)),
        }
    }
    assert_eq!(merged(&outcome).view().answers["a"].values.len(), 4);
}

#[test]
fn a_base_that_cannot_be_used_blames_no_unit() {
    let mut wrong = job(None, Vec::new());
    wrong.base = Some(b"nonsense".to_vec().into());
    assert!(matches!(judge(&wrong, &Limits::default()), Err(BaseError::Unreadable(_))));
    wrong.base = Some(VisitDocument::birth(VisitId::from_bytes([8; 16])).save().into());
    assert!(matches!(judge(&wrong, &Limits::default()), Err(BaseError::OtherVisit { .. })));
}

#[test]
fn job_and_outcome_survive_the_way_to_the_worker_and_back() {
    let mut one = VisitDocument::birth(VISIT);
    let mut two = one.clone();
    let first = commit(&mut one, 1, |edit| edit.answer("a", "yes").unwrap());
    let second = commit(&mut two, 2, |edit| edit.answer("a", false).unwrap());
    let mut job = job(Some(&one), vec![unit(2, &[&second.bytes]), unit(3, &[b"x"]), office_unit(&[])]);
    job.open_paths = vec!["answers/a".into()];
    let outcome = judge(&job, &Limits::default()).unwrap();
    assert_eq!(outcome.conflicts[0].values.len(), 2);
    assert!(one.contains(&first.hash));
    assert_eq!(minicbor::decode::<MergeJob>(&minicbor::to_vec(&job).unwrap()).unwrap(), job);
    let limits = Limits::default();
    assert_eq!(minicbor::decode::<Limits>(&minicbor::to_vec(&limits).unwrap()).unwrap(), limits);
    assert_eq!(minicbor::decode::<MergeOutcome>(&minicbor::to_vec(&outcome).unwrap()).unwrap(), outcome);
}

#[test]
fn the_office_accepts_what_a_technician_wrote_under_the_technicians_name() {
    let mut doc = VisitDocument::birth(VISIT);
    let mut edit = doc.edit(by(OFFICE, person(1), 5));
    edit.add_finding(entry(1), &finding("rescued")).unwrap();
    let chunk = edit.commit().unwrap();
    let outcome = run(None, vec![MergeUnit { person: person(1), ..office_unit(&[&chunk.bytes]) }]);
    assert!(is_accepted(&outcome.results[0].1));
    assert_eq!(merged(&outcome).view().findings[&entry(1)].meta.by, person(1));
    assert_eq!(
        reason(&run(None, vec![office_unit(&[&chunk.bytes])]).results[0].1),
        QuarantineReason::NotAuthor
    );
}
