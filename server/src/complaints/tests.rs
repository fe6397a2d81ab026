//! What complaints promise to the office.

use crate::checklists;
use crate::pages::testing::Browser;
use crate::people::tests::a_person;
use crate::people::{Grant, Role, find_by_login, set_roles};
use crate::store::statement;
use crate::testing::{Answer, Call, TestApp};
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::codes::CodeTable;
use sync_core::ids::PersonId;

/// A server with a clerk, a reviewer and a lead, and its checklists.
pub(crate) struct Bureau {
    pub(crate) test: TestApp,
    pub(crate) clerk: (PersonId, String),
    pub(crate) reviewer: (PersonId, String),
    pub(crate) lead: (PersonId, String),
}

impl Bureau {
    pub(crate) async fn of(test: TestApp) -> Self {
        let clerk = a_person(&test, "clerk", &[Role::Clerk]).await;
        let reviewer = a_person(&test, "reviewer", &[Role::Reviewer]).await;
        let lead = a_person(&test, "lead", &[Role::Lead]).await;
        let mut tx = test.app.store.write().await.unwrap();
        checklists::publish_built_in(&mut tx, test.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        Self { test, clerk, reviewer, lead }
    }

    /// Runs a test on both engines.
    pub(crate) async fn for_each_engine<F, Fut>(story: F)
    where
        F: Fn(Self) -> Fut,
        Fut: Future<Output = ()>,
    {
        TestApp::for_each_engine(|test| async { story(Self::of(test).await).await }).await;
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        self.test.call(method, path).header("authorization", &self.clerk.1)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path).json(body).send().await
    }

    /// Writes a complaint down and returns the answer.
    pub(crate) async fn complaint(&self, changes: &Value) -> Value {
        let answer = self.post("/v1/complaints", &a_complaint(changes)).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        answer.json
    }
}

/// The form of a believable complaint with these fields changed.
pub(crate) fn a_complaint(changes: &Value) -> Value {
    let mut form = json!({
        "utility": "power", "category": "power.BIZ.metering", "channel": "phone",
        "summary": "电表走得快,电费翻倍", "address": "梧桐路 12 号 3 单元 602", "region": "east",
        "customer": { "number": "0012345678", "name": "李梅", "phone": "138 0013 8000" },
        "meter": { "number": "A123456", "class": "2" },
    });
    form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    form
}

/// The session of a clerk of one region.
pub(crate) async fn a_regional_clerk(test: &TestApp, region: &str) -> String {
    somebody_of(test, Role::Clerk, "", region).await
}

/// The session of somebody whose one role is limited to a unit, a region or both.
pub(crate) async fn somebody_of(test: &TestApp, role: Role, unit: &str, region: &str) -> String {
    let app = &test.app;
    let (person, session) =
        a_person(test, &format!("{role}-{unit}{region}").replace(' ', "-"), &[role]).await;
    let grant = Grant { role, unit: unit.to_owned(), region: region.to_owned() };
    if find_by_login(&mut app.store.read().await.unwrap(), "root").await.unwrap().is_none() {
        a_person(test, "root", &[Role::Administrator]).await;
    }
    let mut tx = app.store.write().await.unwrap();
    set_roles(&mut tx, person, &[grant], None, None, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    session
}

fn numbers(answer: &Answer) -> Vec<String> {
    let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.json));
    items.iter().map(|item| item["number"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_complaint_gets_a_number_and_is_found_by_what_people_remember() {
    Bureau::for_each_engine(|bureau| async move {
        let first = bureau.complaint(&json!({})).await;
        assert_eq!(
            (first["number"].as_str(), first["state"].as_str()),
            (Some("C-2025-0001"), Some("received"))
        );
        assert_eq!(first["first_owner"]["person_id"], json!(bureau.clerk.0));
        let gas = json!({ "utility": "gas", "category": "gas.LEAK", "summary": "smell of gas in the kitchen",
            "address": "Jiefang Rd 88", "customer": {}, "no_contact_reason": "hung up", "meter": null });
        bureau.complaint(&gas).await;
        for (words, found) in [
            ("电表", &["C-2025-0001"][..]),
            ("13800138000", &["C-2025-0001"]),
            ("梧桐路 602", &["C-2025-0001"]),
            ("铅封", &[]),
            ("0012345678", &["C-2025-0001"]),
            ("a1234", &["C-2025-0001"]),
            ("KITCHEN", &["C-2025-0002"]),
            ("c-2025-0002", &["C-2025-0002"]),
            ("\" OR *", &[]),
            ("%", &[]),
        ] {
            let query: String = words.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let answer = bureau.get(&format!("/v1/complaints?q={query}")).await;
            assert_eq!(numbers(&answer), found, "{words}");
        }
        let by_number = bureau.get("/v1/complaints/C-2025-0001").await;
        assert_eq!(by_number.json["complaint_id"], first["complaint_id"]);
        assert_eq!(by_number.json["timeline"][0]["kind"], "received");
        assert_eq!(by_number.json["next_steps"], json!(["acceptance", "review_without_visit", "withdrawal"]));
        assert_eq!(bureau.get("/v1/complaints/C-2025-0009").await.json["code"], "complaint-unknown");
    })
    .await;
}

#[tokio::test]
async fn every_sector_has_categories_and_its_complaints_are_found() {
    Bureau::for_each_engine(|bureau| async move {
        for utility in ["power", "gas", "telecom", "water"] {
            let of_it = CodeTable::Categories.entries().iter();
            let of_it: Vec<_> = of_it.filter(|entry| entry.utility.as_deref() == Some(utility)).collect();
            assert!(of_it.len() >= 7, "{utility}: {of_it:?}");
            let last = of_it.last().unwrap();
            let summary = format!("关于{}的投诉 sector-{utility}", last.zh);
            let form = json!({ "utility": utility, "category": last.code, "summary": summary,
                "meter": null });
            let opened = bureau.complaint(&form).await;
            let found = bureau.get(&format!("/v1/complaints?q=sector-{utility}")).await;
            assert_eq!(numbers(&found), [opened["number"].as_str().unwrap()], "{utility}");
        }
    })
    .await;
}

#[tokio::test]
async fn lists_come_in_pages_and_filters_hold() {
    Bureau::for_each_engine(|bureau| async move {
        for n in 0..5 {
            bureau.complaint(&json!({ "summary": format!("第 {n} 件") })).await;
        }
        let page = bureau.get("/v1/complaints?limit=2").await;
        assert_eq!(numbers(&page), ["C-2025-0005", "C-2025-0004"]);
        assert!(page.headers["link"].to_str().unwrap().ends_with("rel=\"next\""));
        let cursor = page.json["next_cursor"].as_str().unwrap();
        let rest = bureau.get(&format!("/v1/complaints?cursor={cursor}")).await;
        assert_eq!(numbers(&rest), ["C-2025-0003", "C-2025-0002", "C-2025-0001"]);
        assert_eq!(rest.json.get("next_cursor"), None);
        for (query, count) in [
            ("mine=true", 5),
            ("first_owned=true", 5),
            ("unassigned=true", 5),
            ("conflicts=true", 0),
            ("state=closed", 0),
            ("state=received", 5),
        ] {
            assert_eq!(
                numbers(&bureau.get(&format!("/v1/complaints?{query}")).await).len(),
                count,
                "{query}"
            );
        }
        for query in ["state=nonsense", "cursor=!", "colour=red"] {
            assert_eq!(
                bureau.get(&format!("/v1/complaints?{query}")).await.json["code"],
                "query-invalid",
                "{query}"
            );
        }
        let technician = a_person(&bureau.test, "zhang", &[Role::Technician]).await.1;
        let refused = bureau.test.get("/v1/complaints").header("authorization", &technician).send().await;
        assert_eq!((refused.status, refused.json["code"].as_str()), (403, Some("role-missing")));
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_happens_once() {
    Bureau::for_each_engine(|bureau| async move {
        let send = async |summary: &str| {
            let body = a_complaint(&json!({ "summary": summary }));
            let call =
                bureau.call(Method::POST, "/v1/complaints").header("idempotency-key", "k-1").json(&body);
            call.send().await
        };
        let (first, again) = (send("电表走得快").await, send("电表走得快").await);
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.body, again.body);
        assert_eq!(first.headers["location"], again.headers["location"]);
        assert!(!first.headers.contains_key("idempotency-replayed"));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(send("别的事").await.json["code"], "idempotency-key-reused");
        assert_eq!(numbers(&bureau.get("/v1/complaints").await), ["C-2025-0001"]);
        let body = a_complaint(&json!({}));
        let strange =
            bureau.call(Method::POST, "/v1/complaints").header("idempotency-key", "a b").json(&body);
        assert_eq!(strange.send().await.json["code"], "idempotency-key-invalid");
    })
    .await;
}

#[tokio::test]
async fn corrections_keep_their_authors_and_lost_updates_are_refused() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let path = format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap());
        let patch = async |version: &str, body: Value| {
            bureau.call(Method::PATCH, &path).header("if-match", version).json(&body).send().await
        };
        let etag = bureau.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
        let answer =
            patch(&etag, json!({ "customer_phone": "139 0000 1111", "address": "梧桐路 14 号" })).await;
        assert_eq!((answer.status, &answer.json["customer"]["phone"]), (200, &json!("139 0000 1111")));
        let late = patch(&etag, json!({ "customer_phone": null })).await;
        assert_eq!((late.status, late.json["code"].as_str()), (412, Some("precondition-failed")));
        let emptied = patch("*", json!({ "customer_phone": null })).await;
        assert_eq!((emptied.status, &emptied.json["errors"][0]["pointer"]), (422, &json!("/customer/phone")));
        let why = json!({ "customer_phone": null, "no_contact_reason": "号码已注销" });
        assert_eq!(patch("*", why).await.status, 200);
        assert_eq!(
            patch("*", json!({ "category": "gas.LEAK" })).await.json["errors"][0]["pointer"],
            "/category"
        );
        let changes = bureau.get(&format!("{path}/field-changes")).await.json;
        let facts: Vec<_> =
            changes.as_array().unwrap().iter().map(|c| (&c["field"], &c["old_value"])).collect();
        assert_eq!(facts[0], (&json!("customer_phone"), &json!("138 0013 8000")));
        assert_eq!(facts[1].0, "address");
        assert_eq!(facts[2], (&json!("customer_phone"), &json!("139 0000 1111")));
        assert_eq!(changes[0]["changed_by"]["person_id"], json!(bureau.clerk.0));
        let old = "q=%E6%A2%A7%E6%A1%90%E8%B7%AF%2012";
        assert!(
            numbers(&bureau.get(&format!("/v1/complaints?{old}")).await).is_empty(),
            "found by the old address"
        );
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_complaints_beyond_their_regions() {
    Bureau::for_each_engine(|bureau| async move {
        bureau.complaint(&json!({ "region": "west" })).await;
        bureau.complaint(&json!({ "region": "" })).await;
        bureau.complaint(&json!({ "region": "east" })).await;
        let session = a_regional_clerk(&bureau.test, "east").await;
        let get = async |path: &str| bureau.test.get(path).header("authorization", &session).send().await;
        assert_eq!(numbers(&get("/v1/complaints").await), ["C-2025-0003", "C-2025-0002"]);
        assert_eq!(get("/v1/complaints/C-2025-0001").await.json["code"], "complaint-unknown");
        assert_eq!(get("/v1/complaints/C-2025-0003").await.status, 200);
        let body = a_complaint(&json!({ "region": "west" }));
        let call = bureau.test.post("/v1/complaints").header("authorization", &session).json(&body);
        assert_eq!(call.send().await.json["errors"][0]["pointer"], "/region");
    })
    .await;
}

#[tokio::test]
async fn steps_happen_in_order_and_leave_their_trace() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let path = format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap());
        let step = async |name: &str, body: Value| bureau.post(&format!("{path}/{name}"), &body).await;
        assert_eq!(step("acceptance", json!({})).await.json["state"], "accepted");
        assert_eq!(step("acceptance", json!({})).await.json["version"], 2, "repeated");
        let refused = step("answer", json!({ "reason": "已答复" })).await;
        assert_eq!((refused.status, refused.json["state"].as_str()), (409, Some("accepted")));
        let handover = json!({ "holder": bureau.lead.0, "reason": "属计量班" });
        assert_eq!(step("handovers", handover).await.json["holder"]["person_id"], json!(bureau.lead.0));
        let nobody = json!({ "holder": PersonId::from_bytes([9; 16]), "reason": "?" });
        assert_eq!(step("handovers", nobody).await.json["errors"][0]["pointer"], "/holder");
        assert_eq!(step("withdrawal", json!({ "reason": " " })).await.status, 422);
        assert_eq!(step("withdrawal", json!({ "reason": "客户撤回" })).await.json["state"], "withdrawn");
        assert_eq!(step("reopening", json!({ "reason": "客户又来电" })).await.json["state"], "reopened");
        let record = bureau.get(&path).await.json;
        assert_eq!(record["first_owner"]["person_id"], json!(bureau.clerk.0));
        let kinds: Vec<_> =
            record["timeline"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["received", "state_changed", "handed_over", "state_changed", "state_changed"]);
        assert_eq!(record["timeline"][3]["reason"], "客户撤回");
    })
    .await;
}

/// The deadline that the queue is read by is the one that the model says, in every state.
#[tokio::test]
async fn the_deadline_in_the_table_is_the_one_that_binds() {
    const SQL: &str = "UPDATE complaints SET state = $2, contact_due_at_ms = $3, onsite_due_at_ms = $4, \
        answer_due_at_ms = $5 WHERE complaint_id = $1";
    const DUE: &str = "SELECT next_due_at_ms FROM complaints WHERE complaint_id = $1";
    Bureau::for_each_engine(|bureau| async move {
        let id = bureau.complaint(&json!({})).await["complaint_id"].as_str().unwrap().to_owned();
        let mut tx = bureau.test.app.store.write().await.unwrap();
        let dues =
            [[None; 3], [Some(30), Some(20), Some(10)], [Some(1), Some(2), None], [None, Some(7), Some(9)]];
        for state in super::model::State::ALL {
            for [contact, onsite, answer] in dues {
                statement(SQL)
                    .bind(&id)
                    .bind(state.as_str())
                    .bind(contact)
                    .bind(onsite)
                    .bind(answer)
                    .execute(&mut tx)
                    .await
                    .unwrap();
                let due: Option<i64> = statement(DUE).bind(&id).value(&mut tx).await.unwrap();
                let complaint = super::find(&mut tx, id.parse().unwrap()).await.unwrap().unwrap();
                let binds = complaint.next_deadline().map(|(_, at)| at.unix_ms());
                assert_eq!(due, binds, "{state}: {contact:?} {onsite:?} {answer:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_kind_of_customer_is_noted_corrected_and_told() {
    Bureau::for_each_engine(|bureau| async move {
        let factory = bureau.complaint(&json!({ "customer_class": "industrial" })).await;
        assert_eq!(factory["customer_class"], "industrial");
        assert_eq!(bureau.complaint(&json!({})).await["customer_class"], Value::Null);
        let wrong = bureau.post("/v1/complaints", &a_complaint(&json!({ "customer_class": "royal" }))).await;
        assert_eq!((wrong.status, &wrong.json["code"]), (422, &json!("body-invalid")), "{}", wrong.json);
        let path = format!("/v1/complaints/{}", factory["complaint_id"].as_str().unwrap());
        for (class, told) in [(json!("cng"), "cng"), (Value::Null, "")] {
            let version = bureau.get(&path).await.json["version"].clone();
            let patch = bureau.call(Method::PATCH, &path).header("if-match", format!("\"{version}\""));
            let done = patch.json(&json!({ "customer_class": class })).send().await;
            assert_eq!(
                (done.status, done.json["customer_class"].as_str().unwrap_or_default()),
                (200, told),
                "{}",
                done.json
            );
        }
        let record = bureau.get(&path).await.json;
        assert!(record["timeline"].to_string().contains("corrected"), "{record:#}");
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let form = browser.get("/complaints/new").await;
        assert!(
            form.html().contains("name=\"customer_class\"") && form.html().contains("Filling station (CNG)")
        );
        let at_home = bureau.complaint(&json!({ "customer_class": "residential" })).await;
        let page = browser.get(&format!("/complaints/{}", at_home["complaint_id"].as_str().unwrap())).await;
        assert!(page.html().contains("Household"), "{}", page.html());
    })
    .await;
}
