//! What articles promise, on both engines.

use crate::complaints::tests::{Bureau, somebody_of};
use crate::exchange::testing::SimDevice;
use crate::exchange::tests::{a_technician, exchange};
use crate::pages::testing::Browser;
use crate::people::Role;
use crate::testing::Answer;
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::knowledge::ArticleCard;

/// A text of which some fields are as given.
pub(super) fn content(fields: &Value) -> Value {
    let mut content = json!({
        "title_zh": "误差退费多久到账", "body_zh": "一个月内到账。", "categories": ["power.BIZ.metering"],
        "visibility": "technician", "valid_from": "2025-11-01"
    });
    for (name, value) in fields.as_object().unwrap() {
        content[name] = value.clone();
    }
    content
}

async fn send(bureau: &Bureau, session: &str, method: Method, path: &str, body: &Value) -> Answer {
    bureau.test.app.clock.advance_ms(1);
    bureau.test.call(method, path).header("authorization", session).json(body).send().await
}

async fn written(bureau: &Bureau, fields: &Value) -> Value {
    let form = json!({ "kind": "article", "content": content(fields) });
    let made = send(bureau, &bureau.clerk.1, Method::POST, "/v1/articles", &form).await;
    assert_eq!(made.status, 201, "{}", made.json);
    made.json
}

fn at(article: &Value, what: &str) -> String {
    format!("/v1/articles/{}{what}", article["article_id"].as_str().unwrap())
}

async fn approve(bureau: &Bureau, session: &str, article: &Value, version: i64) -> Answer {
    let form = json!({ "article_version": version });
    send(bureau, session, Method::POST, &at(article, "/approvals"), &form).await
}

/// An article that is approved, and its next version.
pub(super) async fn approved(bureau: &Bureau, fields: &Value) -> Value {
    let article = written(bureau, fields).await;
    let done = approve(bureau, &bureau.lead.1, &article, 1).await;
    assert_eq!(done.status, 200, "{}", done.json);
    done.json
}

pub(super) async fn next_version(bureau: &Bureau, article: &Value, fields: &Value) -> Value {
    let draft = content(fields);
    let done = send(bureau, &bureau.clerk.1, Method::PUT, &at(article, "/draft"), &draft).await;
    assert_eq!(done.status, 200, "{}", done.json);
    let version = done.json["draft_version"].as_i64().unwrap();
    let done = approve(bureau, &bureau.lead.1, article, version).await;
    assert_eq!(done.status, 200, "{}", done.json);
    done.json
}

async fn list(bureau: &Bureau, query: &str) -> Vec<String> {
    let path = format!("/v1/articles?{query}");
    let answer = bureau.test.call(Method::GET, &path).header("authorization", &bureau.lead.1).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let items = answer.json["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["number"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_one_person_wrote_another_approves_and_then_it_never_changes() {
    Bureau::for_each_engine(|bureau| async move {
        let lead = &bureau.lead.1;
        let article = written(&bureau, &json!({})).await;
        assert_eq!((&article["number"], &article["draft_version"]), (&json!("K-0001"), &json!(1)));
        assert_eq!(article["versions"][0]["standing"], "draft");
        // Whoever wrote a part of the draft does not approve it.
        let draft = content(&json!({ "body_zh": "约半年到账。" }));
        let changed = send(&bureau, lead, Method::PUT, &at(&article, "/draft"), &draft).await;
        assert_eq!(changed.json["draft_version"], 1, "{}", changed.json);
        let own = approve(&bureau, lead, &article, 1).await;
        assert_eq!((own.status, &own.json["code"]), (409, &json!("article-own")));
        let clerk = approve(&bureau, &bureau.clerk.1, &article, 1).await;
        assert_eq!(clerk.json["code"], "role-missing");
        let done = approve(&bureau, &bureau.reviewer.1, &article, 1).await;
        assert_eq!(done.json["shown"]["standing"], "in_force", "{}", done.json);
        let again = approve(&bureau, &bureau.reviewer.1, &article, 1).await;
        assert_eq!((again.status, &again.json["state"]), (409, &json!("approved")));

        let draft = content(&json!({ "body_zh": "三个月到账。", "valid_from": "2027-01-01" }));
        let next = send(&bureau, &bureau.clerk.1, Method::PUT, &at(&article, "/draft"), &draft).await;
        assert_eq!(next.json["draft_version"], 2);
        assert_eq!(next.json["versions"][1]["body_zh"], "约半年到账。", "{}", next.json);
        assert_eq!(next.json["shown"]["version"], 1, "the draft does not count");
        let done = approve(&bureau, lead, &article, 2).await.json;
        let standings = done["versions"].as_array().unwrap().iter().map(|each| each["standing"].clone());
        assert_eq!(standings.collect::<Vec<_>>(), ["coming", "in_force"]);
        let acts = done["acts"].as_array().unwrap().iter().map(|act| act["act"].as_str().unwrap());
        assert_eq!(acts.collect::<Vec<_>>(), ["written", "written", "approved", "written", "approved"]);

        let reason = json!({ "reason": "政策取消" });
        let gone = send(&bureau, lead, Method::POST, &at(&article, "/withdrawal"), &reason).await;
        assert_eq!(gone.json["shown"]["standing"], "withdrawn", "{}", gone.json);
        let late = send(&bureau, lead, Method::PUT, &at(&article, "/draft"), &draft).await;
        assert_eq!((late.status, &late.json["state"]), (409, &json!("withdrawn")));
        assert_eq!(list(&bureau, "list=withdrawn").await, ["K-0001"]);
    })
    .await;
}

#[tokio::test]
async fn articles_are_found_by_two_characters_models_and_categories() {
    Bureau::for_each_engine(|bureau| async move {
        approved(&bureau, &json!({})).await;
        approved(
            &bureau,
            &json!({ "title_zh": "铅封更换", "body_zh": "DDZY102-Z 型电表。", "title_en": "Seals",
            "body_en": "Replace both Seals.", "categories": [] }),
        )
        .await;
        written(&bureau, &json!({ "title_zh": "草稿", "body_zh": "尚未批准的退费说明。" })).await;
        for (query, found) in [
            ("list=current", &["K-0002", "K-0001"][..]),
            ("list=current&q=%E9%80%80%E8%B4%B9", &["K-0001"]),
            ("list=current&q=%E9%93%85%E5%B0%81", &["K-0002"]),
            ("list=current&q=ddzy102", &["K-0002"]),
            ("list=current&q=REPLACE%20seals", &["K-0002"]),
            ("list=current&q=%E8%AE%A1%E9%87%8F", &["K-0001"]),
            ("list=current&q=%E8%B4%B9%E9%80%80", &[]),
            ("list=waiting&q=%E9%80%80%E8%B4%B9", &["K-0003"]),
        ] {
            assert_eq!(list(&bureau, query).await, found, "{query}");
        }
        let pages = list(&bureau, "list=current&limit=1").await;
        assert_eq!(pages, ["K-0002"]);
    })
    .await;
}

#[tokio::test]
async fn forms_say_what_is_wrong_and_who_was_slower_overwrites_nothing() {
    Bureau::for_each_engine(|bureau| async move {
        for (fields, pointer) in [
            (json!({ "title_zh": "", "body_zh": "" }), "/title_zh"),
            (json!({ "title_zh": "两\n行" }), "/title_zh"),
            (json!({ "body_zh": " " }), "/body_zh"),
            (json!({ "body_en": "no title" }), "/body_en"),
            (json!({ "body_zh": "长".repeat(8001) }), "/body_zh"),
            (json!({ "categories": ["power.NONE"] }), "/categories"),
            (json!({ "valid_to": "2025-10-31" }), "/valid_to"),
            (json!({ "valid_from": "soon" }), "/content/valid_from"),
        ] {
            let form = json!({ "kind": "faq", "content": content(&fields) });
            let refused = send(&bureau, &bureau.clerk.1, Method::POST, "/v1/articles", &form).await;
            let found = (refused.status, &refused.json["errors"][0]["pointer"]);
            assert_eq!(found, (422, &json!(pointer)), "{fields}: {}", refused.json);
        }
        let article = written(&bureau, &json!({})).await;
        let put = |tag: &'static str, body: &'static str| {
            let call = bureau.test.call(Method::PUT, &at(&article, "/draft"));
            let call = call.header("authorization", &bureau.clerk.1).header("if-match", tag);
            call.json(&content(&json!({ "body_zh": body }))).send()
        };
        assert_eq!(put("\"1\"", "甲").await.json["version"], 2);
        assert_eq!(put("\"1\"", "乙").await.json["code"], "precondition-failed");
        assert_eq!(put("\"2\"", "甲").await.json["version"], 2, "the same once more changes nothing");
        let expert = somebody_of(&bureau.test, Role::Expert, "", "").await;
        let form = json!({ "kind": "faq", "content": content(&json!({})) });
        let refused = send(&bureau, &expert, Method::POST, "/v1/articles", &form).await;
        assert_eq!(refused.json["code"], "role-missing");
    })
    .await;
}

#[tokio::test]
async fn a_technician_gets_what_changed_and_nothing_that_is_for_the_office() {
    Bureau::for_each_engine(|bureau| async move {
        let mut technician = a_technician(&bureau.test, "zhang").await;
        let first = approved(&bureau, &json!({})).await;
        let office = approved(&bureau, &json!({ "visibility": "staff" })).await;
        written(&bureau, &json!({ "body_zh": "草稿" })).await;
        let key = format!("article/{}", first["article_id"].as_str().unwrap());
        let card = |device: &SimDevice| -> ArticleCard { serde_json::from_str(&device.pack[&key]).unwrap() };
        exchange(&bureau.test, &mut technician).await;
        let carried: Vec<&String> =
            technician.pack.keys().filter(|key| key.starts_with("article/")).collect();
        assert_eq!(carried, [&key]);
        assert_eq!((card(&technician).number.as_str(), card(&technician).versions.len()), ("K-0001", 1));
        let cursor = technician.cursor();
        exchange(&bureau.test, &mut technician).await;
        assert_eq!(technician.cursor(), cursor, "nothing changed, nothing travels");

        let later = json!({ "body_zh": "约半年到账。", "valid_from": "2099-01-01" });
        next_version(&bureau, &first, &later).await;
        exchange(&bureau.test, &mut technician).await;
        assert_eq!(card(&technician).versions.len(), 2, "what counts now and what begins later");
        let internal = json!({ "visibility": "staff", "body_zh": "内部", "valid_from": "2099-02-01" });
        next_version(&bureau, &first, &internal).await;
        exchange(&bureau.test, &mut technician).await;
        assert!(!technician.pack[&key].contains("内部"), "{}", technician.pack[&key]);
        let ended = card(&technician).in_force_on("2099-02-01".parse().unwrap()).cloned();
        assert_eq!(ended, None, "what only the office may read ends what was carried");
        for article in [&first, &office] {
            let gone = json!({ "reason": "不再适用" });
            send(&bureau, &bureau.lead.1, Method::POST, &at(article, "/withdrawal"), &gone).await;
        }
        exchange(&bureau.test, &mut technician).await;
        assert!(!technician.pack.contains_key(&key));
    })
    .await;
}

/// A complaint that was decided without a visit, answered and closed.
async fn a_closed_one(bureau: &Bureau) -> Value {
    let complaint =
        bureau.complaint(&json!({ "summary": "李梅说电表 A123456 走得快，打 13800138000 找她" })).await;
    let path = format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap());
    let verdict = json!({ "verdict": "substantiated", "cause": "M01", "note": "李女士的表误差 +4.0 %，已换表",
        "responsibility": "utility", "without_visit": true, "override_reason": "档案可查" });
    for (who, step, body) in [
        (&bureau.reviewer.1, "reviews", &verdict),
        (&bureau.lead.1, "answer", &json!({ "reason": "已答复" })),
        (&bureau.reviewer.1, "closure", &json!({ "reason": "办结", "override_reason": "客户已确认" })),
    ] {
        let done = send(bureau, who, Method::POST, &format!("{path}/{step}"), body).await;
        assert_eq!(done.status, 200, "{step}: {}", done.json);
    }
    complaint
}

#[tokio::test]
async fn a_closed_complaint_becomes_a_case_without_its_people() {
    Bureau::for_each_engine(|bureau| async move {
        let open = bureau.complaint(&json!({})).await["complaint_id"].clone();
        let closed = a_closed_one(&bureau).await;
        let id = closed["complaint_id"].as_str().unwrap();
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        assert!(browser.get(&format!("/complaints/{id}")).await.html().contains("Make a case of it"));
        let begun = browser.get(&format!("/knowledge/new?case={id}")).await;
        assert_eq!(begun.status, 200, "{}", begun.html());
        let text = begun.html().split("name=\"body_en\"").nth(1).unwrap().split("</textarea>").next().unwrap();
        for told in ["What the customer said", "已换表", "走得快"] {
            assert!(text.contains(told), "{told}: {text}");
        }
        for hidden in ["李梅", "李女士", "A123456", "13800138000", "梧桐路"] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }

        let case = |fields: &Value, source: &Value| json!({ "kind": "case", "source_complaint_id": source, "content": content(fields) });
        let post = async |form: &Value| send(&bureau, &bureau.clerk.1, Method::POST, "/v1/articles", form).await;
        for source in [&open, &Value::Null] {
            let refused = post(&case(&json!({}), source)).await;
            assert_eq!(refused.json["errors"][0]["pointer"], "/source_complaint_id", "{}", refused.json);
        }
        for told in ["客户李梅的表快", "打 138-0013-8000 核实", "梧桐路 12 号 3 单元 602 换表", "表号 A123456"] {
            let refused = post(&case(&json!({ "body_zh": told }), &json!(id))).await;
            assert_eq!((refused.status, &refused.json["code"]), (422, &json!("case-names-people")), "{told}");
        }
        let made = post(&case(&json!({ "body_zh": "误差 +4.0 %，换表退费。" }), &json!(id))).await;
        assert_eq!((made.status, &made.json["source_complaint_id"]), (201, &json!(id)), "{}", made.json);
        let named = content(&json!({ "body_zh": "李梅" }));
        let refused = send(&bureau, &bureau.clerk.1, Method::PUT, &at(&made.json, "/draft"), &named).await;
        assert_eq!(refused.json["code"], "case-names-people");
        assert!(list(&bureau, "list=cases").await.is_empty(), "nobody approved it");
        assert_eq!(approve(&bureau, &bureau.lead.1, &made.json, 1).await.status, 200);
        approved(&bureau, &json!({})).await;
        assert_eq!(list(&bureau, "list=cases").await, [made.json["number"].as_str().unwrap()]);
        let record = bureau.get(&format!("/v1/complaints/{id}")).await.json;
        assert_eq!(record["cases"], json!([{ "article_id": made.json["article_id"], "number": "K-0001", "stands": true }]));
        let shown = browser.get(&format!("/knowledge/{}", made.json["article_id"].as_str().unwrap())).await;
        assert!(shown.html().contains(&format!("/complaints/{id}")), "{}", shown.html());
    })
    .await;
}
