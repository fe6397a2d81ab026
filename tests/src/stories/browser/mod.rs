//! The office in a real browser: what is decided there reaches the field, and every page can be used by everybody.

mod bad_days;
mod conflict;
mod devices;
mod every_page;
mod hostile;
mod plain;
mod plain_desk;
mod rework;
mod screens;

use super::{Dispatched, clerk, dispatch, technician};
use crate::harness::{Browser, CLERK_PASSWORD, Desk, FieldDevice, Habit, Office, TestDatabase, peer_browser};
use serde_json::json;

/// Two technicians who looked at one meter and saw different seals; the office has both.
struct Clash {
    office: Office,
    desk: Desk,
    zhang: FieldDevice,
    li: FieldDevice,
    case: Dispatched,
}

impl Clash {
    async fn happened() -> Self {
        let office = Office::open(TestDatabase::sqlite()).await;
        let desk = clerk(&office).await;
        let (zhang, zhang_id) = technician(&office, &desk, "zhang", office.address).await;
        let (li, li_id) = technician(&office, &desk, "li", office.address).await;
        let case = dispatch(&desk, &[&zhang_id, &li_id]).await;
        for device in [&zhang, &li] {
            device.ok(&["sync"]);
            device.ok(&["visit", "start", &case.number]);
        }
        zhang.ok(&seal("intact"));
        li.ok(&seal("missing"));
        finish(&zhang);
        zhang.ok(&["sync"]);
        assert_eq!(li.run(&["sync"]).code, Some(6), "a conflict needs a person");
        Self { office, desk, zhang, li, case }
    }
}

/// A command that says how the seal of the terminal cover was found.
fn seal(state: &str) -> [&str; 8] {
    ["meter", "seal", "--no", "A123456", "--position", "terminal_cover", "--state", state]
}

/// Ends the running visit; what its checklist still asks for is left out for a reason.
fn finish(device: &FieldDevice) {
    let items = ["identity", "number", "seal", "display", "wiring", "reading", "check", "nameplate"];
    let items: Vec<String> = items.iter().map(|item| format!("meter-accuracy.{item}")).collect();
    let skipped = items.iter().flat_map(|item| ["--skip", item]);
    let command = ["visit", "finish", "--outcome", "no_fault_found", "--why", "dark in the cellar"];
    device.ok(&command.into_iter().chain(skipped).collect::<Vec<_>>());
}

/// A browser of this office in which the clerk has signed in.
async fn signed_in(office: &Office, habit: Habit) -> Browser {
    let browser = Browser::open(&office.url(""), habit).await;
    browser.sign_in("clerk", CLERK_PASSWORD).await;
    browser
}

/// The status with which the page came.
async fn status(browser: &Browser) -> u64 {
    let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
    browser.run(script, &json!([])).await.as_u64().unwrap_or_default()
}
