//! What is typed about a complaint: taken, cleaned, or named as wrong.

use super::*;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix_ms(1_763_700_000_000);

fn form(changes: &Value) -> ComplaintForm {
    let mut form = json!({
        "utility": "power", "category": "power.BIZ.metering", "channel": "phone",
        "summary": "电表走得快", "address": "梧桐路 12 号", "region": "east",
        "customer": { "name": "李梅", "phone": "138 0013 8000" },
    });
    form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(form).unwrap()
}

#[test]
fn what_cannot_be_taken_is_named() {
    for (name, changes, pointers) in [
        ("a plain one", json!({}), vec![]),
        ("unknown category", json!({"category": "power.XYZ"}), vec!["/category"]),
        ("category of another utility", json!({"category": "gas.LEAK"}), vec!["/category"]),
        ("empty but for spaces", json!({"summary": " \u{0}\n", "address": ""}), vec!["/summary", "/address"]),
        ("nobody to ask", json!({"customer": {"phone": "110"}}), vec!["/customer/name", "/customer/phone"]),
        (
            "nobody to ask, and why",
            json!({"customer": {"phone": "110"}, "no_contact_reason": "did not want to say"}),
            vec![],
        ),
        ("a book", json!({"summary": "长".repeat(4_001)}), vec!["/summary"]),
        (
            "nowhere",
            json!({"position": {"latitude": "91", "longitude": "NaN"}}),
            vec!["/position/latitude", "/position/longitude"],
        ),
        (
            "tomorrow is a typing error",
            json!({"requested_at_ms": 1_863_700_000_000_i64}),
            vec!["/requested_at_ms"],
        ),
    ] {
        let found = form(&changes).check(NOW).err().unwrap_or_default();
        assert_eq!(found.iter().map(|error| error.pointer).collect::<Vec<_>>(), pointers, "{name}");
    }
}

#[test]
fn control_characters_are_dropped_and_empty_means_none() {
    let form = form(&json!({"summary": "a\u{0}b\nc", "customer": {"phone": "  ", "name": "李\u{7}梅"},
        "no_contact_reason": " has no phone "}));
    let intake = form.check(NOW).unwrap();
    assert_eq!(intake.summary, "ab\nc");
    assert_eq!(intake.customer, Customer { number: None, name: Some("李梅".into()), phone: None });
    assert_eq!(intake.no_contact_reason.as_deref(), Some("has no phone"));
    let patch: ComplaintPatch = serde_json::from_value(json!({"customer_phone": "13800138000"})).unwrap();
    assert_eq!(patch.apply(&intake, NOW).unwrap().no_contact_reason, None, "there is one by now");
}

#[test]
fn a_correction_tells_null_from_absent() {
    let customer = json!({"number": "K-7", "phone": "1101101", "name": "李梅"});
    let old = form(&json!({ "customer": customer })).check(NOW).unwrap();
    let patch: ComplaintPatch = serde_json::from_value(json!({"customer_number": null})).unwrap();
    let new = patch.apply(&old, NOW).unwrap();
    assert_eq!(new.customer, Customer { number: None, ..old.customer.clone() });
    let changes = crate::complaints::model::field_changes(&old, &new);
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].field, changes[0].old.as_deref()), ("customer_number", Some("K-7")));
}

#[test]
fn a_correction_takes_no_contact_away_without_a_reason() {
    let reachable = form(&json!({})).check(NOW).unwrap();
    let patched = |old: &Intake, patch: Value| {
        let patch: ComplaintPatch = serde_json::from_value(patch).unwrap();
        let done = patch.apply(old, NOW);
        done.map_err(|errors| errors.iter().map(|error| error.pointer).collect::<Vec<_>>())
    };
    for (patch, pointers) in [
        (json!({"customer_phone": null}), vec!["/customer/phone"]),
        (json!({"customer_phone": "110"}), vec!["/customer/phone"]),
        (json!({"customer_name": " ", "customer_phone": null}), vec!["/customer/name", "/customer/phone"]),
    ] {
        assert_eq!(patched(&reachable, patch.clone()).unwrap_err(), pointers, "{patch}");
    }
    let why = json!({"customer_phone": null, "no_contact_reason": "has given it up"});
    let unreachable = patched(&reachable, why).unwrap();
    assert_eq!(patched(&unreachable, json!({"no_contact_reason": null})).unwrap_err(), ["/customer/phone"]);
    // What came in without a contact can be corrected in everything else.
    let bare = Intake { customer: Customer::default(), ..reachable };
    assert_eq!(patched(&bare, json!({"address": "梧桐路 14 号"})).unwrap().address, "梧桐路 14 号");
}
