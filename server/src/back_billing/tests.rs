//! What back-billing promises, on both engines: computed by the rules, kept with its figures, never changed.

use crate::complaints::tests::{Bureau, somebody_of};
use crate::exchange::tests::{an_entry, exchange};
use crate::pages::testing::Browser;
use crate::people::Role;
use crate::review::tests::Site;
use crate::testing::Answer;
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::document::MeterCheck;

const DAYS: [(&str, &str); 2] = [("from_day", "2024-01-01"), ("until_day", "2024-03-31")];

async fn propose(bureau: &Bureau, session: &str, complaint: &str, form: &Value) -> Answer {
    let path = format!("/v1/complaints/{complaint}/back-billing");
    bureau.test.call(Method::POST, &path).header("authorization", session).json(form).send().await
}

fn form(figures: &Value) -> Value {
    let mut form = json!({ "from_day": DAYS[0].1, "until_day": DAYS[1].1 });
    form.as_object_mut().unwrap().extend(figures.as_object().unwrap().clone());
    form
}

/// Figures of BB-1.
fn fast() -> Value {
    form(&json!({ "case": "error_beyond_tolerance", "registered_kwh": "3600", "error_percent": "4.0" }))
}

#[tokio::test]
async fn a_proposal_is_computed_kept_with_its_figures_and_only_ever_withdrawn() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let id = complaint["complaint_id"].as_str().unwrap();
        let kept = propose(&bureau, &bureau.clerk.1, id, &fast()).await;
        assert_eq!(kept.status, 201, "{}", kept.json);
        assert_eq!(
            (&kept.json["proposed_kwh"], &kept.json["direction"]),
            (&json!("-69.23"), &json!("refund"))
        );
        assert_eq!((&kept.json["true_kwh"], &kept.json["counted"]), (&json!("3461.54"), &json!("0.5")));
        assert_eq!(kept.json["inputs"], json!({ "registered_kwh": "3600", "error_percent": "4.0" }));
        let reversed = form(&json!({ "case": "wiring_error", "registered_kwh": "10000",
            "fault": "3p4w_one_current_reversed", "note": "CT of phase B reversed since the exchange" }));
        let second = propose(&bureau, &bureau.clerk.1, id, &reversed).await;
        assert_eq!((&second.json["proposed_kwh"], &second.json["factor"]), (&json!("20000.00"), &json!("3")));

        let path = format!("/v1/complaints/{id}/back-billing/1/withdrawal");
        let withdraw = async |reason: &str| bureau.post(&path, &json!({ "reason": reason })).await;
        assert_eq!(withdraw(" ").await.json["code"], "body-invalid");
        let done = withdraw("the meter was tested again").await;
        assert_eq!(
            (done.status, &done.json["withdrawn_reason"]),
            (200, &json!("the meter was tested again"))
        );
        assert_eq!(withdraw("again").await.json["code"], "back-billing-withdrawn");
        let unknown = format!("/v1/complaints/{id}/back-billing/7/withdrawal");
        assert_eq!(
            bureau.post(&unknown, &json!({ "reason": "x" })).await.json["code"],
            "back-billing-unknown"
        );

        let record = bureau.get(&format!("/v1/complaints/{id}")).await.json;
        let numbers: Vec<&Value> =
            record["back_billing"].as_array().unwrap().iter().map(|body| &body["proposal_no"]).collect();
        assert_eq!(numbers, [&json!(1), &json!(2)]);
        let told = record["timeline"].as_array().unwrap().iter();
        assert_eq!(told.filter(|entry| entry["kind"] == "back_billing").count(), 3);
    })
    .await;
}

#[tokio::test]
async fn figures_that_make_no_sense_are_named() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let id = complaint["complaint_id"].as_str().unwrap();
        for (figures, pointer) in [
            (json!({ "case": "guess", "registered_kwh": "1" }), "/case"),
            (json!({ "case": "error_beyond_tolerance", "registered_kwh": "3,600", "error_percent": "4" }), "/registered_kwh"),
            (json!({ "case": "error_beyond_tolerance", "registered_kwh": "3600" }), "/error_percent"),
            (json!({ "case": "error_beyond_tolerance", "registered_kwh": "0", "error_percent": "-100" }), "/error_percent"),
            (json!({ "case": "wiring_error", "registered_kwh": "100" }), "/fault"),
            (json!({ "case": "wiring_error", "registered_kwh": "100", "fault": "3p3w_a_lost" }), "/power_factor"),
            (json!({ "case": "wiring_error", "registered_kwh": "100", "fault": "3p4w_two_currents_reversed" }), "/registered_kwh"),
            (json!({ "case": "multiplier_mismatch", "registered_kwh": "100", "booked": "0", "found": "40" }), "/booked"),
            (json!({ "case": "pt_fuse_blown", "registered_kwh": "100", "normal_kwh": "-5" }), "/normal_kwh"),
        ] {
            let refused = propose(&bureau, &bureau.clerk.1, id, &form(&figures)).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["pointer"]), (422, &json!(pointer)), "{}", refused.json);
        }
        for (field, value) in [("from_day", "spring"), ("until_day", "2023-12-31"), ("until_day", "2199-01-01"), ("check_id", "none")] {
            let mut wrong = fast();
            wrong[field] = json!(value);
            let refused = propose(&bureau, &bureau.clerk.1, id, &wrong).await;
            assert_eq!(refused.json["errors"][0]["pointer"], json!(format!("/{field}")), "{}", refused.json);
        }
        let gas = bureau.complaint(&json!({ "utility": "gas", "category": "gas.METER" })).await;
        let refused = propose(&bureau, &bureau.clerk.1, gas["complaint_id"].as_str().unwrap(), &fast()).await;
        assert_eq!(refused.json["code"], "back-billing-utility");
        let west = somebody_of(&bureau.test, Role::Clerk, "", "west").await;
        assert_eq!(propose(&bureau, &west, id, &fast()).await.json["code"], "complaint-unknown");
    })
    .await;
}

#[tokio::test]
async fn the_form_takes_the_error_of_a_check_shows_the_result_and_keeps_it() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let check = an_entry(&mut site.zhang);
        let inputs = [("tested_kwh", "104.0"), ("reference_kwh", "100.0"), ("energy", "active")];
        let content = MeterCheck {
            method: "reference_energy".into(),
            inputs: inputs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
            class: Some("2".into()),
            profile: None,
            meter_no: Some("A123456".into()),
        };
        site.zhang.save(site.visit, |edit| edit.add_meter_check(check, &content).unwrap());
        exchange(&bureau.test, &mut site.zhang).await;

        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let path = format!("/complaints/{}/back-billing", site.complaint);
        let cases = browser.get(&path).await;
        assert!(cases.html().contains("?case=wiring_error"), "{}", cases.html());
        let asked = browser.get(&format!("{path}?case=error_beyond_tolerance&check={check}")).await;
        assert!(asked.html().contains("name=\"error_percent\" value=\"+4.0\""), "{}", asked.html());
        let check = check.to_string();
        let typed = async |act: &str, kwh: &str| {
            let fields = [
                ("case", "error_beyond_tolerance"),
                ("registered_kwh", kwh),
                ("error_percent", "+4.0"),
                DAYS[0],
                DAYS[1],
                ("check_id", check.as_str()),
                ("act", act),
            ];
            browser.post(&path, &fields).await
        };
        let wrong = typed("compute", "many").await;
        assert_eq!(wrong.status, 422);
        assert!(
            wrong.html().contains("value=\"many\"") && wrong.html().contains("Registered energy: a number")
        );
        let computed = typed("compute", "3600").await;
        assert!(computed.html().contains("The customer gets back 69.23 kWh"), "{}", computed.html());
        assert_eq!(typed("keep", "3600").await.status, 303);
        let record = browser.get(&format!("/complaints/{}", site.complaint)).await;
        assert!(record.html().contains("The customer gets back 69.23 kWh"), "{}", record.html());
        let done = browser.post(&format!("{path}/1/withdrawal"), &[("reason", "tested again")]).await;
        assert_eq!(done.status, 303);
        let record = browser.get(&format!("/complaints/{}", site.complaint)).await;
        assert!(
            record.html().contains("tested again")
                && !record.html().contains("badge good\">The customer gets back")
        );
    })
    .await;
}
