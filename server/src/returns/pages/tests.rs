//! What the pages of return visits promise.

use super::call::{ReturnPage, Typed};
use super::list::{ListPage, ReturnLine};
use super::view::{PairLine, QuestionPart};
use crate::complaints::PersonRef;
use crate::complaints::tests::Bureau;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::returns::bodies::{ReturnBody, ReturnList};
use crate::returns::model::{Checked, ReturnState};
use crate::returns::tests::{a_leak, finish, publish};
use crate::testing::TestApp;
use crate::work_orders::tests::Technician;
use sync_core::ids::{ComplaintId, PersonId, ReturnVisitId, VisitId, WorkOrderId};

fn hostile() -> String {
    HOSTILE.to_owned()
}

#[test]
fn every_list_can_be_rendered() {
    for shell in shells() {
        for list in ReturnList::ALL {
            for rows in [0, 1] {
                let line = || ReturnLine {
                    id: hostile(),
                    number: hostile(),
                    summary: hostile(),
                    state: hostile(),
                    badges: vec![("warn", hostile())],
                    who: hostile(),
                    when: hostile(),
                    due: Some(("bad", hostile())),
                };
                check(&ListPage {
                    shell: shell.clone(),
                    list: *list,
                    hour: Some((rows == 0, hostile())),
                    rows: (0..rows).map(|_| line()).collect(),
                    next: Some("/returns?after=x".to_owned()),
                });
            }
        }
    }
}

fn body(state: ReturnState, checked: Option<Checked>) -> ReturnBody {
    let person = PersonRef { person_id: PersonId::from_bytes([1; 16]), name: Some(hostile()) };
    let is_over = !matches!(state, ReturnState::Open | ReturnState::Waiting);
    ReturnBody {
        return_id: ReturnVisitId::from_bytes([2; 16]),
        complaint_id: ComplaintId::from_bytes([3; 16]),
        complaint_number: hostile(),
        summary: hostile(),
        visit_id: Some(VisitId::from_bytes([4; 16])),
        follows: Some(ReturnVisitId::from_bytes([5; 16])),
        version: 1,
        state,
        method: "phone",
        questions: "return-visit".to_owned(),
        policy: 1,
        rule: 2,
        completed_at_ms: Some(1),
        due_at_ms: Some(2),
        provisional: false,
        appointment_from_ms: Some(1),
        appointment_to_ms: Some(2),
        asked_later: true,
        holder: Some(person.clone()),
        calling_since_ms: Some(1),
        door_visit_id: None,
        done_at_ms: is_over.then_some(1),
        done_by: is_over.then_some(person),
        record: is_over.then(hostile),
        checked,
        work_order_id: (checked == Some(Checked::Contradicts)).then(|| WorkOrderId::from_bytes([6; 16])),
    }
}

#[test]
fn a_return_visit_can_be_rendered_in_every_state() {
    let states = [
        (ReturnState::Waiting, None),
        (ReturnState::Open, None),
        (ReturnState::Done, None),
        (ReturnState::Done, Some(Checked::Agrees)),
        (ReturnState::Done, Some(Checked::Contradicts)),
        (ReturnState::Waived, None),
        (ReturnState::Void, None),
    ];
    for shell in shells() {
        for (state, checked) in states {
            for calling in [false, true] {
                let question = |options: Vec<(String, String)>| QuestionPart {
                    code: hostile(),
                    words: hostile(),
                    required: options.is_empty(),
                    is_number: false,
                    answer: (!options.is_empty()).then(|| (hostile(), Some(hostile()))),
                    options,
                };
                let pair = || PairLine {
                    question: hostile(),
                    claimed: hostile(),
                    answer: hostile(),
                    class: "bad",
                    fit: hostile(),
                };
                check(&ReturnPage {
                    shell: shell.clone(),
                    body: body(state, checked),
                    customer: [hostile(), hostile(), hostile()],
                    facts: vec![(hostile(), hostile())],
                    due: Some(("warn", hostile())),
                    other_caller: (!calling).then(hostile),
                    calling,
                    may_call: true,
                    outside: true,
                    questions: vec![question(Vec::new()), question(vec![(hostile(), hostile())])],
                    asked: calling.then_some(0),
                    slots: vec![(hostile(), hostile())],
                    attempts: vec![(hostile(), hostile())],
                    pairs: checked.map(|_| vec![pair()]),
                    may_waive: true,
                    technicians: vec![(hostile(), hostile())],
                    failure: Some(hostile()),
                    typed: Typed { record: hostile(), ..Typed::default() },
                });
            }
        }
    }
}

#[tokio::test]
async fn a_caller_asks_one_question_at_a_time_and_sees_what_follows() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    publish(&bureau).await;
    let zhang = Technician::of(&bureau, "zhang").await;
    let leak = a_leak(&bureau).await;
    leak.send(&bureau, zhang).await;
    finish(&bureau, &leak, zhang).await;
    let (clerk, lead) =
        (Browser::of(&bureau.test, &bureau.clerk.1), Browser::of(&bureau.test, &bureau.lead.1));
    let list = clerk.get("/returns").await;
    assert!(list.html().contains("People commute, rest or eat now"), "{}", list.html());
    let here = list.html().split("href=\"/returns/").nth(1).unwrap().split('"').next().unwrap();
    let here = format!("/returns/{here}");
    let before = clerk.get(&here).await;
    for words in ["Begin the call", "People do not like to be called", "138 0013 8000", "Rule 2 of version 1"]
    {
        assert!(before.html().contains(words), "{words}: {}", before.html());
    }
    assert_eq!(clerk.post(&format!("{here}/call"), &[]).await.status, 303);
    let other = lead.get(&here).await;
    assert!(other.html().contains("is on the phone with this customer"), "{}", other.html());
    // Who comes second keeps what was typed, and sees who was first.
    let record = lead.post(&format!("{here}/completion"), &[("record", "客户说很好")]).await;
    assert_eq!(record.status, 409);
    assert!(record.html().contains("客户说很好") && record.html().contains("Somebody else is asking"));

    let asked = clerk.get(&here).await;
    assert!(asked.html().contains("Did the staff say who they are"), "{}", asked.html());
    for (question, answer) in
        [("identity", "yes"), ("came", "yes"), ("resolved", "no"), ("charged", "nothing")]
    {
        let code = format!("return-visit.{question}");
        let sent = clerk.post(&format!("{here}/answers"), &[("question", &code), ("answer", answer)]).await;
        assert_eq!((sent.status, sent.location()), (303, here.as_str()), "{}", sent.html());
    }
    let wrong = [("question", "return-visit.rating"), ("answer", "nine")];
    let wrong = clerk.post(&format!("{here}/answers"), &wrong).await;
    assert!(wrong.status == 422 && wrong.html().contains("value=\"nine\""), "{}", wrong.html());
    let vain =
        clerk.post(&format!("{here}/attempts"), &[("outcome", "inconvenient"), ("note", "开会")]).await;
    assert!(vain.status == 422 && vain.html().contains("开会</textarea>"), "{}", vain.html());
    assert_eq!(clerk.post(&format!("{here}/completion"), &[("record", " ")]).await.status, 422);
    let done = clerk.post(&format!("{here}/completion"), &[("record", "还是有味道")]).await;
    assert_eq!(done.location(), format!("{here}?said=return-contradicted"));
    let after = clerk.get(&here).await;
    for words in ["Contradicts the record", "The record claims", "还是有味道", "a work order was made"] {
        assert!(after.html().contains(words), "{words}: {}", after.html());
    }
    let page = clerk.get(&format!("/complaints/{}", leak.complaint)).await;
    for words in
        ["The customer contradicts the record", "Is the matter put right?: Yes ↔ No", "Waits for the work"]
    {
        assert!(page.html().contains(words), "{words}: {}", page.html());
    }
    assert!(clerk.get("/returns?list=contradicted").await.html().contains("C-2025-0001"));
}

#[tokio::test]
async fn a_return_visit_is_rebooked_waived_planned_or_sent_to_the_door() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    publish(&bureau).await;
    let (zhang, wang) = (Technician::of(&bureau, "zhang").await, Technician::of(&bureau, "wang").await);
    let leak = a_leak(&bureau).await;
    leak.send(&bureau, zhang).await;
    let (clerk, lead) =
        (Browser::of(&bureau.test, &bureau.clerk.1), Browser::of(&bureau.test, &bureau.lead.1));
    let page = clerk.get(&format!("/complaints/{}", leak.complaint)).await;
    assert!(page.html().contains("Ask the customer about this visit"), "{}", page.html());
    let visit = leak.visit.to_string();
    let planned = clerk.post(&format!("/complaints/{}/returns", leak.complaint), &[("visit", &visit)]).await;
    let here = planned.location().split('?').next().unwrap().to_owned();
    assert!(here.starts_with("/returns/"), "{here}");
    finish(&bureau, &leak, zhang).await;
    clerk.post(&format!("{here}/call"), &[]).await;
    let calling = clerk.get(&here).await;
    let slot = calling.html().split("<option value=\"1").nth(1).unwrap().split('"').next().unwrap();
    let fields = [("outcome", "inconvenient"), ("note", "开会"), ("slot", &format!("1{slot}"))];
    let vain = clerk.post(&format!("{here}/attempts"), &fields).await;
    assert_eq!(vain.location(), "/returns?said=return-attempt", "{}", vain.html());
    assert!(clerk.get(&here).await.html().contains("It was inconvenient: 开会"));
    let version = |html: &str| {
        html.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let shown = lead.get(&here).await;
    let at = version(shown.html());
    let own = [("version", at.as_str()), ("person", &zhang.person.to_string())];
    let own = lead.post(&format!("{here}/door"), &own).await;
    assert!(own.status == 409 && own.html().contains("Nobody asks the customer about their own work"));
    let reasonless = lead.post(&format!("{here}/waiver"), &[("version", &at), ("reason", " ")]).await;
    assert_eq!(reasonless.status, 422);
    let sent = [("version", at.as_str()), ("person", &wang.person.to_string()), ("planned_on", "2025-11-22")];
    let sent = lead.post(&format!("{here}/door"), &sent).await;
    assert_eq!(sent.location(), format!("{here}?said=return-door"), "{}", sent.html());
    assert!(lead.get(&here).await.html().contains("A technician asks at the door"));

    let other = a_leak(&bureau).await;
    other.send(&bureau, zhang).await;
    finish(&bureau, &other, zhang).await;
    let list = lead.get("/returns").await;
    let other = format!(
        "/returns/{}",
        list.html().split("href=\"/returns/").nth(1).unwrap().split('"').next().unwrap()
    );
    let at = version(lead.get(&other).await.html());
    let waived = lead.post(&format!("{other}/waiver"), &[("version", &at), ("reason", "客户已确认")]).await;
    assert_eq!(waived.location(), "/returns?said=return-waived", "{}", waived.html());
    assert!(lead.get(&other).await.html().contains("客户已确认"));
}
