//! What the pages about complaints promise.

use super::queue::{NewsPage, QueuePage, Search};
use super::rows::{QueueRow, RowDeadline, shortened};
use crate::complaints::model::{Priority, State};
use crate::complaints::tests::{Bureau, a_regional_clerk};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::Offered;
use crate::people::tests::a_person;
use serde_json::json;
use sync_core::ids::ComplaintId;

fn a_row(deadline: Option<RowDeadline>) -> QueueRow {
    let hostile = || HOSTILE.to_owned();
    QueueRow {
        id: ComplaintId::from_bytes([1; 16]),
        number: hostile(),
        state: State::Rework,
        priority: Priority::Urgent,
        summary: hostile(),
        customer: hostile(),
        address: hostile(),
        region: hostile(),
        unit: if deadline.is_some() { hostile() } else { String::new() },
        holder: hostile(),
        since: hostile(),
        crew: vec![hostile(), hostile()],
        deadline,
        conflict: true,
        unseen: true,
        contact: true,
        specials: vec![(hostile(), true), (hostile(), false)],
        merged: true,
    }
}

#[test]
fn every_queue_can_be_rendered() {
    let late = RowDeadline { class: "bad", word: HOSTILE.to_owned(), at: HOSTILE.to_owned() };
    let technician = Offered {
        person_id: HOSTILE.to_owned(),
        display_name: HOSTILE.to_owned(),
        staff_number: HOSTILE.to_owned(),
    };
    for shell in shells() {
        for (rows, search, technicians) in [
            (vec![a_row(Some(late.clone())), a_row(None)], Search::default(), vec![technician.clone()]),
            (Vec::new(), Search { view: "mine".to_owned(), ..Search::default() }, Vec::new()),
            (
                Vec::new(),
                Search { q: HOSTILE.to_owned(), after: HOSTILE.to_owned(), ..Search::default() },
                Vec::new(),
            ),
        ] {
            let next = Some(search.page_after("x"));
            let (news, today) = ("/queue/news".to_owned(), "2025-11-21".to_owned());
            let units = if technicians.is_empty() { Vec::new() } else { vec![HOSTILE.to_owned()] };
            let shell = shell.clone();
            let forgotten = units.is_empty();
            let holders = if forgotten { technicians.clone() } else { vec![technician.clone()] };
            let page =
                QueuePage { shell, search, rows, next, news, technicians, holders, units, today, forgotten };
            check(&page);
        }
        for count in [0, 1, 99] {
            let show = Search::default().first();
            check(&NewsPage { shell: shell.clone(), show, count, many: count > 50 });
        }
    }
}

#[test]
fn a_search_is_its_address() {
    let (q, s) = ("电表 a&b".to_owned(), "0123".to_owned());
    let search = Search { view: "mine".to_owned(), q, s, ..Search::default() };
    assert_eq!(search.first(), "/queue?view=mine&s=0123", "the words stand in no address");
    assert_eq!(Search::default().first(), "/queue");
    assert_eq!(search.of_view("due"), "/queue?view=due&s=0123");
    assert_eq!(shortened("a\n\nb  c", 3), "a b…");
}

#[tokio::test]
async fn the_queue_shows_what_is_looked_for() {
    Bureau::for_each_engine(|bureau| async move {
        let now = bureau.test.app.clock.now().unix_ms();
        bureau.complaint(&json!({ "deadlines": { "onsite_due_at_ms": now - 1 } })).await;
        bureau.complaint(&json!({ "summary": "煤气味", "priority": "urgent" })).await;
        bureau
            .complaint(&json!({ "region": "west", "deadlines": { "answer_due_at_ms": now + 90_000_000 } }))
            .await;
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let all = ["C-2025-0001", "C-2025-0002", "C-2025-0003"];
        for (address, found) in [
            ("/queue", &all[..]),
            ("/queue?view=mine", &all),
            ("/queue?view=unassigned&state=", &all),
            ("/queue?view=due", &all[..1]),
            ("/queue?view=review", &[]),
            ("/queue?view=conflicts", &[]),
            ("/queue?view=unseen", &[]),
            ("/queue?view=nonsense", &all),
            ("/queue?state=received&priority=urgent", &all[1..2]),
            ("/queue?q=%E7%85%A4%E6%B0%94", &all[1..2]),
            ("/queue?q=A123456", &all),
            ("/queue?q=c-2025-0003", &all[2..]),
            ("/queue?state=closed", &[]),
        ] {
            let mut answer = browser.get(address).await;
            if address.contains("q=") {
                assert_eq!(answer.status, 303, "{address} leads on to one without the words");
                answer = browser.get(answer.location()).await;
            }
            assert_eq!(answer.status, 200, "{address}");
            let shown: Vec<&str> = all.into_iter().filter(|number| answer.html().contains(number)).collect();
            assert_eq!(shown, found, "{address}");
        }
        assert!(browser.get("/queue?view=due").await.html().contains("On site: late"));
        let east = a_regional_clerk(&bureau.test, "east").await;
        let east = Browser::of(&bureau.test, &east);
        assert!(!east.get("/queue").await.html().contains("C-2025-0003"));
        assert_eq!(browser.get("/queue?after=nonsense").await.status, 400);
        let technician = a_person(&bureau.test, "zhang", &[crate::people::Role::Technician]).await.1;
        assert_eq!(Browser::of(&bureau.test, &technician).get("/queue").await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn what_comes_meanwhile_is_told_and_moves_nothing() {
    Bureau::for_each_engine(|bureau| async move {
        for n in 0..52 {
            bureau.complaint(&json!({ "summary": format!("第 {n} 件") })).await;
        }
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let found = browser.post("/queue/search", &[("q", "第")]).await;
        let first = browser.get(found.location()).await;
        let attribute = |name: &str| {
            let value = first.html().split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
            value.replace("&#38;", "&")
        };
        let news = attribute("hx-get");
        assert!(browser.get(&news).await.html().contains("Load anew"));
        bureau.complaint(&json!({ "summary": "第 99 件" })).await;
        bureau.complaint(&json!({ "summary": "other" })).await;
        assert!(browser.get(&news).await.html().contains("1 new, show"));
        let next = first.html().split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&");
        let second = browser.get(&next).await;
        assert!(second.html().contains("C-2025-0002") && !second.html().contains("C-2025-0003"));
        assert!(second.html().contains("rel=\"first\"") && !second.html().contains("rel=\"next\""));
    })
    .await;
}

#[tokio::test]
async fn words_that_are_looked_for_stand_in_no_address_and_end_with_the_session() {
    Bureau::for_each_engine(|bureau| async move {
        let test = &bureau.test;
        bureau.complaint(&json!({ "summary": "煤气味" })).await;
        bureau.complaint(&json!({ "summary": "停电" })).await;
        let browser = Browser::of(test, &bureau.clerk.1);
        let fields = [("q", "煤气"), ("view", "mine"), ("state", "received")];
        let found = browser.post("/queue/search", &fields).await;
        let address = found.location().to_owned();
        assert!(address.starts_with("/queue?view=mine&state=received&s="), "{address}");
        let page = browser.get(&address).await;
        assert!(page.html().contains("C-2025-0001") && !page.html().contains("C-2025-0002"));
        assert!(page.html().contains("value=\"煤气\""), "the field shows them");
        let links =
            page.html().split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
        assert!(links.clone().any(|link| link.contains("&s=") || link.contains("&#38;s=")));
        assert!(
            !links.clone().any(|link| link.contains("q=") || link.contains("%E7")),
            "{:?}",
            links.collect::<Vec<_>>()
        );
        assert_eq!(browser.post("/queue/search", &fields).await.location(), address, "a bookmark stays good");
        assert_eq!(browser.post("/queue/search", &[("q", " ")]).await.location(), "/queue");
        // Whoever else has the address learns nothing from it.
        let other = Browser::of(test, &bureau.reviewer.1);
        let strange = other.get(&address).await;
        assert!(strange.html().contains("are not kept any more") && !strange.html().contains("煤气\""));
        browser.post("/sign-out", &[]).await;
        let mut tx = test.app.store.read().await.unwrap();
        const LEFT: &str = "SELECT count(*) FROM kept_searches";
        let left: i64 = crate::store::statement(LEFT).value(&mut tx).await.unwrap();
        assert_eq!(left, 0, "signing out forgets them");
    })
    .await;
}
