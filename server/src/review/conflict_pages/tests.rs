//! The pages of conflicts.

use super::*;
use crate::complaints::tests::Bureau;
use crate::complaints::{DeviceRef, PersonRef};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::review::conflicts::{CarrierBody, DecisionBody, EarlierBody};
use crate::review::tests::Site;
use sync_core::ids::DeviceId;
use sync_core::ids::VisitId;

fn value(n: u8, shown: bool) -> ValueBody {
    let person = PersonRef { person_id: PersonId::from_bytes([n; 16]), name: Some(HOSTILE.to_owned()) };
    let device = DeviceRef { device_id: DeviceId::from_bytes([n; 16]), label: Some(HOSTILE.to_owned()) };
    ValueBody {
        value: Scalar::from(HOSTILE),
        change: ChangeHash::from_bytes([n; 32]),
        shown,
        chosen: !shown,
        person: Some(person.clone()),
        device: Some(device.clone()),
        claimed_at_ms: Some(1_795_300_000_000),
        received_at_ms: Some(1_795_300_900_000),
        recorded_offline: true,
        clock_flags: vec!["claimed_after_receipt"],
        knew_of: if n == 2 { vec![ChangeHash::from_bytes([1; 32])] } else { Vec::new() },
        accepted_by: (n == 2).then(|| person.clone()),
        earlier: vec![EarlierBody {
            value: Scalar::from(HOSTILE),
            person: Some(person),
            device: Some(device),
            claimed_at_ms: Some(1_795_300_000_000),
        }],
    }
}

fn conflict(state: &str) -> ConflictBody {
    let someone = PersonRef { person_id: PersonId::from_bytes([3; 16]), name: Some(HOSTILE.to_owned()) };
    let decision = |choice: &str| DecisionBody {
        choice: choice.to_owned(),
        reason: HOSTILE.to_owned(),
        decided_by: someone.clone(),
        decided_at_ms: 1_795_300_000_000,
        value: (choice != "undone").then(|| Scalar::from(HOSTILE)),
        change: (choice == "chosen").then(|| ChangeHash::from_bytes([1; 32])),
        undone: choice == "written",
    };
    let carrier = |told: bool, values: u8, has_decision: Option<bool>, seen: i64| CarrierBody {
        device: DeviceRef { device_id: DeviceId::from_bytes([1; 16]), label: Some(HOSTILE.to_owned()) },
        person: someone.clone(),
        told,
        values: (1..=values).map(|n| ChangeHash::from_bytes([n; 32])).collect(),
        has_decision,
        confirmed_at_ms: has_decision.and_then(|has| has.then_some(1_795_300_100_000)),
        last_seen_at_ms: Some(seen),
    };
    let (before, after) = (1_795_200_000_000, 1_795_400_000_000);
    let devices = vec![
        carrier(false, 0, None, before),
        carrier(true, 0, None, before),
        carrier(true, 1, None, before),
        carrier(true, 2, None, before),
        carrier(true, 2, Some(false), before),
        carrier(true, 2, Some(false), after),
        carrier(true, 2, Some(true), after),
    ];
    let last = if state == "open" { "undone" } else { "chosen" };
    ConflictBody {
        conflict_id: EntryId::from_bytes([1; 16]).to_string(),
        visit_id: VisitId::from_bytes([1; 16]).to_string(),
        complaint_id: (state != "open").then(|| "0".to_owned()),
        complaint_number: Some("C-2026-0417".to_owned()),
        path: "answers/meter-accuracy.seal".to_owned(),
        kind: if state == "open" { "merged_text" } else { "values" }.to_owned(),
        state: state.to_owned(),
        opened_at_ms: 1_795_300_000_000,
        values: vec![value(1, false), value(2, true)],
        stands: Some(Scalar::from(HOSTILE)),
        settled_by: Some(someone.clone()),
        resolved_by: Some(someone.clone()),
        resolved_at_ms: None,
        decisions: vec![decision("written"), decision(last)],
        devices: Some(devices),
        newer: (state == "resolved").then(|| "0".to_owned()),
    }
}

fn row(state: &str) -> ConflictRow {
    let at = |name: &str| Some(name.to_owned());
    ConflictRow {
        conflict_id: "0".to_owned(),
        visit_id: "0".to_owned(),
        path: "answers/x".to_owned(),
        kind: "values".to_owned(),
        state: state.to_owned(),
        values_json: "[]".to_owned(),
        opened_log_index: 1,
        opened_at_ms: 0,
        settled_by: None,
        resolved_by: None,
        resolved_at_ms: None,
        complaint_id: at("0").filter(|_| state != "open"),
        number: at(HOSTILE),
        region: None,
        unit: None,
    }
}

#[test]
fn every_state_of_a_conflict_can_be_shown() {
    for shell in shells() {
        let phrases = Phrases::sample(shell.w);
        for state in STATES {
            let row = InboxRow {
                field: HOSTILE.to_owned(),
                values: vec![HOSTILE.to_owned()],
                conflict: row(state),
            };
            check(&InboxPage {
                shell: shell.clone(),
                state,
                rows: vec![row],
                next: Some("/conflicts".to_owned()),
            });
            check(&InboxPage { shell: shell.clone(), state, rows: Vec::new(), next: None });
            let photos = [Some("/v1/photos/00/thumbnail".to_owned()), None].map(|thumbnail| {
                let photo = SidePhoto { hash: "00".repeat(32), caption: HOSTILE.to_owned(), thumbnail };
                (PersonId::from_bytes([1; 16]), photo)
            });
            let values = || vec![value(1, false), value(2, true)];
            let coded = || Third::Chosen(vec![("x".to_owned(), HOSTILE.to_owned())]);
            for (may_decide, third) in [(true, coded()), (true, Third::Typed), (false, Third::None)] {
                check(&ConflictPage {
                    shell: shell.clone(),
                    field: HOSTILE.to_owned(),
                    sides: sides(&phrases, "answers/meter-accuracy.seal", values(), &photos),
                    stands: Some(HOSTILE.to_owned()),
                    devices: lines::devices(shell.w, &conflict(state), &values()),
                    decisions: lines::decisions(&phrases, &conflict(state), &values()),
                    third,
                    may_decide,
                    typed: Typed {
                        choice: "both".to_owned(),
                        value: HOSTILE.to_owned(),
                        reason: HOSTILE.to_owned(),
                    },
                    failure: Some(HOSTILE.to_owned()),
                    conflict: conflict(state),
                });
            }
        }
    }
}

#[test]
fn a_third_value_is_a_number_where_the_others_are() {
    for (text, numeric, expected) in [
        (" 231 ", true, Value::from(231)),
        ("231.5", true, Value::from(231.5)),
        ("231", false, Value::from("231")),
        ("about 230", true, Value::from("about 230")),
    ] {
        assert_eq!(written(text, numeric), expected, "{text}");
    }
}

/// Whoever comes second is told what the first decided, with the own words kept; one decision stands.
#[tokio::test]
async fn two_reviewers_decide_at_once_and_the_second_sees_it() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let conflict = site.disagree(&bureau).await;
        let place = format!("/conflicts/{}", conflict["conflict_id"].as_str().unwrap());
        let changes: Vec<&str> = conflict["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value["change"].as_str().unwrap())
            .collect();
        let seen = changes.join(" ");
        let reviewers =
            [&bureau.reviewer.1, &bureau.lead.1].map(|session| Browser::of(&bureau.test, session));
        let act = format!("{place}/resolution");
        let decide = async |browser: &Browser<'_>, change: &str, reason: &str| {
            browser.post(&act, &[("choice", change), ("reason", reason), ("seen", &seen)]).await
        };
        let (one, other) = tokio::join!(
            decide(&reviewers[0], changes[0], "one reason"),
            decide(&reviewers[1], changes[1], "another reason")
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 412], "{} {}", one.html(), other.html());
        let (late, won, lost) = match one.status {
            303 => (&other, "one reason", "another reason"),
            _ => (&one, "another reason", "one reason"),
        };
        assert!(late.html().contains(won) && late.html().contains(lost), "{}", late.html());
        let decided = reviewers[0].get(&place).await;
        assert!(decided.html().contains(won) && !decided.html().contains(lost), "{}", decided.html());
    })
    .await;
}
