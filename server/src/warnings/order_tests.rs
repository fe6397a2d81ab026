//! The same reports in any order of arrival, judged whenever, give the same warnings.

use super::counting::{Report, put};
use super::judge::{Cell, Judge, date_of};
use super::judging::round;
use super::rules::{WarningRules, tests::a_rule};
use super::{publish_built_in, sql};
use crate::complaints::office_day_begin;
use crate::store::{EngineKind, statement};
use crate::testing::TestApp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::time::Timestamp;

/// The day on which everything has arrived.
const LAST: i64 = 20_413;

/// What happens to one report: where and when it is, and perhaps where it is moved, or that it goes.
#[derive(Debug, Clone)]
struct Fate {
    area: usize,
    day: i64,
    moved: Option<(usize, i64)>,
    gone: bool,
}

fn fate() -> impl Strategy<Value = Fate> {
    // Most of it lies close together, so that levels are reached and passed.
    let day = prop_oneof![4 => LAST - 6..=LAST, 3 => LAST - 40..=LAST, 1 => LAST - 120..=LAST];
    let moved = prop::option::weighted(0.15, (0..2_usize, LAST - 40..=LAST));
    (0..2_usize, day, moved, prop::bool::weighted(0.1)).prop_map(|(area, day, moved, gone)| Fate {
        area,
        day,
        moved,
        gone,
    })
}

fn report(area: usize, day: i64) -> Report {
    let area = ["east", "west"][area].to_owned();
    let received_at = Timestamp::from_unix_ms(0);
    Report { kind: "complaint", class: "power.BIZ".to_owned(), area, day, received_at }
}

type Found = BTreeSet<(String, i64, i64, i64, i64)>;

/// Cell, day, window, level and number of every warning that stands.
async fn standing(test: &TestApp) -> Found {
    const SQL: &str = "SELECT area, day, window_days, level, seen FROM warnings WHERE level > 0";
    let mut tx = test.app.store.read().await.unwrap();
    let rows: Vec<(String, i64, i64, i64, i64)> = statement(SQL).rows(&mut tx).await.unwrap();
    rows.into_iter().collect()
}

/// The same, judged at once from all that is left.
fn naive(fates: &[Fate], rules: &WarningRules) -> Found {
    let mut cells: BTreeMap<Cell, BTreeMap<i64, u32>> = BTreeMap::new();
    for fate in fates.iter().filter(|fate| !fate.gone) {
        let (area, day) = fate.moved.unwrap_or((fate.area, fate.day));
        let Report { class, area, day, .. } = report(area, day);
        *cells.entry(Cell { class, area }).or_default().entry(day).or_default() += 1;
    }
    let versions = [super::judge::Version { number: 1, from_day: 0, rules: rules.clone() }];
    let mut found = Found::new();
    for (cell, counts) in &cells {
        let first = *counts.keys().next().unwrap();
        let days = Judge { versions: &versions, cell, counts, first }.days(first..=LAST);
        found.extend(days.into_iter().map(|((day, window), judged)| {
            (cell.area.clone(), day, window, i64::from(judged.level), i64::from(judged.seen))
        }));
    }
    found
}

/// What arrives, one after the other: each report, then where it is moved, then that it goes.
async fn arrive(test: &TestApp, fates: &[Fate], order: &[usize], judged_every: usize) {
    for (number, place) in order.iter().enumerate() {
        let fate = &fates[*place];
        let source = format!("report-{place}");
        let mut steps = vec![Some(report(fate.area, fate.day))];
        steps.extend(fate.moved.map(|(area, day)| Some(report(area, day))));
        steps.extend(fate.gone.then_some(None));
        for step in steps {
            let mut tx = test.app.store.write().await.unwrap();
            put(&mut tx, &source, step).await.unwrap();
            tx.commit().await.unwrap();
            if number % judged_every == 0 {
                while round(&test.app).await.unwrap() > 0 {}
            }
        }
    }
    while round(&test.app).await.unwrap() > 0 {}
}

async fn emptied(test: &TestApp) {
    let mut tx = test.app.store.write().await.unwrap();
    for table in [
        "warning_acts",
        "warning_recipients",
        "warnings",
        "warning_cells",
        "warning_counts",
        "warning_reports",
    ] {
        let sql = format!("DELETE FROM {table}");
        crate::store::assembled(sql).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn any_order_of_arrival_gives_the_same_warnings() {
    TestApp::for_each_engine(|test| async move {
        let rules = WarningRules {
            rules: vec![
                a_rule(&json!({ "unusual": true })),
                a_rule(&json!({ "unusual": true, "window": { "amount": 3, "unit": "calendar_day" } })),
            ],
        };
        let app = &test.app;
        app.clock.advance_ms(office_day_begin(LAST + 1).unix_ms() - 1 - app.clock.now().unix_ms());
        let mut tx = app.store.write().await.unwrap();
        sql::insert_rules(&mut tx, (1, Timestamp::from_unix_ms(0)), &rules, None, app.clock.now())
            .await
            .unwrap();
        publish_built_in(&mut tx, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let (cases, mut seen) = (if test.app.store.kind() == EngineKind::Sqlite { 8 } else { 2 }, 0);
        let mut runner = TestRunner::deterministic();
        for case in 0..cases {
            let fates = prop::collection::vec(fate(), 20..90).new_tree(&mut runner).unwrap().current();
            let expected = naive(&fates, &rules);
            seen += expected.len();
            for judged_every in [1, 7] {
                let order = Just((0..fates.len()).collect::<Vec<_>>()).prop_shuffle();
                let order = order.new_tree(&mut runner).unwrap().current();
                arrive(&test, &fates, &order, judged_every).await;
                assert_eq!(
                    standing(&test).await,
                    expected,
                    "case {case}, {judged_every}: {fates:?} {order:?}"
                );
                emptied(&test).await;
            }
        }
        assert!(seen > usize::from(cases > 2) * 10, "the cases have warnings: {seen}, by {}", date_of(LAST));
    })
    .await;
}
