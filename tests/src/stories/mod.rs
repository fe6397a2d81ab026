//! Few and telling: what people live through, on real processes.

mod browser;
mod clock;
mod copies;
mod crash;
mod crowd;
mod full_disk;
mod lost_answer;
mod meeting;
mod overlap;
mod paused;
mod previews;
mod reassigned;
mod refused;
mod restored;
mod revoked;
mod sectors;
mod silent;
mod tus;
mod upload;
mod wiped;
mod workers;

use crate::harness::{Desk, FieldDevice, Office};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::net::SocketAddr;
use sync_core::testing::Rng;

/// A complaint that was dispatched.
pub(crate) struct Dispatched {
    pub(crate) complaint: String,
    pub(crate) number: String,
    pub(crate) visit: String,
}

/// An office with a clerk who may do everything the office does.
pub(crate) async fn clerk(office: &Office) -> Desk {
    office.desk("clerk", &["administrator", "lead", "reviewer", "clerk"]).await
}

/// A technician with a device, and their person id.
pub(crate) async fn technician(
    office: &Office,
    desk: &Desk,
    login: &str,
    address: SocketAddr,
) -> (FieldDevice, String) {
    let device = FieldDevice::enrolled(&office.invite(login), address);
    (device, person_id(desk, login).await)
}

/// A technician at work on a visit, and the clerk who sent them.
pub(crate) struct OnSite {
    pub(crate) desk: Desk,
    pub(crate) device: FieldDevice,
    pub(crate) person: String,
    pub(crate) case: Dispatched,
}

/// A technician who was sent, has synced and has begun the visit.
pub(crate) async fn on_site(office: &Office) -> OnSite {
    let desk = clerk(office).await;
    let (device, person) = technician(office, &desk, "zhang", office.address).await;
    let case = dispatch(&desk, &[&person]).await;
    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    OnSite { desk, device, person, case }
}

/// The id of the person with this login name.
async fn person_id(desk: &Desk, login: &str) -> String {
    let people = desk.get("/v1/people?limit=200").await;
    let everybody = people["items"].as_array().expect("a page has items");
    let person =
        everybody.iter().find(|person| person["login_name"] == login).expect("the person was created");
    person["person_id"].as_str().expect("an id").to_owned()
}

/// A complaint about a fast meter with one visit for these people.
pub(crate) async fn dispatch(desk: &Desk, people: &[&str]) -> Dispatched {
    dispatch_as(desk, &a_complaint(), people).await
}

/// The same for another complaint.
async fn dispatch_as(desk: &Desk, complaint: &Value, people: &[&str]) -> Dispatched {
    let complaint = desk.post("/v1/complaints", complaint).await;
    let text =
        |value: &Value, name: &str| value[name].as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
    let id = text(&complaint, "complaint_id");
    let order = desk.post(&format!("/v1/complaints/{id}/work-orders"), &json!({})).await;
    let path = format!("/v1/work-orders/{}/visits", text(&order, "work_order_id"));
    let visit = text(&desk.post(&path, &json!({ "planned_on": "2026-11-23" })).await, "visit_id");
    for person in people {
        assign(desk, &visit, person).await;
    }
    Dispatched { number: text(&complaint, "number"), complaint: id, visit }
}

async fn assign(desk: &Desk, visit: &str, person: &str) {
    let path = format!("/v1/visits/{visit}/assignments/{person}");
    let answer = desk.request(Method::PUT, &path).send().await.expect("the server answers");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

fn a_complaint() -> Value {
    json!({
        "utility": "power", "category": "power.BIZ.metering", "channel": "phone",
        "summary": "电表走得快，空调未开也走字", "address": "梧桐路 12 号 3 单元 602", "region": "310115",
        "customer": { "name": "王芳", "phone": "+8613800000417" },
        "meter": { "number": "110438", "class": "2", "constant": 1600 },
    })
}

/// Path of a photo among the test data.
pub(crate) fn photo(name: &str) -> String {
    format!("{}/data/photos/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// SHA-256 of a file's bytes, hexadecimal.
pub(crate) fn sha256_of(file: &str) -> String {
    let bytes = std::fs::read(file).expect("the file is among the test data");
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The kinds of entries in the server log that are about one device, oldest first.
async fn log_about(desk: &Desk, device: &str) -> Vec<String> {
    let log = desk.get("/v1/server-log?limit=200").await;
    let entries = log["items"].as_array().expect("a page has items").iter();
    let about = entries.filter(|entry| entry["device_id"] == device);
    about.map(|entry| entry["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The id that the server gave a device.
fn device_id(device: &FieldDevice) -> String {
    let status = device.ok(&["--json", "status"]).summary();
    status["device_id"].as_str().expect("an enrolled device has an id").to_owned()
}

/// Every text in the record, in order.
fn texts_of(record: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    let mut open = vec![record];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                texts.extend(fields.get("text").and_then(Value::as_str).map(ToOwned::to_owned));
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    texts.sort_unstable();
    texts
}

/// So many bytes that begin as a JPEG and do not compress.
fn a_large_jpeg(rng: &mut Rng, bytes_min: u64) -> Vec<u8> {
    let mut bytes = std::fs::read(photo("plain-2009.jpg")).expect("the photo is among the test data");
    while (bytes.len() as u64) < bytes_min {
        bytes.extend_from_slice(&rng.next_u64().to_le_bytes());
    }
    bytes
}
