//! What the forms about complaints promise.

use super::edit::{EditPage, HistoryRow};
use super::from_field::FromField;
use super::new::NewPage;
use super::sections::{Beside, Theirs, sections};
use super::typed::Typed;
use crate::complaints::intake::FieldError;
use crate::complaints::model::{State, Utility};
use crate::complaints::tests::Bureau;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::review::duplicates_page::Candidate;
use serde_json::{Value, json};
use sync_core::ids::ComplaintId;

fn hostile() -> String {
    HOSTILE.to_owned()
}

pub(crate) fn a_candidate() -> Candidate {
    Candidate {
        id: ComplaintId::from_bytes([1; 16]),
        number: hostile(),
        state: State::Received,
        summary: hostile(),
        customer: hostile(),
        address: hostile(),
        received: hostile(),
        score: 88,
        reasons: vec![hostile()],
    }
}

fn a_field_work(wrong: bool) -> FromField {
    FromField {
        id: hostile(),
        number: hostile(),
        person: hostile(),
        claimed_at_ms: 0,
        refused: hostile(),
        visit: wrong.then(hostile),
        reason: hostile(),
        wrong,
    }
}

#[test]
fn every_form_can_be_rendered() {
    let id = ComplaintId::from_bytes([1; 16]);
    let mut typed = Typed::default();
    for (field, _) in Typed::default().fields() {
        *typed.field_mut(field).unwrap() = hostile();
    }
    let pointers = [
        "/category",
        "/priority",
        "/channel",
        "/summary",
        "/remedy_sought",
        "/customer/name",
        "/customer/phone",
        "/customer/number",
        "/address",
        "/region",
        "/position/latitude",
        "/position/longitude",
        "/meter/number",
        "/meter/constant",
        "/requested_at_ms",
        "/contact_due",
        "/onsite_due",
        "/answer_due",
    ];
    for shell in shells() {
        let errors = pointers.map(|pointer| FieldError { pointer, expected: String::new() });
        let mut beside = Beside::default().errors(shell.w, &errors);
        for text in beside.errors.values() {
            assert!(!text.starts_with("form-wrong") && shell.w.t("form-wrong") != *text, "{text}");
        }
        beside.theirs.insert("address".to_owned(), Theirs { value: hostile(), by: hostile() });
        beside.theirs.insert("region".to_owned(), Theirs::default());
        for candidates in [None, Some(Vec::new()), Some(vec![a_candidate()])] {
            for (typed, beside) in [(&Typed::blank(), &Beside::default()), (&typed, &beside)] {
                let candidates = candidates.clone();
                let sections = sections(shell.w, typed, beside);
                let shell = shell.clone();
                let field = beside.utility.is_none().then(|| a_field_work(candidates.is_some()));
                check(&NewPage { shell, id, sections, candidates, wrong: true, held_back: true, field });
            }
        }
        beside.utility = Some(Utility::Gas);
        let row = |old: &str| HistoryRow {
            field: hostile(),
            old: old.to_owned(),
            new: old.to_owned(),
            by: hostile(),
            at: hostile(),
            contact: true,
            by_crew: true,
        };
        for history in [Vec::new(), vec![row(HOSTILE), row("")]] {
            check(&EditPage {
                shell: shell.clone(),
                id,
                number: hostile(),
                version: 3,
                base: hostile(),
                sections: sections(shell.w, &typed, &beside),
                history,
                wrong: true,
                changed: true,
            });
        }
    }
}

/// The value of a hidden field.
fn hidden(html: &str, name: &str) -> String {
    let value =
        html.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{name}: {html}"));
    value.split('"').next().unwrap().replace("&#34;", "\"").replace("&#38;", "&")
}

fn with<'a>(base: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = base.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes).copied().collect()
}

#[tokio::test]
async fn a_complaint_is_typed_checked_and_written_down_once() {
    Bureau::for_each_engine(|bureau| async move {
        bureau.complaint(&json!({})).await;
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let id = hidden(browser.get("/complaints/new").await.html(), "id");
        let fields = [
            ("id", id.as_str()),
            ("act", "create"),
            ("category", "power.BIZ.metering"),
            ("channel", "counter"),
            ("priority", "high"),
            ("summary", "电表走得快"),
            ("customer_name", "李梅"),
            ("customer_phone", "13800138000"),
            ("address", "梧桐路 12 号 3 单元 602"),
            ("region", "east"),
            ("meter_number", "A123456"),
            ("onsite_due", "2025-11-22T09:30"),
        ];
        let wrong = with(&fields, &[("category", ""), ("summary", " "), ("onsite_due", "soon")]);
        let answer = browser.post("/complaints/new", &wrong).await;
        assert_eq!(answer.status, 422);
        for kept in [
            "李梅",
            "13800138000",
            "soon",
            "Choose a category.",
            "1 to 4,000 characters.",
            "A day and a minute.",
        ] {
            assert!(answer.html().contains(kept), "{kept}");
        }
        let checked =
            browser.post("/complaints/new", &with(&fields, &[("act", "check"), ("summary", "")])).await;
        assert!(checked.status == 200 && checked.html().contains("C-2025-0001"), "{}", checked.html());
        let held = browser.post("/complaints/new", &fields).await;
        assert!(held.status == 200 && held.html().contains("There may be a record"), "{}", held.html());
        let checked = hidden(held.html(), "checked");
        let again = with(&fields, &[("checked", &checked)]);
        for said in ["?said=complaint-made", ""] {
            let made = browser.post("/complaints/new", &again).await;
            assert_eq!((made.status, made.location()), (303, format!("/complaints/{id}{said}").as_str()));
        }
        let record = bureau.get(&format!("/v1/complaints/{id}")).await.json;
        assert_eq!((&record["number"], &record["priority"]), (&json!("C-2025-0002"), &json!("high")));
        assert_eq!(record["deadlines"]["onsite_due_at_ms"], 1_763_775_000_000_i64);
        let west = crate::complaints::tests::a_regional_clerk(&bureau.test, "west").await;
        let west = Browser::of(&bureau.test, &west);
        let id = hidden(west.get("/complaints/new").await.html(), "id");
        let elsewhere =
            west.post("/complaints/new", &with(&fields, &[("id", &id), ("checked", "yes")])).await;
        assert!(elsewhere.status == 422 && elsewhere.html().contains("A region of your roles"));
        let reviewer = Browser::of(&bureau.test, &bureau.reviewer.1);
        assert_eq!(reviewer.get("/complaints/new").await.status, 403);
        assert!(!reviewer.get("/queue").await.html().contains("/complaints/new"));
    })
    .await;
}

async fn patch(bureau: &Bureau, id: &str, body: Value) {
    let path = format!("/v1/complaints/{id}");
    let call = bureau.call(axum::http::Method::PATCH, &path).header("if-match", "*").json(&body);
    assert_eq!(call.send().await.status, 200);
}

#[tokio::test]
async fn who_was_slower_sees_what_is_there_and_loses_nothing() {
    Bureau::for_each_engine(|bureau| async move {
        let id = bureau.complaint(&json!({})).await["complaint_id"].as_str().unwrap().to_owned();
        let path = format!("/complaints/{id}/edit");
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let form = browser.get(&path).await;
        let (version, base) = (hidden(form.html(), "version"), hidden(form.html(), "base"));
        let read: Typed = serde_json::from_str(&base).unwrap();
        patch(&bureau, &id, json!({ "customer_phone": "139 0000 1111", "address": "梧桐路 14 号" })).await;
        let typed = Typed { customer_phone: "137 1111 2222".to_owned(), ..read };
        let mut fields = typed.fields();
        fields.extend([("version", version.as_str()), ("base", &base)]);
        let late = browser.post(&path, &fields).await;
        let html = late.html();
        assert_eq!(late.status, 412);
        for shown in ["137 1111 2222", "139 0000 1111", "value=\"梧桐路 14 号\"", "clerk 测试,"] {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        let (version, base) = (hidden(html, "version"), hidden(html, "base"));
        let typed = Typed { address: "梧桐路 14 号".to_owned(), ..typed };
        let mut fields = typed.fields();
        fields.extend([("version", version.as_str()), ("base", &base)]);
        let done = browser.post(&path, &fields).await;
        assert_eq!(done.location(), format!("/complaints/{id}?said=complaint-corrected"), "{}", done.html());
        let record = bureau.get(&format!("/v1/complaints/{id}")).await.json;
        assert_eq!(record["customer"]["phone"], "137 1111 2222");
        assert_eq!(record["address"], "梧桐路 14 号");
        assert_eq!(record["meter"]["class"], "2", "what the form does not touch stays");
        let history = browser.get(&path).await;
        assert!(history.html().contains("Contact data") && history.html().contains("138 0013 8000"));
        let mut fields = typed.fields();
        fields.retain(|(name, _)| *name != "summary");
        let version = hidden(history.html(), "version");
        fields.extend([("version", version.as_str()), ("summary", "")]);
        let wrong = browser.post(&path, &fields).await;
        assert!(wrong.status == 422 && wrong.html().contains("1 to 4,000 characters."), "{}", wrong.html());
    })
    .await;
}
