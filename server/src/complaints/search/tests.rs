//! What search promises: the same finds on both engines, through the index.

use super::*;
use crate::complaints::tests::{Bureau, somebody_of};
use crate::people::{Grant, Role};
use crate::store::EngineKind;
use axum::http::Method;
use serde_json::json;
use sync_core::search::{index_keys, matches, query_terms};

async fn keys(tx: &mut Tx) -> Vec<(String, i64)> {
    const SQL: &str = "SELECT key, ordinal FROM complaint_search_keys ORDER BY ordinal, key";
    statement(SQL).rows(tx).await.unwrap()
}

async fn texts(tx: &mut Tx) -> Vec<(i64, String)> {
    const SQL: &str = "SELECT ordinal, indexed FROM complaint_search ORDER BY ordinal DESC";
    statement(SQL).rows(tx).await.unwrap()
}

async fn found(tx: &mut Tx, words: &str) -> Vec<i64> {
    let filter = Filter { words: Some(words.to_owned()), ..Filter::default() };
    let found = list(tx, &filter, &Reach::Everywhere, None, 100).await.unwrap();
    let newer = count_newer(tx, &filter, &Reach::Everywhere, 0).await.unwrap();
    assert_eq!(newer, i64::try_from(found.len()).unwrap(), "{words}");
    found.into_iter().map(|found| found.complaint.ordinal).collect()
}

async fn some_complaints(bureau: &Bureau) {
    for (summary, address, meter) in [
        ("电表走得快，电费翻倍", "梧桐路 12 号 3 单元 602", "A123456"),
        ("表后电线冒火花", "梧桐路 120 号", "A1234567"),
        ("smell of gas in the kitchen; gas meter 0417", "Jiefang Rd 88", "0417-2"),
        ("", "电", "X"),
        ("電錶不走，快来人", "桂花路 3 号楼", "310042177856"),
    ] {
        let summary = if summary.is_empty() { "表" } else { summary };
        bureau
            .complaint(&json!({ "summary": summary, "address": address, "meter": { "number": meter } }))
            .await;
    }
}

#[tokio::test]
async fn words_are_found_as_they_are_meant_on_both_engines() {
    Bureau::for_each_engine(|bureau| async move {
        some_complaints(&bureau).await;
        let mut tx = bureau.test.app.store.read().await.unwrap();
        let texts = texts(&mut tx).await;
        for words in [
            "电表",
            "表",
            "电",
            "铅封",
            "走得快",
            "路 12",
            "路12",
            "梧桐路 120",
            "a1234",
            "A1234567",
            "0417",
            "417",
            "gas kitchen",
            "gas meter",
            "meter gas",
            "meter 0",
            "C-2025-0001",
            "c-2025",
            "c-2025-0009",
            "138 0013",
            "13800138000",
            "李梅",
            "13900001178",
            "310042177856",
            "31004",
            "快 电",
            "快电",
            "% _",
            "\" OR *",
            "電表",
        ] {
            let terms = query_terms(words);
            let meant = texts.iter().filter(|(_, text)| !terms.is_empty() && matches(text, &terms));
            let meant: Vec<i64> = meant.map(|(ordinal, _)| *ordinal).collect();
            assert_eq!(found(&mut tx, words).await, meant, "{words}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_corrected_is_found_by_the_new_words_only() {
    Bureau::for_each_engine(|bureau| async move {
        some_complaints(&bureau).await;
        let path = "/v1/complaints/C-2025-0001";
        let id = bureau.get(path).await.json["complaint_id"].as_str().unwrap().to_owned();
        let patch = bureau.call(Method::PATCH, &format!("/v1/complaints/{id}"));
        assert_eq!(patch.json(&json!({ "summary": "铅封断了" })).send().await.status, 200);
        let mut tx = bureau.test.app.store.read().await.unwrap();
        assert!(found(&mut tx, "走得快").await.is_empty());
        assert_eq!(found(&mut tx, "铅封").await, [1]);
        let texts = texts(&mut tx).await;
        let meant: usize = texts.iter().map(|(_, text)| index_keys(text).len()).sum();
        assert_eq!(keys(&mut tx).await.len(), meant, "no key is left over");
    })
    .await;
}

/// The migration makes of the texts of an existing database what the server writes for new ones.
#[tokio::test]
async fn complaints_from_before_the_index_are_found_too() {
    Bureau::for_each_engine(|bureau| async move {
        some_complaints(&bureau).await;
        let mut tx = bureau.test.app.store.write().await.unwrap();
        let written = keys(&mut tx).await;
        let migration = match tx.kind() {
            EngineKind::Sqlite => include_str!("../../../migrations/sqlite/0070_search_keys.sql"),
            EngineKind::Postgres => include_str!("../../../migrations/postgres/0070_search_keys.sql"),
        };
        let fill = migration.split(';').find(|part| part.contains("INSERT INTO")).unwrap();
        statement("DELETE FROM complaint_search_keys").execute(&mut tx).await.unwrap();
        crate::store::assembled(fill.to_owned()).execute(&mut tx).await.unwrap();
        assert_eq!(keys(&mut tx).await, written);
    })
    .await;
}

/// No step of the plan reads a table from end to end.
#[tokio::test]
async fn words_are_looked_up_through_the_index() {
    Bureau::for_each_engine(|bureau| async move {
        some_complaints(&bureau).await;
        let mut tx = bureau.test.app.store.write().await.unwrap();
        let lookup = Lookup::of(&mut tx, "电表 a1").await.unwrap().unwrap();
        let batch = lookup.batch(&mut tx, (0, i64::MAX)).await.unwrap();
        assert_eq!(batch, [5, 4, 1], "the first word is rare enough");
        let mut pieces = vec![Piece::Number(i64::MAX)];
        pieces.extend(among(&batch, &lookup.patterns));
        pieces.push(Piece::Sql(" ORDER BY c.ordinal DESC LIMIT 51"));
        let steps: Vec<String> = match tx.kind() {
            EngineKind::Sqlite => {
                let sql = "EXPLAIN QUERY PLAN SELECT c.number FROM complaints c WHERE c.ordinal < ";
                let rows: Vec<(i64, i64, i64, String)> =
                    joined(statement(sql), pieces).rows(&mut tx).await.unwrap();
                rows.into_iter().map(|row| row.3).collect()
            }
            EngineKind::Postgres => {
                // A few rows are read quicker without an index.
                let off = "SET LOCAL enable_seqscan = off";
                statement(off).execute(&mut tx).await.unwrap();
                let sql = "EXPLAIN SELECT c.number FROM complaints c WHERE c.ordinal < ";
                joined(statement(sql), pieces).values(&mut tx).await.unwrap()
            }
        };
        let plan = steps.join("\n");
        assert!(plan.contains("ordinal"), "{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("SCAN "), "{plan}");
    })
    .await;
}

/// Who works for some units or in one region reads the queue in the order of arrival, each complaint once.
#[tokio::test]
async fn what_is_within_reach_comes_in_one_order_from_all_its_places() {
    Bureau::for_each_engine(|bureau| async move {
        let grant = |unit: &str, region: &str| Grant {
            role: Role::Clerk,
            unit: unit.to_owned(),
            region: region.to_owned(),
        };
        for unit in ["gas", "power", "water"] {
            somebody_of(&bureau.test, Role::Clerk, unit, "").await;
        }
        for n in 0..24_usize {
            let (unit, region) = (["gas", "power", "water", ""][n % 4], ["east", "west", ""][n % 3]);
            bureau.complaint(&json!({ "unit": unit, "region": region })).await;
        }
        let mut tx = bureau.test.app.store.read().await.unwrap();
        let all = list(&mut tx, &Filter::default(), &Reach::Everywhere, None, 100).await.unwrap();
        for grants in [
            vec![grant("gas", "")],
            vec![grant("gas", "east"), grant("power", "")],
            vec![grant("", "west")],
            vec![grant("", "west"), grant("gas", "east")],
        ] {
            let reach = Reach::of(&grants, &[Role::Clerk]).unwrap();
            let meant: Vec<i64> = all
                .iter()
                .map(|one| &one.complaint)
                .filter(|one| reach.includes(one))
                .map(|one| one.ordinal)
                .collect();
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = list(&mut tx, &Filter::default(), &reach, before.as_ref(), 5).await.unwrap();
                let Some(last) = page.last() else { break };
                before = Some(last.place.clone());
                found.extend(page.iter().map(|found| found.complaint.ordinal));
            }
            assert_eq!(found, meant, "{grants:?}");
            let count = count_newer(&mut tx, &Filter::default(), &reach, 0).await.unwrap();
            assert_eq!(count, i64::try_from(meant.len()).unwrap(), "{grants:?}");
        }
    })
    .await;
}

/// Whatever number of complaints has a word: the pages of a list hold each of them once.
#[tokio::test]
async fn common_words_come_in_pages() {
    Bureau::for_each_engine(|bureau| async move {
        let template = bureau.complaint(&json!({ "summary": "铅封" })).await;
        let id = template["complaint_id"].as_str().unwrap().parse().unwrap();
        let mut tx = bureau.test.app.store.write().await.unwrap();
        let template = crate::complaints::find(&mut tx, id).await.unwrap().unwrap();
        for ordinal in 2..=900_u16 {
            let mut complaint = template.clone();
            complaint.id = sync_core::ids::ComplaintId::from_bytes(
                u128::from(ordinal).wrapping_mul(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f).to_be_bytes(),
            );
            complaint.ordinal = i64::from(ordinal);
            complaint.number = format!("C-2024-{ordinal:04}");
            complaint.intake.summary = if ordinal % 2 == 0 { "铅封完好" } else { "电表" }.to_owned();
            crate::complaints::sql::insert(&mut tx, &complaint).await.unwrap();
            index(&mut tx, &complaint, &[]).await.unwrap();
        }
        let filter = Filter { words: Some("铅封 c 2024".to_owned()), ..Filter::default() };
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = list(&mut tx, &filter, &Reach::Everywhere, before.as_ref(), 60).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.place.clone());
            found.extend(page.iter().map(|found| found.complaint.ordinal));
        }
        let meant: Vec<i64> = (1..=450).rev().map(|half| half * 2).collect();
        assert_eq!(found, meant);
        let many = count_newer(&mut tx, &filter, &Reach::Everywhere, 0).await.unwrap();
        assert_eq!(many, NEWER_MAX);
        assert_eq!(count_newer(&mut tx, &filter, &Reach::Everywhere, 890).await.unwrap(), 5);
    })
    .await;
}
