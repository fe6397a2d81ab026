//! What units promise: nobody loses a complaint, and nobody acts on another unit's.

use crate::complaints::tests::{Bureau, a_complaint, somebody_of};
use crate::pages::testing::Browser;
use crate::people::tests::a_person;
use crate::people::{Grant, Role, set_roles};
use crate::review::tests::Site;
use crate::testing::Answer;
use axum::http::Method;
use serde_json::{Value, json};

fn id(complaint: &Value) -> String {
    complaint["complaint_id"].as_str().unwrap().to_owned()
}

fn listed(answer: &Answer) -> Vec<String> {
    let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.json));
    items.iter().map(id).collect()
}

async fn call(bureau: &Bureau, session: &str, method: Method, path: &str, body: &Value) -> Answer {
    bureau.test.call(method, path).header("authorization", session).json(body).send().await
}

#[tokio::test]
async fn a_unit_sees_its_own_complaints_and_those_not_yet_allotted() {
    Bureau::for_each_engine(|bureau| async move {
        let gas = somebody_of(&bureau.test, Role::Clerk, "燃气 1 所", "").await;
        let power = somebody_of(&bureau.test, Role::Clerk, "供电所", "east").await;
        let of_power = id(&bureau.complaint(&json!({ "unit": "供电所" })).await);
        let nobodys = id(&bureau.complaint(&json!({})).await);
        let west = id(&bureau.complaint(&json!({ "region": "west", "unit": "供电所" })).await);
        let own = call(&bureau, &gas, Method::POST, "/v1/complaints", &a_complaint(&json!({}))).await;
        assert_eq!(own.json["unit"], "燃气 1 所", "that of the sender's roles");
        let of_gas = id(&own.json);
        let get = async |session: &str, path: &str| {
            bureau.test.get(path).header("authorization", session).send().await
        };
        assert_eq!(listed(&get(&gas, "/v1/complaints").await), [&*of_gas, &*nobodys]);
        assert_eq!(listed(&get(&power, "/v1/complaints").await), [&*nobodys, &*of_power]);
        assert_eq!(listed(&get(&power, "/v1/complaints?unit=").await), [&*nobodys]);
        let all = listed(&get(&bureau.clerk.1, "/v1/complaints").await);
        assert_eq!(all, [&*of_gas, &*west, &*nobodys, &*of_power]);
        for (unit, pointer) in [("供电所", "/unit"), ("nobody's", "/unit")] {
            let form = a_complaint(&json!({ "unit": unit }));
            let refused = call(&bureau, &gas, Method::POST, "/v1/complaints", &form).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["pointer"]), (422, &json!(pointer)));
        }
        let unknown = bureau.post("/v1/complaints", &a_complaint(&json!({ "unit": "nobody's" }))).await;
        assert_eq!(unknown.json["errors"][0]["pointer"], "/unit");
        let queue = Browser::of(&bureau.test, &power).get("/queue").await;
        assert_eq!(queue.html().matches("<tr data-open>").count(), 2, "{}", queue.html());
        assert!(queue.html().contains("Not yet allotted</span>"));
        for other in ["<bdi>燃气 1 所</bdi>", "<option value=\"燃气 1 所\""] {
            assert!(!queue.html().contains(other), "{other}");
        }
        let filtered = Browser::of(&bureau.test, &bureau.lead.1);
        for (unit, count) in [("-", 1), ("%E4%BE%9B%E7%94%B5%E6%89%80", 2)] {
            let page = filtered.get(&format!("/queue?unit={unit}")).await;
            assert_eq!(page.html().matches("<tr data-open>").count(), count, "{}", page.html());
        }
    })
    .await;
}

#[tokio::test]
async fn another_unit_takes_over_with_a_reason_that_stays_on_record() {
    Bureau::for_each_engine(|bureau| async move {
        let power = somebody_of(&bureau.test, Role::Clerk, "供电所", "").await;
        let gas = somebody_of(&bureau.test, Role::Reviewer, "gas", "").await;
        let complaint = id(&bureau.complaint(&json!({ "unit": "供电所" })).await);
        let (place, page) = (format!("/v1/complaints/{complaint}"), format!("/complaints/{complaint}"));
        for (form, pointer) in [
            (json!({ "unit": "gas", "reason": " " }), "/reason"),
            (json!({ "unit": "gaz", "reason": "x" }), "/unit"),
            (json!({ "unit": "a\tb", "reason": "x" }), "/unit"),
        ] {
            let refused = call(&bureau, &power, Method::POST, &format!("{place}/allotments"), &form).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["pointer"]), (422, &json!(pointer)));
        }
        let browser = Browser::of(&bureau.test, &power);
        let form = browser.get(&format!("{page}/allotment")).await;
        assert!(form.html().contains("<option value=\"供电所\" selected>"), "{}", form.html());
        let seen = form.html().split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let fields = [("seen", seen), ("unit", "gas"), ("reason", "燃气表的问题")];
        let done = browser.post(&format!("{page}/allotment"), &fields).await;
        assert_eq!((done.status, done.location()), (303, "/queue?said=allotted-away"), "{}", done.html());
        assert!(browser.get(done.location()).await.html().contains("outside your roles now"));
        assert_eq!(browser.get(&page).await.status, 404);
        let record = Browser::of(&bureau.test, &gas).get(&page).await;
        for words in ["Allotted", "供电所 → gas", "燃气表的问题"] {
            assert!(record.html().contains(words), "{words}: {}", record.html());
        }
        let changes = bureau.get(&format!("{place}/field-changes")).await;
        assert_eq!(changes.json[0]["field"], "unit");
        let again = json!({ "unit": "gas", "reason": "again" });
        let again = bureau.post(&format!("{place}/allotments"), &again).await;
        assert_eq!((again.status, &again.json["version"]), (200, &json!(2)), "nothing changes");
    })
    .await;
}

/// Every address with an id in it, for somebody of another unit.
#[tokio::test]
async fn swapped_ids_of_another_unit_are_refused() {
    Bureau::for_each_engine(|bureau| async move {
        let other = somebody_of(&bureau.test, Role::Lead, "gas", "").await;
        somebody_of(&bureau.test, Role::Clerk, "供电所", "").await;
        let mut site = Site::of(&bureau).await;
        let conflict = site.disagree(&bureau).await["conflict_id"].as_str().unwrap().to_owned();
        let (complaint, visit) = (site.complaint.clone(), site.visit);
        let allotment = json!({ "unit": "供电所", "reason": "x" });
        let path = format!("/v1/complaints/{complaint}/allotments");
        assert_eq!(bureau.post(&path, &allotment).await.status, 200);
        let browser = Browser::of(&bureau.test, &other);
        let record = format!("/complaints/{complaint}");
        for page in [
            record.clone(),
            format!("{record}/news?since=0"),
            format!("{record}/edit"),
            format!("{record}/allotment"),
            format!("{record}/handover"),
            format!("{record}/dispatch"),
            format!("{record}/duplicates"),
            format!("{record}/review"),
            format!("/visits/{visit}/history"),
            format!("/conflicts/{conflict}"),
        ] {
            assert_eq!(browser.get(&page).await.status, 404, "{page}");
        }
        let fields = [("reason", "x"), ("unit", ""), ("holder", ""), ("choice", "both"), ("note", "x")];
        for form in [
            format!("{record}/acceptance"),
            format!("{record}/allotment"),
            format!("{record}/edit"),
            format!("{record}/withdrawal"),
            format!("{record}/closure"),
            format!("/conflicts/{conflict}/resolution"),
        ] {
            assert_eq!(browser.post(&form, &fields).await.status, 404, "{form}");
        }
        for (method, path) in [
            (Method::GET, format!("/v1{record}")),
            (Method::GET, format!("/v1{record}/field-changes")),
            (Method::GET, format!("/v1/visits/{visit}")),
            (Method::GET, format!("/v1/visits/{visit}/photos")),
            (Method::GET, format!("/v1/conflicts/{conflict}")),
            (Method::POST, format!("/v1{record}/allotments")),
        ] {
            let answer = call(&bureau, &other, method, &path, &allotment).await;
            assert_eq!(answer.status, 404, "{path}");
        }
        let inbox = browser.get("/conflicts").await;
        assert!(!inbox.html().contains(&conflict), "{}", inbox.html());
        let today = call(&bureau, &other, Method::GET, "/v1/visits", &json!(null)).await;
        assert_eq!(today.json["items"], json!([]));
        let start = browser.get("/").await;
        assert!(!start.html().contains(&complaint) && !start.html().contains(">1<"), "{}", start.html());
        let theirs = somebody_of(&bureau.test, Role::Lead, "供电所", "").await;
        assert_eq!(Browser::of(&bureau.test, &theirs).get(&record).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_complaint_is_handed_over_only_to_somebody_who_sees_it() {
    Bureau::for_each_engine(|bureau| async move {
        let test = &bureau.test;
        a_person(test, "root", &[Role::Administrator]).await;
        let cases = [
            ("power", Role::Lead, "power", "", 422),
            ("elsewhere", Role::Clerk, "gas", "310101", 422),
            ("reader", Role::Expert, "gas", "", 422),
            ("gas", Role::Clerk, "gas", "", 200),
            ("anywhere", Role::Reviewer, "", "", 200),
        ];
        let mut holders = Vec::new();
        for (login, role, unit, region, _) in cases {
            let (person, _) = a_person(test, login, &[role]).await;
            let grant = Grant { role, unit: unit.to_owned(), region: region.to_owned() };
            let mut tx = test.app.store.write().await.unwrap();
            set_roles(&mut tx, person, &[grant], None, None, test.app.clock.now()).await.unwrap();
            tx.commit().await.unwrap();
            holders.push(person);
        }
        let complaint = bureau.complaint(&json!({ "unit": "gas", "region": "310115" })).await;
        let path = format!("/v1/complaints/{}/handovers", id(&complaint));
        for ((login, .., status), holder) in cases.into_iter().zip(holders) {
            let body = json!({ "holder": holder, "reason": "所属班组" });
            let answer = bureau.post(&path, &body).await;
            assert_eq!(answer.status, status, "{login}: {}", answer.json);
        }
    })
    .await;
}
