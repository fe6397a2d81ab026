//! The pages of people.

use super::*;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::tests::an_administrator;
use crate::testing::TestApp;
use sync_core::time::Timestamp;

#[test]
fn every_state_of_a_person_can_be_shown() {
    for shell in shells() {
        for disabled in [true, false] {
            let person = Person {
                person_id: PersonId::from_bytes([1; 16]),
                login_name: HOSTILE.to_owned(),
                display_name: HOSTILE.to_owned(),
                staff_number: HOSTILE.to_owned(),
                has_password: disabled,
                disabled_at: disabled.then_some(Timestamp::from_unix_ms(0)),
                version: 1,
                roles: vec![Grant {
                    role: Role::Clerk,
                    unit: HOSTILE.to_owned(),
                    region: HOSTILE.to_owned(),
                }],
            };
            let typed = PersonForm {
                display_name: HOSTILE.to_owned(),
                roles: vec!["clerk".to_owned()],
                ..Default::default()
            };
            let failure = disabled.then(|| HOSTILE.to_owned());
            let (people, next) = (vec![person.clone()], Some("/people?after=x".to_owned()));
            check(&ListPage {
                shell: shell.clone(),
                people,
                typed: typed.clone(),
                failure: failure.clone(),
                next,
            });
            check(&PersonPage { phone: HOSTILE.to_owned(), shell: shell.clone(), person, typed, failure });
        }
    }
}

#[tokio::test]
async fn an_administrator_creates_changes_and_disables() {
    let test = TestApp::sqlite().await;
    let admin = an_administrator(&test).await;
    let browser = Browser::of(&test, &admin);
    let typed =
        [("login_name", "lijing"), ("display_name", "李静"), ("password", "short"), ("roles", "clerk")];
    let refused = browser.post("/people", &typed).await;
    assert!(refused.status == 422 && refused.html().contains("value=\"李静\""), "{}", refused.html());
    let typed = [
        ("login_name", "lijing"),
        ("display_name", "李静"),
        ("password", "a long password"),
        ("roles", "clerk"),
        ("roles", "reviewer"),
    ];
    let made = browser.post("/people", &typed).await;
    assert_eq!(made.status, 303);
    let path = made.location().split('?').next().unwrap().to_owned();
    let html = browser.get(&path).await.html().to_owned();
    assert_eq!(html.matches(" selected").count(), 2, "{html}");
    assert_eq!(browser.post("/people", &typed).await.status, 422, "the login name is taken");
    let version = html.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let change = |version: &str| {
        vec![
            ("display_name", "李静静".to_owned()),
            ("roles", "lead".to_owned()),
            ("units", String::new()),
            ("regions", "east".to_owned()),
            ("version", version.to_owned()),
        ]
    };
    let send = async |fields: Vec<(&str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&path, &fields).await
    };
    assert_eq!(send(change(version)).await.status, 303);
    let stale = send(change(version)).await;
    assert!(stale.status == 422 && stale.html().contains("changed this person meanwhile"));
    assert!(browser.get("/people").await.html().contains("李静静"));
    assert_eq!(browser.post(&format!("{path}/access"), &[("access", "none")]).await.status, 303);
    assert!(browser.get(&path).await.html().contains("no access since"));
    assert_eq!(browser.post(&format!("{path}/password"), &[("password", "short")]).await.status, 422);
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let test = TestApp::sqlite().await;
    let admin = an_administrator(&test).await;
    let browser = Browser::of(&test, &admin);
    let list = browser.get("/people").await;
    let path = list.html().split("href=\"/people/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let answer = browser.post(&format!("/people/{path}/access"), &[("access", "none")]).await;
    assert!(answer.status == 422 && answer.html().contains("last administrator"), "{}", answer.html());
}

#[tokio::test]
async fn a_role_in_two_units_survives_the_correction_of_a_name() {
    let test = TestApp::sqlite().await;
    let admin = an_administrator(&test).await;
    let browser = Browser::of(&test, &admin);
    let typed = [
        ("login_name", "hejun"),
        ("display_name", "何军"),
        ("roles", "lead"),
        ("units", "江畔供电所"),
        ("regions", ""),
        ("roles", "lead"),
        ("units", "高新供电所"),
        ("regions", "binjiang"),
        ("roles", ""),
        ("units", ""),
        ("regions", ""),
    ];
    let made = browser.post("/people", &typed).await;
    assert_eq!(made.status, 303, "{}", made.html());
    let path = made.location().split('?').next().unwrap().to_owned();
    let html = browser.get(&path).await.html().to_owned();
    let of = |name: &str| -> Vec<String> {
        let before = format!("name=\"{name}\" value=\"");
        html.split(&before).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let (units, regions, version) = (of("units"), of("regions"), of("version"));
    assert_eq!((units.len(), html.matches(" selected").count()), (3, 2), "two lines and a free one: {html}");
    let mut again = vec![("display_name", "何俊"), ("version", &version[0])];
    for (place, role) in ["lead", "lead", ""].into_iter().enumerate() {
        again.extend([("roles", role), ("units", &units[place]), ("regions", &regions[place])]);
    }
    assert_eq!(browser.post(&path, &again).await.status, 303);
    let list = browser.get("/people").await.html().to_owned();
    assert!(list.contains("何俊") && list.contains("江畔供电所") && list.contains("高新供电所"), "{list}");
    assert!(list.contains("binjiang"), "{list}");
}
