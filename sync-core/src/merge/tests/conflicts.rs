//! Which disagreements the office is shown, and how they end.

use super::*;
use crate::document::{FindingEdit, Resolution, Scalar, SharedText};

fn texts(conflict: &PathConflict) -> Vec<&str> {
    conflict.values.iter().filter_map(|written| written.value.as_text()).collect()
}

/// Three replicas that answered the same item without knowing of one another, and the merged document.
fn three_answers() -> (VisitDocument, Vec<Chunk>) {
    let mut chunks = Vec::new();
    let mut base = VisitDocument::birth(VISIT);
    for n in 1..=3 {
        let mut doc = VisitDocument::birth(VISIT);
        chunks.push(commit(&mut doc, n, |edit| edit.answer("a", i64::from(n)).unwrap()));
    }
    base.apply(&chunks.iter().map(|chunk| &chunk.bytes).collect::<Vec<_>>()).unwrap();
    (base, chunks)
}

#[test]
fn a_third_value_on_a_path_in_conflict_is_listed_even_when_it_is_not_shown() {
    let (_, chunks) = three_answers();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut base: Option<VisitDocument> = None;
        for (count, place) in (1..).zip(order) {
            let n = u8::try_from(place + 1).unwrap();
            let outcome = run(base.as_ref(), vec![unit(n, &[&chunks[place].bytes])]);
            let found = outcome.conflicts.first().filter(|found| found.is_open());
            assert_eq!(found.map_or(1, |found| found.values.len()), count);
            base = Some(merged(&outcome));
        }
    }
}

#[test]
fn whoever_overwrites_a_conflict_in_the_field_is_named() {
    let (base, chunks) = three_answers();
    let mut doc = base.clone();
    let settling = commit(&mut doc, 2, |edit| edit.answer("a", "checked again").unwrap());
    let mut job = job(Some(&base), vec![unit(2, &[&settling.bytes])]);
    job.open_paths = vec!["answers/a".into(), "proposal/verdict".into(), "nonsense".into()];
    let outcome = judge(&job, &Limits::default()).unwrap();
    assert_eq!(outcome.conflicts.len(), 2);
    let conflict = &outcome.conflicts[0];
    assert!(!conflict.is_open());
    assert_eq!(conflict.values.len(), 1);
    let mut replaced: Vec<ChangeHash> = chunks.iter().map(|chunk| chunk.hash).collect();
    replaced.sort_unstable();
    let actor = device(2).actor(VISIT);
    assert_eq!(conflict.overwritten_by, [Overwrite { change: settling.hash, actor, replaced }]);
    assert!(doc.knew_of(&settling.hash, &chunks[0].hash));
    assert!(!doc.knew_of(&chunks[1].hash, &chunks[0].hash));
}

#[test]
fn an_open_conflict_that_nobody_touched_is_listed_as_it_stands() {
    let (base, _) = three_answers();
    let mut doc = base.clone();
    let chunk = commit(&mut doc, 1, |edit| edit.answer("b", 1).unwrap());
    let mut job = job(Some(&base), vec![unit(1, &[&chunk.bytes])]);
    job.open_paths = vec!["answers/a".into()];
    let outcome = judge(&job, &Limits::default()).unwrap();
    assert!(outcome.conflicts[0].is_open() && outcome.conflicts[0].overwritten_by.is_empty());
}

#[test]
fn the_office_decides_and_a_value_that_comes_later_opens_the_path_again() {
    let (base, _) = three_answers();
    let mut late = VisitDocument::birth(VISIT);
    let late = commit(&mut late, 4, |edit| edit.answer("a", 4).unwrap());
    let mut office = base.clone();
    let resolution =
        Resolution { path: "answers/a".into(), choice: "chosen".into(), reason: "photo".into(), kept: None };
    let decision = commit_office(&mut office, |edit| {
        edit.resolve(entry(9), &resolution, Some(Scalar::Int(2))).unwrap();
    });
    let outcome = run(Some(&base), vec![office_unit(&[&decision.bytes])]);
    assert_eq!(outcome.resolutions, [entry(9)]);
    assert!(!outcome.conflicts[0].is_open());
    let reopened = run(Some(&merged(&outcome)), vec![unit(4, &[&late.bytes])]);
    assert!(reopened.conflicts[0].is_open());
    assert_eq!(reopened.conflicts[0].values.len(), 2);
}

#[test]
fn values_that_the_office_kept_both_are_closed_until_a_new_one_comes() {
    let (base, _) = three_answers();
    let kept =
        base.view().answers["a"].values.iter().map(|w| (w.change.to_string(), String::new())).collect();
    let resolution = Resolution {
        path: "answers/a".into(),
        choice: "both".into(),
        reason: "two meters".into(),
        kept: Some(kept),
    };
    let mut office = base.clone();
    let decision = commit_office(&mut office, |edit| edit.resolve(entry(9), &resolution, None).unwrap());
    let mut job = job(Some(&base), vec![office_unit(&[&decision.bytes])]);
    job.open_paths = vec!["answers/a".into()];
    let outcome = judge(&job, &Limits::default()).unwrap();
    assert_eq!((outcome.conflicts[0].kept_by, outcome.conflicts[0].is_open()), (Some(entry(9)), false));
    let mut late = VisitDocument::birth(VISIT);
    let late = commit(&mut late, 4, |edit| edit.answer("a", 4).unwrap());
    let outcome = run(Some(&merged(&outcome)), vec![unit(4, &[&late.bytes])]);
    assert!(outcome.conflicts[0].is_open());
}

#[test]
fn a_finding_that_its_author_reworded_on_two_devices_is_a_conflict() {
    let mut phone = VisitDocument::birth(VISIT);
    let mint = commit(&mut phone, 1, |edit| edit.add_finding(entry(1), &finding("x")).unwrap());
    let mut tablet = phone.clone();
    let reword = |text: &str| FindingEdit { text: Some(text.into()), ..FindingEdit::default() };
    let on_phone = commit(&mut phone, 1, |edit| edit.edit_finding(entry(1), &reword("phone")).unwrap());
    let mut edit = tablet.edit(by(device(2), person(1), 9));
    edit.edit_finding(entry(1), &reword("tablet")).unwrap();
    let on_tablet = edit.commit().unwrap();
    let units = vec![
        unit(1, &[&mint.bytes, &on_phone.bytes]),
        MergeUnit { person: person(1), ..unit(2, &[&on_tablet.bytes]) },
    ];
    let outcome = run(None, units);
    assert_eq!(outcome.conflicts.len(), 1);
    assert_eq!(outcome.conflicts[0].path, format!("findings/{}/text", entry(1)));
    let doc = merged(&outcome);
    assert_eq!(doc.view().conflicts[&outcome.conflicts[0].path], outcome.conflicts[0].values);

    let mut office = doc.clone();
    let path = outcome.conflicts[0].path.clone();
    let resolution = Resolution { path, choice: "written".into(), reason: "both".into(), kept: None };
    let decision = commit_office(&mut office, |edit| {
        edit.resolve(entry(9), &resolution, Some("phone and tablet".into())).unwrap();
    });
    let outcome = run(Some(&doc), vec![office_unit(&[&decision.bytes])]);
    assert!(is_accepted(&outcome.results[0].1), "{:?}", outcome.results);
    assert_eq!(merged(&outcome).view().findings[&entry(1)].content.text, "phone and tablet");
}

#[test]
fn two_authors_in_one_text_are_shown_with_both_versions_until_somebody_who_saw_both_rewrites_it() {
    let mut shared = VisitDocument::birth(VISIT);
    let start = commit(&mut shared, 1, |edit| edit.append_text(SharedText::Note, "seal").unwrap());
    let (mut one, mut two) = (shared.clone(), shared.clone());
    let first = commit(&mut one, 1, |edit| edit.rewrite_text(SharedText::Note, "seal broken").unwrap());
    let second = commit(&mut two, 2, |edit| edit.rewrite_text(SharedText::Note, "no seal").unwrap());
    let alone = run(Some(&shared), vec![unit(1, &[&first.bytes])]);
    assert!(alone.conflicts.is_empty(), "one author after another is no conflict");
    let base = merged(&alone);
    let outcome = run(Some(&base), vec![unit(2, &[&second.bytes])]);
    let conflict = &outcome.conflicts[0];
    assert_eq!((conflict.path.as_str(), conflict.kind), ("note", ConflictKind::MergedText));
    let mut versions = texts(conflict);
    versions.sort_unstable();
    assert_eq!(versions, ["no seal", "seal broken"]);
    assert!(conflict.is_open());
    let together = run(None, vec![unit(1, &[&start.bytes, &first.bytes]), unit(2, &[&second.bytes])]);
    assert_eq!(together.conflicts[0].values.len(), 2);

    let base = merged(&outcome);
    let mut three = base.clone();
    let rewrite = commit(&mut three, 3, |edit| edit.rewrite_text(SharedText::Note, "settled").unwrap());
    let mut job = job(Some(&base), vec![unit(3, &[&rewrite.bytes])]);
    job.open_paths = vec!["note".into()];
    let outcome = judge(&job, &Limits::default()).unwrap();
    assert_eq!(texts(&outcome.conflicts[0]), ["settled"]);
    assert_eq!(outcome.conflicts[0].overwritten_by[0].change, rewrite.hash);
}
