//! What lists of complaints promise: a page costs as much as its rows, however many complaints there are.

use super::*;
use crate::complaints::tests::Bureau;
use crate::review::tests::Site;
use crate::store::EngineKind;
use crate::testing::{TestApp, count_steps};
use std::sync::atomic::Ordering;

/// Complaints beside the first one, with two visits each: every second one has a conflict, a visit about which a device
/// may hold something, nobody who is sent, and a deadline that has passed, and is special.
async fn crowd(tx: &mut Tx, complaints: std::ops::Range<i64>) {
    const COMPLAINTS: &str = "INSERT INTO complaints (complaint_id, ordinal, number, version, state, utility, category, \
        channel, priority, summary, address, address_folded, region, unit, first_owner, holder, holder_since_ms, \
        requested_at_ms, received_at_ms, answer_due_at_ms, crew, special) \
        SELECT $1, $2, 'C-2024-' || $2, 1, CASE WHEN $3 = 0 THEN 'investigated' ELSE 'assigned' END, c.utility, \
        c.category, c.channel, CASE WHEN $3 = 0 THEN 'urgent' ELSE 'normal' END, c.summary, c.address, \
        c.address_folded, c.region, c.unit, c.first_owner, c.holder, c.holder_since_ms, c.requested_at_ms, \
        c.received_at_ms, CASE WHEN $3 = 0 THEN $2 ELSE 9000000000000 END, $3, 1 - $3 FROM complaints c WHERE c.ordinal = 1";
    const VISITS: &str = "INSERT INTO visit_plans (visit_id, complaint_id, version, state, origin, checklist, planned_on, \
        created_by, created_at_ms) SELECT $1, $2, 1, 'planned', 'office', v.checklist, v.planned_on, v.created_by, 1 \
        FROM visit_plans v JOIN complaints c ON c.complaint_id = v.complaint_id WHERE c.ordinal = 1";
    const HELD: &str = "INSERT INTO device_visits (device_id, visit_id, delivered_at_ms, last_seq, last_claimed_at_ms, \
        settled_at_ms) SELECT d.device_id, $1, 1, 1, 1, CASE WHEN $2 = 0 THEN NULL ELSE 2 END FROM devices d";
    const CONFLICTS: &str = "INSERT INTO conflicts (conflict_id, visit_id, path, kind, state, values_json, \
        opened_log_index, opened_at_ms, updated_at_ms) VALUES ($1, $2, 'p', 'values', \
        CASE WHEN $3 = 0 THEN 'open' ELSE 'resolved' END, '[]', $4, 1, 1)";
    for ordinal in complaints {
        let id = |kind: i64| format!("018f3c52-8f00-7c3a-9d2{kind}-{:012}", 1_000_000 + ordinal);
        let (complaint, odd) = (id(1), ordinal % 2);
        statement(COMPLAINTS).bind(&complaint).bind(ordinal).bind(odd).execute(tx).await.unwrap();
        for visit in [id(2), id(3)] {
            statement(VISITS).bind(&visit).bind(&complaint).execute(tx).await.unwrap();
            statement(HELD).bind(&visit).bind(odd).execute(tx).await.unwrap();
            statement(CONFLICTS)
                .bind(format!("{visit}-c"))
                .bind(&visit)
                .bind(odd)
                .bind(1_000 + ordinal)
                .execute(tx)
                .await
                .unwrap();
        }
    }
}

fn filters() -> [(&'static str, Filter); 8] {
    let all = Filter::default();
    [
        ("all", all.clone()),
        ("due", Filter { due_before: Some(Timestamp::from_unix_ms(1_000_000)), ..all.clone() }),
        ("conflicts", Filter { conflicts: true, ..all.clone() }),
        ("unseen", Filter { unseen: true, ..all.clone() }),
        ("special", Filter { special: true, ..all.clone() }),
        ("unassigned", Filter { unassigned: true, ..all.clone() }),
        ("review", Filter { state: Some(State::Investigated), ..all.clone() }),
        ("urgent", Filter { priority: Some(Priority::Urgent), ..all }),
    ]
}

/// Steps of the embedded database for a page in the middle of each list, and for the number above it.
async fn steps(bureau: &Bureau) -> Vec<(&'static str, u64)> {
    let mut tx = bureau.test.app.store.read().await.unwrap();
    let mut taken = Vec::new();
    for (name, filter) in filters() {
        let first = list(&mut tx, &filter, &Reach::Everywhere, None, 20).await.unwrap();
        let after = first.last().map(|listed| listed.place.clone());
        let Some(steps) = count_steps(&mut tx).await else { return Vec::new() };
        let page = list(&mut tx, &filter, &Reach::Everywhere, after.as_ref(), 50).await.unwrap();
        assert_eq!(page.len(), 50, "{name}");
        assert_eq!(count_all(&mut tx, &filter, &Reach::Everywhere).await.unwrap(), NEWER_MAX, "{name}");
        taken.push((name, steps.load(Ordering::Relaxed)));
    }
    taken
}

#[tokio::test]
async fn a_page_of_every_view_costs_the_same_however_many_complaints_there_are() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    Site::of(&bureau).await;
    let mut tx = bureau.test.app.store.write().await.unwrap();
    crowd(&mut tx, 2..302).await;
    tx.commit().await.unwrap();
    let few = steps(&bureau).await;
    let mut tx = bureau.test.app.store.write().await.unwrap();
    crowd(&mut tx, 302..2402).await;
    tx.commit().await.unwrap();
    for ((name, few), (_, many)) in few.into_iter().zip(steps(&bureau).await) {
        assert!(many < few + few / 5, "{name}: {few} steps with 300 complaints, {many} with 2,400");
    }
}

/// A complaint stands once in its list, and the pages together hold all of them.
#[tokio::test]
async fn every_view_comes_in_pages() {
    Bureau::for_each_engine(|bureau| async move {
        Site::of(&bureau).await;
        let mut tx = bureau.test.app.store.write().await.unwrap();
        crowd(&mut tx, 2..62).await;
        for (name, filter) in filters() {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = list(&mut tx, &filter, &Reach::Everywhere, after.as_ref(), 7).await.unwrap();
                let Some(last) = page.last() else { break };
                let place = serde_json::to_string(&last.place).unwrap();
                after = Some(serde_json::from_str(&place).unwrap());
                found.extend(page.iter().map(|listed| listed.complaint.ordinal));
            }
            let mut meant: Vec<i64> = (1..62).rev().filter(|n| name == "all" || n % 2 == 0).collect();
            match name {
                "due" => meant.reverse(),
                // The two devices of the first complaint may hold something about its visit.
                "unseen" => meant.push(1),
                _ => {}
            }
            if name == "unseen" {
                found.sort_unstable_by_key(|ordinal| -ordinal);
            }
            assert_eq!(found, meant, "{name}");
            let counted = count_all(&mut tx, &filter, &Reach::Everywhere).await.unwrap();
            assert_eq!(counted, i64::try_from(meant.len()).unwrap(), "{name}");
            let newer = count_newer(&mut tx, &filter, &Reach::Everywhere, 51).await.unwrap();
            assert_eq!(newer, if name == "all" { 10 } else { 5 }, "{name}");
        }
    })
    .await;
}

/// On the other engine: every list is read from an index in its order, so that nothing is sorted or read from end to end.
#[tokio::test]
async fn no_view_is_sorted_or_read_from_end_to_end() {
    Bureau::for_each_engine(|bureau| async move {
        let mut tx = bureau.test.app.store.write().await.unwrap();
        if tx.kind() != EngineKind::Postgres {
            return;
        }
        for off in ["enable_seqscan", "enable_sort", "enable_hashjoin", "enable_bitmapscan"] {
            let sql = format!("SET LOCAL {off} = off");
            crate::store::assembled(sql).execute(&mut tx).await.unwrap();
        }
        for (name, filter) in filters() {
            let (sql, pieces) = sources::query(&filter, &Reach::Everywhere, None, 50);
            let sql = format!("EXPLAIN {sql}");
            let plan: Vec<String> =
                joined(crate::store::assembled(sql), pieces).values(&mut tx).await.unwrap();
            let plan = plan.join("\n");
            assert!(!plan.contains("Sort") && !plan.contains("Seq Scan"), "{name}: {plan}");
        }
    })
    .await;
}
