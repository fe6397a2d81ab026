//! Devices that lie, and devices that lost their access.

use super::*;
use crate::auth::{AnyDeviceAuth, Credential};
use crate::devices;
use crate::exchange::intake::Intake;
use crate::people::Role as Role2;
use crate::people::tests::a_person;
use crate::store::EngineKind;
use sync_core::document::{ActorId16, EditAuthor, Finding, FindingEdit, Role};
use sync_core::log::{Body, ChangeBody, SigningKey};
use sync_core::protocol::{Ask, Beacon, EnvelopeStatus, FrameWriter, Order, UpFrame};

fn reason(device: &SimDevice, sequence: u64) -> &str {
    match &device.fates[&sequence] {
        EnvelopeStatus::Quarantined { reason, .. } => reason,
        other => panic!("envelope {sequence} is {other:?}"),
    }
}

fn finding(text: &str) -> Finding {
    Finding { code: "other".to_owned(), text: text.to_owned(), item: None, severity: None }
}

#[tokio::test]
async fn a_wrong_signature_is_not_taken_and_holds_back_nothing_before_it() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        let honest = std::mem::replace(&mut device.key, SigningKey::from_seed(&[77; 32]));
        device.save(visit, |edit| edit.answer("cover", true).unwrap());
        device.key = honest;
        let body = device.request();
        let answer = send(&test, &device, body).await;
        assert_eq!(answer.status, 200);
        device.take(&answer.body);
        assert_eq!(device.acknowledged.sequence, 1);
        assert!(device.orders.contains(&Order::ResendFrom { sequence: 2 }));
        assert_eq!(count(&test, "SELECT count(*) FROM changes").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_forked_chain_freezes_the_device_and_both_branches_are_kept() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "a").unwrap());
        let mut copy = device.clone();
        device.save(visit, |edit| edit.answer("seal", "b").unwrap());
        copy.save(visit, |edit| edit.answer("seal", "c").unwrap());
        copy.save(visit, |edit| edit.answer("seal", "d").unwrap());
        exchange(&test, &mut device).await;
        exchange(&test, &mut copy).await;
        assert!(copy.orders.contains(&Order::EnrolAgain), "{:?}", copy.orders);
        assert_eq!(copy.fates[&2], EnvelopeStatus::Escrowed);
        assert_eq!(count(&test, "SELECT count(*) FROM escrow WHERE reason = 'fork'").await, 2);
        // The first branch is frozen too: from now on its envelopes are kept aside.
        device.save(visit, |edit| edit.answer("seal", "e").unwrap());
        exchange(&test, &mut device).await;
        assert_eq!(device.fates[&3], EnvelopeStatus::Escrowed);
        assert!(device.orders.contains(&Order::EnrolAgain));
        let (_, reviewer) = a_person(&test, "wangfang", &[Role2::Reviewer]).await;
        let first = test.get("/v1/escrow?limit=1").header("authorization", &reviewer).send().await;
        assert_eq!(first.json["items"][0]["reason"], "fork", "{}", first.json);
        let next = format!("/v1/escrow?cursor={}", first.json["next_cursor"].as_str().unwrap());
        let rest = test.get(&next).header("authorization", &reviewer).send().await;
        assert_eq!(rest.json["items"].as_array().unwrap().last().unwrap()["device_sequence"], 3);
        assert_eq!(count(&test, "SELECT count(*) FROM changes").await, 2, "what was merged before stays");
        // A person may take up what goes on from what is in the record, and nothing that contradicts it.
        let accept = async |envelope: &sync_core::log::Envelope| {
            let path = format!("/v1/escrow/{}/decision", envelope.hash());
            let call = test.post(&path).header("authorization", &reviewer);
            call.json(&json!({ "decision": "accept", "reason": "it was the first phone" })).send().await
        };
        let other = accept(&copy.log[1]).await;
        assert_eq!((other.status, &other.json["reason"]), (422, &json!("forked")), "{}", other.json);
        let clean = accept(device.log.last().unwrap()).await;
        assert_eq!(clean.status, 200, "{}", clean.json);
        assert_eq!(view(&test, visit).await.answers["seal"].shown, "e".into());
        assert_eq!(accept(&copy.log[2]).await.json["reason"], "forked", "its number is taken now");
        assert!(
            devices::find(&mut test.app.store.read().await.unwrap(), device.device)
                .await
                .unwrap()
                .unwrap()
                .forked
                .is_some()
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_under_another_devices_actor_is_quarantined() {
    TestApp::for_each_engine(|test| async move {
        let (mut one, mut two) = (a_technician(&test, "zhangwei").await, a_technician(&test, "liming").await);
        let visit = a_visit_of(&test, &mut [&mut one, &mut two]).await;
        let mut forged = two.visits[&visit].document.clone();
        let actor = ActorId16::of_device(one.device, visit, 0);
        let mut edit = forged.edit(EditAuthor { actor, person: two.person, at: two.now, role: Role::Field });
        edit.answer("seal", "forged").unwrap();
        let chunks = vec![edit.commit().unwrap().bytes.into()];
        two.seal(Some(visit), &Body::Change(ChangeBody { chunks, ..ChangeBody::default() }));
        two.seal(
            Some(visit),
            &Body::Change(ChangeBody { chunks: vec![vec![1, 2, 3].into()], ..ChangeBody::default() }),
        );
        two.save(visit, |edit| edit.answer("cover", true).unwrap());
        one.save(visit, |edit| edit.answer("seal", "honest").unwrap());
        exchange(&test, &mut two).await;
        assert_eq!((reason(&two, 1), reason(&two, 2)), ("wrong_actor", "malformed"));
        assert_eq!(two.fates[&3], EnvelopeStatus::Merged, "one bad item holds back nothing");
        exchange(&test, &mut one).await;
        assert_eq!(one.fates[&1], EnvelopeStatus::Merged);
    })
    .await;
}

#[tokio::test]
async fn somebody_elses_finding_is_protected_until_a_reviewer_lets_the_edit_in() {
    TestApp::for_each_engine(|test| async move {
        let (mut one, mut two) = (a_technician(&test, "zhangwei").await, a_technician(&test, "liming").await);
        let visit = a_visit_of(&test, &mut [&mut one, &mut two]).await;
        let id = an_entry(&mut one);
        one.save(visit, |edit| edit.add_finding(id, &finding("seal intact")).unwrap());
        exchange(&test, &mut one).await;
        exchange(&test, &mut two).await;
        let changed = FindingEdit { text: Some("seal broken".to_owned()), ..FindingEdit::default() };
        let owner = one.person;
        two.save_as(visit, owner, |edit| edit.edit_finding(id, &changed).unwrap());
        two.save(visit, |edit| edit.answer("cover", true).unwrap());
        exchange(&test, &mut two).await;
        assert_eq!((reason(&two, 1), reason(&two, 2)), ("not_author", "depends_on_refused"));
        // The device writes the innocent save anew.
        exchange(&test, &mut two).await;
        assert_eq!(two.fates[&3], EnvelopeStatus::Merged, "{:?}", two.fates);
        assert!(!two.differs);
        assert_eq!(count(&test, "SELECT count(*) FROM quarantine WHERE state = 'superseded'").await, 1);
        assert_eq!(view(&test, visit).await.findings[&id].content.text, "seal intact");

        let (_, reviewer) = a_person(&test, "wangfang", &[Role2::Reviewer]).await;
        let list = test.get("/v1/quarantine").header("authorization", &reviewer).send().await;
        let item = list.json["items"][0]["id"].as_i64().unwrap();
        assert_eq!(list.json["items"][0]["reason"], "not_author");
        assert_eq!(list.json["items"][0]["person"]["name"], "liming 测试");
        let shown =
            test.get(&format!("/v1/quarantine/{item}")).header("authorization", &reviewer).send().await;
        let changes = json!([{
            "path": format!("findings/{id}/text"), "now": "seal intact", "then": "seal broken",
        }]);
        assert_eq!(shown.json["would_change"], changes, "{}", shown.json);
        let path = format!("/v1/quarantine/{item}/decision");
        let decision = json!({ "decision": "accept", "reason": "他们一起检查的" });
        let answer = test.post(&path).header("authorization", &reviewer).json(&decision).send().await;
        assert_eq!(
            (answer.status, answer.json["state"].as_str()),
            (200, Some("accepted")),
            "{}",
            answer.json
        );
        let again = test.post(&path).header("authorization", &reviewer).json(&decision).send().await;
        assert_eq!(again.status, 200, "deciding the same again is success");
        let other = json!({ "decision": "reject", "reason": "no" });
        let other = test.post(&path).header("authorization", &reviewer).json(&other).send().await;
        assert_eq!((other.status, other.json["code"].as_str()), (409, Some("quarantine-decided")));
        assert_eq!(view(&test, visit).await.findings[&id].content.text, "seal broken");
        for device in [&mut one, &mut two] {
            exchange(&test, device).await;
            assert!(!device.differs);
            assert_eq!(device.visits[&visit].document.view().findings[&id].content.text, "seal broken");
        }
        assert_eq!(two.fates[&1], EnvelopeStatus::Merged);
    })
    .await;
}

#[tokio::test]
async fn a_rejected_item_stays_as_evidence() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        exchange(&test, &mut device).await;
        let visit = a_visit(&test);
        device.visits.insert(visit, sync_core::replica::VisitReplica::birth(visit));
        device.save(visit, |edit| edit.answer("seal", "x").unwrap());
        exchange(&test, &mut device).await;
        assert_eq!(reason(&device, 1), "out_of_scope");
        let (_, reviewer) = a_person(&test, "wangfang", &[Role2::Lead]).await;
        let list = test.get("/v1/quarantine").header("authorization", &reviewer).send().await;
        let item = list.json["items"][0]["id"].as_i64().unwrap();
        let shown =
            test.get(&format!("/v1/quarantine/{item}")).header("authorization", &reviewer).send().await;
        assert_eq!((shown.json["kind"].as_str(), shown.json["changes"].as_i64()), (Some("change"), Some(1)));
        for (filter, found) in [
            ("state=open&limit=5".to_owned(), 1),
            (format!("visit_id={visit}"), 1),
            ("state=accepted".into(), 0),
        ] {
            let call = test.get(&format!("/v1/quarantine?{filter}")).header("authorization", &reviewer);
            let list = call.send().await;
            assert_eq!(list.json["items"].as_array().map(Vec::len), Some(found), "{filter}: {}", list.json);
        }
        let decision = json!({ "decision": "reject", "reason": "not his visit" });
        let path = format!("/v1/quarantine/{item}/decision");
        let answer = test.post(&path).header("authorization", &reviewer).json(&decision).send().await;
        assert_eq!(answer.json["state"], "rejected", "{}", answer.json);
        let (_, clerk) = a_person(&test, "zhaolei", &[Role2::Technician]).await;
        assert_eq!(test.get("/v1/quarantine").header("authorization", &clerk).send().await.status, 403);
        assert_eq!(
            test.get("/v1/quarantine/999999").header("authorization", &reviewer).send().await.status,
            404
        );
    })
    .await;
}

#[tokio::test]
async fn a_revoked_device_may_only_hand_over_what_it_holds() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "before").unwrap());
        exchange(&test, &mut device).await;
        device.save(visit, |edit| edit.answer("seal", "after").unwrap());
        let mut tx = test.app.store.write().await.unwrap();
        devices::revoke(&mut tx, device.device, "lost", devices::By::terminal(test.app.clock.now()))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        for _ in 0..2 {
            exchange(&test, &mut device).await;
            assert!(device.welcome.as_ref().unwrap().escrow);
            assert_eq!(device.fates[&2], EnvelopeStatus::Escrowed);
            assert_eq!(count(&test, "SELECT count(*) FROM escrow WHERE reason = 'revoked'").await, 1);
        }
        assert_eq!(device.acknowledged.sequence, 2, "kept, so the device need not send it again");
        assert_eq!(view(&test, visit).await.answers["seal"].shown, "before".into());
    })
    .await;
}

#[tokio::test]
async fn nothing_enters_the_log_behind_the_revocation_of_its_device() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "after").unwrap());
        // The request has passed the door, and then the device is revoked.
        let (auth, intake) = at_the_door(&test, &mut device).await;
        let mut tx = test.app.store.write().await.unwrap();
        devices::revoke(&mut tx, device.device, "lost", devices::By::terminal(test.app.clock.now()))
            .await
            .unwrap();
        let committing = async {
            wait_for_the_row(&test).await;
            tx.commit().await.unwrap();
        };
        let receiving = crate::exchange::receive::receive(&test.app, &auth.device, &intake);
        let (received, ()) = tokio::join!(receiving, committing);
        assert!(received.unwrap().escrow.is_some());
        const BEHIND: &str = "SELECT count(*) FROM server_log l JOIN devices d ON d.device_id = l.device_id \
            WHERE l.envelope_hash IS NOT NULL AND l.log_index > d.revoked_log_index";
        assert_eq!(count(&test, BEHIND).await, 0);
        assert_eq!(count(&test, "SELECT count(*) FROM escrow WHERE reason = 'revoked'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_came_before_the_revocation_counts_and_is_answered_with_nothing_else() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "before").unwrap());
        let (auth, intake) = at_the_door(&test, &mut device).await;
        let received = crate::exchange::receive::receive(&test.app, &auth.device, &intake).await.unwrap();
        revoke(&test, &device).await;
        crate::exchange::gate::pending::Rounds::default().next(&test.app).await.unwrap();
        assert_eq!(view(&test, visit).await.answers["seal"].shown, "before".into());
        let answer =
            crate::exchange::answer::compose(&test.app, &auth, &intake, &received).await.unwrap().unwrap();
        let (cursor, token) = (device.cursor(), device.token.clone());
        assert!(device.take(&answer));
        let welcome = device.welcome.as_ref().unwrap();
        assert!(welcome.escrow && welcome.token.is_none() && device.token == token);
        assert_eq!((device.acknowledged.sequence, device.cursor()), (1, cursor));
    })
    .await;
}

/// Until the exchange waits for the row of its device. The embedded database has its writers stand in line anyway.
async fn wait_for_the_row(test: &TestApp) {
    const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
        AND query LIKE 'UPDATE devices SET last_seen%'";
    for _ in 0..200 {
        if test.app.store.kind() == EngineKind::Sqlite || count(test, WAITING).await > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    tokio::task::yield_now().await;
}

async fn revoke(test: &TestApp, device: &SimDevice) {
    let mut tx = test.app.store.write().await.unwrap();
    devices::revoke(&mut tx, device.device, "lost", devices::By::terminal(test.app.clock.now()))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// The next request of a device, let in and not yet taken in.
async fn at_the_door(test: &TestApp, device: &mut SimDevice) -> (AnyDeviceAuth, Intake) {
    let body = device.request();
    let known = devices::find(&mut test.app.store.read().await.unwrap(), device.device).await.unwrap();
    let auth = AnyDeviceAuth { device: known.unwrap(), credential: Credential::Assertion };
    (auth, crate::exchange::intake::read(body.into(), device.server(), device.device).await.unwrap())
}

async fn send_much(test: &TestApp, device: &mut SimDevice) {
    for _ in 0..7 {
        let body = device.request_of(8 << 20);
        let answer = send(test, device, body).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert!(device.take(&answer.body));
    }
}

#[tokio::test]
async fn a_device_that_fills_its_quota_keeps_the_rest_until_the_office_decides() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        exchange(&test, &mut device).await;
        // Refused acts of half a megabyte each about a visit that is none of its business.
        let (visit, large) = (a_visit(&test), vec![7; 500_000]);
        for _ in 0..90 {
            let body = ChangeBody { chunks: vec![large.clone().into()], ..ChangeBody::default() };
            device.seal(Some(visit), &Body::Change(body));
        }
        send_much(&test, &mut device).await;
        assert_eq!(count(&test, "SELECT count(*) FROM quarantine").await, 80);
        assert_eq!((device.acknowledged.sequence, device.unsent().len()), (80, 10));
        assert!(device.orders.contains(&Order::KeepTheRest), "{:?}", device.orders);
        // Decided, it goes on.
        let mut tx = test.app.store.write().await.unwrap();
        const DECIDE: &str = "UPDATE quarantine SET state = 'rejected' WHERE device_seq <= 30";
        crate::store::statement(DECIDE).execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        send_much(&test, &mut device).await;
        assert_eq!(device.acknowledged.sequence, 90);
        assert!(!device.orders.contains(&Order::KeepTheRest));
        // In escrow the same holds.
        revoke(&test, &device).await;
        for _ in 0..40 {
            let body = ChangeBody { chunks: vec![large.clone().into()], ..ChangeBody::default() };
            device.seal(Some(visit), &Body::Change(body));
        }
        send_much(&test, &mut device).await;
        let kept = count(&test, "SELECT count(*) FROM escrow").await;
        assert!((1..40).contains(&kept), "{kept}");
        assert_eq!(device.acknowledged.sequence, 90 + u64::try_from(kept).unwrap());
        assert!(device.orders.contains(&Order::KeepTheRest), "{:?}", device.orders);
    })
    .await;
}

#[tokio::test]
async fn envelopes_in_the_name_of_somebody_else_are_quarantined() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        let honest = std::mem::replace(&mut device.person, PersonId::from_bytes([9; 16]));
        device.save(visit, |edit| edit.answer("seal", "x").unwrap());
        device.person = honest;
        exchange(&test, &mut device).await;
        assert_eq!(reason(&device, 1), "person_not_on_device");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_exchange_is_refused_with_a_reason() {
    let test = TestApp::sqlite().await;
    let device = a_technician(&test, "zhangwei").await;
    let answer = send(&test, &device, b"not zstd at all".to_vec()).await;
    assert_eq!((answer.status, answer.json["code"].as_str()), (400, Some("exchange-unreadable")));
    let mut writer = FrameWriter::new();
    writer.push(&UpFrame::Beacon(Beacon { protocol: 99, ..Beacon::default() }));
    writer.push(&UpFrame::Ask(Ask::default()));
    let answer = send(&test, &device, writer.finish()).await;
    assert_eq!((answer.status, answer.json["code"].as_str()), (426, Some("protocol-unknown")));
    let call = test.post("/v1/exchange").header("content-type", MEDIA_TYPE).body(Vec::new());
    assert_eq!(call.send().await.status, 401);
    let bomb = zstd::encode_all(&vec![0_u8; 64 << 20][..], 19).unwrap();
    let answer = send(&test, &device, bomb).await;
    assert_eq!(answer.status, 400, "{}", answer.json);
}

#[tokio::test]
async fn a_change_that_names_no_visit_is_quarantined_and_one_that_builds_on_nothing_waits() {
    TestApp::for_each_engine(|test| async move {
        let (mut device, mut other) =
            (a_technician(&test, "zhangwei").await, a_technician(&test, "liming").await);
        let visit = a_visit_of(&test, &mut [&mut device, &mut other]).await;
        device.seal(None, &Body::Change(ChangeBody::default()));
        other.save(visit, |edit| edit.answer("seal", "x").unwrap());
        let unsent = other.log[0].clone();
        let body = unsent.body().unwrap();
        device.visits.get_mut(&visit).unwrap().keep(body.change().unwrap()).unwrap();
        device.save(visit, |edit| edit.answer("seal", "y").unwrap());
        exchange(&test, &mut device).await;
        assert_eq!(reason(&device, 1), "no_visit");
        assert_eq!(device.fates[&2], EnvelopeStatus::Pending, "it builds on what nobody has sent");
        exchange(&test, &mut other).await;
        exchange(&test, &mut device).await;
        assert_eq!(device.fates[&2], EnvelopeStatus::Merged, "judged together with what it waited for");
        assert!(!device.differs);
    })
    .await;
}

#[tokio::test]
async fn one_device_cannot_make_the_history_begin_anew_again_and_again() {
    let test = TestApp::sqlite().await;
    let mut device = a_technician(&test, "zhangwei").await;
    let visit = a_visit_of(&test, &mut [&mut device]).await;
    for round in 0..3_i64 {
        device.welcome.as_mut().unwrap().log_index = 1_000_000;
        device.save(visit, |edit| edit.answer("reading", round).unwrap());
        exchange(&test, &mut device).await;
        assert_eq!(device.welcome.as_ref().unwrap().epoch, 2, "round {round}");
    }
    assert_eq!(device.acknowledged.sequence, 3);
}
