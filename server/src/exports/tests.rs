//! What exports promise: what was recorded, within reach only, no customers' names, one entry in the log for each.

use super::csv::Line;
use super::tables::Table;
use crate::complaints::tests::{Bureau, somebody_of};
use crate::exchange::tests::{an_entry, exchange};
use crate::pages::testing::Browser;
use crate::people::Role;
use crate::review::tests::Site;
use crate::testing::{Answer, check_document};
use axum::http::Method;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Read as _;
use sync_core::document::{Finding, MeterCheck};

async fn take(bureau: &Bureau, session: &str, file: &str) -> Answer {
    let path = format!("/v1/exports/{file}");
    bureau.test.call(Method::GET, &path).header("authorization", session).send().await
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.json);
    String::from_utf8(answer.body.to_vec()).expect("a table is UTF-8")
}

/// The cells of each line by the name of its column.
fn lines(answer: &Answer) -> Vec<Vec<(String, String)>> {
    let text = text(answer);
    let text = text.strip_prefix('\u{feff}').expect("a table begins with a byte-order mark");
    // Odd pieces between quotation marks are texts: their commas separate nothing.
    let cells = |line: &str| -> Vec<String> {
        let pieces = line.split('"').enumerate();
        let kept =
            pieces.map(|(at, piece)| if at % 2 == 1 { piece.replace(',', "，") } else { piece.to_owned() });
        kept.collect::<String>().split(',').map(str::to_owned).collect()
    };
    let (names, rest) = text.split_once("\r\n").unwrap();
    let rows = rest.split("\r\n").filter(|line| !line.is_empty());
    rows.map(|line| cells(names).into_iter().zip(cells(line)).collect()).collect()
}

fn of<'a>(line: &'a [(String, String)], name: &str) -> &'a str {
    line.iter().find(|(column, _)| column == name).map(|(_, cell)| cell.as_str()).unwrap()
}

fn a_check() -> MeterCheck {
    let inputs = [
        ("constant", "1600"),
        ("pulses", "10"),
        ("seconds", "22.10"),
        ("watts", "1000"),
        ("energy", "active"),
    ];
    MeterCheck {
        method: "watt_second".into(),
        inputs: inputs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        class: Some("2".into()),
        profile: None,
        meter_no: Some("A123456".into()),
    }
}

#[tokio::test]
async fn tables_hold_what_was_recorded_on_site_with_what_follows_from_it() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let (found, check) = (an_entry(&mut site.zhang), an_entry(&mut site.zhang));
        let finding =
            Finding {
                code: "SEAL_BROKEN".into(), text: "=1+1 铅封断开".into(), item: None, severity: None
            };
        site.zhang.save(site.visit, |edit| edit.add_finding(found, &finding).unwrap());
        site.zhang.save(site.visit, |edit| edit.add_meter_check(check, &a_check()).unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        let lead = &bureau.lead.1;
        let complaints = lines(&take(&bureau, lead, "complaints.csv").await);
        assert_eq!((complaints.len(), of(&complaints[0], "state")), (1, "assigned"));
        assert_eq!(of(&complaints[0], "meter_number"), "A123456");
        let visits = lines(&take(&bureau, lead, "visits.csv").await);
        assert_eq!((of(&visits[0], "findings"), of(&visits[0], "meter_checks")), ("1", "1"));
        let findings = lines(&take(&bureau, lead, "findings.csv").await);
        assert_eq!((of(&findings[0], "code"), of(&findings[0], "text")), ("SEAL_BROKEN", "'=1+1 铅封断开"));
        assert_eq!(of(&findings[0], "complaint_number"), of(&complaints[0], "complaint_number"));
        let checks = lines(&take(&bureau, lead, "meter-checks.csv").await);
        assert_eq!((of(&checks[0], "rounded_percent"), of(&checks[0], "verdict")), ("1.8", "screening_only"));
        assert_eq!(of(&checks[0], "recorded_by"), "zhang 测试");
        let log = bureau
            .test
            .app
            .store
            .read()
            .await
            .map(|mut tx| async move { crate::audit::list(&mut tx, 0, 500).await.unwrap() });
        let taken = log.unwrap().await.iter().filter(|entry| entry.kind == super::EXPORT_TAKEN.0).count();
        assert_eq!(taken, 4);
    })
    .await;
}

#[tokio::test]
async fn a_table_holds_the_days_asked_for_within_reach_and_names_no_customer() {
    Bureau::for_each_engine(|bureau| async move {
        let place = json!({ "latitude": "31.2304", "longitude": "121.4737" });
        bureau.complaint(&json!({ "region": "east", "position": place })).await;
        bureau.complaint(&json!({ "region": "west" })).await;
        let east = somebody_of(&bureau.test, Role::Lead, "", "east").await;
        let answer = take(&bureau, &east, "complaints.csv").await;
        assert!(!text(&answer).contains("李梅") && !text(&answer).contains("8000"), "{}", text(&answer));
        let own = lines(&answer);
        assert_eq!((own.len(), of(&own[0], "region"), of(&own[0], "longitude")), (1, "east", "121.4737"));
        let all = async |query: &str| take(&bureau, &bureau.lead.1, &format!("complaints.csv{query}")).await;
        let day = of(&lines(&all("").await)[0], "received_at")[..10].to_owned();
        for (query, found) in [
            (String::new(), 2),
            (format!("?from={day}"), 2),
            ("?until=2020-01-01".to_owned(), 0),
            ("?from=2099-01-01".to_owned(), 0),
        ] {
            assert_eq!(lines(&all(&query).await).len(), found, "{query}");
        }
        assert_eq!(all("?from=yesterday").await.json["code"], "query-invalid");
        assert_eq!(take(&bureau, &bureau.clerk.1, "complaints.csv").await.json["code"], "role-missing");
        let map = take(&bureau, &bureau.lead.1, "complaints.geojson").await;
        assert_eq!((map.status, map.json["features"].as_array().unwrap().len()), (200, 1), "{}", map.json);
        assert_eq!(map.json["features"][0]["geometry"]["coordinates"], json!([121.4737, 31.2304]));
    })
    .await;
}

#[tokio::test]
async fn a_long_table_is_read_in_parts_and_has_every_line_once() {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    bureau.complaint(&json!({})).await;
    let mut tx = bureau.test.app.store.write().await.unwrap();
    const MORE: &str = "INSERT INTO complaints (complaint_id, ordinal, number, version, state, utility, category, channel, \
        priority, summary, address, address_folded, region, unit, first_owner, holder, holder_since_ms, \
        requested_at_ms, received_at_ms, crew) SELECT 'more-' || $1, 1000 + $1, 'C-2024-' || $1, 1, state, utility, \
        category, channel, priority, summary, address, address_folded, region, unit, first_owner, holder, \
        holder_since_ms, requested_at_ms, received_at_ms, 0 FROM complaints WHERE ordinal = 1";
    for number in 0..250_i64 {
        let done: Result<_, crate::store::StoreError> =
            crate::store::statement(MORE).bind(number).execute(&mut tx).await;
        done.unwrap();
    }
    tx.commit().await.unwrap();
    let found = lines(&take(&bureau, &bureau.lead.1, "complaints.csv").await);
    let numbers: std::collections::BTreeSet<&str> =
        found.iter().map(|line| of(line, "complaint_number")).collect();
    assert_eq!((found.len(), numbers.len()), (251, 251));
}

#[tokio::test]
async fn the_page_offers_every_table_and_sends_it() {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    bureau.complaint(&json!({})).await;
    let browser = Browser::of(&bureau.test, &bureau.lead.1);
    let page = browser.get("/exports").await;
    for file in Table::ALL.iter().flat_map(|table| table.files()) {
        assert!(page.html().contains(&format!("formaction=\"/exports/{}\"", file.name())), "{file:?}");
        assert_eq!(browser.get(&format!("/exports/{}?from=&until=", file.name())).await.status, 200);
    }
    assert_eq!(browser.get("/exports/secrets.csv").await.status, 400);
    assert_eq!(Browser::of(&bureau.test, &bureau.clerk.1).get("/exports").await.status, 403);
}

#[tokio::test]
async fn a_workbook_has_the_lines_of_the_table_of_text() {
    Bureau::for_each_engine(|bureau| async move {
        bureau.complaint(&json!({ "summary": "=cmd|' /C calc'!A1 电表快" })).await;
        bureau.complaint(&json!({})).await;
        let plain = lines(&take(&bureau, &bureau.lead.1, "complaints.csv").await);
        let answer = take(&bureau, &bureau.lead.1, "complaints.xlsx").await;
        let mut book = zip::ZipArchive::new(std::io::Cursor::new(answer.body.to_vec())).unwrap();
        let mut sheet = String::new();
        book.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
        assert_eq!(sheet.matches("<row ").count(), plain.len() + 1);
        for line in &plain {
            assert!(sheet.contains(of(line, "complaint_id")), "{sheet}");
        }
        assert!(sheet.contains(">=cmd|' /C calc'!A1 电表快<") && !sheet.contains("<f>"), "{sheet}");
    })
    .await;
}

#[test]
fn a_cell_is_never_a_formula() {
    assert_eq!(Line::default().text("=1+1 \"x\"").end(), "\"'=1+1 \"\"x\"\"\"\r\n");
    assert_eq!(Line::default().text("王芳, 3 楼").plain(7).optional(None).end(), "\"王芳, 3 楼\",7,\r\n");
}

#[test]
fn exports_are_documented() {
    let mut text = String::from(
        "# Exports\n\nTables for spreadsheets and maps, on the page `/exports` and at `GET /v1/exports/{table}?from=&until=`, for \
         reviewers and\nleads, within their units and regions: everything whose complaint was received on these days. CSV is \
         UTF-8 with a\nbyte-order mark; texts are quoted, and one that a spreadsheet would take for a formula begins with `'`. \
         A workbook\n(`.xlsx`) has the same columns, numbers and moments as such, and goes on in a further sheet after 1,048,576 \
         rows. Times are UTC.\nA column keeps its name and its place; new ones come last. Names, phone and customer numbers of \
         customers are in no\ntable. Who took which table is in the log of acts. A table is read while it is sent: one that \
         the database cannot\nfinish is broken off.\n\nWritten by `FIELDLOOP_BLESS=1 cargo test --workspace --lib documented`.\n",
    );
    for table in Table::ALL {
        let files: Vec<&str> = table.files().iter().map(|file| file.name()).collect();
        let _ = write!(text, "\n## {}\n\n| column | what |\n|---|---|\n", files.join(", "));
        for (name, what) in table.columns() {
            let _ = writeln!(text, "| `{name}` | {what} |");
        }
    }
    check_document("docs/exports.md", &text);
}
