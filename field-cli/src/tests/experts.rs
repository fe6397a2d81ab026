//! Questions to expert seats: asked and listed offline, their answers told when they come.

use super::{Desk, morning, put, visit_in_the_morning};
use crate::cmd::expert::answered;
use crate::i18n::Lang;
use crate::store::Store;
use sync_core::ids::ExpertRequestId;
use sync_core::protocol::{AssignmentCard, DISCIPLINES, ExpertCard, PackKey, TermCard};
use sync_core::time::Timestamp;

fn metering() -> TermCard {
    TermCard { code: "metering".into(), zh: "计量".into(), en: "Metering".into() }
}

/// The card of the morning's visit as the office sends it, with what became of a question.
async fn send(store: &Store, id: ExpertRequestId, answer: Option<&str>) {
    let at = |minutes: i64| Timestamp::from_unix_ms(crate::store::testing::START_MS + minutes * 60_000);
    let card = ExpertCard {
        id,
        skill: metering(),
        question: "封印编号不符，能拆吗？".into(),
        state: if answer.is_some() { "answered" } else { "taken" }.into(),
        asked_by: "张伟".into(),
        asked_at: at(-40),
        due_at: at(-5),
        answer: answer.map(str::to_owned),
        answered_by: answer.map(|_| "吴刚".to_owned()),
        answered_at: answer.map(|_| at(-10)),
    };
    let card = AssignmentCard { expert_requests: vec![card], ..visit_in_the_morning() };
    put(store, &PackKey::Assignment(morning()), &card).await;
}

/// The only question that this device has asked.
async fn asked(store: &Store) -> ExpertRequestId {
    let commands = store.commands().await.unwrap();
    let [command] = commands.as_slice() else { panic!("one question: {commands:?}") };
    ExpertRequestId::from_bytes(*command.id.as_bytes())
}

#[tokio::test]
async fn experts_are_asked_offline_and_their_answers_are_told() {
    let desk = Desk::new(Lang::En).await;
    let ask = ["expert", "ask", "--visit", "0417", "--skill", "计量", "--question", "封印编号不符，能拆吗？"];
    insta::assert_snapshot!(desk.day(&[&["expert", "list"], &ask, &["expert", "list"], &["outbox"]]).await, @r"
    $ field expert list
    No expert was asked about what is on this device
    $ field expert ask --visit 0417 --skill 计量 --question 封印编号不符，能拆吗？
    ✓ Metering · the expert is asked with the next sync
      The answer is due 30 minutes after the office receives the question, or as its rules say. It comes with a later sync: field expert list
      next: field sync
    $ field expert list
    C-2025-0417  Metering · not sent yet
      封印编号不符，能拆吗？  (17:42)
    $ field outbox
    ┌─────────────────────────────────────────────────────────┐
    │ Time    Number        What                    State     │
    ╞═════════════════════════════════════════════════════════╡
    │ 17:42   C-2025-0417   question to an expert   only here │
    └─────────────────────────────────────────────────────────┘
    ");
    let store = desk.store().await;
    let id = asked(&store).await;
    send(&store, id, None).await;
    assert!(answered(&store).await.unwrap().is_empty());
    store.close().await;
    insta::assert_snapshot!(desk.day(&[&["expert", "list"]]).await, @r"
    $ field expert list
    C-2025-0417  Metering · taken by an expert · overdue since 17:37
      封印编号不符，能拆吗？  (17:02 张伟)
    ");
    let store = desk.store().await;
    send(&store, id, Some("不能拆，原样送检。")).await;
    assert_eq!(answered(&store).await.unwrap().into_iter().collect::<Vec<_>>(), [id]);
    store.close().await;
    let shown = desk.ok(&["visit", "show", "0417"]).await;
    for part in ["Expert seats", "Metering · answered", "Answer: 不能拆，原样送检。  (吴刚, "] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let events = desk.ok(&["expert", "list", "--json"]).await;
    let events: Vec<serde_json::Value> =
        events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((events.len(), &events[0]["state"]), (1, &"answered".into()), "{events:?}");
    assert_eq!(events[0]["answer"], "不能拆，原样送检。");
}

#[tokio::test]
async fn an_answer_in_chinese_and_questions_that_cannot_be_asked() {
    let desk = Desk::new(Lang::ZhCn).await;
    let store = desk.store().await;
    send(&store, ExpertRequestId::from_bytes([7; 16]), Some("不能拆，原样送检。")).await;
    put(&store, &PackKey::Codes(DISCIPLINES.into()), &[metering()]).await;
    store.close().await;
    let ask = ["expert", "ask", "--visit", "0417"];
    insta::assert_snapshot!(desk.day(&[&["expert", "list", "--visit", "0417"], &ask]).await, @r"
    $ field expert list --visit 0417
    C-2025-0417  计量 · 已答复
      封印编号不符，能拆吗？  (17:02 张伟)
      答复：不能拆，原样送检。  （吴刚，17:32）
    $ field expert ask --visit 0417
    ✗ 缺少：--skill
      可选：metering (计量)
    (exit 2)
    ");
    let long = "长".repeat(2_001);
    for line in [
        &["expert", "ask", "--visit", "0417", "--skill", "billing", "--question", "?"][..],
        &["expert", "ask", "--visit", "0417", "--skill", "metering", "--question", " "],
        &["expert", "ask", "--visit", "0417", "--skill", "metering", "--question", &long],
        &["expert", "ask", "--visit", "9999", "--skill", "metering", "--question", "?"],
    ] {
        let answer = desk.run(line).await;
        assert_ne!(answer.exit, 0, "{line:?}: {}", answer.text);
    }
    let store = desk.store().await;
    assert!(store.commands().await.unwrap().is_empty(), "nothing was recorded");
    store.close().await;
}
