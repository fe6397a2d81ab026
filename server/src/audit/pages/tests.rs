//! The pages of the log.

use super::*;
use crate::devices::tests::a_device;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::tests::{a_person, an_administrator};
use crate::testing::TestApp;

#[test]
fn the_log_can_be_shown() {
    for shell in shells() {
        for kind in KINDS {
            let entry = Entry {
                log_index: 7,
                epoch: 1,
                kind: (*kind).to_owned(),
                at_ms: 0,
                person_id: None,
                device_id: None,
                device_seq: None,
                envelope_hash: None,
                visit_id: Some("v".to_owned()),
                entry: Vec::new(),
                entry_sha256: "00".repeat(32),
            };
            assert_ne!(shell.w.code("log", kind), **kind, "the kind has words");
            let row = Row { entry, person: HOSTILE.to_owned(), device: HOSTILE.to_owned() };
            check(&LogPage {
                shell: shell.clone(),
                rows: vec![row],
                kind: (*kind).to_owned(),
                next: Some(3),
            });
        }
        check(&LogPage { shell, rows: Vec::new(), kind: String::new(), next: None });
    }
}

#[test]
fn a_cell_is_never_a_formula() {
    assert_eq!(cell("=1+1 \"x\""), "\"'=1+1 \"\"x\"\"\"");
    assert_eq!(cell("王芳, 3 楼"), "\"王芳, 3 楼\"");
}

#[tokio::test]
async fn acts_are_filtered_and_exported() {
    TestApp::for_each_engine(|test| async move {
        let admin = an_administrator(&test).await;
        a_device(&test, "zhangwei").await;
        let browser = Browser::of(&test, &admin);
        let all = browser.get("/server-log").await;
        assert!(all.status == 200 && all.html().contains("Device enrolled"), "{}", all.html());
        let people = browser.get("/server-log?kind=person.created").await;
        assert!(
            !people.html().contains("<td>Device enrolled") && people.html().contains("<td>Person created")
        );
        let csv = browser.get("/server-log.csv?kind=device.enrolled").await;
        let text = csv.html();
        assert!(text.starts_with("\u{feff}log_index,") && text.lines().count() == 2, "{text}");
        let (_, clerk) = a_person(&test, "wanglei", &[Role::Clerk]).await;
        assert_eq!(Browser::of(&test, &clerk).get("/server-log.csv").await.status, 403);
    })
    .await;
}
