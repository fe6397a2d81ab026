//! What sections promise, on both engines.

use crate::complaints::tests::{Bureau, somebody_of};
use crate::people::Role;
use crate::testing::Answer;
use axum::http::Method;
use serde_json::{Value, json};

/// A clerk of the metering shop and one of the billing office, and rules that name disciplines.
struct Shops {
    bureau: Bureau,
    meters: String,
    bills: String,
}

async fn for_each_engine<F, Fut>(story: F)
where
    F: Fn(Shops) -> Fut + Copy,
    Fut: Future<Output = ()>,
{
    Bureau::for_each_engine(|bureau| async move { story(shops(bureau).await).await }).await;
}

pub(crate) async fn with_rules(bureau: &Bureau) {
    let app = &bureau.test.app;
    let mut tx = app.store.write().await.unwrap();
    crate::deadlines::publish_built_in(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn shops(bureau: Bureau) -> Shops {
    with_rules(&bureau).await;
    let meters = somebody_of(&bureau.test, Role::Clerk, "meters", "").await;
    let bills = somebody_of(&bureau.test, Role::Clerk, "bills", "").await;
    Shops { bureau, meters, bills }
}

impl Shops {
    async fn send(&self, session: &str, method: Method, path: &str, body: &Value) -> Answer {
        self.bureau.test.app.clock.advance_ms(1);
        self.bureau.test.call(method, path).header("authorization", session).json(body).send().await
    }

    async fn post(&self, session: &str, path: &str, body: &Value) -> Answer {
        self.send(session, Method::POST, path, body).await
    }

    async fn work(&self, session: &str, section: &Value, words: &str) -> Answer {
        self.send(session, Method::PUT, &at(section, "work"), &json!({ "work": words })).await
    }

    async fn list(&self, session: &str, list: &str) -> Vec<String> {
        let path = format!("/v1/sections?list={list}");
        let answer = self.bureau.test.call(Method::GET, &path).header("authorization", session).send().await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        let items = answer.json["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["section_id"].as_str().unwrap().to_owned()).collect()
    }

    /// A section that the metering shop holds, opened by the reviewer.
    async fn section(&self, complaint: &Value) -> Value {
        let form = json!({ "discipline": "metering", "task": "核对表号和倍率", "unit": "meters" });
        let opened = self.post(&self.bureau.reviewer.1, &sections_of(complaint), &form).await;
        assert_eq!(opened.status, 201, "{}", opened.json);
        opened.json
    }
}

fn sections_of(complaint: &Value) -> String {
    format!("/v1/complaints/{}/sections", complaint["complaint_id"].as_str().unwrap())
}

fn at(section: &Value, act: &str) -> String {
    format!("/v1/sections/{}/{act}", section["section_id"].as_str().unwrap())
}

fn id(section: &Value) -> &str {
    section["section_id"].as_str().unwrap()
}

#[tokio::test]
async fn a_section_is_worked_on_signed_off_and_taken_back_by_the_unit_that_holds_it() {
    for_each_engine(|shops| async move {
        let complaint = shops.bureau.complaint(&json!({ "unit": "bills" })).await;
        let section = shops.section(&complaint).await;
        assert_eq!((&section["state"], &section["unit"]), (&json!("open"), &json!("meters")));
        assert_eq!(section["within"], json!({ "amount": 2, "unit": "working_day" }));
        let names = (&section["discipline_zh"], &section["discipline_en"]);
        assert_eq!(names, (&json!("计量"), &json!("Metering")));
        // Who holds it finds it, although the complaint is another unit's; nobody else has it on the desk.
        assert_eq!(shops.list(&shops.meters, "mine").await, [id(&section)]);
        assert!(shops.list(&shops.bills, "mine").await.is_empty());
        assert_eq!(shops.list(&shops.bills, "open").await, [id(&section)], "its complaint is theirs");

        let silent = shops.post(&shops.meters, &at(&section, "sign-off"), &json!({})).await;
        assert_eq!(silent.json["errors"][0]["pointer"], "/work", "{}", silent.json);
        let foreign = shops.work(&shops.bills, &section, "看过了").await;
        assert_eq!((foreign.status, &foreign.json["code"]), (403, &json!("section-of-another")));
        let worked = shops.work(&shops.meters, &section, "表号一致,倍率应为 30,档案为 40").await;
        assert_eq!((worked.status, &worked.json["version"]), (200, &json!(2)), "{}", worked.json);
        let own = shops.post(&shops.bureau.reviewer.1, &at(&section, "sign-off"), &json!({})).await;
        assert_eq!((own.status, &own.json["code"]), (409, &json!("section-own")));
        let signed = shops.post(&shops.meters, &at(&section, "sign-off"), &json!({})).await;
        assert_eq!((signed.status, &signed.json["state"]), (200, &json!("signed_off")), "{}", signed.json);
        assert_eq!(signed.json["late"], false);
        assert!(shops.list(&shops.meters, "mine").await.is_empty());
        let late = shops.work(&shops.meters, &section, "改口").await;
        assert_eq!((late.status, &late.json["state"]), (409, &json!("signed_off")));

        let mute =
            shops.post(&shops.meters, &at(&section, "sign-off-withdrawal"), &json!({ "reason": " " })).await;
        assert_eq!(mute.json["errors"][0]["pointer"], "/reason");
        let reason = json!({ "reason": "互感器铭牌看错" });
        let back = shops.post(&shops.meters, &at(&section, "sign-off-withdrawal"), &reason).await;
        assert_eq!((&back.json["state"], &back.json["over_by"]), (&json!("open"), &Value::Null));
        let lead = shops.post(&shops.bureau.lead.1, &at(&section, "sign-off"), &json!({})).await;
        assert_eq!(lead.json["state"], "signed_off", "{}", lead.json);
        let acts: Vec<&str> =
            lead.json["acts"].as_array().unwrap().iter().map(|act| act["act"].as_str().unwrap()).collect();
        assert_eq!(acts, ["opened", "worked", "signed_off", "taken_back", "signed_off"]);

        let path = format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap());
        let record = shops.bureau.get(&path).await.json;
        let told = record["timeline"].as_array().unwrap().iter();
        let told: Vec<&str> = told.filter_map(|entry| entry["detail"]["section_act"].as_str()).collect();
        assert_eq!(told, acts);
        assert_eq!(record["sections"][0]["state"], "signed_off");
        assert_eq!(shops.list(&shops.bureau.lead.1, "over").await, [id(&section)]);
    })
    .await;
}

#[tokio::test]
async fn a_hand_over_begins_a_limit_of_its_own_and_there_is_one_holder_at_every_moment() {
    for_each_engine(|shops| async move {
        let complaint = shops.bureau.complaint(&json!({ "unit": "bills" })).await;
        let form = json!({ "discipline": "billing", "task": "重新核算电费", "unit": "meters",
            "within": { "amount": 30, "unit": "minute" } });
        let section = shops.post(&shops.bureau.lead.1, &sections_of(&complaint), &form).await.json;
        let opened = section["opened_at_ms"].as_i64().unwrap();
        assert_eq!(section["due_at_ms"], opened + 30 * 60_000, "minutes run around the clock");
        let same = json!({ "unit": "meters", "reason": "忙" });
        let same = shops.post(&shops.meters, &at(&section, "handovers"), &same).await;
        assert_eq!(same.json["errors"][0]["pointer"], "/unit");
        let nobody = json!({ "unit": "nowhere", "reason": "忙" });
        let nobody = shops.post(&shops.meters, &at(&section, "handovers"), &nobody).await;
        assert_eq!(nobody.json["errors"][0]["pointer"], "/unit");
        let stranger = somebody_of(&shops.bureau.test, Role::Clerk, "roads", "").await;
        let unseen = shops
            .post(&stranger, &at(&section, "handovers"), &json!({ "unit": "roads", "reason": "想要" }))
            .await;
        assert_eq!(unseen.json["code"], "section-unknown");

        shops.bureau.test.app.clock.advance_ms(31 * 60_000);
        assert_eq!(shops.list(&shops.meters, "overdue").await, [id(&section)]);
        let form = json!({ "unit": "bills", "reason": "属电费核算" });
        let moved = shops.post(&shops.meters, &at(&section, "handovers"), &form).await.json;
        let now = shops.bureau.test.app.clock.now().unix_ms();
        assert_eq!((&moved["unit"], &moved["held_since_ms"]), (&json!("bills"), &json!(now)), "{moved}");
        assert_eq!(moved["due_at_ms"], now + 30 * 60_000, "each holder has the whole time");
        assert!(shops.list(&shops.bureau.lead.1, "overdue").await.is_empty());
        assert!(shops.list(&shops.meters, "mine").await.is_empty());
        assert_eq!(shops.list(&shops.bills, "mine").await, [id(&section)]);
        let gone = shops.work(&shops.meters, &section, "补记").await;
        assert_eq!(
            gone.json["code"], "section-unknown",
            "neither the section nor its complaint is theirs now"
        );
        let acts = moved["acts"].as_array().unwrap();
        let held: Vec<(&Value, &Value)> = acts.iter().map(|act| (&act["unit"], &act["due_at_ms"])).collect();
        assert_eq!(held[0], (&json!("meters"), &json!(opened + 30 * 60_000)));
        assert_eq!(held[1], (&json!("bills"), &json!(now + 30 * 60_000)));
        assert_eq!(acts[1]["words"], "属电费核算");
    })
    .await;
}

#[tokio::test]
async fn an_open_section_holds_back_approval_and_closing_until_that_is_overridden() {
    for_each_engine(|shops| async move {
        let complaint = shops.bureau.complaint(&json!({})).await;
        let section = shops.section(&complaint).await;
        let path = format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap());
        let mut verdict = json!({ "verdict": "not_substantiated", "note": "电话中已说明", "without_visit": true,
            "responsible_unit": "meters" });
        let reviewer = shops.bureau.reviewer.1.clone();
        let held = shops.post(&reviewer, &format!("{path}/reviews"), &verdict).await;
        assert_eq!((held.status, &held.json["code"]), (409, &json!("complaint-blocked")), "{}", held.json);
        assert_eq!(held.json["blockers"][0]["kind"], "section");
        assert_eq!(held.json["blockers"][0]["reference"], section["section_id"]);
        verdict["override_reason"] = json!("计量结论随后补充");
        let nobody = json!({ "responsible_unit": "nowhere" });
        let mut wrong = verdict.clone();
        wrong.as_object_mut().unwrap().extend(nobody.as_object().unwrap().clone());
        let wrong = shops.post(&reviewer, &format!("{path}/reviews"), &wrong).await;
        assert_eq!(wrong.json["errors"][0]["pointer"], "/responsible_unit", "{}", wrong.json);
        let judged = shops.post(&reviewer, &format!("{path}/reviews"), &verdict).await;
        assert_eq!(judged.status, 200, "{}", judged.json);
        let record = shops.bureau.get(&path).await.json;
        assert_eq!(record["verdicts"][0]["responsible_unit"], "meters");
        assert_eq!(record["verdicts"][0]["overridden"][0]["kind"], "section");
        let told = shops.post(&reviewer, &format!("{path}/answer"), &json!({ "reason": "已答复" })).await;
        assert_eq!(told.status, 200, "{}", told.json);
        let close = json!({ "reason": "客户认可" });
        let held = shops.post(&reviewer, &format!("{path}/closure"), &close).await;
        let kinds: Vec<&Value> =
            held.json["blockers"].as_array().unwrap().iter().map(|blocker| &blocker["kind"]).collect();
        assert!(kinds.contains(&&json!("section")), "{}", held.json);

        // Dropped with a reason, it holds nothing back any more.
        let stranger = shops.post(&shops.meters, &at(&section, "drop"), &json!({ "reason": "不需要" })).await;
        assert_eq!(stranger.json["code"], "section-of-another");
        let dropped = shops.post(&reviewer, &at(&section, "drop"), &json!({ "reason": "已由现场查明" })).await;
        assert_eq!(dropped.json["state"], "dropped", "{}", dropped.json);
        let closed = shops.post(&reviewer, &format!("{path}/closure"), &close).await;
        let open = closed.json["blockers"].as_array().cloned().unwrap_or_default();
        assert!(open.iter().all(|blocker| blocker["kind"] != "section"), "{}", closed.json);
        let over = json!({ "reason": "客户认可", "override_reason": "无需回访" });
        let closed = shops.post(&reviewer, &format!("{path}/closure"), &over).await;
        assert_eq!(closed.json["state"], "closed", "{}", closed.json);
        let late = json!({ "discipline": "metering", "task": "再查", "unit": "meters" });
        let late = shops.post(&reviewer, &sections_of(&complaint), &late).await;
        assert_eq!(late.json["code"], "complaint-state");
    })
    .await;
}

#[tokio::test]
async fn who_was_slower_overwrites_nothing_and_forms_say_what_is_wrong() {
    for_each_engine(|shops| async move {
        let complaint = shops.bureau.complaint(&json!({})).await;
        let section = shops.section(&complaint).await;
        let put = |tag: &'static str, words: &'static str| {
            let call = shops.bureau.test.call(Method::PUT, &at(&section, "work"));
            let call = call.header("authorization", &shops.meters).header("if-match", tag);
            call.json(&json!({ "work": words })).send()
        };
        assert_eq!(put("\"1\"", "甲的记录").await.status, 200);
        let slower = put("\"1\"", "乙的记录").await;
        assert_eq!((slower.status, &slower.json["code"]), (412, &json!("precondition-failed")));
        let now = put("\"2\"", "甲乙的记录").await;
        assert_eq!((now.status, now.headers["etag"].to_str().unwrap()), (200, "\"3\""));
        let again = put("\"3\"", "甲乙的记录").await;
        assert_eq!(again.json["version"], 3, "the same once more changes nothing");
        for (form, field) in [
            (json!({ "discipline": "plumbing", "task": "查", "unit": "meters" }), "/discipline"),
            (json!({ "discipline": "metering", "task": " ", "unit": "meters" }), "/task"),
            (json!({ "discipline": "metering", "task": "查" }), "/unit"),
            (json!({ "discipline": "metering", "task": "查", "unit": "nowhere" }), "/unit"),
            (
                json!({ "discipline": "metering", "task": "查", "unit": "meters", "within": { "amount": 0, "unit": "hour" } }),
                "/within",
            ),
        ] {
            let refused = shops.post(&shops.bureau.lead.1, &sections_of(&complaint), &form).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["pointer"]), (422, &json!(field)), "{}", refused.json);
        }
        let entry = json!([{ "visit_id": section["section_id"], "entry_id": section["section_id"] }]);
        let body = json!({ "work": "有据", "evidence": entry });
        let foreign = shops.send(&shops.meters, Method::PUT, &at(&section, "work"), &body).await;
        assert_eq!(foreign.json["errors"][0]["pointer"], "/evidence", "{}", foreign.json);
        let disciplines = shops.bureau.get("/v1/disciplines").await.json;
        assert_eq!(disciplines[2]["code"], "connection");
        assert_eq!(disciplines[2]["within"], json!({ "amount": 3, "unit": "working_day" }));
    })
    .await;
}
