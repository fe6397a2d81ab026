//! The pages of devices.

use super::*;
use crate::devices::tests::a_device;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::tests::{a_person, an_administrator};
use crate::testing::TestApp;

fn row(revoked: bool) -> Row {
    let at = Timestamp::from_unix_ms(1_795_300_000_000);
    Row {
        id: DeviceId::from_bytes([1; 16]).to_string(),
        name: "dev-07".to_owned(),
        label: HOSTILE.to_owned(),
        person: HOSTILE.to_owned(),
        fingerprint: "AAAA-BBBB".to_owned(),
        enrolled_at: at,
        revoked: revoked.then(|| (at, HOSTILE.to_owned())),
        seen_at: revoked.then_some(at),
        version: HOSTILE.to_owned(),
        envelopes: i64::from(revoked),
        photos: 3,
        photo_mb: "1.5".to_owned(),
        disk_gb: "48.0".to_owned(),
        clock_off_s: revoked.then_some(-400 * 86_400),
        silent: !revoked,
    }
}

#[test]
fn every_state_of_a_device_can_be_shown() {
    for shell in shells() {
        for revoked in [true, false] {
            let failure = revoked.then(|| HOSTILE.to_owned());
            let (device, typed) = (row(revoked), HOSTILE.to_owned());
            check(&DevicePage { shell: shell.clone(), device, failure: failure.clone(), typed });
            let rows = if revoked { vec![row(true), row(false)] } else { Vec::new() };
            let (people, chosen) = (Vec::new(), String::new());
            check(&ListPage {
                shell: shell.clone(),
                rows,
                people,
                chosen,
                failure,
                next: Some("/devices?after=1".to_owned()),
            });
        }
        let invitation = Invitation {
            link: "http://127.0.0.1:8080/enrol#0123".to_owned(),
            secret: "0123".to_owned(),
            code: "7Q4K-9XGM-2R5T".to_owned(),
            expires_at: Timestamp::from_unix_ms(1_795_300_000_000),
            person_name: HOSTILE.to_owned(),
        };
        let qr = qr(&invitation.link);
        assert!(qr.starts_with("<svg"));
        check(&InvitationPage { shell, invitation, qr, server: "http://127.0.0.1:8080".to_owned() });
    }
}

#[tokio::test]
async fn an_administrator_invites_renames_and_revokes() {
    let test = TestApp::sqlite().await;
    let admin = an_administrator(&test).await;
    let browser = Browser::of(&test, &admin);
    assert!(browser.get("/devices").await.html().contains("No device is enrolled yet"));
    let (device, _) = a_device(&test, "zhangwei").await;
    let (person, clerk) = a_person(&test, "wanglei", &[Role::Clerk]).await;
    let refused = browser.post("/devices/invitations", &[("person", ""), ("label", "")]).await;
    assert_eq!(refused.status, 422);
    let made = browser.post("/devices/invitations", &[("person", &person.to_string()), ("label", "")]).await;
    assert!(made.status == 200 && made.html().contains("/enrol#"), "{}", made.html());
    let at = |what: &str| format!("/devices/{device}/{what}");
    assert_eq!(browser.post(&at("label"), &[("text", "  ")]).await.status, 422);
    assert_eq!(browser.post(&at("label"), &[("text", "王工 ThinkPad")]).await.status, 303);
    assert!(browser.get("/devices").await.html().contains("王工 ThinkPad"));
    assert_eq!(browser.post(&at("loss"), &[("text", "fell into the river")]).await.status, 303);
    let answer = browser.post(&at("revocation"), &[("text", "lost")]).await;
    assert_eq!(answer.location(), format!("/devices/{device}?said=device-revoked"));
    assert!(browser.get(answer.location()).await.html().contains("Revoked"));
    let clerk = Browser::of(&test, &clerk);
    assert_eq!(clerk.get("/devices").await.status, 403);
    assert_eq!(clerk.post(&at("revocation"), &[("text", "x")]).await.status, 403);
}
