//! What review promises: every value of the truth, one decision, and nothing closed while something is open.

use crate::complaints::tests::{Bureau, a_complaint};
use crate::exchange::testing::SimDevice;
use crate::exchange::tests::{a_technician, an_entry, exchange};
use crate::pages::testing::Browser;
use crate::people::Role;
use crate::people::tests::a_person;
use crate::testing::Answer;
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::document::{Finding, ProposalField};
use sync_core::ids::{EntryId, VisitId};
use sync_core::protocol::{CommandOutcome, Request};

/// A complaint with two technicians on its visit, delivered to both.
pub(crate) struct Site {
    pub(crate) complaint: String,
    pub(crate) visit: VisitId,
    pub(crate) zhang: SimDevice,
    pub(crate) wang: SimDevice,
}

impl Site {
    pub(crate) async fn of(bureau: &Bureau) -> Self {
        let mut zhang = a_technician(&bureau.test, "zhang").await;
        let mut wang = a_technician(&bureau.test, "wang").await;
        let complaint = bureau.complaint(&json!({})).await["complaint_id"].as_str().unwrap().to_owned();
        let order = bureau.post(&format!("/v1/complaints/{complaint}/work-orders"), &json!({})).await.json;
        let path = format!("/v1/work-orders/{}/visits", order["work_order_id"].as_str().unwrap());
        let visit = bureau.post(&path, &json!({ "planned_on": "2025-11-21" })).await.json;
        let visit: VisitId = visit["visit_id"].as_str().unwrap().parse().unwrap();
        for device in [&mut zhang, &mut wang] {
            let path = format!("/v1/visits/{visit}/assignments/{}", device.person);
            assert_eq!(bureau.call(Method::PUT, &path).send().await.status, 200);
            exchange(&bureau.test, device).await;
        }
        Self { complaint, visit, zhang, wang }
    }

    /// Both answer the same question differently without knowing of one another.
    pub(crate) async fn disagree(&mut self, bureau: &Bureau) -> Value {
        self.zhang.save(self.visit, |edit| edit.answer("meter-accuracy.seal", "intact").unwrap());
        self.wang.save(self.visit, |edit| edit.answer("meter-accuracy.seal", "broken").unwrap());
        exchange(&bureau.test, &mut self.zhang).await;
        exchange(&bureau.test, &mut self.wang).await;
        let conflicts = reviewer(bureau, Method::GET, "/v1/conflicts", &Value::Null).await.json;
        assert_eq!(conflicts["items"].as_array().unwrap().len(), 1, "{conflicts}");
        conflicts["items"][0].clone()
    }

    /// The visit is finished and both devices said that they hold nothing more.
    pub(crate) async fn finish(&mut self, bureau: &Bureau) {
        let visit = self.visit;
        self.zhang.command(Some(visit), &Request::Finish { visit, outcome: "resolved_on_site".into() });
        exchange(&bureau.test, &mut self.zhang).await;
        for device in [&mut self.zhang, &mut self.wang] {
            device.ask.settled_visits = vec![visit];
            exchange(&bureau.test, device).await;
        }
    }

    pub(super) async fn record(&self, bureau: &Bureau) -> Value {
        bureau.get(&format!("/v1/complaints/{}", self.complaint)).await.json
    }

    async fn judge(&self, bureau: &Bureau, step: &str, body: &Value) -> Answer {
        reviewer(bureau, Method::POST, &format!("/v1/complaints/{}/{step}", self.complaint), body).await
    }
}

pub(super) async fn reviewer(bureau: &Bureau, method: Method, path: &str, body: &Value) -> Answer {
    let call = bureau.test.call(method, path).header("authorization", &bureau.reviewer.1);
    if body.is_null() { call.send().await } else { call.json(body).send().await }
}

pub(super) fn id_of(conflict: &Value) -> String {
    format!("/v1/conflicts/{}", conflict["conflict_id"].as_str().unwrap())
}

#[tokio::test]
async fn a_conflict_shows_every_value_and_a_decision_reaches_the_field() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let conflict = site.disagree(&bureau).await;
        assert_eq!(
            (&conflict["path"], &conflict["state"]),
            (&json!("answers/meter-accuracy.seal"), &json!("open"))
        );
        let values = conflict["values"].as_array().unwrap();
        let of = |value: &str| values.iter().find(|v| v["value"] == value).unwrap();
        assert_eq!(of("intact")["person"]["person_id"], json!(site.zhang.person));
        assert_eq!(of("broken")["device"]["device_id"], json!(site.wang.device));
        assert_eq!((&of("intact")["knew_of"], &of("broken")["knew_of"]), (&json!([]), &json!([])));
        assert_eq!(values.iter().filter(|v| v["shown"] == true).count(), 1);
        let path = format!("{}/resolution", id_of(&conflict));
        let decision =
            json!({ "choice": "chosen", "change": of("broken")["change"], "reason": "照片显示破损" });
        let clerk = bureau.post(&path, &decision).await;
        assert_eq!((clerk.status, clerk.json["code"].as_str()), (403, Some("role-missing")));
        let stale = json!({ "choice": "both", "reason": "x", "seen": [of("broken")["change"]] });
        assert_eq!(reviewer(&bureau, Method::POST, &path, &stale).await.json["code"], "conflict-changed");
        let decided = reviewer(&bureau, Method::POST, &path, &decision).await;
        assert_eq!((decided.status, &decided.json["state"]), (200, &json!("resolved")), "{}", decided.json);
        assert_eq!(
            (&decided.json["stands"], &decided.json["decisions"][0]["choice"]),
            (&json!("broken"), &json!("chosen"))
        );
        exchange(&bureau.test, &mut site.zhang).await;
        let seen = site.zhang.visits[&site.visit].document.view();
        assert!(seen.conflicts.is_empty() && !site.zhang.differs);
        assert_eq!(json!(seen.answers["meter-accuracy.seal"].shown), json!("broken"));
        assert_eq!(reviewer(&bureau, Method::POST, &path, &decision).await.json["code"], "conflict-changed");
        let record = site.record(&bureau).await;
        let entry =
            record["timeline"].as_array().unwrap().iter().find(|e| e["kind"] == "conflict_resolved").unwrap();
        assert_eq!(entry["person"]["person_id"], json!(bureau.reviewer.0));
    })
    .await;
}

#[tokio::test]
async fn a_decision_may_keep_both_or_write_a_third_and_be_undone() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let conflict = site.disagree(&bureau).await;
        let id = id_of(&conflict);
        let post = async |what: &str, body: Value| {
            reviewer(&bureau, Method::POST, &format!("{id}/{what}"), &body).await
        };
        assert_eq!(post("reopening", json!({ "reason": "x" })).await.json["code"], "conflict-not-decided");
        let both = post("resolution", json!({ "choice": "both", "reason": "两人看的不是同一处" })).await.json;
        assert_eq!((&both["state"], both["values"].as_array().unwrap().len()), (&json!("resolved"), 2));
        let undone = post("reopening", json!({ "reason": "看错了" })).await.json;
        assert_eq!((&undone["state"], undone["values"].as_array().unwrap().len()), (&json!("open"), 2));
        let third =
            post("resolution", json!({ "choice": "written", "value": "missing", "reason": "复核" })).await;
        assert_eq!((&third.json["state"], &third.json["stands"]), (&json!("resolved"), &json!("missing")));
        let choices: Vec<_> =
            third.json["decisions"].as_array().unwrap().iter().map(|d| &d["choice"]).collect();
        assert_eq!(choices, ["both", "undone", "written"]);
        exchange(&bureau.test, &mut site.wang).await;
        let seen = site.wang.visits[&site.visit].document.view();
        assert_eq!(json!(seen.answers["meter-accuracy.seal"].shown), json!("missing"));
        let list = reviewer(&bureau, Method::GET, "/v1/conflicts?state=resolved", &Value::Null).await.json;
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_decision_about_one_field_closes_no_other() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        site.zhang.save(visit, |edit| edit.propose(ProposalField::Cause, Some("M01")).unwrap());
        site.wang.save(visit, |edit| edit.propose(ProposalField::Cause, Some("M04")).unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        exchange(&bureau.test, &mut site.wang).await;
        // Settled on site, and still the office's to decide.
        site.wang.save(visit, |edit| edit.propose(ProposalField::Cause, Some("M07")).unwrap());
        exchange(&bureau.test, &mut site.wang).await;
        exchange(&bureau.test, &mut site.zhang).await;
        site.zhang.save(visit, |edit| edit.answer("meter-accuracy.seal", "intact").unwrap());
        site.wang.save(visit, |edit| edit.answer("meter-accuracy.seal", "broken").unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        exchange(&bureau.test, &mut site.wang).await;
        let list = async |state: &str| {
            let path = format!("/v1/conflicts?state={state}&visit_id={visit}");
            reviewer(&bureau, Method::GET, &path, &Value::Null).await.json["items"]
                .as_array()
                .unwrap()
                .clone()
        };
        let settled = list("settled_in_field").await;
        assert_eq!((settled.len(), &settled[0]["stands"]), (1, &json!("M07")));
        assert_eq!(settled[0]["settled_by"]["person_id"], json!(site.wang.person));
        let open = list("open").await;
        let path = format!("{}/resolution", id_of(&open[0]));
        let decision = json!({ "choice": "written", "value": "missing", "reason": "复核" });
        assert_eq!(reviewer(&bureau, Method::POST, &path, &decision).await.status, 200);
        assert_eq!((list("settled_in_field").await.len(), list("open").await.len()), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn nothing_is_approved_or_closed_while_something_is_open() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        let finding = an_entry(&mut site.zhang);
        let words = Finding { code: "other".into(), text: "铅封破损".into(), item: None, severity: None };
        site.zhang.save(visit, |edit| edit.add_finding(finding, &words).unwrap());
        let conflict = site.disagree(&bureau).await;
        let visit_end = Request::Finish { visit, outcome: "resolved_on_site".into() };
        let command = site.zhang.command(Some(visit), &visit_end);
        exchange(&bureau.test, &mut site.zhang).await;
        assert_eq!(site.zhang.commands[&command], CommandOutcome::Done { reference: None });
        let verdict = json!({ "verdict": "substantiated", "cause": "M07", "responsibility": "utility",
            "note": "铅封破损,表计更换", "evidence": [{ "visit_id": visit, "entry_id": finding }] });
        let blocked = site.judge(&bureau, "reviews", &verdict).await;
        assert_eq!((blocked.status, blocked.json["code"].as_str()), (409, Some("complaint-blocked")));
        let kinds: Vec<_> = blocked.json["blockers"].as_array().unwrap().iter().map(|b| &b["kind"]).collect();
        assert_eq!(kinds, ["conflict", "unseen_work", "unseen_work"]);
        let path = format!("{}/resolution", id_of(&conflict));
        reviewer(&bureau, Method::POST, &path, &json!({ "choice": "both", "reason": "都对" })).await;
        site.finish(&bureau).await;
        let mut foreign = verdict.clone();
        foreign["evidence"][0]["entry_id"] = json!(EntryId::from_bytes([9; 16]));
        assert_eq!(site.judge(&bureau, "reviews", &foreign).await.json["errors"][0]["pointer"], "/evidence");
        let reviewed = site.judge(&bureau, "reviews", &verdict).await;
        assert_eq!(
            (reviewed.status, &reviewed.json["state"]),
            (200, &json!("reviewed")),
            "{}",
            reviewed.json
        );
        let record = site.record(&bureau).await;
        assert_eq!(
            (&record["visits"][0]["state"], &record["work_orders"][0]["state"]),
            (&json!("approved"), &json!("approved"))
        );
        assert_eq!((&record["verdicts"][0]["cause"], &record["blockers"]), (&json!("M07"), &json!([])));
        let told = json!({ "reason": "已告知客户" });
        assert_eq!(
            bureau.post(&format!("/v1/complaints/{}/answer", site.complaint), &told).await.status,
            200
        );
        assert_eq!(
            site.judge(&bureau, "closure", &json!({ "reason": "办结" })).await.json["state"],
            "closed"
        );
        exchange(&bureau.test, &mut site.wang).await;
        assert!(site.wang.visits.is_empty(), "released");
    })
    .await;
}

#[tokio::test]
async fn only_where_nobody_was_on_site_a_verdict_needs_no_visit() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let steps = async |site: &Site| site.record(&bureau).await["next_steps"].clone();
        assert_eq!(steps(&site).await, json!(["review_without_visit", "withdrawal"]));
        let visit = site.visit;
        site.zhang.command(Some(visit), &Request::Arrive { visit });
        exchange(&bureau.test, &mut site.zhang).await;
        site.finish(&bureau).await;
        assert_eq!(steps(&site).await, json!(["review", "rework", "withdrawal"]));
        let verdict = json!({ "verdict": "undetermined", "note": "看不出来", "without_visit": true });
        let refused = site.judge(&bureau, "reviews", &verdict).await;
        let pointer = &refused.json["errors"][0]["pointer"];
        assert_eq!((refused.status, pointer), (422, &json!("/without_visit")), "{}", refused.json);
        let page = format!("/complaints/{}/review", site.complaint);
        let html = Browser::of(&bureau.test, &bureau.reviewer.1).get(&page).await;
        assert!(!html.html().contains("name=\"without_visit\""), "{}", html.html());
        let verdict = json!({ "verdict": "undetermined", "note": "看不出来" });
        assert_eq!(site.judge(&bureau, "reviews", &verdict).await.json["state"], "reviewed");
        // Taken up again, it is judged on the visit that was made.
        site.judge(&bureau, "answer", &json!({ "reason": "已告知" })).await;
        site.judge(&bureau, "reopening", &json!({ "reason": "客户不认可" })).await;
        assert_eq!(steps(&site).await, json!(["review", "withdrawal"]));
        assert_eq!(site.judge(&bureau, "reviews", &verdict).await.json["state"], "reviewed");
    })
    .await;
}

#[tokio::test]
async fn an_override_stays_on_record_and_a_lost_device_releases_the_gate() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        site.zhang.command(Some(visit), &Request::Finish { visit, outcome: "resolved_on_site".into() });
        exchange(&bureau.test, &mut site.zhang).await;
        let (admin, wang) =
            (a_person(&bureau.test, "root", &[Role::Administrator]).await.1, site.wang.device);
        let path = format!("/v1/devices/{wang}/loss-declaration");
        let lost = json!({ "reason": "掉进河里" });
        assert_eq!(bureau.post(&path, &lost).await.status, 403);
        let declared = bureau.test.post(&path).header("authorization", &admin).json(&lost).send().await;
        assert_eq!(declared.status, 204, "{}", declared.json);
        let record = site.record(&bureau).await;
        let open: Vec<_> = record["blockers"].as_array().unwrap().iter().map(|b| &b["reference"]).collect();
        assert_eq!(open, [&json!(site.zhang.device)], "only the other device is waited for");
        assert!(record["timeline"].as_array().unwrap().iter().any(|e| e["kind"] == "device_lost"));
        let holder = record["visits"][0]["devices"]
            .as_array()
            .unwrap()
            .iter()
            .find(|holder| holder["device"]["device_id"] == json!(wang))
            .unwrap()
            .clone();
        assert_eq!(holder["settled_by"], "declared_lost");
        let mut verdict = json!({ "verdict": "undetermined", "note": "无法核实" });
        assert_eq!(site.judge(&bureau, "reviews", &verdict).await.status, 409);
        verdict["override_reason"] = json!("设备返厂");
        assert_eq!(site.judge(&bureau, "reviews", &verdict).await.status, 200);
        let verdicts = site.record(&bureau).await["verdicts"].clone();
        assert_eq!(verdicts[0]["override_reason"], "设备返厂");
        assert_eq!(verdicts[0]["overridden"][0]["kind"], "unseen_work");
    })
    .await;
}

#[tokio::test]
async fn rework_lands_on_the_device_with_its_reason() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        site.finish(&bureau).await;
        let nothing = json!({ "visit_id": site.visit, "reason": "缺铭牌照片" });
        let answer = site.judge(&bureau, "rework-requests", &nothing).await;
        assert_eq!((answer.status, &answer.json["errors"][0]["pointer"]), (422, &json!("/paths")));
        let body = json!({ "visit_id": site.visit, "reason": "缺铭牌照片", "paths": ["answers/meter-accuracy.nameplate"] });
        let answer = site.judge(&bureau, "rework-requests", &body).await;
        assert_eq!((answer.status, &answer.json["state"]), (201, &json!("rework")), "{}", answer.json);
        exchange(&bureau.test, &mut site.zhang).await;
        assert_eq!(site.zhang.rework.len(), 1);
        assert_eq!(site.zhang.rework[0].reason, "缺铭牌照片");
        let card: Value = serde_json::from_str(&site.zhang.pack[&format!("assignment/{}", site.visit)]).unwrap();
        assert_eq!(card["state"], "rework");
        let kinds = |record: &Value| -> Vec<String> {
            let blockers = record["blockers"].as_array().unwrap();
            blockers.iter().map(|b| b["kind"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(kinds(&site.record(&bureau).await), ["visit_open", "rework"]);
        site.finish(&bureau).await;
        let record = site.record(&bureau).await;
        assert_eq!((&record["state"], kinds(&record).is_empty()), (&json!("investigated"), true));
        exchange(&bureau.test, &mut site.zhang).await;
        let told = &site.zhang.rework;
        assert_eq!((told.len(), told[1].id, told[0].done_at), (2, told[0].id, None), "once to do, once done");
        assert!(told[1].done_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn duplicates_are_proposed_merged_and_taken_apart() {
    Bureau::for_each_engine(|bureau| async move {
        let site = Site::of(&bureau).await;
        let first = site.complaint.clone();
        let again = bureau.complaint(&json!({ "customer": { "phone": "+8613800138000" }, "no_contact_reason": "不愿留名", "summary": "电表走得快" })).await;
        let again = again["complaint_id"].as_str().unwrap();
        bureau.post("/v1/complaints", &a_complaint(&json!({ "utility": "gas", "category": "gas.LEAK" }))).await;
        let proposals = bureau.get(&format!("/v1/complaints/{again}/duplicates")).await.json;
        assert_eq!(proposals.as_array().unwrap().len(), 1, "{proposals}");
        assert_eq!(proposals[0]["complaint"]["complaint_id"], json!(first));
        assert!(proposals[0]["reasons"].as_array().unwrap().contains(&json!("same_phone")));
        // The newer record survives and takes the customer's number over.
        let merge = |duplicate: &str| json!({ "duplicate": duplicate, "reason": "同一件事", "take_fields": ["customer_number", "customer_name"] });
        let path = format!("/v1/complaints/{again}/merges");
        assert_eq!(bureau.post(&path, &merge(again)).await.json["reason"], "itself");
        let merged = bureau.post(&path, &merge(&first)).await;
        assert_eq!(merged.status, 200, "{}", merged.json);
        assert_eq!(bureau.post(&path, &merge(&first)).await.json, merged.json, "repeated");
        let back = format!("/v1/complaints/{first}/merges");
        assert_eq!(bureau.post(&back, &merge(again)).await.json["code"], "complaint-merged");
        let record = bureau.get(&format!("/v1/complaints/{again}")).await.json;
        assert_eq!((&record["customer"]["number"], &record["state"]), (&json!("0012345678"), &json!("assigned")));
        assert_eq!((&record["merged"][0]["complaint_id"], &record["visits"][0]["visit_id"]), (&json!(first), &json!(site.visit)));
        let held = bureau.post(&format!("/v1/complaints/{first}/acceptance"), &json!({})).await;
        assert_eq!(held.json["survivor"], json!(again));
        let undo = format!("/v1/merges/{}/reversal", merged.json["merge_id"].as_str().unwrap());
        let undone = bureau.post(&undo, &json!({ "reason": "不是同一件" })).await;
        assert!(undone.json["undone_at_ms"].is_i64(), "{}", undone.json);
        assert_eq!(bureau.post(&undo, &json!({ "reason": "再次" })).await.json, undone.json);
        let record = bureau.get(&format!("/v1/complaints/{again}")).await.json;
        assert_eq!((&record["customer"]["number"], &record["merged"], &record["visits"]), (&Value::Null, &json!([]), &json!([])));
        assert_eq!(bureau.get(&format!("/v1/complaints/{first}")).await.json["merged_into"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn what_arrives_after_the_verdict_opens_the_review_again() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        site.zhang.command(Some(visit), &Request::Finish { visit, outcome: "resolved_on_site".into() });
        exchange(&bureau.test, &mut site.zhang).await;
        let verdict =
            json!({ "verdict": "undetermined", "note": "无法核实", "override_reason": "等不到设备" });
        assert_eq!(site.judge(&bureau, "reviews", &verdict).await.json["state"], "reviewed");
        // What the other technician recorded all along.
        site.wang.save(visit, |edit| edit.answer("meter-accuracy.seal", "broken").unwrap());
        exchange(&bureau.test, &mut site.wang).await;
        let record = site.record(&bureau).await;
        assert_eq!(
            (&record["state"], &record["visits"][0]["state"]),
            (&json!("reopened"), &json!("finished"))
        );
        let last = record["timeline"].as_array().unwrap().iter().find(|e| e["kind"] == "late_work").unwrap();
        assert_eq!(last["device"]["device_id"], json!(site.wang.device));
        // Taken off while offline: accepted, noted as late, and nothing was judged yet.
        let path = format!("/v1/visits/{visit}/assignments/{}", site.wang.person);
        assert_eq!(bureau.call(Method::DELETE, &path).send().await.status, 200);
        site.wang.save(visit, |edit| edit.answer("meter-accuracy.load", true).unwrap());
        exchange(&bureau.test, &mut site.wang).await;
        let record = site.record(&bureau).await;
        let late =
            record["timeline"].as_array().unwrap().iter().filter(|e| e["detail"]["late"] == true).count();
        assert_eq!((late, &record["state"]), (1, &json!("reopened")));
    })
    .await;
}
