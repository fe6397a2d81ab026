//! The hostile changes of our measurements, crafted one by one. Each is refused quickly,
//! costs nobody else anything, and leaves the document loadable.

use super::*;
use crate::document::Container;
use QuarantineReason as Reason;

/// A document with an answer and a note by device 1, whose next change the attacker forges.
fn target() -> VisitDocument {
    let mut doc = VisitDocument::birth(VISIT);
    commit(&mut doc, 1, |edit| {
        edit.answer("a", "yes").unwrap();
        edit.append_text(crate::document::SharedText::Note, "abc").unwrap();
        edit.add_finding(entry(1), &finding("x")).unwrap();
    });
    doc
}

/// Judges the chunk beside an honest one, which must enter; gives why the chunk was refused.
#[track_caller]
fn refused(base: &VisitDocument, chunk: &[u8]) -> Reason {
    let mut honest = base.clone();
    let good = commit(&mut honest, 3, |edit| edit.answer("honest", 1).unwrap());
    let outcome = run(Some(base), vec![unit(1, &[chunk]), unit(3, &[&good.bytes])]);
    assert!(is_accepted(&outcome.results[1].1), "{:?}", outcome.results);
    assert_eq!(merged(&outcome).view(), honest.view());
    reason(&outcome.results[0].1)
}

#[track_caller]
fn check_ops(expected: Reason, ops: Vec<Op>) {
    let base = target();
    let chunk = Forged::next(&base, device(1), ops).chunk();
    assert_eq!(refused(&base, &chunk), expected);
}

fn answers() -> ObjectId {
    object(Container::Answers)
}

fn note() -> ObjectId {
    object(Container::Note)
}

fn elsewhere() -> ActorId16 {
    ActorId16::from_bytes([0xee; 16])
}

/// Contents of a change with these columns: `(specification, bytes)`.
fn raw(base: &VisitDocument, columns: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let next = Forged::next(base, device(1), Vec::new());
    let mut out = Vec::new();
    unsigned(&mut out, next.deps.len() as u64);
    next.deps.iter().for_each(|dep| out.extend_from_slice(dep.as_bytes()));
    unsigned(&mut out, 16);
    out.extend_from_slice(next.actor.as_bytes());
    unsigned(&mut out, next.seq);
    unsigned(&mut out, next.start_op);
    out.extend_from_slice(&[0, 0, 0]);
    unsigned(&mut out, columns.len() as u64);
    for (spec, bytes) in columns {
        unsigned(&mut out, *spec);
        unsigned(&mut out, bytes.len() as u64);
    }
    columns.iter().for_each(|(_, bytes)| out.extend_from_slice(bytes));
    out
}

/// A run of `count` times the same number.
fn run_of(count: u64, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    // Signed and unsigned LEB128 of a positive number differ only in the sign bit.
    unsigned(&mut out, count);
    if out.last().is_some_and(|byte| byte & 0x40 != 0) {
        *out.last_mut().expect("a number has a byte") |= 0x80;
        out.push(0);
    }
    unsigned(&mut out, value);
    out
}

#[test]
fn an_operation_on_an_object_that_does_not_exist() {
    check_ops(Reason::UnknownObject, vec![put(ObjectId::Id(op_id(99, device(1).actor(VISIT))), "a", 1)]);
    check_ops(Reason::UnknownObject, vec![put(ObjectId::Id(op_id(1, ActorId16::BIRTH)), "a", 1)]);
    check_ops(Reason::UnknownObject, vec![put(ObjectId::Id(op_id(23, ActorId16::BIRTH)), "a", 1)]);
}

#[test]
fn an_insertion_after_an_element_that_does_not_exist() {
    let missing = op_id(77, device(1).actor(VISIT));
    check_ops(Reason::UnknownObject, vec![insert(note(), Some(missing), "x")]);
    check_ops(Reason::UnknownObject, vec![insert(note(), Some(op_id(3, ActorId16::BIRTH)), "x")]);
}

#[test]
fn an_operation_that_names_an_actor_nobody_has_seen() {
    check_ops(Reason::UnknownActor, vec![put(ObjectId::Id(op_id(5, elsewhere())), "a", 1)]);
    let pred = map_op(answers(), "a", OpType::Put(1.into()), vec![op_id(23, elsewhere())]);
    check_ops(Reason::UnknownActor, vec![pred]);
}

#[test]
fn a_gap_in_the_sequence_and_a_number_used_twice() {
    let base = target();
    let next = || Forged::next(&base, device(1), vec![put(answers(), "b", 1)]);
    for seq in [1, 3, 5, u64::from(u32::MAX), 1 << 62] {
        assert_eq!(refused(&base, &Forged { seq, ..next() }.chunk()), Reason::WrongSequence);
    }
    let unaware = Forged { deps: vec![birth_hash(VISIT)], ..next() };
    assert_eq!(refused(&base, &unaware.chunk()), Reason::WrongSequence);
}

#[test]
fn operation_counters_that_would_use_up_everybodys() {
    let base = target();
    let next =
        || Forged::next(&base, device(1), (0..3).map(|n| put(answers(), &format!("b{n}"), 1)).collect());
    let max = next().start_op - 1;
    for start_op in [max + 200_000, u64::from(u32::MAX) - 2, u64::from(u32::MAX)] {
        assert_eq!(refused(&base, &Forged { start_op, ..next() }.chunk()), Reason::BadCounter);
    }
    // Above 32 bits Automerge itself refuses, above 63 ours would wrap.
    let beyond = Forged { start_op: u64::from(u32::MAX) + 1, ..next() };
    assert!(matches!(refused(&base, &beyond.chunk()), Reason::BadCounter | Reason::Malformed));
    // Counters that the author's own past has used.
    for start_op in [1, 3, max] {
        assert_eq!(refused(&base, &Forged { start_op, ..next() }.chunk()), Reason::BadCounter);
    }
}

#[test]
fn predecessors_that_do_not_exist_or_are_left_out() {
    let me = device(1).actor(VISIT);
    let over = |pred| vec![map_op(answers(), "a", OpType::Put("no".into()), pred)];
    // The answer is operation 23 of device 1.
    for pred in [vec![], vec![op_id(99, me)], vec![op_id(24, me)], vec![op_id(23, me), op_id(24, me)]] {
        check_ops(Reason::BadPredecessor, over(pred));
    }
    let base = target();
    let right = Forged::next(&base, device(1), over(vec![op_id(23, me)])).chunk();
    assert!(is_accepted(&run(Some(&base), vec![unit(1, &[&right])]).results[0].1));
    check_ops(Reason::BadPredecessor, over(vec![op_id(23, me), op_id(23, me)]));
}

#[test]
fn map_keys_in_texts_and_elements_in_maps() {
    check_ops(Reason::ForbiddenOperation, vec![put(note(), "key", "x")]);
    check_ops(Reason::ForbiddenOperation, vec![insert(answers(), None, "x")]);
    check_ops(Reason::ForbiddenPath, vec![insert(ObjectId::Root, None, "x")]);
    check_ops(Reason::ForbiddenOperation, vec![Op { insert: true, ..put(answers(), "b", 1) }]);
}

#[test]
fn deletions_increments_lists_marks_and_blocks() {
    let me = device(1).actor(VISIT);
    let on_answer = |action| vec![map_op(answers(), "a", action, vec![op_id(23, me)])];
    check_ops(Reason::ForbiddenOperation, on_answer(OpType::Delete));
    check_ops(Reason::ForbiddenOperation, on_answer(OpType::Increment(1)));
    check_ops(Reason::BadPredecessor, vec![map_op(answers(), "a", OpType::Delete, Vec::new())]);
    check_ops(Reason::ForbiddenPath, vec![map_op(ObjectId::Root, "findings", OpType::Delete, Vec::new())]);
    check_ops(Reason::ForbiddenValue, on_answer(OpType::Make(ObjType::List)));
    check_ops(Reason::ForbiddenValue, on_answer(OpType::Put(ScalarValue::counter(1))));
    let block = Op { action: OpType::Make(ObjType::Map), ..insert(note(), None, "x") };
    check_ops(Reason::ForbiddenOperation, vec![block]);
    check_ops(Reason::ForbiddenOperation, vec![insert(note(), None, 5)]);
    check_ops(Reason::ForbiddenValue, vec![insert(note(), None, "")]);
    check_ops(Reason::ForbiddenValue, vec![insert(note(), None, "x".repeat(65).as_str())]);
    let mark = Op { action: OpType::MarkEnd(true), ..insert(note(), None, "x") };
    // Marks need a column that the pre-scan does not take.
    check_ops(Reason::Malformed, vec![mark]);
}

#[test]
fn an_element_deleted_twice_or_overwritten() {
    let me = device(1).actor(VISIT);
    let delete = || Op { action: OpType::Delete, insert: false, ..insert(note(), Some(op_id(24, me)), "x") };
    let with = |pred: Vec<OpId>| Op { pred: SortedVec::from(pred), ..delete() };
    let right = || with(vec![op_id(24, me)]);
    let base = target();
    let once = Forged::next(&base, device(1), vec![right()]).chunk();
    assert_eq!(merged(&run(Some(&base), vec![unit(1, &[&once])])).view().note, "bc");
    check_ops(Reason::BadPredecessor, vec![right(), right()]);
    check_ops(Reason::BadPredecessor, vec![delete()]);
    check_ops(Reason::BadPredecessor, vec![with(vec![op_id(25, me)])]);
    check_ops(Reason::BadPredecessor, vec![Op { action: OpType::Put("z".into()), ..right() }]);
}

#[test]
fn another_devices_actor_and_the_birth_actor() {
    let base = target();
    let forged = Forged::next(&base, device(2), vec![put(answers(), "b", 1)]).chunk();
    assert_eq!(refused(&base, &forged), Reason::WrongActor);
    let next = || Forged::next(&base, device(1), vec![put(answers(), "b", 1)]);
    let birth = Forged { actor: ActorId16::BIRTH, seq: 2, ..next() };
    assert_eq!(refused(&base, &birth.chunk()), Reason::BirthDiffers);
    let birth = Forged { actor: ActorId16::BIRTH, seq: 1, start_op: 1, deps: Vec::new(), ..next() };
    assert_eq!(refused(&base, &birth.chunk()), Reason::BirthDiffers);
    let other_visit = crate::document::birth_chunk(VisitId::from_bytes([8; 16]));
    assert_eq!(refused(&base, &other_visit), Reason::BirthDiffers);
}

#[test]
fn a_root_without_parents() {
    let base = target();
    let forged = Forged { deps: Vec::new(), ..Forged::next(&base, device(1), vec![put(answers(), "b", 1)]) };
    assert_eq!(refused(&base, &forged.chunk()), Reason::BirthDiffers);
}

#[test]
fn actors_of_strange_length() {
    let base = target();
    for length in [0, 15, 17, 200_000] {
        let mut out = raw(&base, &[(0x42, run_of(1, 1))]);
        let at = 1 + 32;
        out.splice(at..at + 17, {
            let mut actor = Vec::new();
            unsigned(&mut actor, length);
            actor.extend(std::iter::repeat_n(0xaa, usize::try_from(length).unwrap()));
            actor
        });
        assert_eq!(refused(&base, &seal(1, &out)), Reason::WrongActor);
    }
    let mut expanded =
        Change::from_bytes(Forged::next(&base, device(1), vec![put(answers(), "b", 1)]).chunk())
            .unwrap()
            .decode();
    expanded.operations[0].obj = ObjectId::Id(OpId(3, automerge::ActorId::from([1_u8; 15].as_slice())));
    let chunk = Change::from(expanded).raw_bytes().to_vec();
    assert_eq!(refused(&base, &chunk), Reason::UnknownActor);
}

#[test]
fn run_lengths_that_claim_millions_of_operations() {
    let base = target();
    for bits in [14, 20, 26, 40, 62] {
        let count = 1_u64 << bits;
        for columns in [
            vec![(0x42, run_of(count, 1))],
            vec![(0x34, run_of(count, count)), (0x42, run_of(1, 1))],
            vec![(0x15, [&run_of(count, 1)[..], b"k"].concat()), (0x42, run_of(1, 1))],
            vec![(0x42, run_of(1, 1)), (0x70, run_of(1, count))],
            vec![(0x42, run_of(1, 1)), (0x70, run_of(1, 1)), (0x71, run_of(count, 0))],
            vec![(0x42, run_of(1, 1)), (0x56, run_of(1, count << 4))],
        ] {
            let chunk = seal(1, &raw(&base, &columns));
            assert!(matches!(refused(&base, &chunk), Reason::TooLarge | Reason::Malformed), "{columns:?}");
        }
    }
}

#[test]
fn too_many_operations_that_are_really_there() {
    let base = target();
    let ops = (0..10_001).map(|n| put(answers(), &format!("{n}"), 1)).collect();
    assert_eq!(refused(&base, &Forged::next(&base, device(1), ops).chunk()), Reason::TooLarge);
}

#[test]
fn ten_thousand_nested_maps() {
    let me = device(1).actor(VISIT);
    let base = target();
    let start = Forged::next(&base, device(1), Vec::new()).start_op;
    let mut ops = vec![make_map(object(Container::Findings), &entry(2).to_string())];
    for depth in 0..9_999 {
        ops.push(make_map(ObjectId::Id(op_id(start + depth, me)), "x"));
    }
    assert_eq!(refused(&base, &Forged::next(&base, device(1), ops).chunk()), Reason::ForbiddenPath);
    // Where a map is allowed, nothing but texts goes inside it.
    let check = vec![
        make_map(object(Container::MeterChecks), &entry(2).to_string()),
        make_map(ObjectId::Id(op_id(start, me)), "inputs"),
        make_map(ObjectId::Id(op_id(start + 1, me)), "x"),
    ];
    assert_eq!(refused(&base, &Forged::next(&base, device(1), check).chunk()), Reason::ForbiddenValue);
}

#[test]
fn other_kinds_of_chunks() {
    let base = target();
    let change = Forged::next(&base, device(1), vec![put(answers(), "b", 1)]).chunk();
    for kind in [0, 2, 3, 4, 255] {
        assert_eq!(refused(&base, &seal(kind, contents(&change))), Reason::Malformed);
    }
    assert_eq!(refused(&base, &base.save()), Reason::Malformed);
    assert_eq!(refused(&base, &[]), Reason::Malformed);
    assert_eq!(refused(&base, &[&change[..], &change[..]].concat()), Reason::Malformed);
    let huge = vec![0; 300_000];
    assert_eq!(refused(&base, &seal(1, &huge)), Reason::TooLarge);
}

#[test]
fn a_checksum_that_is_not_the_one_of_the_contents() {
    let base = target();
    let mut change = Forged::next(&base, device(1), vec![put(answers(), "b", 1)]).chunk();
    let last = change.len() - 1;
    change[last] ^= 1;
    assert!(Change::from_bytes(change.clone()).is_ok() || change.len() > 8);
    assert_eq!(refused(&base, &change), Reason::Malformed);
}

#[test]
fn messages_footers_unknown_columns_and_columns_out_of_order() {
    let base = target();
    let next = || Forged::next(&base, device(1), vec![put(answers(), "b", 1)]);
    let message = Forged { message: Some("x".repeat(100_000)), ..next() };
    assert_eq!(refused(&base, &message.chunk()), Reason::Malformed);
    let footer = Forged { footer: vec![1, 1, 7], ..next() };
    assert_eq!(refused(&base, &footer.chunk()), Reason::Malformed);
    for columns in [
        vec![(0x42, run_of(1, 1)), (0x94, vec![1])],
        vec![(0x42, run_of(1, 1)), (0xa5, run_of(1, 1))],
        vec![(0x42, run_of(1, 1)), (0x42, run_of(1, 1))],
        vec![(0x56, run_of(1, 0)), (0x42, run_of(1, 1))],
        vec![(0x4a, run_of(1, 1))],
        vec![],
    ] {
        assert_eq!(refused(&base, &seal(1, &raw(&base, &columns))), Reason::Malformed);
    }
}

#[test]
fn the_same_change_spelled_otherwise() {
    let base = target();
    let ops = vec![put(answers(), "b", 1), put(answers(), "c", 1)];
    let honest = Forged::next(&base, device(1), ops).chunk();
    let decoded = Change::from_bytes(honest.clone()).unwrap().decode();
    // The action column as a literal run of two ones instead of a run of two.
    let contents = contents(&honest);
    let at = contents.windows(4).position(|bytes| bytes[..2] == [0x42, 2]).unwrap();
    assert_eq!(contents[at], 0x42);
    let two_ones = [2, 1];
    let place = contents.windows(2).rposition(|bytes| bytes == two_ones);
    let mut spelled = contents.to_vec();
    spelled[at + 1] = 3;
    let place = place.expect("the action column is a run");
    let mut found = None;
    for place in (at..=place).filter(|place| contents[*place..].starts_with(&two_ones)) {
        let mut candidate = spelled.clone();
        candidate.splice(place..place + 2, [0x7e, 1, 1]);
        let chunk = seal(1, &candidate);
        if Change::from_bytes(chunk.clone())
            .is_ok_and(|change| change.decode().operations == decoded.operations)
        {
            found = Some(chunk);
        }
    }
    let chunk = found.expect("one of the places is the action column");
    assert_eq!(refused(&base, &chunk), Reason::TrialFailed);
}

#[test]
fn orphans_wait_outside_the_document() {
    let base = target();
    let unknown = ChangeHash::from_bytes([0xaa; 32]);
    let orphan =
        Forged { deps: vec![unknown], ..Forged::next(&base, device(1), vec![put(answers(), "b", 1)]) };
    let outcome = run(Some(&base), vec![unit(1, &[&orphan.chunk()])]);
    assert_eq!(outcome.results[0].1, UnitResult::Waiting { missing: vec![unknown] });
    assert_eq!((outcome.saved, outcome.heads), (None, base.heads()));
    let deps = (0..65).map(|n| ChangeHash::from_bytes([n; 32])).collect();
    let many = Forged { deps, ..Forged::next(&base, device(1), vec![put(answers(), "b", 1)]) };
    assert_eq!(refused(&base, &many.chunk()), Reason::TooLarge);
}

#[test]
fn times_at_the_ends_of_the_range_are_claims_like_any_other() {
    let base = VisitDocument::birth(VISIT);
    for time in [i64::MIN, -1, i64::MAX] {
        let map = ObjectId::Id(op_id(23, device(1).actor(VISIT)));
        let ops = vec![
            make_map(object(Container::Promises), &entry(2).to_string()),
            put(map.clone(), "by", person(1).as_bytes().to_vec()),
            put(map.clone(), "at", time),
            put(map.clone(), "what", "call back"),
            put(map, "due_ms", time),
        ];
        let chunk = Forged { time, ..Forged::next(&base, device(1), ops) }.chunk();
        let outcome = run(Some(&base), vec![unit(1, &[&chunk])]);
        assert!(is_accepted(&outcome.results[0].1), "{:?}", outcome.results);
        assert_eq!(merged(&outcome).view().promises[&entry(2)].meta.at.unix_ms(), time);
    }
}

#[test]
fn equivocation_is_refused_and_the_first_stays() {
    let base = target();
    let one = Forged::next(&base, device(1), vec![put(answers(), "b", 1)]).chunk();
    let two = Forged::next(&base, device(1), vec![put(answers(), "b", 2)]).chunk();
    let outcome = run(Some(&base), vec![unit(1, &[&one]), unit(1, &[&two])]);
    assert!(is_accepted(&outcome.results[0].1));
    assert_eq!(reason(&outcome.results[1].1), Reason::WrongSequence);
    assert_eq!(
        reason(&run(Some(&merged(&outcome)), vec![unit(1, &[&two])]).results[0].1),
        Reason::WrongSequence
    );
}

#[test]
fn an_actor_flood_ends_at_the_limit() {
    let base = target();
    let limits = Limits { document_actors_max: 3, ..Limits::default() };
    let units = (10..14).map(|n| {
        let mut doc = base.clone();
        unit(n, &[&commit(&mut doc, n, |edit| edit.answer("z", 1).unwrap()).bytes])
    });
    let outcome = judge(&job(Some(&base), units.collect()), &limits).unwrap();
    let full = outcome.results.iter().filter(|(_, result)| !is_accepted(result));
    assert!(full.clone().all(|(_, result)| reason(result) == Reason::DocumentFull));
    assert_eq!(full.count(), 3);
}

#[test]
fn a_document_does_not_grow_beyond_its_limits() {
    let base = target();
    let chunk = Forged::next(&base, device(1), vec![put(answers(), "b", 1)]).chunk();
    let job = job(Some(&base), vec![unit(1, &[&chunk])]);
    for limits in [
        Limits { document_ops_max: 31, ..Limits::default() },
        Limits { document_bytes_max: 100, ..Limits::default() },
        Limits { document_counter_max: 30, ..Limits::default() },
    ] {
        assert_eq!(reason(&judge(&job, &limits).unwrap().results[0].1), Reason::DocumentFull);
    }
    for limits in [
        Limits { unit_bytes_max: 50, ..Limits::default() },
        Limits { unit_changes_max: 0, ..Limits::default() },
    ] {
        assert_eq!(reason(&judge(&job, &limits).unwrap().results[0].1), Reason::TooLarge);
    }
}
