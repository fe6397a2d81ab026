//! What goes wrong on honest days, and what must hold all the same.

use super::*;
use sync_core::log::{Body, ChainRestart, Envelope};
use sync_core::protocol::{
    Ask, Beacon, EnvelopeStatus, FrameWriter, Order, PROTOCOL_VERSION, UpFrame, WireContext,
};
use sync_core::replica::VisitReplica;

#[tokio::test]
async fn a_lost_answer_and_a_repeated_request_change_nothing() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        let body = device.request();
        let first = send(&test, &device, body.clone()).await;
        assert_eq!(first.status, 200);
        let entries = count(&test, "SELECT count(*) FROM server_log").await;
        let second = send(&test, &device, body).await;
        assert_eq!(count(&test, "SELECT count(*) FROM server_log").await, entries, "nothing was doubled");
        assert!(device.take(&second.body));
        assert_eq!(device.fates[&1], EnvelopeStatus::Merged);
        assert!(!device.differs && device.unsent().is_empty());
    })
    .await;
}

#[tokio::test]
async fn verdicts_lost_with_an_answer_come_with_the_next_one() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        let body = device.request();
        assert_eq!(send(&test, &device, body).await.status, 200);
        // The device only learns that everything is durable, as from an answer that was cut after its first frame.
        device.acknowledged = device.position();
        exchange(&test, &mut device).await;
        assert_eq!(device.fates[&1], EnvelopeStatus::Merged);
        assert!(!device.differs);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_overlaps_its_first_request_doubles_nothing() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        for value in ["a", "b", "c"] {
            device.save(visit, |edit| edit.answer("seal", value).unwrap());
        }
        let body = device.request();
        let (one, two, three) = tokio::join!(
            send(&test, &device, body.clone()),
            send(&test, &device, body.clone()),
            send(&test, &device, body)
        );
        for answer in [one, two, three] {
            assert_eq!(answer.status, 200, "{}", answer.json);
            assert!(device.take(&answer.body));
        }
        exchange(&test, &mut device).await;
        assert!(device.fates.values().all(|fate| *fate == EnvelopeStatus::Merged), "{:?}", device.fates);
        assert_eq!(count(&test, "SELECT count(*) FROM changes").await, 3);
        assert_eq!(count(&test, "SELECT count(*) FROM envelope_states WHERE state = 'merged'").await, 3);
    })
    .await;
}

/// A body whose frames end at known places: every frame is flushed by its size.
fn body_cut_after(device: &mut SimDevice, frames: usize) -> Vec<u8> {
    let mut context = WireContext::upload(device.server(), device.device);
    let beacon = Beacon { protocol: PROTOCOL_VERSION, ..Beacon::default() };
    let ask = Ask { cursor: device.cursor(), epoch: device.epoch(), ..Ask::default() };
    let mut all = vec![UpFrame::Beacon(beacon), UpFrame::Ask(ask)];
    let unsent: Vec<Envelope> = device.unsent().to_vec();
    all.extend(unsent.iter().map(|envelope| UpFrame::Envelope(context.pack(envelope))));
    all.push(UpFrame::End(u32::try_from(unsent.len()).unwrap()));
    let mut writer = FrameWriter::new();
    all.iter().take(frames).for_each(|frame| writer.push(frame));
    writer.finish()
}

#[tokio::test]
async fn a_body_cut_after_any_frame_is_used_up_to_there() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        for number in 0..4_i64 {
            device.save(visit, |edit| edit.answer("reading", number).unwrap());
        }
        assert_eq!(send(&test, &device, Vec::new()).await.status, 400, "nothing at all");
        for frames in 1..=7 {
            let answer = send(&test, &device, body_cut_after(&mut device.clone(), frames)).await;
            assert_eq!(answer.status, 200, "{frames} frames: {}", answer.json);
            let mut copy = device.clone();
            assert!(copy.take(&answer.body));
            let durable = u64::try_from(frames.saturating_sub(2)).unwrap().min(4);
            assert_eq!(copy.acknowledged.sequence, durable, "{frames} frames");
        }
        exchange(&test, &mut device).await;
        assert!(device.unsent().is_empty() && !device.differs);
        assert_eq!(count(&test, "SELECT count(*) FROM changes").await, 4);
    })
    .await;
}

#[tokio::test]
async fn a_body_cut_at_any_byte_harms_nothing() {
    let test = TestApp::sqlite().await;
    let mut device = a_technician(&test, "zhangwei").await;
    let visit = a_visit_of(&test, &mut [&mut device]).await;
    for number in 0..3_i64 {
        device.save(visit, |edit| edit.answer("reading", number).unwrap());
    }
    let body = device.request();
    for end in (0..body.len()).step_by(17) {
        let answer = send(&test, &device, body[..end].to_vec()).await;
        assert!(answer.status == 200 || answer.status == 400, "{end} bytes: {}", answer.json);
    }
    exchange(&test, &mut device).await;
    assert_eq!(device.acknowledged.sequence, 3);
    assert_eq!(count(&test, "SELECT count(*) FROM changes").await, 3);
}

#[tokio::test]
async fn a_gap_stops_the_acknowledgement_before_it() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        for value in ["a", "b", "c"] {
            device.save(visit, |edit| edit.answer("seal", value).unwrap());
        }
        let mut forgetful = device.clone();
        forgetful.acknowledged = sync_core::log::ChainPosition { sequence: 2, hash: device.log[1].hash() };
        forgetful.ask = Ask::default();
        let body = forgetful.request();
        let answer = send(&test, &device, body).await;
        assert!(forgetful.take(&answer.body));
        assert!(forgetful.orders.contains(&Order::ResendFrom { sequence: 1 }), "{:?}", forgetful.orders);
        assert_eq!(forgetful.welcome.unwrap().acknowledged, 0);
        exchange(&test, &mut device).await;
        assert_eq!(device.acknowledged.sequence, 3);
    })
    .await;
}

#[tokio::test]
async fn a_chain_goes_on_after_a_local_loss_and_the_gap_is_shown() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        exchange(&test, &mut device).await;
        device.save(visit, |edit| edit.answer("cover", true).unwrap());
        let lost = device.log.pop().unwrap();
        let acknowledged = device.acknowledged;
        let end = sync_core::log::ChainPosition { sequence: lost.header().sequence, hash: lost.hash() };
        let restart = ChainRestart {
            acknowledged_sequence: acknowledged.sequence,
            acknowledged: acknowledged.hash,
            lost: vec![lost.hash()],
        };
        let envelope = device.sealed(None, &Body::ChainRestart(restart), end);
        device.log.push(envelope);
        exchange(&test, &mut device).await;
        assert_eq!(device.acknowledged.sequence, 3);
        assert!(!device.orders.contains(&Order::EnrolAgain));
        let gap = "SELECT count(*) FROM chain_gaps WHERE after_seq = 1 AND before_seq = 3";
        assert_eq!(count(&test, gap).await, 1);
    })
    .await;
}

#[tokio::test]
async fn work_of_somebody_who_lost_the_visit_offline_is_late_and_not_lost() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        unassign(&test, visit, device.person).await;
        exchange(&test, &mut device).await;
        assert_eq!(device.fates[&1], EnvelopeStatus::MergedLate);
        assert_eq!(view(&test, visit).await.answers.len(), 1);
        assert!(device.visits.is_empty(), "dropped once everything was sent");
        // What is written after that cannot be excused.
        device.visits.insert(visit, VisitReplica::birth(visit));
        device.save(visit, |edit| edit.answer("cover", true).unwrap());
        exchange(&test, &mut device).await;
        assert!(matches!(&device.fates[&2], EnvelopeStatus::Quarantined { reason, .. } if reason == "out_of_scope"));
    })
    .await;
}

#[tokio::test]
async fn a_restored_device_gets_its_own_envelopes_back() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        let mut yesterday = device.clone();
        for value in ["a", "b"] {
            device.save(visit, |edit| edit.answer("seal", value).unwrap());
        }
        exchange(&test, &mut device).await;
        exchange(&test, &mut yesterday).await;
        assert_eq!(yesterday.ask.own_from, 1, "the server is ahead: fetch before writing");
        exchange(&test, &mut yesterday).await;
        assert_eq!(yesterday.position(), device.position());
        yesterday.save(visit, |edit| edit.answer("seal", "c").unwrap());
        exchange(&test, &mut yesterday).await;
        assert_eq!(yesterday.fates[&3], EnvelopeStatus::Merged, "{:?}", yesterday.fates);
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_differs_is_replaced() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        exchange(&test, &mut device).await;
        device.visits.insert(visit, VisitReplica::birth(visit));
        exchange(&test, &mut device).await;
        assert!(device.differs, "the digest shows it");
        exchange(&test, &mut device).await;
        assert!(!device.differs);
        assert_eq!(device.visits[&visit].document.view().answers.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn small_answers_bring_everything_page_by_page() {
    TestApp::for_each_engine(|test| async move {
        let mut writer = a_technician(&test, "liming").await;
        let mut reader = a_technician(&test, "zhangwei").await;
        let visits: Vec<_> = (0..6).map(|_| a_visit(&test)).collect();
        for visit in &visits {
            assign(&test, *visit, writer.person).await;
            assign(&test, *visit, reader.person).await;
        }
        exchange(&test, &mut writer).await;
        for visit in &visits {
            for number in 0..3_i64 {
                writer.save(*visit, |edit| edit.answer("reading", number).unwrap());
            }
        }
        exchange(&test, &mut writer).await;
        let mut pages = 0;
        loop {
            reader.ask.answer_bytes_max = 1_000;
            exchange(&test, &mut reader).await;
            pages += 1;
            if !reader.done.as_ref().unwrap().more {
                break;
            }
        }
        assert!(pages > 3, "{pages} pages");
        assert!(!reader.differs);
        for visit in &visits {
            let document = &reader.visits[visit].document;
            assert_eq!(document.view(), writer.visits[visit].document.view());
        }
    })
    .await;
}

#[tokio::test]
async fn a_store_that_begins_anew_gets_everything_back() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let assigned = a_visit_of(&test, &mut [&mut device]).await;
        let born = a_visit(&test);
        device.begin(born, None, None);
        device.save(born, |edit| edit.answer("smell", "gas").unwrap());
        device.save(assigned, |edit| edit.answer("seal", "intact").unwrap());
        exchange(&test, &mut device).await;
        device.visits.clear();
        device.ask.everything = true;
        exchange(&test, &mut device).await;
        assert_eq!(device.visits.len(), 2, "its own visits too");
        assert!(!device.differs);
    })
    .await;
}
