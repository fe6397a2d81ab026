//! The same complaints in any order of arrival, looked at whenever, are proposed as the same.

use super::sql;
use super::tests::looked;
use crate::complaints::acts::{Actor, NewComplaint, open};
use crate::complaints::intake::ComplaintForm;
use crate::complaints::tests::{Bureau, a_complaint};
use crate::store::EngineKind;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::time::Timestamp;

const HOUR_MS: i64 = 3_600_000;

/// A complaint: whose, about what, when, and where.
#[derive(Debug, Clone)]
pub(super) struct Told {
    customer: u8,
    meter: u8,
    category: usize,
    hours_ago: i64,
    place: Option<u8>,
    words: bool,
}

pub(super) fn told() -> impl Strategy<Value = Told> {
    // Most of it lies close together, so that there are batches, and some of it months apart.
    let hours_ago = prop_oneof![3 => 0..40_i64, 2 => 0..2_400_i64];
    let place = prop::option::weighted(0.7, 0..12_u8);
    (0..9_u8, 0..9_u8, 0..2_usize, hours_ago, place, prop::bool::weighted(0.1)).prop_map(
        |(customer, meter, category, hours_ago, place, words)| Told {
            customer,
            meter,
            category,
            hours_ago,
            place,
            words,
        },
    )
}

/// The same complaint in its own world: nothing in another world is of the same customer, place or region.
fn in_world(told: &Told, world: u8, now: Timestamp) -> NewComplaint {
    let Told { customer, meter, category, hours_ago, place, words } = told;
    let category = if *category == 0 { "power.BIZ.metering" } else { "power.BIZ.bill" };
    let summary = if *words { "有人受伤" } else { "电表走得快" };
    let latitude = |place: u8| format!("{:.4}", f64::from(world) + f64::from(place) * 0.0015);
    let changes = json!({
        "customer": { "number": format!("{world}-{customer}"), "name": "客户", "phone": format!("{world:03}0000{customer:04}") },
        "meter": { "number": format!("{world}-{meter}") },
        "address": format!("{world} 号院 {customer}"), "region": format!("region {world}"),
        "category": category, "summary": summary,
        "requested_at_ms": now.plus_ms(-hours_ago * HOUR_MS).unix_ms(),
        "position": place.map(|place| json!({ "latitude": latitude(place), "longitude": "121.5" })),
    });
    let form: ComplaintForm = serde_json::from_value(a_complaint(&changes)).unwrap();
    let intake = form.check(now).unwrap();
    NewComplaint { id: ComplaintId::from_bytes([0; 16]), intake, holder: None, provisional_number: None }
}

/// The id of a complaint in its world: in every world they sort the same.
pub(super) fn id_of(world: u8, number: usize) -> ComplaintId {
    let mut bytes = [world; 16];
    bytes[15] = u8::try_from(number).unwrap();
    ComplaintId::from_bytes(bytes)
}

pub(super) async fn arrive(
    bureau: &Bureau,
    by: PersonId,
    all: &[Told],
    (world, order): (u8, &[usize]),
    looked_every: usize,
) {
    let now = bureau.test.app.clock.now();
    for (place, number) in order.iter().enumerate() {
        let new = NewComplaint { id: id_of(world, *number), ..in_world(&all[*number], world, now) };
        let mut tx = bureau.test.app.store.write().await.unwrap();
        open(&mut tx, new, Actor::office(by, now)).await.unwrap();
        tx.commit().await.unwrap();
        if place % looked_every == 0 {
            crate::warnings::tests::judged(bureau).await;
            looked(&bureau.test).await;
        }
    }
    crate::warnings::tests::judged(bureau).await;
    looked(&bureau.test).await;
}

/// What is proposed of each, with its signs.
async fn proposed(bureau: &Bureau, world: u8, number: usize) -> Vec<String> {
    let mut tx = bureau.test.app.store.read().await.unwrap();
    let specials = sql::of_complaint(&mut tx, id_of(world, number)).await.unwrap();
    let open = specials.into_iter().filter(|special| special.state == super::SpecialState::Proposed);
    open.map(|special| format!("{} {} {:?}", special.kind, special.level, special.signs)).collect()
}

#[tokio::test]
async fn any_order_of_arrival_proposes_the_same() {
    Bureau::for_each_engine(|bureau| async move {
        let app = &bureau.test.app;
        let mut tx = app.store.write().await.unwrap();
        crate::deadlines::publish_built_in(&mut tx, app.clock.now()).await.unwrap();
        crate::warnings::publish_built_in(&mut tx, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let cases = if app.store.kind() == EngineKind::Sqlite { 6 } else { 2 };
        let mut runner = TestRunner::deterministic();
        let mut kinds = std::collections::BTreeSet::new();
        for case in 0..cases {
            let all = prop::collection::vec(told(), 10..26).new_tree(&mut runner).unwrap().current();
            let straight: Vec<usize> = (0..all.len()).collect();
            let shuffled = Just(straight.clone()).prop_shuffle().new_tree(&mut runner).unwrap().current();
            let (one, other) = (2 * case + 1, 2 * case + 2);
            arrive(&bureau, bureau.clerk.0, &all, (one, &straight), usize::MAX).await;
            arrive(&bureau, bureau.clerk.0, &all, (other, &shuffled), 1 + usize::from(case) % 3).await;
            for number in 0..all.len() {
                let expected = proposed(&bureau, one, number).await;
                let found = proposed(&bureau, other, number).await;
                assert_eq!(found, expected, "case {case}, {number}: {all:?} {shuffled:?}");
                kinds.extend(found.into_iter().filter_map(|told| told.split(' ').next().map(str::to_owned)));
            }
        }
        assert!(["batch", "major", "repeat"].iter().all(|kind| kinds.contains(*kind)), "{kinds:?}");
    })
    .await;
}
