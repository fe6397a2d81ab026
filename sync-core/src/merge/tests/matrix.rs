//! Who may write what where: every role, place and kind of operation.

use super::*;
use crate::document::{Container, Edit, FindingEdit, Shape};
use QuarantineReason as Reason;

/// Who signs: the finding's author, a colleague, the office.
const SIGNERS: [(&str, Author, u8); 3] =
    [("author", device_of(1), 1), ("colleague", device_of(2), 2), ("office", OFFICE, 99)];

const fn device_of(n: u8) -> Author {
    Author::Device { device: DeviceId::from_bytes([n; 16]), generation: 0 }
}

fn verdict(base: &VisitDocument, author: Author, n: u8, ops: Vec<Op>) -> Result<(), Reason> {
    let chunk = Forged::next(base, author, ops).chunk();
    let unit = MergeUnit { author, ..unit(n, &[&chunk]) };
    match &run(Some(base), vec![unit]).results[0].1 {
        UnitResult::Accepted { .. } => Ok(()),
        UnitResult::Quarantined { refusal } => Err(refusal.reason),
        waiting @ UnitResult::Waiting { .. } => panic!("{waiting:?}"),
    }
}

/// A finding by person 1, operations 23 (the map) and after; the next counter is given too.
fn with_finding() -> (VisitDocument, ObjectId, u64) {
    let mut doc = VisitDocument::birth(VISIT);
    commit(&mut doc, 1, |edit: &mut Edit<'_>| edit.add_finding(entry(1), &finding("x")).unwrap());
    let next = Forged::next(&doc, device(1), Vec::new()).start_op;
    (doc, ObjectId::Id(op_id(23, device(1).actor(VISIT))), next)
}

#[test]
fn every_role_at_every_shared_place_with_every_kind_of_value() {
    let doc = VisitDocument::birth(VISIT);
    let long = "x".repeat(16_385);
    type Case<'a> = (Container, &'a str, ScalarValue, Result<(), Reason>);
    let cases: Vec<Case<'_>> = vec![
        (Container::Answers, "a", "x".into(), Ok(())),
        (Container::Answers, "a", true.into(), Ok(())),
        (Container::Answers, "a", (-3_i64).into(), Ok(())),
        (Container::Answers, "a", 3_u64.into(), Ok(())),
        (Container::Answers, "a", 1.5.into(), Ok(())),
        (Container::Answers, "a", ScalarValue::Null, Ok(())),
        (Container::Answers, "a", u64::MAX.into(), Err(Reason::ForbiddenValue)),
        (Container::Answers, "a", f64::NAN.into(), Err(Reason::ForbiddenValue)),
        (Container::Answers, "a", f64::INFINITY.into(), Err(Reason::ForbiddenValue)),
        (Container::Answers, "a", ScalarValue::Timestamp(1), Err(Reason::ForbiddenValue)),
        (Container::Answers, "a", vec![1_u8].into(), Err(Reason::ForbiddenValue)),
        (Container::Answers, "a", long.as_str().into(), Err(Reason::ForbiddenValue)),
        (Container::Answers, "", 1.into(), Err(Reason::ForbiddenPath)),
        (Container::Answers, &long, 1.into(), Err(Reason::ForbiddenPath)),
        (Container::SealStates, "110438/box", "broken".into(), Ok(())),
        (Container::SealStates, "110438/box", ScalarValue::Null, Ok(())),
        (Container::SealStates, "110438/box", 1.into(), Err(Reason::ForbiddenValue)),
        (Container::SealStates, "110438", "broken".into(), Err(Reason::ForbiddenPath)),
        (Container::Proposal, "verdict", "partly".into(), Ok(())),
        (Container::Proposal, "cause", "M07".into(), Ok(())),
        (Container::Proposal, "verdict", true.into(), Err(Reason::ForbiddenValue)),
        (Container::Proposal, "salary", "x".into(), Err(Reason::ForbiddenPath)),
        (Container::Office, "x", 1.into(), Err(Reason::ForbiddenPath)),
        (Container::Findings, &long, 1.into(), Err(Reason::ForbiddenValue)),
    ];
    for (container, key, value, expected) in cases {
        for (who, author, n) in SIGNERS {
            let ops = vec![put(object(container), key, value.clone())];
            assert_eq!(verdict(&doc, author, n, ops), expected, "{who} {container:?} {value:?}");
        }
    }
}

#[test]
fn nobody_writes_the_root_or_replaces_a_container() {
    let doc = VisitDocument::birth(VISIT);
    for (who, author, n) in SIGNERS {
        for key in Container::ALL.map(Container::key).into_iter().chain(["schema", "visit", "new"]) {
            let made = vec![make_map(ObjectId::Root, key)];
            assert_eq!(verdict(&doc, author, n, made), Err(Reason::ForbiddenPath), "{who} {key}");
        }
        for container in Container::ALL.into_iter().filter(|container| container.shape() == Shape::Entries) {
            let ops = vec![make_map(object(container), "not-an-id")];
            let expected = match (container.parent(), author.role()) {
                (Some(_), crate::document::Role::Field) => Reason::OfficeOnly,
                _ => Reason::ForbiddenPath,
            };
            assert_eq!(verdict(&doc, author, n, ops), Err(expected), "{who} {container:?}");
        }
    }
}

#[test]
fn every_role_at_a_finding_of_person_1() {
    let actor = device(1).actor(VISIT);
    let reword = |object: &ObjectId| {
        vec![map_op(object.clone(), "text", OpType::Put("y".into()), vec![op_id(27, actor)])]
    };
    let (doc, object, next) = with_finding();
    let withdraw = |author: Author, n: u8| {
        let map = ObjectId::Id(op_id(next, author.actor(VISIT)));
        vec![
            make_map(object.clone(), "withdrawn"),
            put(map.clone(), "by", person(n).as_bytes().to_vec()),
            put(map.clone(), "at", 1),
            put(map, "reason", "wrong"),
        ]
    };
    for (who, author, n) in SIGNERS {
        let mine = if n == 1 { Ok(()) } else { Err(Reason::NotAuthor) };
        assert_eq!(verdict(&doc, author, n, reword(&object)), mine, "{who}");
        assert_eq!(verdict(&doc, author, n, withdraw(author, n)), mine, "{who}");
        let first_refused = |reason| if n == 1 { Err(reason) } else { Err(Reason::NotAuthor) };
        for key in ["by", "at", "supersedes", "item", "smell"] {
            let pred = match key {
                "by" => vec![op_id(24, actor)],
                "at" => vec![op_id(25, actor)],
                _ => Vec::new(),
            };
            let ops = vec![map_op(object.clone(), key, OpType::Put(1.into()), pred)];
            assert_eq!(verdict(&doc, author, n, ops), first_refused(Reason::ForbiddenPath), "{who} {key}");
        }
        let number = vec![map_op(object.clone(), "text", OpType::Put(1.into()), vec![op_id(27, actor)])];
        // The office may settle the field with a decision; no number even then.
        let number_refused = match author {
            Author::Office { .. } => Err(Reason::ForbiddenValue),
            Author::Device { .. } => first_refused(Reason::ForbiddenValue),
        };
        assert_eq!(verdict(&doc, author, n, number), number_refused, "{who}");
        let taken = vec![map_op(
            super::object(Container::Findings),
            &entry(1).to_string(),
            OpType::Make(ObjType::Map),
            vec![op_id(23, actor)],
        )];
        assert_eq!(verdict(&doc, author, n, taken), Err(Reason::EntryTaken), "{who}");
    }
}

#[test]
fn an_entry_is_complete_in_the_change_that_mints_it_and_sealed_after() {
    let doc = VisitDocument::birth(VISIT);
    let mint = |fields: &[(&str, ScalarValue)]| {
        let map = ObjectId::Id(op_id(23, device(1).actor(VISIT)));
        let mut ops = vec![make_map(object(Container::Hazards), &entry(1).to_string())];
        ops.extend(fields.iter().map(|(key, value)| put(map.clone(), key, value.clone())));
        verdict(&doc, device(1), 1, ops)
    };
    let me = || ScalarValue::Bytes(person(1).as_bytes().to_vec());
    let whole = || vec![("by", me()), ("at", 5.into()), ("level", "H1".into()), ("code", "LEAK".into())];
    assert_eq!(mint(&whole()), Ok(()));
    for place in 0..4 {
        let mut fields = whole();
        fields.remove(place);
        assert_eq!(mint(&fields), Err(Reason::EntryIncomplete));
    }
    let with = |key, value: ScalarValue| {
        let mut fields = whole();
        fields.push((key, value));
        mint(&fields)
    };
    assert_eq!(with("action", "gas off".into()), Ok(()));
    assert_eq!(with("supersedes", entry(2).to_string().as_str().into()), Ok(()));
    assert_eq!(with("supersedes", "nobody".into()), Err(Reason::ForbiddenValue));
    assert_eq!(with("smell", "gas".into()), Err(Reason::ForbiddenPath));
    assert_eq!(with("action", 1.into()), Err(Reason::ForbiddenValue));
    let mut fields = whole();
    fields[0].1 = ScalarValue::Bytes(person(2).as_bytes().to_vec());
    assert_eq!(mint(&fields), Err(Reason::NotAuthor));
    fields[0].1 = ScalarValue::Bytes(vec![1]);
    assert_eq!(mint(&fields), Err(Reason::ForbiddenValue));
}

#[test]
fn an_id_that_another_device_took_or_that_is_spelled_otherwise_mints_nothing() {
    let (doc, ..) = with_finding();
    let mut unaware = VisitDocument::birth(VISIT);
    let late = commit(&mut unaware, 2, |edit| edit.add_finding(entry(1), &finding("hides it")).unwrap());
    assert_eq!(reason(&run(Some(&doc), vec![unit(2, &[&late.bytes])]).results[0].1), Reason::EntryTaken);
    let loud = vec![make_map(object(Container::Findings), &entry(0xab).to_string().to_uppercase())];
    assert_eq!(verdict(&doc, device(1), 1, loud), Err(Reason::ForbiddenPath));
}

#[test]
fn evidence_stays_as_it_was_recorded() {
    let mut doc = VisitDocument::birth(VISIT);
    let check = crate::document::MeterCheck {
        method: "pulse".into(),
        inputs: [("n".to_owned(), "10".to_owned())].into(),
        class: None,
        profile: None,
        meter_no: None,
    };
    commit(&mut doc, 1, |edit| edit.add_meter_check(entry(1), &check).unwrap());
    let actor = device(1).actor(VISIT);
    let at = |counter| ObjectId::Id(op_id(counter, actor));
    // 23 the entry, 24 by, 25 at, 26 method, 27 inputs, 28 n.
    let method = map_op(at(23), "method", OpType::Put("other".into()), vec![op_id(26, actor)]);
    assert_eq!(verdict(&doc, device(1), 1, vec![method]), Err(Reason::ForbiddenPath));
    let input = map_op(at(27), "n", OpType::Put("20".into()), vec![op_id(28, actor)]);
    assert_eq!(verdict(&doc, device(1), 1, vec![input]), Err(Reason::ForbiddenPath));
    let inputs = map_op(at(23), "inputs", OpType::Make(ObjType::Map), vec![op_id(27, actor)]);
    assert_eq!(verdict(&doc, device(1), 1, vec![inputs]), Err(Reason::ForbiddenPath));
}

#[test]
fn a_withdrawal_is_written_once() {
    let (mut doc, ..) = with_finding();
    commit(&mut doc, 1, |edit| edit.withdraw(Container::Findings, entry(1), "wrong").unwrap());
    let actor = device(1).actor(VISIT);
    let view = doc.view();
    assert!(view.findings[&entry(1)].meta.withdrawn.is_some());
    // 28 is the withdrawal, 29 its author.
    let again = map_op(
        ObjectId::Id(op_id(23, actor)),
        "withdrawn",
        OpType::Make(ObjType::Map),
        vec![op_id(28, actor)],
    );
    assert_eq!(verdict(&doc, device(1), 1, vec![again]), Err(Reason::ForbiddenPath));
    let reason =
        map_op(ObjectId::Id(op_id(28, actor)), "reason", OpType::Put("x".into()), vec![op_id(31, actor)]);
    assert_eq!(verdict(&doc, device(1), 1, vec![reason]), Err(Reason::ForbiddenPath));
    let mut edit = doc.edit(by(device(1), person(1), 9));
    edit.edit_finding(entry(1), &FindingEdit { text: Some("y".into()), ..FindingEdit::default() }).unwrap();
    let reworded = edit.commit().unwrap();
    let base = with_finding().0;
    let outcome =
        run(Some(&base), vec![unit(1, &[&doc.changes_since(&base.heads())[0].bytes, &reworded.bytes])]);
    assert!(is_accepted(&outcome.results[0].1));
}

#[test]
fn an_approval_lifts_who_may_write_and_nothing_else() {
    let actor = device(1).actor(VISIT);
    let (doc, object, _) = with_finding();
    let approved = |ops: Vec<Op>| {
        let chunk = Forged::next(&doc, device(2), ops).chunk();
        run(Some(&doc), vec![MergeUnit { approved: true, ..unit(2, &[&chunk]) }]).results.remove(0).1
    };
    let over =
        |key: &str, counter, action| vec![map_op(object.clone(), key, action, vec![op_id(counter, actor)])];
    assert!(is_accepted(&approved(over("text", 27, OpType::Put("y".into())))));
    assert_eq!(reason(&approved(over("text", 27, OpType::Put(1.into())))), Reason::ForbiddenValue);
    assert_eq!(reason(&approved(over("text", 27, OpType::Delete))), Reason::ForbiddenOperation);
    assert_eq!(reason(&approved(over("at", 25, OpType::Put(1.into())))), Reason::ForbiddenPath);
    assert_eq!(reason(&approved(vec![make_map(object.clone(), "withdrawn")])), Reason::NotAuthor);
    assert_eq!(reason(&approved(vec![put(ObjectId::Root, "x", 1)])), Reason::ForbiddenPath);
}
