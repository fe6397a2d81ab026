//! Planned events that the technician carries: told at the door, without a network.

use super::{Desk, START_MS, put};
use crate::i18n::Lang;
use crate::store::testing::card;
use sync_core::ids::{PlannedEventId, VisitId};
use sync_core::protocol::{PackKey, PlannedEventCard, TermCard};

const VISIT: VisitId = VisitId::from_bytes([0x21; 16]);

fn outage(number: u8, region: &str, ends: i64) -> PlannedEventCard {
    PlannedEventCard {
        event: PlannedEventId::from_bytes([number; 16]),
        number: format!("PE-000{number}"),
        version: 1,
        kind: "outage".into(),
        utility: "power".into(),
        regions: vec![TermCard {
            code: region.into(), zh: "滨江区".into(), en: "Riverside District".into()
        }],
        places: "梧桐路 1 至 40 号".into(),
        begins_at: sync_core::time::Timestamp::from_unix_ms(ends - 4 * 3_600_000),
        ends_at: sync_core::time::Timestamp::from_unix_ms(ends),
        effect: "停电四小时".into(),
        wording_zh: "更换变压器，最晚 13 点恢复供电。".into(),
        wording_en: "A transformer is replaced; power is back by 13:00.".into(),
        contact: "调度 85550100".into(),
        announced: number == 1,
    }
}

#[tokio::test]
async fn planned_events_are_told_offline_where_they_are_until_they_end() {
    for (lang, told, silent) in [
        (Lang::En, "Say: A transformer is replaced", "Customers were not told so far."),
        (Lang::ZhCn, "统一口径：更换变压器", "尚未告知客户"),
    ] {
        let desk = Desk::new(lang).await;
        let now = START_MS;
        let store = desk.store().await;
        for event in [
            outage(1, "binjiang", now + 7_200_000),
            outage(2, "east", now + 7_200_000),
            outage(3, "binjiang", now - 1),
        ] {
            put(&store, &PackKey::PlannedEvent(event.event), &event).await;
        }
        let mut visit = card(VISIT, "C-2025-0999");
        visit.region = "binjiang".into();
        put(&store, &PackKey::Assignment(VISIT), &visit).await;
        store.close().await;
        let listed = desk.ok(&["events"]).await;
        assert!(
            listed.contains("PE-0001") && listed.contains("PE-0002") && !listed.contains("PE-0003"),
            "{listed}"
        );
        assert!(listed.contains(told) && listed.contains(silent), "{listed}");
        let shown = desk.ok(&["visit", "show", "0999"]).await;
        assert!(shown.contains("PE-0001") && shown.contains(told) && !shown.contains("PE-0002"), "{shown}");
        let json = desk.ok(&["events", "--json"]).await;
        let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
        assert_eq!((&first["number"], &first["announced"]), (&"PE-0001".into(), &true.into()), "{first}");
    }
    let desk = Desk::new(Lang::En).await;
    assert!(desk.ok(&["events"]).await.contains("Nothing is planned"));
}
