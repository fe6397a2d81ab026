//! The request arrives, the answer does not.

use super::{clerk, device_id, dispatch, log_about, technician, texts_of};
use crate::harness::{Link, Office, TestDatabase};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_doubles_nothing_and_the_next_sync_tells_what_arrived() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let link = Link::to(office.address).await;
    let (device, person) = technician(&office, &desk, "zhang", link.address).await;
    let case = dispatch(&desk, &[&person]).await;
    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    device.ok(&["finding", "add", "SEAL_OK", "--text", "one."]);
    device.ok(&["finding", "add", "SEAL_BROKEN", "--text", "two."]);

    link.lose_answers();
    let run = device.run(&["sync"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    for words in ["broke", "Everything you recorded is safe on this device.", "nothing has to be redone"] {
        assert!(run.err.contains(words), "{words}: {run:?}");
    }
    assert!(link.traffic().connections > 2, "it was tried again: {:?}", link.traffic());
    // The office has it; the device does not know and says so.
    let path = format!("/v1/complaints/{}", case.complaint);
    assert_eq!(texts_of(&desk.get(&path).await), ["one.", "two."]);
    let unsent = &device.ok(&["--json", "status"]).summary()["outbox"]["envelopes"];
    assert!(unsent.as_u64() > Some(2), "{unsent}");

    link.heal();
    let run = device.run(&["--json", "sync"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.summary()["envelopes_sent"], *unsent, "{run:?}");
    let receipts = run.events("receipt");
    assert_eq!(receipts.len(), 1, "{run:?}");
    assert_eq!(receipts[0]["visit"], case.visit.as_str(), "{run:?}");
    assert_eq!(device.ok(&["--json", "status"]).summary()["outbox"]["envelopes"], 0);
    assert_eq!(texts_of(&desk.get(&path).await), ["one.", "two."]);
    let log = log_about(&desk, &device_id(&device)).await;
    let envelopes = log.iter().filter(|kind| *kind == "envelope").count();
    assert_eq!(Some(envelopes as u64), unsent.as_u64(), "each envelope once: {log:?}");
}
