//! The office writes into visits, assigns, and asks who may hold unseen work.

use super::*;
use crate::exchange::office;
use crate::exchange::pack::{self, PackAudience};
use crate::exchange::{rework, unseen};
use crate::people::Role;
use crate::people::tests::a_person;
use sync_core::document::{EditError, Photo, Resolution, Scalar};
use sync_core::ids::BlobHash;
use sync_core::log::PhotoClaim;
use sync_core::protocol::{CommandOutcome, EnvelopeStatus, PackKey, Request, Rework};

#[tokio::test]
async fn a_resolution_of_the_office_closes_a_conflict_and_reaches_the_devices() {
    TestApp::for_each_engine(|test| async move {
        let (mut one, mut two) = (a_technician(&test, "zhangwei").await, a_technician(&test, "liming").await);
        let visit = a_visit_of(&test, &mut [&mut one, &mut two]).await;
        one.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        two.save(visit, |edit| edit.answer("seal", "broken").unwrap());
        exchange(&test, &mut one).await;
        exchange(&test, &mut two).await;
        let (reviewer, _) = a_person(&test, "wangfang", &[Role::Reviewer]).await;
        let id = EntryId::from_entropy(test.app.clock.now(), test.app.entropy.bytes());
        let resolution = Resolution {
            path: "answers/seal".to_owned(),
            choice: "chosen".to_owned(),
            reason: "photo 3".to_owned(),
            kept: None,
        };
        let decide = |edit: &mut sync_core::document::Edit<'_>| {
            edit.resolve(id, &resolution, Some(Scalar::Text("broken".to_owned())))
        };
        let (_, log_index) = office::commit(&test.app, visit, reviewer, decide).await.unwrap();
        assert!(log_index.is_some());
        let resolved = "SELECT count(*) FROM conflicts WHERE state = 'resolved' AND resolved_by IS NOT NULL";
        assert_eq!(count(&test, resolved).await, 1);
        for device in [&mut one, &mut two] {
            exchange(&test, device).await;
            assert!(!device.differs);
            assert_eq!(device.done.as_ref().unwrap().conflicts_open, 0);
            assert_eq!(device.visits[&visit].document.view().answers["seal"].values.len(), 1);
        }
        let nothing = office::commit(&test.app, visit, reviewer, |_| Ok::<(), EditError>(())).await.unwrap();
        assert_eq!(nothing.1, None, "an edit that does nothing writes nothing");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn office_and_devices_that_write_one_visit_at_once_all_get_through() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        let (reviewer, _) = a_person(&test, "wangfang", &[Role::Reviewer]).await;
        let append = |number: usize| {
            let app = test.app.clone();
            async move {
                let line = format!("line {number}");
                let act = |edit: &mut sync_core::document::Edit<'_>| {
                    edit.append_text(sync_core::document::SharedText::Note, &line)
                };
                office::commit(&app, visit, reviewer, act).await.unwrap().1
            }
        };
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        let body = device.request();
        let (one, two, answer) = tokio::join!(append(1), append(2), send(&test, &device, body));
        assert!(one.is_some() && two.is_some() && answer.status == 200);
        device.take(&answer.body);
        pending(&test).await;
        exchange(&test, &mut device).await;
        assert!(!device.differs);
        assert_eq!(device.fates[&1], EnvelopeStatus::Merged);
        let view = view(&test, visit).await;
        assert!(view.note.contains("line 1") && view.note.contains("line 2") && view.answers.len() == 1);
        let chain = "SELECT count(*) FROM office_chains WHERE sequence = 2";
        assert_eq!(count(&test, chain).await, 1);
    })
    .await;
}

async fn pending(test: &TestApp) {
    crate::exchange::gate::pending::Rounds::default().next(&test.app).await.unwrap();
}

#[tokio::test]
async fn the_pack_arrives_once_and_what_is_taken_out_leaves_the_device() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let (codes, visit) = (PackKey::Codes("causes".to_owned()), a_visit(&test));
        let mut tx = test.app.store.write().await.unwrap();
        pack::put(&mut tx, PackAudience::All, &codes, &json!([{ "code": "old" }])).await.unwrap();
        pack::put(&mut tx, PackAudience::All, &codes, &json!([{ "code": "new" }])).await.unwrap();
        let card = PackKey::Assignment(visit);
        pack::put(&mut tx, PackAudience::Person(device.person), &card, &json!({ "visit": visit }))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        exchange(&test, &mut device).await;
        assert_eq!(device.pack["codes/causes"], r#"[{"code":"new"}]"#);
        assert!(device.pack.contains_key(&card.to_string()));
        let cursor = device.cursor();
        let mut tx = test.app.store.write().await.unwrap();
        pack::put(&mut tx, PackAudience::All, &codes, &json!([{ "code": "new" }])).await.unwrap();
        tx.commit().await.unwrap();
        exchange(&test, &mut device).await;
        assert_eq!(device.cursor(), cursor, "the same again tells nobody");
        let mut tx = test.app.store.write().await.unwrap();
        pack::remove(&mut tx, PackAudience::Person(device.person), &card).await.unwrap();
        tx.commit().await.unwrap();
        exchange(&test, &mut device).await;
        assert!(!device.pack.contains_key(&card.to_string()));
        assert!(device.pack.contains_key("codes/causes"));
    })
    .await;
}

#[tokio::test]
async fn a_device_may_hold_unseen_work_until_it_says_that_it_does_not() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        let holders = || async {
            unseen::devices_with_unseen_work(&mut test.app.store.read().await.unwrap(), visit).await.unwrap()
        };
        assert_eq!(holders().await, [device.device], "from the delivery on");
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        exchange(&test, &mut device).await;
        assert_eq!(holders().await, [device.device]);
        device.ask.settled_visits = vec![visit];
        exchange(&test, &mut device).await;
        assert!(holders().await.is_empty());
        device.save(visit, |edit| edit.answer("seal", "broken").unwrap());
        exchange(&test, &mut device).await;
        assert_eq!(holders().await, [device.device], "it works on it again");
        let (_, lead) = a_person(&test, "wangfang", &[Role::Lead]).await;
        let path = format!("/v1/visits/{visit}/devices");
        let answer = test.get(&path).header("authorization", &lead).send().await;
        assert_eq!(answer.json[0]["may_hold_unseen_work"], true, "{}", answer.json);
        assert_eq!(answer.json[0]["device_name"], "dev-01");
        let mut tx = test.app.store.write().await.unwrap();
        unseen::declare_lost(&mut tx, device.device, test.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(holders().await.is_empty());
        let answer = test.get(&path).header("authorization", &lead).send().await;
        assert_eq!(answer.json[0]["settled_by"], "declared_lost");
    })
    .await;
}

#[tokio::test]
async fn a_command_is_answered_once_and_work_comes_back() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        let grumble = Request::PhotoUnavailable {
            visit,
            entry: an_entry(&mut device),
            reason: "card broken".to_owned(),
        };
        let command = device.command(None, &grumble);
        let body = device.request();
        send(&test, &device, body.clone()).await;
        let answer = send(&test, &device, body).await;
        assert!(device.take(&answer.body));
        assert!(matches!(
            device.commands[&command],
            CommandOutcome::Refused { .. } | CommandOutcome::Done { .. }
        ));
        assert_eq!(count(&test, "SELECT count(*) FROM command_results").await, 1);
        assert_eq!(device.fates[&1], EnvelopeStatus::Merged);
        let id = an_entry(&mut device);
        let work = Rework {
            id,
            visit,
            reason: "照片模糊".to_owned(),
            paths: vec!["answers/seal".to_owned()],
            done_at: None,
        };
        let mut tx = test.app.store.write().await.unwrap();
        rework::send(&mut tx, device.person, &work).await.unwrap();
        tx.commit().await.unwrap();
        exchange(&test, &mut device).await;
        assert_eq!(device.rework, [work]);
    })
    .await;
}

#[tokio::test]
async fn a_photo_is_claimed_by_the_envelope_that_names_it() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        let sha256 = BlobHash::from_bytes([5; 32]);
        let claim = PhotoClaim { sha256, size_bytes: 1234, media_type: "image/jpeg".to_owned() };
        let id = an_entry(&mut device);
        let photo = Photo {
            sha256,
            size: 1234,
            media_type: "image/jpeg".to_owned(),
            role: "seal".to_owned(),
            caption: None,
            taken_at: None,
            lat: None,
            lon: None,
            accuracy: None,
            finding: None,
        };
        device.save_with(visit, vec![claim], |edit| edit.add_photo(id, &photo).unwrap());
        exchange(&test, &mut device).await;
        assert_eq!(device.fates[&1], EnvelopeStatus::Merged, "{:?}", device.fates);
        assert_eq!(count(&test, "SELECT count(*) FROM photo_claims WHERE size_bytes = 1234").await, 1);
        let receipt = &device.receipts[&visit];
        assert_eq!(
            (receipt.photos_named, receipt.photos_arrived, receipt.missing.as_slice()),
            (1, 0, &[sha256][..])
        );
        assert_eq!(receipt.everything_up_to, device.now);
    })
    .await;
}
