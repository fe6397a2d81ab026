//! Articles that the technician carries: listed, found, read, and told of when they change.

use super::{Desk, put};
use crate::i18n::Lang;
use sync_core::ids::ArticleId;
use sync_core::knowledge::{ArticleCard, ArticleText, ArticleVersionCard};
use sync_core::protocol::{PackKey, TermCard};

pub(super) fn refund() -> ArticleId {
    ArticleId::from_bytes([0x71; 16])
}

fn text(title: &str, body: &str) -> Option<ArticleText> {
    Some(ArticleText { title: title.into(), body: body.into() })
}

fn version(number: u32, from: &str, body: &str) -> ArticleVersionCard {
    ArticleVersionCard {
        version: number,
        valid_from: from.parse().unwrap(),
        valid_to: None,
        visibility: "technician".into(),
        categories: vec!["power.BIZ.metering".into()],
        regions: Vec::new(),
        zh: text("误差退费多久到账", body),
        en: None,
        changes: "财务审核需两到三个月".into(),
    }
}

/// What the office says about refunds, as it was sent with so many versions.
pub(super) fn refunds(versions: u32) -> ArticleCard {
    let all = [
        version(1, "2025-11-01", "一个月内到账。"),
        version(2, "2025-11-20", "约半年到账，见 DDZY102-Z 型说明。"),
        version(3, "2025-12-01", "三个月到账。"),
    ];
    let versions = all.into_iter().take(versions as usize).collect();
    ArticleCard { article: refund(), number: "K-0007".into(), kind: "article".into(), versions }
}

fn outage() -> ArticleCard {
    let region =
        TermCard { code: "binjiang".into(), zh: "滨江区".into(), en: "Riverside District".into() };
    let version = ArticleVersionCard {
        valid_to: Some("2025-11-21".parse().unwrap()),
        visibility: "public".into(),
        categories: Vec::new(),
        regions: vec![region],
        zh: text("计划停电统一口径", "每次不超过八小时。"),
        en: text("Planned outages", "Never longer than eight hours."),
        ..version(1, "2025-11-20", "")
    };
    let article = ArticleId::from_bytes([0x72; 16]);
    ArticleCard { article, number: "K-0012".into(), kind: "wording".into(), versions: vec![version] }
}

async fn with(lang: Lang, cards: &[ArticleCard]) -> Desk {
    let desk = Desk::new(lang).await;
    send(&desk, cards).await;
    desk
}

/// The cards arrive with an exchange.
pub(super) async fn send(desk: &Desk, cards: &[ArticleCard]) {
    let store = desk.store().await;
    for card in cards {
        put(&store, &PackKey::Article(card.article), card).await;
    }
    store.close().await;
}

#[tokio::test]
async fn articles_are_found_offline_by_two_characters_and_by_models() {
    let desk = with(Lang::ZhCn, &[refunds(3), outage()]).await;
    for (words, found) in [
        ("退费", &["K-0007"][..]),
        ("半年", &["K-0007"]),
        ("ddzy102", &["K-0007"]),
        ("停电", &["K-0012"]),
        ("EIGHT hours", &["K-0012"]),
        ("計量 误差", &["K-0007"]),
        ("", &["K-0007", "K-0012"]),
        // What a version says that does not count today.
        ("一个月", &[]),
        ("三个月", &[]),
        ("费退", &[]),
    ] {
        let seen = desk.ok(&["know", words, "--json"]).await;
        let events = seen.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let numbers: Vec<String> = events.map(|event| event["number"].as_str().unwrap().to_owned()).collect();
        assert_eq!(numbers, found, "{words}");
    }
    let both = desk.ok(&["search", "退费"]).await;
    assert!(both.contains("知识") && both.contains("误差退费多久到账"), "{both}");
}

#[tokio::test]
async fn what_was_changed_since_it_was_read_is_told_until_it_is_read() {
    let desk = with(Lang::En, &[refunds(1), outage()]).await;
    insta::assert_snapshot!(desk.day(&[&["know"], &["know", "7"], &["know", "K-0012"]]).await, @r"
    $ field know
    ┌───────────────────────────────────────────────────────┐
    │ Number   Title              Kind             News     │
    ╞═══════════════════════════════════════════════════════╡
    │ K-0007   误差退费多久到账   article          not read │
    │ K-0012   Planned outages    agreed wording   not read │
    └───────────────────────────────────────────────────────┘
      next: field know K-0007
    $ field know 7
    K-0007  误差退费多久到账
    article · version 1 · valid from 2025-11-01

    一个月内到账。
    $ field know K-0012
    K-0012  Planned outages
    agreed wording · version 1 · valid 2025-11-20 to 2025-11-21 · Riverside District · customers may read it

    Never longer than eight hours.
    ");
    assert!(!desk.ok(&["today"]).await.contains("field know"), "everything is read");
    send(&desk, &[refunds(2)]).await;
    assert!(desk.ok(&["today"]).await.contains("1 article was changed since you read it"));
    insta::assert_snapshot!(desk.day(&[&["know", "--unread"], &["know", "k7"], &["know", "--unread"]]).await, @r"
    $ field know --unread
    ┌─────────────────────────────────────────────────────────────────┐
    │ Number   Title              Kind      News                      │
    ╞═════════════════════════════════════════════════════════════════╡
    │ K-0007   误差退费多久到账   article   changed since you read it │
    └─────────────────────────────────────────────────────────────────┘
      next: field know K-0007
    $ field know k7
    K-0007  误差退费多久到账
    article · version 2 · valid from 2025-11-20
    New: 财务审核需两到三个月

    约半年到账，见 DDZY102-Z 型说明。
    $ field know --unread
    You have read everything that this device carries
    ");
    assert!(!desk.ok(&["today"]).await.contains("field know"));
}

#[tokio::test]
async fn a_withdrawn_article_is_gone_and_an_ended_one_is_not_shown() {
    let ended = ArticleCard {
        versions: vec![ArticleVersionCard {
            valid_to: Some("2025-11-20".parse().unwrap()),
            ..outage().versions[0].clone()
        }],
        ..outage()
    };
    let desk = with(Lang::En, &[refunds(1), ended]).await;
    let seen = desk.ok(&["know"]).await;
    assert!(seen.contains("K-0007") && !seen.contains("K-0012"), "{seen}");
    let store = desk.store().await;
    let item = sync_core::protocol::PackItem { key: PackKey::Article(refund()).to_string(), json: None };
    let mut tx = store.write().await.unwrap();
    let now = sync_core::time::Timestamp::from_unix_ms(crate::store::testing::START_MS);
    crate::store::Store::put_pack_item_in(&mut tx, &item, now).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(desk.ok(&["know"]).await.contains("carries no article"));
    assert!(desk.ok(&["search", "退费"]).await.contains("Nothing found"));
}
