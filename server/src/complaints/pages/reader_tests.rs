//! What experts see, and that they do nothing.

use crate::complaints::scope::{OFFICE, READERS};
use crate::complaints::tests::{Bureau, somebody_of};
use crate::pages::testing::Browser;
use crate::pages::{Policy, all};
use crate::people::{Grant, Role};
use crate::review::tests::Site;
use axum::http::Method;
use serde_json::json;

/// Addresses of forms on a page that change something, without those of the frame.
fn forms(html: &str) -> Vec<&str> {
    let actions =
        html.split("<form method=\"post\" action=\"").skip(1).filter_map(|rest| rest.split('"').next());
    actions.filter(|action| !["/language", "/sign-out", "/queue/search"].contains(action)).collect()
}

#[tokio::test]
async fn an_expert_reads_everything_in_scope_and_changes_nothing() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let conflict = site.disagree(&bureau).await["conflict_id"].as_str().unwrap().to_owned();
        let (complaint, visit) = (site.complaint.clone(), site.visit);
        let session = somebody_of(&bureau.test, Role::Expert, "", "east").await;
        let browser = Browser::of(&bureau.test, &session);
        let record = format!("/complaints/{complaint}");
        for (page, words) in [
            ("/".to_owned(), "/queue?view=conflicts"),
            ("/queue".to_owned(), complaint.as_str()),
            (record.clone(), "State of the seals"),
            (format!("{record}/news?since=0"), "Something new"),
            (format!("/visits/{visit}/history"), "zhang"),
            ("/conflicts".to_owned(), conflict.as_str()),
            (format!("/conflicts/{conflict}"), "zhang"),
        ] {
            let answer = browser.get(&page).await;
            assert_eq!(answer.status, 200, "{page}: {}", answer.html());
            assert!(answer.html().contains(words), "{page}: {words}: {}", answer.html());
            assert_eq!(forms(answer.html()), Vec::<&str>::new(), "{page}");
            for acting in
                ["/edit", "/dispatch", "/duplicates", "/handover", "/review", "/arrivals", "view=mine"]
            {
                assert!(!answer.html().contains(&format!("{acting}\"")), "{page} leads to {acting}");
            }
        }
        for path in [
            format!("/v1{record}"),
            format!("/v1{record}/field-changes"),
            "/v1/complaints".to_owned(),
            format!("/v1/visits/{visit}"),
            format!("/v1/visits/{visit}/photos"),
            format!("/v1/conflicts/{conflict}"),
        ] {
            let answer = bureau.test.get(&path).header("authorization", &session).send().await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.json);
        }
        let patch =
            bureau.test.call(Method::PATCH, &format!("/v1{record}")).header("authorization", &session);
        assert_eq!(patch.json(&json!({ "summary": "x" })).send().await.status, 403);
        let elsewhere = somebody_of(&bureau.test, Role::Expert, "", "west").await;
        let browser = Browser::of(&bureau.test, &elsewhere);
        for page in [record.clone(), format!("/visits/{visit}/history"), format!("/conflicts/{conflict}")] {
            assert_eq!(browser.get(&page).await.status, 404, "{page}");
        }
    })
    .await;
}

/// Who acts in one unit and reads in all of them is shown forms in the one only.
#[tokio::test]
async fn what_is_only_read_is_shown_without_forms() {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    let session = somebody_of(&bureau.test, Role::Lead, "gas", "").await;
    let own = bureau.complaint(&json!({ "unit": "gas" })).await["complaint_id"].as_str().unwrap().to_owned();
    somebody_of(&bureau.test, Role::Lead, "power", "").await;
    let other =
        bureau.complaint(&json!({ "unit": "power" })).await["complaint_id"].as_str().unwrap().to_owned();
    let mut tx = bureau.test.app.store.write().await.unwrap();
    let lead = crate::people::find_by_login(&mut tx, "lead-gas").await.unwrap().unwrap().person_id;
    let gas = Grant { role: Role::Lead, unit: "gas".to_owned(), region: String::new() };
    let grants = [gas, Grant::everywhere(Role::Expert)];
    crate::people::set_roles(&mut tx, lead, &grants, None, None, bureau.test.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let browser = Browser::of(&bureau.test, &session);
    for (id, acts) in [(own, true), (other, false)] {
        let page = browser.get(&format!("/complaints/{id}")).await;
        assert_eq!(page.status, 200);
        assert_eq!(
            !forms(page.html()).is_empty() && page.html().contains("/edit\""),
            acts,
            "{}",
            page.html()
        );
        assert_eq!(browser.get(&format!("/complaints/{id}/edit")).await.status, if acts { 200 } else { 404 });
    }
}

#[test]
fn experts_open_no_page_that_changes_a_complaint() {
    let routes = all();
    let open = routes.declared().iter().filter(|(path, policy)| {
        let theirs = policy.admits(&[Grant::everywhere(Role::Expert)]);
        theirs && matches!(policy, Policy::Roles(_)) && !path.starts_with("/photos")
    });
    let mut paths: Vec<&str> = open.map(|(path, _)| *path).collect();
    paths.sort_unstable();
    let reading = [
        "/complaints/{id}",
        "/complaints/{id}/news",
        // A report about staff is kept apart and changes nothing of the complaint.
        "/complaints/{id}/restricted",
        "/conflicts",
        "/conflicts/{conflict_id}",
        "/corrective-actions",
        "/corrective-actions/{id}",
        "/expert-seats",
        "/expert-seats/{id}",
        // What they answer changes no complaint.
        "/expert-seats/{id}/{act}",
        "/knowledge",
        "/knowledge/{id}",
        "/planned-events",
        "/planned-events/{id}",
        "/promises",
        "/queue",
        "/queue/news",
        "/queue/search",
        "/returns",
        "/returns/{id}",
        "/sections",
        "/sections/{id}",
        "/visits/{id}/history",
        "/warnings",
        "/warnings/{id}",
        "/watch",
    ];
    assert_eq!(paths, reading);
    assert!(OFFICE.iter().all(|role| READERS.contains(role)));
}
