//! Signing in, and people as administrators manage them.

use super::*;
use crate::audit;
use crate::testing::{Answer, TestApp};
use serde_json::json;
use sync_core::ids::PersonId;

/// An administrator and the header of an open session.
pub(crate) async fn an_administrator(test: &TestApp) -> String {
    a_person(test, "root", &[Role::Administrator]).await.1
}

/// A person with these roles, and the header of an open session.
pub(crate) async fn a_person(test: &TestApp, login_name: &str, roles: &[Role]) -> (PersonId, String) {
    let app = &test.app;
    let now = app.clock.now();
    let person_id = PersonId::from_entropy(now, app.entropy.bytes());
    let new = NewPerson {
        login_name: login_name.to_owned(),
        display_name: format!("{login_name} 测试"),
        staff_number: "T-118".to_owned(),
        roles: roles.iter().map(|role| Grant::everywhere(*role)).collect(),
    };
    let mut tx = app.store.write().await.unwrap();
    create(&mut tx, person_id, &new, None, now).await.unwrap();
    let session = sessions::create(&mut tx, person_id, &app.config.auth, &app.entropy, now).await.unwrap();
    tx.commit().await.unwrap();
    (person_id, format!("Session {}", session.token))
}

/// The header of another open session of this person.
pub(crate) async fn a_session(test: &TestApp, person_id: PersonId) -> String {
    let app = &test.app;
    let mut tx = app.store.write().await.unwrap();
    let now = app.clock.now();
    let session = sessions::create(&mut tx, person_id, &app.config.auth, &app.entropy, now).await.unwrap();
    tx.commit().await.unwrap();
    format!("Session {}", session.token)
}

async fn sign_in(test: &TestApp, login_name: &str, password: &str) -> Answer {
    test.post("/v1/sessions").json(&json!({ "login_name": login_name, "password": password })).send().await
}

async fn with_password(test: &TestApp, admin: &str, login_name: &str) -> String {
    let body = json!({ "login_name": login_name, "display_name": "李静", "password": "a long password",
        "roles": [{ "role": "reviewer", "unit": "south" }] });
    let answer = test.post("/v1/people").header("authorization", admin).json(&body).send().await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    answer.json["person_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_begins_and_ends() {
    TestApp::for_each_engine(|test| async move {
        let admin = an_administrator(&test).await;
        with_password(&test, &admin, "LiJing").await;
        let answer = sign_in(&test, " lijing ", "a long password").await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("__Host-fieldloop=") && cookie.contains("; Secure; HttpOnly"), "{cookie}");
        let session = format!("Session {}", answer.json["token"].as_str().unwrap());
        let me = test.get("/v1/me").header("authorization", &session).send().await;
        assert_eq!(me.json["display_name"], "李静");
        assert_eq!(me.json["roles"][0]["unit"], "south");
        let pair = cookie.split(';').next().unwrap();
        assert_eq!(test.get("/v1/me").header("cookie", pair).send().await.status, 200);
        let foreign = test.call(axum::http::Method::DELETE, "/v1/sessions/current").header("cookie", pair);
        assert_eq!(foreign.send().await.json["code"], "cross-site");
        let own =
            test.call(axum::http::Method::DELETE, "/v1/sessions/current").header("authorization", &session);
        assert_eq!(own.send().await.status, 204);
        assert_eq!(
            test.get("/v1/me").header("authorization", &session).send().await.json["code"],
            "session-over"
        );
    })
    .await;
}

#[tokio::test]
async fn guesses_are_slowed_down_and_name_and_password_are_not_told_apart() {
    let test = TestApp::sqlite().await;
    let admin = an_administrator(&test).await;
    with_password(&test, &admin, "lijing").await;
    let wrong = sign_in(&test, "lijing", "wrong").await;
    let nobody = sign_in(&test, "nobody", "wrong").await;
    assert_eq!((wrong.status, &wrong.json["code"]), (nobody.status, &nobody.json["code"]));
    for _ in 0..4 {
        assert_eq!(sign_in(&test, "lijing", "wrong").await.status, 401);
    }
    let refused = sign_in(&test, "lijing", "a long password").await;
    assert_eq!(refused.json["code"], "too-many-requests");
    let wait: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    test.app.clock.advance_ms(wait * 1000);
    assert_eq!(sign_in(&test, "lijing", "a long password").await.status, 201);
}

#[tokio::test]
async fn sessions_end_by_idleness_age_and_disablement() {
    let test = TestApp::sqlite().await;
    let admin = an_administrator(&test).await;
    let (_, idle) = a_person(&test, "idle", &[Role::Clerk]).await;
    let status =
        async |session: &str| test.get("/v1/me").header("authorization", session).send().await.status;
    for _ in 0..4 {
        test.app.clock.advance_ms(50 * 60_000);
        assert_eq!(status(&admin).await, 200);
    }
    assert_eq!(status(&idle).await, 401, "idle for longer than an hour");
    for _ in 0..12 {
        test.app.clock.advance_ms(50 * 60_000);
        status(&admin).await;
    }
    assert_eq!(status(&admin).await, 401, "older than twelve hours");
    let (_, admin) = a_person(&test, "root2", &[Role::Administrator]).await;
    let (person, session) = a_person(&test, "gone", &[Role::Clerk]).await;
    assert_eq!(status(&session).await, 200);
    let path = format!("/v1/people/{person}/disablement");
    let put = test.call(axum::http::Method::PUT, &path).header("authorization", &admin).send().await;
    assert_eq!(put.status, 204, "{}", put.json);
    assert_eq!(status(&session).await, 401);
}

#[tokio::test]
async fn only_administrators_manage_people_and_the_last_one_stays() {
    TestApp::for_each_engine(|test| async move {
        let (root, admin) = a_person(&test, "root", &[Role::Administrator]).await;
        let (clerk, session) = a_person(&test, "clerk", &[Role::Clerk]).await;
        let body = json!({ "login_name": "x", "display_name": "x" });
        let refused = test.post("/v1/people").header("authorization", &session).json(&body).send().await;
        assert_eq!((refused.status, refused.json["code"].as_str()), (403, Some("role-missing")));
        assert_eq!(test.post("/v1/people").json(&body).send().await.json["code"], "token-missing");
        let put = |path: String, body: serde_json::Value| {
            test.call(axum::http::Method::PUT, &path).header("authorization", &admin).json(&body).send()
        };
        let none = put(format!("/v1/people/{root}/roles"), json!({ "roles": [] })).await;
        assert_eq!(none.json["code"], "last-administrator");
        let none = put(format!("/v1/people/{root}/disablement"), json!({})).await;
        assert_eq!(none.json["code"], "last-administrator");
        let second =
            put(format!("/v1/people/{clerk}/roles"), json!({ "roles": [{ "role": "administrator" }] })).await;
        assert_eq!(second.status, 200, "{}", second.json);
        assert_eq!(put(format!("/v1/people/{root}/roles"), json!({ "roles": [] })).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn bodies_are_checked_and_lost_updates_are_refused() {
    let test = TestApp::sqlite().await;
    let admin = an_administrator(&test).await;
    let id = with_password(&test, &admin, "lijing").await;
    for (body, pointer) in [
        (json!({ "login_name": "a b", "display_name": "x" }), "/login_name"),
        (json!({ "login_name": "ok", "display_name": "" }), "/display_name"),
        (json!({ "login_name": "ok", "display_name": "x\u{7}" }), "/display_name"),
        (json!({ "login_name": "ok", "display_name": "x", "password": "short" }), "/password"),
        (json!({ "login_name": "ok", "display_name": "x", "colour": "red" }), "/colour"),
        (json!({ "login_name": "ok", "display_name": "x", "roles": [{ "role": "king" }] }), "/roles/0/role"),
    ] {
        let answer = test.post("/v1/people").header("authorization", &admin).json(&body).send().await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (422, Some("body-invalid")), "{body}");
        assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{}", answer.json);
    }
    let taken = json!({ "login_name": "LIJING", "display_name": "x" });
    let answer = test.post("/v1/people").header("authorization", &admin).json(&taken).send().await;
    assert_eq!(answer.json["code"], "login-taken");
    let rename = |version: &str| {
        let call = test.call(axum::http::Method::PUT, &format!("/v1/people/{id}"));
        let body = json!({ "display_name": "李静怡", "staff_number": "R-1" });
        call.header("authorization", &admin).header("if-match", version).json(&body).send()
    };
    assert_eq!(rename("\"1\"").await.json["code"], "precondition-failed");
    assert_eq!(rename("\"2\"").await.json["display_name"], "李静怡");
    assert_eq!(rename("\"2\"").await.status, 412);
    assert_eq!(rename("oops").await.status, 400);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let test = TestApp::sqlite().await;
    let admin = an_administrator(&test).await;
    for n in 0..5 {
        a_person(&test, &format!("p{n}"), &[Role::Technician]).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/people?limit=2".to_owned());
    loop {
        let page = test.get(&path).header("authorization", &admin).send().await;
        seen.extend(page.json["items"].as_array().unwrap().iter().map(|p| p["login_name"].clone()));
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        path = format!("/v1/people?limit=2&cursor={cursor}");
    }
    for query in ["limit=0", "limit=501", "limit=x", "cursor=!", "colour=red"] {
        let page = test.get(&format!("/v1/people?{query}")).header("authorization", &admin).send().await;
        assert_eq!((page.status, page.json["code"].as_str()), (400, Some("query-invalid")), "{query}");
    }
    assert_eq!(seen, ["p0", "p1", "p2", "p3", "p4", "root"]);
}

#[tokio::test]
async fn the_terminal_manages_people_and_every_act_is_in_the_log() {
    TestApp::for_each_engine(|test| async move {
        let run = |line: &'static str| {
            #[derive(clap::Parser)]
            struct Line {
                #[command(subcommand)]
                command: cli::UserCommand,
            }
            let words = std::iter::once("user").chain(line.split(' '));
            let line: Line = clap::Parser::try_parse_from(words).unwrap();
            let app = test.app.clone();
            async move { cli::run(&app, line.command, crate::problem::Language::ZhCn).await }
        };
        let text =
            run("add zhangwei --name 张伟 --role administrator --role technician@south/1").await.unwrap();
        let password = text.split_once("密码（仅显示一次）：").unwrap().1.trim().to_owned();
        assert_eq!(sign_in(&test, "zhangwei", &password).await.status, 201);
        assert!(run("list").await.unwrap().contains("administrator technician@south/1"));
        assert!(matches!(run("disable zhangwei").await, Err(PeopleError::LastAdministrator)));
        run("add second --no-password --role administrator").await.unwrap();
        assert!(run("disable zhangwei").await.unwrap().contains("已停用"));
        assert!(!run("disable zhangwei --undo").await.unwrap().contains("已停用"));
        assert!(matches!(run("role nobody expert").await, Err(PeopleError::Unknown { .. })));
        let entries = audit::list(&mut test.app.store.read().await.unwrap(), 0, 100).await.unwrap();
        let kinds: Vec<_> = entries.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "installation.created",
                "person.created",
                "person.password_set",
                "person.created",
                "person.disabled",
                "person.enabled"
            ]
        );
    })
    .await;
}
