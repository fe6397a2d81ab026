//! The demonstration from the outside: what somebody finds who looks around in it.

use super::{Demo, DemoArgs, DemoError};
use crate::app;
use crate::clock::Clock;
use crate::problem::Language;
use crate::testing::{Answer, call};
use axum::http::Method;
use serde_json::{Value, json};
use std::path::Path;
use sync_core::time::Timestamp;

/// 2026-11-22 10:20 in the office.
const NOW: Timestamp = Timestamp::from_unix_ms(1_795_314_000_000);

fn arguments(data: &Path) -> DemoArgs {
    DemoArgs { fresh: false, listen: ([127, 0, 0, 1], 0).into(), data: data.to_owned() }
}

struct Reviewer {
    router: axum::Router,
    session: String,
}

impl Reviewer {
    async fn of(demo: &Demo) -> Self {
        let router = app::router(demo.app.clone());
        let form = json!({ "login_name": "zhaolei", "password": "fieldloop-demo" });
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let body = form.to_string().into_bytes();
        let answer = call(&router, Method::POST, "/v1/sessions", &headers, Some(body)).await;
        let session = format!("Session {}", answer.json["token"].as_str().unwrap());
        Self { router, session }
    }

    async fn read(&self, path: &str) -> Value {
        let headers = [("authorization".to_owned(), self.session.clone())];
        let Answer { status, json, .. } = call(&self.router, Method::GET, path, &headers, None).await;
        assert_eq!(status, 200, "{path}: {json}");
        json
    }

    /// Arrived and named photos of every visit that still waits for some.
    async fn photos_under_way(&self, complaints: &[Value]) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        for complaint in complaints {
            let record =
                self.read(&format!("/v1/complaints/{}", complaint["number"].as_str().unwrap())).await;
            for visit in record["visits"].as_array().unwrap() {
                let count = |name: &str| visit["photos"][name].as_u64().unwrap();
                if count("arrived") < count("named") {
                    found.push((count("arrived"), count("named")));
                }
            }
        }
        found
    }
}

#[tokio::test]
async fn who_looks_around_finds_a_utility_at_work_and_finds_it_again() {
    let root = tempfile::TempDir::new().unwrap();
    let data = root.path().join("demo");
    let demo = Demo::open(&arguments(&data), Clock::manual(NOW), || ()).await.unwrap();
    assert!(demo.is_new);
    let reviewer = Reviewer::of(&demo).await;
    let complaints = reviewer.read("/v1/complaints?limit=100").await;
    let complaints = complaints["items"].as_array().unwrap();
    assert!(complaints.len() >= 38, "{}", complaints.len());
    let unit = |unit: &str| complaints.iter().filter(|one| one["unit"] == unit).count();
    assert!(unit("燃气营业所") > 5 && unit("江畔供电所") > 5 && unit("") > 2, "units at work");
    let of_field = complaints.iter().find(|one| one["channel"] == "field").unwrap();
    let record = reviewer.read(&format!("/v1/complaints/{}", of_field["number"].as_str().unwrap())).await;
    let alias = record["aliases"][0].as_str().unwrap();
    assert!(alias.len() == 10 && alias.starts_with("P-") && alias.ends_with("-1"), "{alias}");
    let conflicts = reviewer.read("/v1/conflicts?state=open").await;
    let paths = conflicts["items"].as_array().unwrap().iter().map(|conflict| conflict["path"].clone());
    assert_eq!(
        paths.collect::<Vec<_>>(),
        [json!("seal_states/310042170093/terminal_cover"), json!("proposal/verdict")]
    );
    let refused = reviewer.read("/v1/quarantine").await;
    let refused = refused["items"].as_array().unwrap();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["reason"], "not_author");
    let waiting = reviewer.read("/v1/expert-requests?list=waiting").await;
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1, "one question waits: {waiting}");
    let over = reviewer.read("/v1/expert-requests?list=over").await;
    assert_eq!(over["items"][0]["state"], "answered", "{over}");
    for (list, count) in [("coming", 2), ("waiting", 1), ("drafts", 1), ("pressing", 1)] {
        let planned = reviewer.read(&format!("/v1/planned-events?list={list}")).await;
        assert_eq!(planned["items"].as_array().unwrap().len(), count, "{list}: {planned}");
    }
    let under_way = reviewer.photos_under_way(complaints).await;
    assert_eq!(under_way, [(3, 6)], "arrived and named: five photos and a signature");
    let before = audit_end(&demo).await;
    demo.app.store.close().await;
    drop((demo, reviewer));

    let told_again = || panic!("the second start tells nothing");
    let again = Demo::open(&arguments(&data), Clock::manual(NOW), told_again).await.unwrap();
    assert!(!again.is_new);
    assert_eq!(audit_end(&again).await, before, "the second start tells nothing");
    let first = again.invite(Language::En).await.unwrap();
    let second = again.invite(Language::ZhCn).await.unwrap();
    assert_ne!(first.code, second.code);
    let text = super::greeting(&again, ([127, 0, 0, 1], 8080).into(), &second, Language::ZhCn);
    assert!(text.contains(&second.code) && text.contains("fieldloop-demo"), "{text}");
}

async fn audit_end(demo: &Demo) -> i64 {
    crate::audit::last_index(&mut demo.app.store.read().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn other_machines_are_kept_out() {
    let root = tempfile::TempDir::new().unwrap();
    let open = DemoArgs { listen: ([0, 0, 0, 0], 8080).into(), ..arguments(&root.path().join("demo")) };
    let refused = Demo::open(&open, Clock::manual(NOW), || ()).await;
    assert!(matches!(refused, Err(DemoError::NotLoopback { .. })));
    assert!(!root.path().join("demo").exists());
}
