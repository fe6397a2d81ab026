//! A device whose clock is off by 400 days.

use super::{clerk, dispatch, person_id, texts_of};
use crate::harness::{FieldDevice, Office, TestDatabase};
use serde_json::Value;

const DAY_MS: i64 = 24 * 3_600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_400_days_ahead_or_behind_locks_nobody_out_and_is_shown_beside_every_time() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    for (login, days, flag) in
        [("zhang", 400, "claimed_after_receipt"), ("li", -400, "claimed_before_last_contact")]
    {
        let device = FieldDevice::fresh().with_clock_off_by(days);
        let enrolled = device.ok(&["enrol", &office.invite(login), "--server", &office.url("")]);
        assert!(enrolled.err.contains("The clock of this device is 400 d"), "{enrolled:?}");
        let case = dispatch(&desk, &[&person_id(&desk, login).await]).await;
        device.ok(&["sync"]);
        device.ok(&["visit", "start", &case.number]);
        device.ok(&["finding", "add", "SEAL_OK", "--text", "first."]);
        device.ok(&["sync"]);
        device.ok(&["finding", "add", "SEAL_OK", "--text", "second."]);
        device.ok(&["sync"]);
        let status = device.ok(&["--json", "status"]).summary();
        let off = status["clock_offset_ms"].as_i64().expect("known since the enrolment");
        assert!((off - days * DAY_MS).abs() < 60_000, "{status}");

        let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
        assert_eq!(texts_of(&record), ["first.", "second."], "{record:#}");
        let second = finding(&record, "second.");
        let time = |name: &str| second["origin"][name].as_i64().expect("milliseconds");
        let apart = time("claimed_at_ms") - time("received_at_ms");
        assert!((apart - days * DAY_MS).abs() < 60_000, "what was claimed is kept: {second:#}");
        assert!(time("not_before_ms") <= time("received_at_ms"), "{second:#}");
        assert!(second["origin"]["clock_flags"].to_string().contains(flag), "{second:#}");
    }
}

/// The entry with this text.
fn finding<'a>(record: &'a Value, text: &str) -> &'a Value {
    let entries = record["visits"][0]["entries"].as_array().expect("a visit has entries");
    entries.iter().find(|entry| entry["content"]["text"] == text).expect("the finding is in the record")
}
