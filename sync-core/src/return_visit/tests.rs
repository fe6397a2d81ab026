//! What rules, windows and the check promise.

use super::*;
use crate::deadline::{Due, built_in_calendars, due};
use crate::document::{ActorId16, Edit, EditAuthor, Role, Scalar, Seal, VisitDocument, VisitView};
use crate::ids::{EntryId, PersonId, VisitId};
use crate::time::Timestamp;
use std::collections::BTreeMap;

fn at(text: &str) -> Timestamp {
    let (date, clock) = text.split_once(' ').unwrap();
    let (hours, minutes) = clock.split_once(':').unwrap();
    let minutes = hours.parse::<u16>().unwrap() * 60 + minutes.parse::<u16>().unwrap();
    date.parse::<crate::date::CivilDate>().unwrap().moment(minutes, 480)
}

fn after(compose: impl FnOnce(&mut Edit<'_>)) -> VisitView {
    let mut document = VisitDocument::birth(VisitId::from_bytes([1; 16]));
    let author = EditAuthor {
        actor: ActorId16::of_office(1, VisitId::from_bytes([1; 16])),
        person: PersonId::from_bytes([2; 16]),
        at: at("2026-03-02 10:00"),
        role: Role::Field,
    };
    let mut edit = document.edit(author);
    compose(&mut edit);
    edit.commit();
    document.view()
}

#[test]
fn each_kind_of_work_has_its_time() {
    let rules = ReturnRules::default();
    assert_eq!(rules.check(), Ok(()));
    let calendar = &built_in_calendars()[0];
    for (category, checklist, finished, due_on) in [
        // Friday before the make-up working day of the Spring Festival.
        ("gas.LEAK", "gas-safety", "2026-02-13 18:00", Some("2026-02-14")),
        ("gas.IGN", "gas-safety", "2026-09-18 09:00", Some("2026-09-20")),
        ("power.BIZ.reading", "meter-accuracy", "2026-09-24 10:00", Some("2026-09-30")),
        ("water.BILL", "general", "2026-03-02 10:00", Some("2026-03-05")),
        ("telecom.NET", "survey", "2025-12-31 10:00", Some("2026-02-28")),
        ("gas.LEAK", "survey", "2026-03-31 10:00", Some("2026-05-31")),
        ("gas.LEAKAGE", "gas-safety", "2026-03-02 10:00", None),
        ("power.BIZ.metering", "meter-accuracy", "2026-03-02 10:00", None),
    ] {
        let rule = rules.rule_for(CompletedWork { category, checklist, class: "" });
        let found = rule.map(|(_, rule)| due(at(finished), rule.within, calendar, &[]));
        let expected =
            due_on.map(|day| Due::At { at: calendar.close_of(day.parse().unwrap()), provisional: false });
        assert_eq!(found, expected, "{category} {checklist}");
    }
}

#[test]
fn a_rule_may_be_for_some_kinds_of_customers() {
    let mut rules = ReturnRules::default();
    let mut factories = rules.rules[1].clone();
    factories.classes = vec!["industrial".to_owned(), "cng".to_owned()];
    rules.rules.insert(1, factories);
    let number = |class| {
        let work = CompletedWork { category: "gas.LEAK", checklist: "gas-safety", class };
        rules.rule_for(work).map(|(number, _)| number)
    };
    assert_eq!(["industrial", "cng", "residential", ""].map(number), [Some(2), Some(2), Some(3), Some(3)]);
}

#[test]
fn rules_that_could_never_hold_are_refused() {
    let with = |change: &dyn Fn(&mut ReturnRules)| {
        let mut rules = ReturnRules::default();
        change(&mut rules);
        rules.check().unwrap_err().to_string()
    };
    for (error, expected) in [
        (with(&|r| r.rules[0].within.amount = 0), "rule 1: an amount"),
        (with(&|r| r.rules[1].categories.clear()), "rule 2: name a category"),
        (with(&|r| r.rules[2].questions = "two words".into()), "rule 3: codes have no spaces"),
        (with(&|r| r.rules[2].source = " ".into()), "rule 3: say"),
        (with(&|r| r.windows[0].to_minutes = 9 * 60), "a window ends after it begins"),
        (with(&|r| r.windows[2].to_minutes = 24 * 60 + 1), "at 24:00 at the latest"),
        (with(&|r| r.windows[1].from_minutes = 11 * 60), "do not overlap"),
        (with(&|r| r.windows = vec![Window { from_minutes: 0, to_minutes: 1 }; 13]), "at most 12"),
    ] {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn slots_are_offered_before_the_limit_and_in_their_order() {
    let calendar = &built_in_calendars()[0];
    let windows = ReturnRules::default().windows;
    for (moment, within) in [
        ("2026-03-02 09:29", false),
        ("2026-03-02 09:30", true),
        ("2026-03-02 11:30", false),
        ("2026-03-02 16:29", true),
        ("2026-03-01 20:29", true),
        ("2026-03-01 20:30", false),
    ] {
        assert_eq!(is_within(at(moment), &windows, calendar), within, "{moment}");
    }
    let found = slots((at("2026-03-02 15:00"), at("2026-03-03 12:00")), &windows, calendar, 9);
    let starts: Vec<_> = found.iter().map(|slot| slot.from).collect();
    assert_eq!(starts, [at("2026-03-02 14:00"), at("2026-03-02 19:00"), at("2026-03-03 09:30")]);
    assert_eq!(slots((at("2026-03-02 15:00"), at("2026-04-03 12:00")), &windows, calendar, 2).len(), 2);
    assert!(slots((at("2026-03-02 15:00"), at("2026-03-02 14:00")), &windows, calendar, 9).is_empty());
    assert!(slots((at("2026-03-02 15:00"), at("2099-03-02 14:00")), &[], calendar, 9).is_empty());
}

fn answers(pairs: &[(&str, &str)]) -> BTreeMap<String, Scalar> {
    let text =
        |(code, said): &(&str, &str)| (format!("return-visit.{code}"), Scalar::Text((*said).to_owned()));
    pairs.iter().map(text).collect()
}

#[test]
fn a_claim_that_the_customer_denies_is_a_contradiction_and_silence_is_none() {
    let sealed = after(|edit| {
        edit.answer("gas-safety.identity", true).unwrap();
        let seal = Seal {
            position: "meter_cover".into(),
            state: "replaced".into(),
            number_found: None,
            number_fitted: Some("F1".into()),
            meter_no: None,
        };
        edit.add_seal(EntryId::from_bytes([7; 16]), &seal).unwrap();
    });
    let facts = VisitFacts { finished: true, outcome: Some("resolved_on_site"), on_time: Some(true) };
    let claims = claims_of(&sealed, facts);
    use Claim::{Came, Identity, OnTime, Resolved, Sealed};
    assert_eq!(claims.keys().copied().collect::<Vec<_>>(), [Came, OnTime, Identity, Resolved, Sealed]);
    for (name, said, found) in [
        ("content", &[("came", "yes"), ("resolved", "yes"), ("sealed", "yes")][..], false),
        ("nobody came", &[("came", "no")], true),
        ("only partly right", &[("came", "yes"), ("resolved", "partly")], true),
        ("does not know", &[("sealed", "unknown"), ("resolved", "unknown")], false),
        ("nothing claimed", &[("notice", "no"), ("signed", "no"), ("checked", "no")], false),
        ("no pair", &[("rating", "no"), ("remark", "no")], false),
        ("late", &[("on_time", "no")], true),
    ] {
        assert_eq!(contradicts(&compare(&claims, &answers(said))), found, "{name}");
    }
    // What the record itself calls open contradicts nobody; a visit that is not finished claims nothing.
    let open = VisitFacts { outcome: Some("follow_up"), ..facts };
    assert!(!contradicts(&compare(&claims_of(&sealed, open), &answers(&[("resolved", "no")]))));
    let unfinished = VisitFacts { finished: false, ..facts };
    assert!(claims_of(&sealed, unfinished).is_empty());
}

#[test]
fn what_technicians_disagree_about_is_claimed_by_nobody() {
    let visit = VisitId::from_bytes([1; 16]);
    let edit_by = |document: &mut VisitDocument, n: u8, yes: bool| {
        let author = EditAuthor {
            actor: ActorId16::of_office(u64::from(n), visit),
            person: PersonId::from_bytes([n; 16]),
            at: at("2026-03-02 10:00"),
            role: Role::Field,
        };
        let mut edit = document.edit(author);
        edit.answer("gas-safety.identity", yes).unwrap();
        edit.commit();
    };
    let (mut zhang, mut wang) = (VisitDocument::birth(visit), VisitDocument::birth(visit));
    edit_by(&mut zhang, 1, true);
    edit_by(&mut wang, 2, false);
    let theirs: Vec<_> = wang.changes_since(&[]).into_iter().map(|chunk| chunk.bytes).collect();
    zhang.apply(&theirs).unwrap();
    let view = zhang.view();
    assert!(
        !claims_of(&view, VisitFacts { finished: true, ..VisitFacts::default() })
            .contains_key(&Claim::Identity)
    );
    assert!(answers_of(&view).is_empty());
}
