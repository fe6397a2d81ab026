//! Frame, sign-in, words and assets.

use super::account::AccountPage;
use super::sign_in::{EnrolPage, ResumePage, SignInPage};
use super::start::{Chart, StartPage, Tile};
use super::testing::{Browser, HOSTILE, check, shells};
use super::words::SOURCES;
use super::*;
use crate::devices::ArrivedDevice;
use crate::people::Role;
use crate::people::tests::{a_person, an_administrator};
use crate::testing::TestApp;
use crate::work_orders::ArrivedVisit;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_page_of_the_frame_can_be_rendered() {
    for shell in shells() {
        let hostile = || HOSTILE.to_owned();
        let tile =
            |urgent| Tile { href: "/queue".to_owned(), label: hostile(), count: "99+".to_owned(), urgent };
        let days = start::days(crate::testing::NOW, &[(1, 4), (2, 2)]);
        assert_eq!(days.iter().map(|day| day.height).collect::<Vec<_>>()[..4], [0, 100, 50, 0]);
        let charts = vec![Chart { key: "start-received", unit: "start-complaints", days }];
        let visit = ArrivedVisit {
            visit_id: hostile(),
            complaint_id: hostile(),
            number: hostile(),
            summary: hostile(),
            state: "finished".to_owned(),
            newest_at_ms: 1_000_000,
            acts: 3,
            ended_claimed_ms: Some(0),
            ended_received_ms: Some(1_000_000),
            people: vec![hostile(), hostile()],
        };
        let tiles = vec![tile(true), tile(false)];
        let device = ArrivedDevice {
            device_id: hostile(),
            label: hostile(),
            person: hostile(),
            acts: 2,
            newest_at_ms: 1_000_000,
        };
        let start = |arrived: Option<Vec<ArrivedVisit>>, devices: Option<Vec<ArrivedDevice>>| StartPage {
            shell: shell.clone(),
            tiles: Vec::new(),
            arrived,
            devices,
            charts: Vec::new(),
        };
        check(&StartPage { tiles, charts, ..start(Some(vec![visit]), Some(vec![device])) });
        check(&start(Some(Vec::new()), Some(Vec::new())));
        check(&start(None, None));
        check(&EnrolPage { shell: shell.clone() });
        check(&AccountPage { shell: shell.clone(), failure: Some(hostile()) });
        let fields = vec![(hostile(), hostile())];
        check(&ResumePage { shell: shell.clone(), form: Some(("/queue".to_owned(), fields)) });
        check(&ResumePage { shell: shell.clone(), form: None });
        let kept = Some("0".repeat(32));
        check(&SignInPage { shell, next: hostile(), login_name: hostile(), failure: Some(hostile()), kept });
    }
}

/// A person who can sign in with "a good password".
async fn with_password(test: &TestApp, login_name: &str) {
    let (person, _) = a_person(test, login_name, &[Role::Clerk]).await;
    let hash = test.app.passwords.hash("a good password".to_owned(), test.app.entropy.bytes()).await.unwrap();
    let mut tx = test.app.store.write().await.unwrap();
    crate::people::set_password(&mut tx, person, &hash, None, test.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// The keys that a language has.
fn keys(source: &str) -> BTreeSet<&str> {
    let lines = source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    lines.filter_map(|line| line.split_once(" =")).map(|(key, _)| key).collect()
}

#[test]
fn both_languages_say_the_same_things() {
    let mut seen = BTreeSet::new();
    for (name, en, zh) in SOURCES {
        assert_eq!(keys(en), keys(zh), "{name}.ftl");
        for key in keys(en) {
            assert!(seen.insert(key), "{name}.ftl: {key} is said twice");
        }
        let chinese = zh.lines().filter_map(|line| line.split_once(" = "));
        let still_english: Vec<_> = chinese.filter(|(_, text)| text.is_ascii() && text.len() > 6).collect();
        assert!(still_english.is_empty(), "{name}.ftl: {still_english:?}");
    }
}

/// All files below a folder that end so.
fn files(folder: &Path, ending: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_word_that_pages_ask_for_exists() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = files(&here.join("templates"), ".html");
    sources.extend(files(&here.join("src"), ".rs"));
    let words = Words::new(crate::problem::Language::En);
    for path in sources {
        let text = std::fs::read_to_string(&path).unwrap();
        for call in ["w.t(\"", "w.n(\"", "w.a(\"", "w.ab(\"", "w.abc(\"", "w().t(\"", "w().n(\"", "w().a(\""]
        {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap_or_default();
                assert!(words.has(key), "{}: {key}", path.display());
            }
        }
        for rest in text.split("see_other(").skip(1) {
            let call = rest.split(')').next().unwrap_or_default();
            if let Some(said) = call.split("Some(\"").nth(1).and_then(|said| said.split('"').next()) {
                assert!(words.has(&format!("said-{said}")), "{}: said-{said}", path.display());
            }
        }
    }
}

#[test]
fn vendored_files_are_the_ones_the_manifest_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let manifest: toml::Table =
        std::fs::read_to_string(folder.join("manifest.toml")).unwrap().parse().unwrap();
    let assets = manifest["asset"].as_array().unwrap();
    assert_eq!(assets.len(), 2);
    for asset in assets {
        let bytes = std::fs::read(folder.join(asset["file"].as_str().unwrap())).unwrap();
        let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
        assert_eq!(asset["sha256"].as_str(), Some(hash.as_str()), "{}", asset["file"]);
    }
}

#[tokio::test]
async fn assets_are_kept_by_browsers_and_pages_load_nothing_from_elsewhere() {
    let test = TestApp::sqlite().await;
    let answer = test.get("/sign-in").header("accept", "text/html").send().await;
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = answer.html();
    let addresses = html.split(['"', '\'']).filter(|text| text.starts_with("/assets/"));
    let addresses: BTreeSet<&str> = addresses.collect();
    assert_eq!(addresses.len(), 5, "{addresses:?}");
    for address in addresses {
        let asset = test.get(address).send().await;
        assert_eq!(asset.status, 200, "{address}");
        assert!(asset.headers["cache-control"].to_str().unwrap().contains("immutable"));
        let etag = asset.headers["etag"].to_str().unwrap();
        assert_eq!(test.get(address).header("if-none-match", etag).send().await.status, 304);
    }
    assert!(!html.contains("http://") && !html.contains("https://"));
    assert_eq!(test.get("/assets/x/nothing.js").send().await.status, 404);
}

#[tokio::test]
async fn somebody_signs_in_reads_and_signs_out() {
    let test = TestApp::sqlite().await;
    with_password(&test, "wanglei").await;
    let outside = Browser::of(&test, "none");
    let answer = outside.get("/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?next=%2Faccount"));
    for (password, next, status, location) in [
        ("wrong password", "/account", 401, ""),
        ("a good password", "https://elsewhere.example/", 303, "/"),
        ("a good password", "//elsewhere.example/", 303, "/"),
        ("a good password", "/account", 303, "/account"),
    ] {
        let fields = [("login_name", "WangLei"), ("password", password), ("next", next)];
        let answer = outside.post_plain("/sign-in", &fields).await;
        assert_eq!((answer.status, answer.location()), (status, location), "{password} {next}");
        let cookie = answer.headers.get("set-cookie").and_then(|value| value.to_str().ok());
        assert_eq!(cookie.is_some(), status == 303);
        if let Some(cookie) = cookie {
            assert!(
                cookie.starts_with("__Host-") && cookie.contains("HttpOnly") && cookie.contains("Secure")
            );
            let token = cookie.split(['=', ';']).nth(1).unwrap();
            let browser = Browser::of(&test, token);
            assert!(browser.get("/account").await.html().contains("wanglei 测试"));
            assert_eq!(browser.get("/sign-in").await.status, 303, "signed in already");
            assert_eq!(browser.post("/sign-out", &[]).await.location(), "/sign-in");
            assert_eq!(browser.get("/account").await.status, 303);
        }
    }
}

#[tokio::test]
async fn what_was_typed_survives_the_end_of_a_session() {
    let test = TestApp::sqlite().await;
    with_password(&test, "wanglei").await;
    with_password(&test, "malan").await;
    let signed_in = async |name: &str, kept: &str| {
        let fields = [("login_name", name), ("password", "a good password"), ("kept", kept)];
        let answer = Browser::of(&test, "0000").post_plain("/sign-in", &fields).await;
        let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
        let token = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
        (token, answer.location().to_owned())
    };
    let (token, _) = signed_in("wanglei", "").await;
    let typing = Browser::of(&test, &token);
    // Long enough for a session to end by idling.
    test.app.clock.advance_ms(24 * 3_600_000);
    let answer = typing.post("/account/password", &[("old", "a"), ("new", HOSTILE), ("again", "b")]).await;
    assert_eq!(answer.status, 401);
    assert!(!answer.html().contains("王芳"), "nobody who signs in next reads it in the page");
    let kept =
        answer.html().split("name=\"kept\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (other, place) = signed_in("malan", &kept).await;
    let stranger = Browser::of(&test, &other).get(&place).await;
    assert!(
        stranger.status == 200 && stranger.html().contains("Nothing is kept for you"),
        "{}",
        stranger.html()
    );
    assert!(!stranger.html().contains("王芳"));
    let (own, place) = signed_in("wanglei", &kept).await;
    let back = Browser::of(&test, &own).get(&place).await;
    let html = back.html();
    assert!(html.contains("action=\"/account/password\"") && html.contains("class=\"menu\""), "{html}");
    assert!(html.contains("王芳") && !html.contains("<script>alert"), "{html}");
    test.app.clock.advance_ms(2 * 3_600_000);
    let late = Browser::of(&test, &own).get(&place).await;
    assert!(!late.html().contains("王芳"), "not for ever");
    // A form that no page of ours made is kept for nobody.
    let forged = [("csrf", "0123"), ("new", "王芳")];
    let answer = Browser::of(&test, "0000").post_plain("/account/password", &forged).await;
    assert!(answer.status == 401 && !answer.html().contains("name=\"kept\""));
}

#[tokio::test]
async fn forms_from_elsewhere_are_refused() {
    let test = TestApp::sqlite().await;
    let session = an_administrator(&test).await;
    let browser = Browser::of(&test, &session);
    assert_eq!(browser.post_plain("/account/other-sessions", &[("csrf", "guessed")]).await.status, 403);
    assert_eq!(browser.post_plain("/account/other-sessions", &[]).await.status, 403);
    let answer = browser.post("/account/other-sessions", &[]).await;
    assert_eq!((answer.status, answer.location()), (303, "/account?said=sessions-ended"));
    assert!(browser.get(answer.location()).await.html().contains("Your other sessions have ended."));
    let forged = test.get("/account?said=%3Cscript%3E").header("accept", "text/html").send().await;
    assert!(!forged.html().contains("<script>a"));
}

#[tokio::test]
async fn a_person_chooses_a_language_and_keeps_it() {
    let test = TestApp::sqlite().await;
    let session = an_administrator(&test).await;
    let browser = Browser::of(&test, &session);
    assert!(browser.get("/account").await.html().contains("lang=\"en\""));
    let answer = browser.post_plain("/language", &[("language", "zh-CN"), ("next", "/account")]).await;
    assert_eq!(answer.location(), "/account");
    assert!(browser.get("/account").await.html().contains("<html lang=\"zh-CN\">"));
}

/// An address that fits the pattern of a page.
fn place_of(path: &str) -> String {
    let id = "018f3c52-8f00-7c3a-9d2e-0123456789ab";
    let place = path.split('/').map(|part| match part {
        "{id}" if path.starts_with("/arrivals/") => "7",
        "{log_index}" | "{number}" => "7",
        "{sha256}" | "{envelope_hash}" => "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        part if part.starts_with('{') => id,
        part => part,
    });
    place.collect::<Vec<_>>().join("/")
}

/// `FIELDLOOP_BLESS=1 cargo test -p server pages_are_documented` writes the file anew.
#[tokio::test]
async fn pages_are_documented() {
    let mut text = String::from(
        "# Pages\n\nEvery address of the office's pages, what it takes, and whose role opens it. The walk through all pages \
        in a real browser follows this list.\n\nWritten by `FIELDLOOP_BLESS=1 cargo test -p server pages_are_documented`.\n\n\
        | address | takes | for |\n|---|---|---|\n",
    );
    let test = TestApp::sqlite().await;
    for (path, policy) in all().declared() {
        let outside = Browser::of(&test, "nobody");
        let place = place_of(path);
        let mut takes = Vec::new();
        for (method, answer) in
            [("GET", outside.get(&place).await), ("POST", outside.post(&place, &[]).await)]
        {
            takes.extend((answer.status != 405).then_some(method));
        }
        let whom = match policy {
            Policy::Public => "everybody".to_owned(),
            Policy::SignedIn => "whoever is signed in".to_owned(),
            Policy::Roles(roles) => roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", "),
        };
        text.push_str(&format!("| `{path}` | {} | {whom} |\n", takes.join(", ")));
    }
    crate::testing::check_document("docs/pages.md", &text);
}

/// Every page as every role: who may open it does not meet a refusal, everybody else does.
#[tokio::test]
async fn every_page_admits_exactly_the_roles_of_its_policy() {
    let test = TestApp::sqlite().await;
    let mut people = Vec::new();
    for role in Role::ALL {
        people.push((role, a_person(&test, role.as_str(), &[role]).await.1));
    }
    let routes = all();
    assert!(routes.declared().len() > 30, "all pages are declared");
    for (path, policy) in routes.declared() {
        let place = place_of(path);
        // Signing out would end the session that the rest of the test needs.
        for (role, session) in people.iter().filter(|_| place != "/sign-out") {
            let browser = Browser::of(&test, session);
            for answer in [browser.get(&place).await, browser.post(&place, &[]).await] {
                let admitted = policy.admits(&[crate::people::Grant::everywhere(*role)]);
                let is_there = answer.status != 405;
                assert_eq!(is_there && answer.status == 403, is_there && !admitted, "{path} as {role}");
                assert_ne!(answer.status, 500, "{path} as {role}");
            }
        }
        let outside = Browser::of(&test, "nobody").get(&place).await;
        let expected = if *policy == Policy::Public { [200, 405].as_slice() } else { &[303, 401, 405] };
        assert!(expected.contains(&outside.status), "{path} without a session: {}", outside.status);
    }
}

#[tokio::test]
async fn a_failure_in_a_browser_is_a_page() {
    let test = TestApp::sqlite().await;
    let answer =
        test.get("/nowhere").header("accept", "text/html").header("accept-language", "zh").send().await;
    assert_eq!(answer.status, 404);
    assert!(answer.html().contains("<html lang=\"zh-CN\">"), "{}", answer.html());
    assert_eq!(test.get("/v1/nowhere").header("accept", "text/html").send().await.json["code"], "not-found");
}
