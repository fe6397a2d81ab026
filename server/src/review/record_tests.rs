//! What the record promises: everything that was recorded, with its author, its times and what became of it.

use super::tests::{Site, reviewer};
use crate::complaints::tests::Bureau;
use crate::exchange::testing::SimDevice;
use crate::exchange::tests::{a_technician, an_entry, exchange};
use crate::people::Role;
use crate::people::tests::a_person;
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::document::{Finding, FindingEdit, MeterCheck};
use sync_core::ids::EntryId;

#[tokio::test]
async fn the_record_shows_what_was_recorded_with_author_times_and_results() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        // A clock six hours behind: the server has told it the time since then.
        site.zhang.now = site.zhang.now.plus_ms(-6 * 3_600_000);
        let entry = an_entry(&mut site.zhang);
        let inputs = [
            ("constant", "1600"),
            ("pulses", "10"),
            ("seconds", "22.10"),
            ("watts", "1000"),
            ("energy", "active"),
            ("timing", "instrument"),
        ];
        let check = MeterCheck {
            method: "watt_second".into(),
            inputs: inputs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
            class: Some("2".into()),
            profile: None,
            meter_no: Some("A123456".into()),
        };
        let mut strange = check.clone();
        strange.class = None;
        site.zhang.save(visit, |edit| edit.add_meter_check(entry, &check).unwrap());
        let other = an_entry(&mut site.zhang);
        site.zhang.save(visit, |edit| edit.add_meter_check(other, &strange).unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        let record = bureau.get(&format!("/v1/visits/{visit}")).await.json;
        let entries = record["entries"].as_array().unwrap();
        let of = |id: EntryId| entries.iter().find(|e| e["entry_id"] == json!(id)).unwrap();
        assert_eq!(of(entry)["result"]["rounded_text"], "+1.8", "{}", of(entry));
        assert_eq!(of(entry)["content"]["inputs"]["seconds"], "22.10");
        // The device was in contact after that claimed time: it tells nothing about how long the act waited.
        assert_eq!(of(entry)["origin"]["recorded_offline"], false);
        assert_eq!(of(entry)["origin"]["clock_flags"], json!(["claimed_before_last_contact"]));
        assert_eq!(of(entry)["origin"]["device"]["device_id"], json!(site.zhang.device));
        assert_eq!(of(entry)["by"]["person_id"], json!(site.zhang.person));
        assert!(of(other)["result_error"].is_string() && of(other).get("result").is_none());
        assert_eq!(record["devices"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn every_device_knows_the_names_of_the_others() {
    Bureau::for_each_engine(|bureau| async move {
        let mut zhang = a_technician(&bureau.test, "zhang").await;
        let wang = a_technician(&bureau.test, "wang").await;
        exchange(&bureau.test, &mut zhang).await;
        let key = format!("colleague/{}", wang.device);
        let name =
            |device: &SimDevice| serde_json::from_str::<Value>(&device.pack[&key]).unwrap()["name"].clone();
        assert_eq!(name(&zhang), "wang 测试");
        let admin = a_person(&bureau.test, "root", &[Role::Administrator]).await.1;
        let body = json!({ "display_name": "王小明", "staff_number": "T-9" });
        let call = bureau.test.call(Method::PUT, &format!("/v1/people/{}", wang.person));
        assert_eq!(call.header("authorization", &admin).json(&body).send().await.status, 200);
        exchange(&bureau.test, &mut zhang).await;
        assert_eq!(name(&zhang), "王小明");
    })
    .await;
}

#[tokio::test]
async fn every_envelope_has_its_line_in_the_timeline_refused_or_not() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let (visit, zhang) = (site.visit, site.zhang.person);
        let id = an_entry(&mut site.zhang);
        let finding =
            Finding { code: "other".into(), text: "铅封完好".into(), item: None, severity: None };
        site.zhang.save(visit, |edit| edit.add_finding(id, &finding).unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        exchange(&bureau.test, &mut site.wang).await;
        let changed = FindingEdit { text: Some("铅封破损".into()), ..FindingEdit::default() };
        site.wang.save_as(visit, zhang, |edit| edit.edit_finding(id, &changed).unwrap());
        exchange(&bureau.test, &mut site.wang).await;
        let (person, device) = (json!(site.wang.person), json!(site.wang.device));
        let record = site.record(&bureau).await;
        let line = lines(&record, "refused").remove(0);
        assert_eq!((&line["person"]["person_id"], &line["device"]["device_id"]), (&person, &device));
        assert_eq!((&line["reason"], &line["detail"]["state"]), (&json!("not_author"), &json!("open")));
        assert!(line["claimed_at_ms"].is_i64() && line["received_at_ms"].is_i64());
        assert_eq!(lines(&record, "recorded").len(), 1);
        let path = format!("/v1/quarantine/{}/decision", line["detail"]["quarantine"]);
        let accepted = json!({ "decision": "accept", "reason": "两人一起看的" });
        assert_eq!(reviewer(&bureau, Method::POST, &path, &accepted).await.status, 200);
        // The edit shows in no entry of its own, and has its line all the same.
        let record = site.record(&bureau).await;
        assert_eq!(lines(&record, "recorded").len(), 2);
        let decided = lines(&record, "quarantine_decided").remove(0);
        assert_eq!(
            (&decided["reason"], &decided["detail"]["decision"]),
            (&accepted["reason"], &json!("accepted"))
        );
    })
    .await;
}

fn lines(record: &Value, kind: &str) -> Vec<Value> {
    let all = record["timeline"].as_array().unwrap().iter();
    all.filter(|line| line["kind"] == kind).cloned().collect()
}
