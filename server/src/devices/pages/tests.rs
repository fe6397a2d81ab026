//! The pages of devices.

use super::device::{ActRow, DevicePage, History, Refusal};
use super::*;
use crate::devices::history::{ContactDay, DeviceAct};
use crate::devices::tests::a_device;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::tests::{a_person, an_administrator};
use crate::testing::TestApp;
use sync_core::ids::DeviceId;

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
        suspended: Some((at, HOSTILE.to_owned())),
        person_disabled: revoked.then_some(at),
        no_technician: !revoked,
        forked: Some(at),
        wipe: revoked.then(|| WipeOrder {
            asked_at: at,
            by: None,
            reason: HOSTILE.to_owned(),
            told_at: None,
        }),
        wiped: None,
        seen_at: revoked.then_some(at),
        version: HOSTILE.to_owned(),
        envelopes: i64::from(revoked),
        photos: 3,
        photo_mb: "1.5".to_owned(),
        disk_gb: (!revoked).then(|| "48.0".to_owned()),
        clock_off_ms: revoked.then_some(-400 * 86_400_000),
        silent: !revoked,
    }
}

fn history(filled: bool) -> History {
    let at = Timestamp::from_unix_ms(1_795_300_000_000);
    let act = |kind: &str, reason: Option<&str>| ActRow {
        act: DeviceAct {
            log_index: 7,
            kind: kind.to_owned(),
            at,
            by: None,
            reason: reason.map(ToOwned::to_owned),
        },
        person: reason.unwrap_or_default().to_owned(),
    };
    let day = || ContactDay {
        day: 20_000,
        first_at: at,
        last_at: at,
        contacts: 3,
        app_version: HOSTILE.to_owned(),
        outbox_envelopes: 1,
        outbox_photos: 2,
        clock_offset_ms: -3_000,
    };
    if !filled {
        return History { acts: Vec::new(), older_acts: None, days: Vec::new(), older_days: None };
    }
    let acts =
        vec![act("device.suspended", Some(HOSTILE)), act("device.wiped", None), act("device.new", None)];
    History { acts, older_acts: Some(7), days: vec![day()], older_days: Some(20_000) }
}

#[test]
fn every_state_of_a_device_can_be_shown() {
    for shell in shells() {
        for revoked in [true, false] {
            let failure = revoked.then(|| HOSTILE.to_owned());
            let refusal = |form| Refusal { form, failure: HOSTILE.to_owned(), typed: HOSTILE.to_owned() };
            for form in ["label", "wipe-order", "resumption"] {
                let (device, history) = (row(revoked), history(revoked));
                check(&DevicePage { shell: shell.clone(), device, history, refusal: Some(refusal(form)) });
            }
            let device = Row { wiped: Some(row(true).enrolled_at), suspended: None, ..row(revoked) };
            check(&DevicePage { shell: shell.clone(), device, history: history(false), refusal: None });
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
    assert_eq!(browser.post(&at("suspension"), &[("text", "under repair")]).await.status, 303);
    let answer = browser.get(&format!("/devices/{device}")).await;
    let page = answer.html();
    assert!(page.contains("Device suspended") && page.contains("under repair"), "{page}");
    assert_eq!(browser.post(&at("resumption"), &[("text", "x".repeat(81).as_str())]).await.status, 422);
    assert_eq!(browser.post(&at("resumption"), &[("text", "back")]).await.status, 303);
    let answer = browser.post(&at("revocation"), &[("text", "lost")]).await;
    assert_eq!(answer.location(), format!("/devices/{device}?said=device-revoked"));
    assert!(browser.get(answer.location()).await.html().contains("Revoked"));
    let late = browser.post(&at("suspension"), &[("text", "too late")]).await;
    assert!(late.status == 422 && late.html().contains("A revoked device cannot be suspended"));
    assert_eq!(browser.post(&at("wipe-order"), &[("text", "stolen")]).await.status, 303);
    assert!(browser.get("/devices").await.html().contains("wipe ordered"));
    assert_eq!(browser.post(&at("wipe-order/withdrawal"), &[("text", "found")]).await.status, 303);
    let answer = browser.get(&format!("/devices/{device}")).await;
    let page = answer.html();
    let lines =
        ["Wipe of a device withdrawn", "Wipe of a device ordered", "Device revoked", "Device resumed"];
    let places: Vec<_> = lines.iter().map(|line| page.find(line)).collect();
    assert!(places.is_sorted() && places[0].is_some(), "newest first: {places:?}");
    let clerk = Browser::of(&test, &clerk);
    assert_eq!(clerk.get("/devices").await.status, 403);
    assert_eq!(clerk.post(&at("revocation"), &[("text", "x")]).await.status, 403);
}
