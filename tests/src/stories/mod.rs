//! Few and telling: what people live through, on real processes.

mod crash;
mod meeting;
mod upload;

use crate::harness::{Desk, FieldDevice, Office};
use reqwest::Method;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A complaint that was dispatched.
struct Dispatched {
    complaint: String,
    number: String,
    visit: String,
}

/// An office with a clerk who may do everything the office does.
async fn clerk(office: &Office) -> Desk {
    office.desk("clerk", &["administrator", "lead", "reviewer", "clerk"]).await
}

/// A technician with a device, and their person id.
async fn technician(office: &Office, desk: &Desk, login: &str, address: SocketAddr) -> (FieldDevice, String) {
    let device = FieldDevice::enrolled(&office.invite(login), address);
    let people = desk.get("/v1/people?limit=200").await;
    let everybody = people["items"].as_array().expect("a page has items");
    let person =
        everybody.iter().find(|person| person["login_name"] == login).expect("the person was created");
    (device, person["person_id"].as_str().expect("an id").to_owned())
}

/// A complaint about a fast meter with one visit for these people.
async fn dispatch(desk: &Desk, people: &[&str]) -> Dispatched {
    let complaint = desk.post("/v1/complaints", &a_complaint()).await;
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
fn photo(name: &str) -> String {
    format!("{}/data/photos/{name}", env!("CARGO_MANIFEST_DIR"))
}
