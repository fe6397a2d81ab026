//! What reports promise: every figure, whatever the order of arrival; only what is within reach; single people for leads.

use super::pages::{Bar, Cell, ReportPage, Row, Section};
use super::tables::ReportTable;
use crate::complaints::tests::{Bureau, somebody_of};
use crate::exchange::tests::an_entry;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::Role;
use crate::review::tests::Site;
use crate::testing::Answer;
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sync_core::date::CivilDate;
use sync_core::document::Finding;

const WEEK: &str = "/v1/reports/2025-W47";

fn at(day: &str, hour: u16) -> i64 {
    day.parse::<CivilDate>().unwrap().moment(hour * 60, 480).unix_ms()
}

async fn get(bureau: &Bureau, session: &str, path: &str) -> Answer {
    bureau.test.call(Method::GET, path).header("authorization", session).send().await
}

async fn post(bureau: &Bureau, session: &str, path: &str, body: &Value) {
    bureau.test.app.clock.advance_ms(1);
    let answer =
        bureau.test.call(Method::POST, path).header("authorization", session).json(body).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.json);
}

/// The lines of each table by what they are about.
type Tables = BTreeMap<String, BTreeMap<String, Value>>;

fn tables(report: &Value) -> Tables {
    let lines = |table: &Value| -> BTreeMap<String, Value> {
        let lines = table["lines"].as_array().unwrap().iter();
        lines.map(|line| (line["code"].as_str().unwrap().to_owned(), line["cells"].clone())).collect()
    };
    let tables = report["tables"].as_array().unwrap().iter();
    tables.map(|table| (table["table"].as_str().unwrap().to_owned(), lines(table))).collect()
}

async fn report(bureau: &Bureau, path: &str) -> Tables {
    report_for(bureau, &bureau.lead.1, path).await
}

async fn report_for(bureau: &Bureau, session: &str, path: &str) -> Tables {
    let answer = get(bureau, session, path).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    tables(&answer.json)
}

/// A complaint of a week, by somebody of whom nothing else is known.
fn somebody(n: usize, day: &str, changes: &Value) -> Value {
    let mut form = json!({
        "requested_at_ms": at(day, 10),
        "customer": { "number": format!("77{n:08}"), "name": "赵六", "phone": format!("1390000{n:04}") },
        "meter": { "number": format!("B{n:06}"), "class": "2" },
    });
    form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    form
}

/// Complaints of two weeks: one customer comes back, one was written down late, one smells gas in another region.
fn reports() -> Vec<Value> {
    let gas = json!({ "utility": "gas", "category": "gas.LEAK", "region": "west", "channel": "app" });
    let same = json!({ "customer": { "number": "7700000001", "name": "赵六", "phone": "13900000001" } });
    vec![
        somebody(1, "2025-11-12", &json!({})),
        somebody(2, "2025-11-18", &same),
        somebody(3, "2025-11-18", &json!({ "channel": "regulator" })),
        somebody(4, "2025-11-20", &gas),
    ]
}

#[tokio::test]
async fn a_week_is_counted_with_what_was_done_about_it() {
    Bureau::for_each_engine(|bureau| async move {
        for form in reports() {
            bureau.complaint(&form).await;
        }
        let site = solved(&bureau).await;
        let found = report(&bureau, WEEK).await;
        let metrics = &found["metrics"];
        for (metric, expected) in [
            ("complaints", json!([4.0, 1.0, 0.0])),
            ("closed", json!([1.0, 0.0, 0.0])),
            ("repeated_share", json!([0.25, 0.0, null])),
            ("visits_finished", json!([1.0, 0.0, 0.0])),
            ("solved_on_site_share", json!([1.0, null, null])),
            ("potential_share", json!([0.0, 0.0, null])),
            ("still_open", json!([3.0, 1.0, 0.0])),
            // The week is not over: nothing can be later.
            ("arrived_later", json!([0.0, 1.0, 0.0])),
        ] {
            assert_eq!(metrics[metric], expected, "{metric}");
        }
        assert_eq!(found["days"]["2025-11-18"], json!([2.0]));
        assert_eq!((found["days"].len(), &found["days"]["2025-11-23"]), (7, &json!([0.0])));
        assert_eq!((found["trend"].len(), &found["trend"]["2025-W46"]), (12, &json!([1.0])));
        assert_eq!(found["classes"]["power.BIZ"], json!([3.0, 1.0]));
        assert_eq!(found["classes"]["gas.LEAK"], json!([1.0, 0.0]));
        assert_eq!(found["causes"]["M07"], json!([1.0, 0.0]));
        assert_eq!(found["responsibilities"]["utility"], json!([1.0, 0.0]));
        assert_eq!(found["outcomes"]["resolved_on_site"], json!([1.0, 0.0]));
        assert_eq!(found["channels"]["regulator"], json!([1.0, 0.0]));
        assert_eq!(found["return_visits"]["none"], json!([1.0, 0.0]));
        assert_eq!(found["states"]["answered"][0], json!(1.0), "{:?}", found["states"]);
        assert_eq!(found["states"]["received"][0], json!(1.0), "{:?}", found["states"]);
        assert_eq!(found["people"]["zhang 测试"], json!([1.0, 1.0, 0.0]));
        assert_eq!(found["people"].len(), 2, "both were sent: {site}");

        let gas = report(&bureau, &format!("{WEEK}?utility=gas")).await;
        assert_eq!(gas["metrics"]["complaints"], json!([1.0, 0.0, 0.0]));
        let east = report(&bureau, &format!("{WEEK}?region=east")).await;
        assert_eq!(east["metrics"]["complaints"], json!([3.0, 1.0, 0.0]));
        let month = report(&bureau, "/v1/reports/2025-11").await;
        assert_eq!(month["metrics"]["complaints"], json!([5.0, 0.0, 0.0]));
        assert_eq!(month["days"].len(), 30);
    })
    .await;
}

/// A complaint that is solved on site, judged, answered and closed.
async fn solved(bureau: &Bureau) -> String {
    let mut site = Site::of(bureau).await;
    let (visit, finding) = (site.visit, an_entry(&mut site.zhang));
    let words = Finding { code: "other".into(), text: "表计故障".into(), item: None, severity: None };
    site.zhang.save(visit, |edit| edit.add_finding(finding, &words).unwrap());
    site.finish(bureau).await;
    let step = |step: &str| format!("/v1/complaints/{}/{step}", site.complaint);
    let verdict = json!({ "verdict": "substantiated", "cause": "M07", "responsibility": "utility", "note": "换表",
        "evidence": [{ "visit_id": visit, "entry_id": finding }] });
    post(bureau, &bureau.reviewer.1, &step("reviews"), &verdict).await;
    post(bureau, &bureau.lead.1, &step("answer"), &json!({ "reason": "已答复" })).await;
    bureau.test.app.clock.advance_ms(60_000);
    post(bureau, &bureau.reviewer.1, &step("closure"), &json!({ "reason": "办结" })).await;
    site.complaint
}

#[tokio::test]
async fn any_order_of_arrival_gives_the_same_report() {
    let mut told = Vec::new();
    for turned in [false, true] {
        let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
        let mut forms = reports();
        if turned {
            forms.reverse();
        }
        for form in forms {
            bureau.complaint(&form).await;
        }
        told.push((report(&bureau, WEEK).await, report(&bureau, "/v1/reports/2025-W46").await));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn reports_end_where_reach_ends_and_single_people_are_for_leads() {
    Bureau::for_each_engine(|bureau| async move {
        for form in reports() {
            bureau.complaint(&form).await;
        }
        assert_eq!(get(&bureau, &bureau.clerk.1, WEEK).await.json["code"], "role-missing");
        assert!(!report_for(&bureau, &bureau.reviewer.1, WEEK).await.contains_key("people"));
        let people = get(&bureau, &bureau.reviewer.1, &format!("{WEEK}/people.csv")).await;
        assert_eq!((people.status, people.json["code"].as_str()), (403, Some("role-missing")));
        let west = somebody_of(&bureau.test, Role::Lead, "", "west").await;
        let west = report_for(&bureau, &west, WEEK).await;
        assert_eq!(west["metrics"]["complaints"], json!([1.0, 0.0, 0.0]));
        assert!(west.contains_key("people"));
        for (path, parameter) in [("people.txt", "table"), ("secrets.csv", "table")] {
            let refused = get(&bureau, &bureau.lead.1, &format!("{WEEK}/{path}")).await;
            assert_eq!(
                (refused.status, refused.json["parameter"].as_str()),
                (400, Some(parameter)),
                "{path}"
            );
        }
        assert_eq!(get(&bureau, &bureau.lead.1, "/v1/reports/2025-W54").await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_report_is_read_on_a_page_and_taken_as_a_table() {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    for form in reports() {
        bureau.complaint(&form).await;
    }
    let browser = Browser::of(&bureau.test, &bureau.lead.1);
    let page = browser.get("/reports?region=east").await;
    assert!(page.html().contains("2025-11-17 to 2025-11-23"), "{}", page.html());
    let file = "/reports/2025-W47/classes.csv?region=east";
    assert!(page.html().contains(&format!("href=\"{file}\"")), "{}", page.html());
    assert!(!page.html().contains("rel=\"next\""), "no report of a week to come");
    assert!(browser.get("/reports?period=2025-W46").await.html().contains("rel=\"next\""));
    assert!(browser.get("/reports?period=2025-10").await.html().contains("October"));
    assert_eq!(browser.get("/reports?period=rubbish").await.status, 200);
    let table = browser.get(file).await;
    let text = String::from_utf8(table.body.to_vec()).unwrap();
    assert_eq!(text, "\u{feff}code,number,before\r\n\"power.BIZ\",2,1\r\n");
    assert_eq!(Browser::of(&bureau.test, &bureau.clerk.1).get("/reports").await.status, 403);
}

#[test]
fn the_page_can_be_rendered_and_every_table_has_words() {
    for shell in shells() {
        for table in ReportTable::ALL {
            assert!(shell.w.has(&format!("report-table-{table}").replace('_', "-")), "{table}");
            assert!(shell.w.has(&format!("report-about-{table}").replace('_', "-")), "{table}");
        }
        let link = || ("/reports?period=2025-W46".to_owned(), HOSTILE.to_owned());
        let bar =
            Bar { label: HOSTILE.into(), count: "7".into(), x: 0, width: 80, height: 100, is_labelled: true };
        let cells =
            || vec![Cell { text: HOSTILE.into(), bar: Some(40) }, Cell { text: "–".into(), bar: None }];
        let section = Section {
            table: ReportTable::Days,
            title: HOSTILE.into(),
            columns: vec![HOSTILE.into(); 2],
            rows: vec![Row { label: HOSTILE.into(), cells: cells() }],
            bars: vec![bar],
            csv: "/reports/2025-W47/days.csv".into(),
        };
        check(&ReportPage {
            shell,
            title: HOSTILE.into(),
            days: HOSTILE.into(),
            is_over: false,
            period: "2025-W47".into(),
            before: link(),
            after: Some(link()),
            other: link(),
            utility: "gas".into(),
            unit: HOSTILE.into(),
            region: HOSTILE.into(),
            units: vec![HOSTILE.into()],
            sections: vec![section],
        });
    }
}
