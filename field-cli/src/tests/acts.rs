//! Single acts: pausing, rewording, searching, reading by scripts.

use super::{Desk, START_MS, opening_key, put, visit_in_the_morning};
use crate::i18n::Lang;
use serde_json::Value;
use sync_core::log::Body;
use sync_core::protocol::{CardCustomer, OfficeCard, PackKey};
use sync_core::restricted::RestrictedFinding;
use sync_core::time::Timestamp;

#[tokio::test]
async fn visits_pause_go_on_and_end_in_vain() {
    let desk = Desk::new(Lang::En).await;
    let lines: [&[&str]; 9] = [
        &["visit", "resume"],
        &["visit", "start", "0421"],
        &["visit", "pause", "--reason", "lunch"],
        &["finding", "add", "--text", "Nobody opens, key is with the neighbour"],
        &["visit", "resume"],
        &["visit", "no-access", "--reason", "nobody home"],
        &["visit", "start", "0417"],
        &["visit", "start", "0421"],
        &["today", "--json"],
    ];
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field visit resume
    ✗ No visit is current: start one, or name it
      next: field today
    (exit 2)
    $ field visit start 0421
    ✓ C-2025-0421 "Smell of gas in the kitchen" started 17:42. It is now @.
      next: field visit show
    $ field visit pause --reason lunch
    ✓ C-2025-0421 paused
      next: field visit resume
    $ field finding add --text "Nobody opens, key is with the neighbour"
    ! C-2025-0421 is paused; recorded all the same. To go on: field visit resume
    ✓ saved   finding 1
    $ field visit resume
    ✓ C-2025-0421 goes on
    $ field visit no-access --reason "nobody home"
    ✓ C-2025-0421: no access, Nobody home. Nothing else is needed for this visit.
      next: field today
    $ field visit start 0417
    ✓ C-2025-0417 "电表走得快" started 17:42. It is now @.
      checklist: Meter accuracy (0/7)
      due 21:42
      next: field answer appearance_ok yes|no
    $ field visit start 0421
    ✓ C-2025-0421 "Smell of gas in the kitchen" started 17:42. It is now @.
      C-2025-0417 is still running; to pause it: field visit pause --visit C-2025-0417
      next: field visit show
    $ field today --json
    {"address":"梧桐路 12 号 3 单元 602","aliases":[],"appointment_from_ms":null,"appointment_to_ms":null,"cancelled":null,"conflicts_open":0,"current":false,"due_at_ms":1763732520000,"event":"visit","number":"C-2025-0417","planned_on":"2025-11-21","rework":false,"state":"running","summary":"电表走得快","unassigned":false,"visit":"11111111-1111-1111-1111-111111111111"}
    {"address":"Jiefang Rd 88, bldg. B","aliases":[],"appointment_from_ms":null,"appointment_to_ms":null,"cancelled":null,"conflicts_open":0,"current":true,"due_at_ms":null,"event":"visit","number":"C-2025-0421","planned_on":"2025-11-21","rework":false,"state":"running","summary":"Smell of gas in the kitchen","unassigned":false,"visit":"21212121-2121-2121-2121-212121212121"}
    "#);
}

#[tokio::test]
async fn what_is_overdue_says_so_until_somebody_is_there() {
    let desk = Desk::new(Lang::En).await;
    let mut card = visit_in_the_morning();
    card.due_at = Some(Timestamp::from_unix_ms(START_MS - 3_600_000));
    (card.appointment_from, card.appointment_to) = (None, None);
    put(&desk.store().await, &PackKey::Assignment(card.visit), &card).await;
    let waiting = desk.ok(&["today"]).await;
    assert!(waiting.contains("16:42 (past)"), "{waiting}");
    desk.ok(&["visit", "start", "0417"]).await;
    let under_way = desk.ok(&["today"]).await;
    assert!(under_way.contains("16:42") && !under_way.contains("(past)"), "{under_way}");
}

#[tokio::test]
async fn findings_are_reworded_and_withdrawn_by_their_author() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    let lines: [&[&str]; 9] = [
        &["finding", "add", "--text", "Seal looks odd", "--severity", "minor"],
        &["finding", "add", "SEAL_OK", "--item", "photo.seal"],
        &["finding", "edit", "1", "--text", "Seal was replaced by hand", "--severity", "critical"],
        &["finding", "withdraw", "2", "--reason", "wrong visit"],
        &["undo"],
        &["finding", "withdraw", "3", "--reason", "x"],
        &["finding", "withdraw", "2", "--reason", "once more"],
        &["finding", "list"],
        &["visit", "note", "Call back after six"],
    ];
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field finding add --text "Seal looks odd" --severity minor
    ✓ saved   finding 1   checklist 0/7
      next: field answer appearance_ok yes|no
    $ field finding add SEAL_OK --item photo.seal
    ✓ saved   finding 2   checklist 0/7
      next: field answer appearance_ok yes|no
    $ field finding edit 1 --text "Seal was replaced by hand" --severity critical
    ✓ saved   reworded   checklist 0/7
      next: field answer appearance_ok yes|no
    $ field finding withdraw 2 --reason "wrong visit"
    ✓ saved   withdrawn; it stays readable   checklist 0/7
      next: field answer appearance_ok yes|no
    $ field undo
    ✗ A withdrawal stays: what was withdrawn cannot be brought back
      Record it again if it was right after all. Nothing was changed.
    (exit 1)
    $ field finding withdraw 3 --reason x
    ✗ There is no entry 3; the list has 2
    (exit 2)
    $ field finding withdraw 2 --reason "once more"
    ✓ It was withdrawn before: wrong visit. Nothing was written.
    $ field finding list
    ┌────────────────────────────────────────────────────────────┐
    │ #   Code          What                        Time    By   │
    ╞════════════════════════════════════════════════════════════╡
    │ 1   Note          Seal was replaced by hand   17:42   张伟 │
    │ 2   Seal intact   · withdrawn: wrong visit    17:42   张伟 │
    └────────────────────────────────────────────────────────────┘
    $ field visit note "Call back after six"
    ✓ saved   checklist 0/7
      next: field answer appearance_ok yes|no
    "#);
}

#[tokio::test]
async fn everything_on_the_device_can_be_searched_in_both_scripts() {
    let desk = Desk::new(Lang::ZhCn).await;
    desk.ok(&["visit", "start", "0417"]).await;
    desk.ok(&["finding", "add", "SEAL_OK", "--text", "铅封完好，空调未开仍走字"]).await;
    let lines: [&[&str]; 6] = [
        &["search", "铅封"],
        &["search", "鉛封"],
        &["search", "封印"],
        &["search", "jiefang"],
        &["search", "不存在的词"],
        &["search", "，"],
    ];
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field search 铅封
    C-2025-0417      发现  封印完好 · 铅封完好，空调未开仍走字
      下一步：field visit show <编号>
    $ field search 鉛封
    C-2025-0417      发现  封印完好 · 铅封完好，空调未开仍走字
      下一步：field visit show <编号>
    $ field search 封印
    C-2025-0417      发现  封印完好 · 铅封完好，空调未开仍走字
      下一步：field visit show <编号>
    $ field search jiefang
    C-2025-0421      投诉  Smell of gas in the kitchen · Jiefang Rd 88, bldg. B · meter_accuracy
      下一步：field visit show <编号>
    $ field search 不存在的词
    没有找到 不存在的词
    $ field search ，
    ✗ 请写要找的内容
    (exit 2)
    "#);
}

#[tokio::test]
async fn scripts_read_json_lines() {
    let desk = Desk::new(Lang::ZhCn).await;
    desk.ok(&["visit", "start", "0417", "--json"]).await;
    let check =
        ["meter", "check", "watt", "--pulses", "10", "--seconds", "22.9", "--watts", "1000", "--json"];
    let text = desk.ok(&check).await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let saved = lines.last().unwrap();
    assert_eq!(saved["event"], "saved");
    assert_eq!(saved["result"]["rounded_percent"], "-1.8");
    assert_eq!(saved["result"]["verdict"], "screening_only");
    let refused = desk.run(&["answer", "voltage", "abc", "--json"]).await;
    let error: Value = serde_json::from_str(refused.text.trim()).unwrap();
    assert_eq!((error["event"].as_str(), error["code"].as_str()), (Some("error"), Some("not-a-number")));
    assert_eq!((error["exit"].as_u64(), refused.exit), (Some(2), 2));
}

#[tokio::test]
async fn contact_data_are_corrected_by_a_request_with_a_reason() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    let lines: [&[&str]; 4] = [
        &["customer", "contact", "--reason", "new number"],
        &["customer", "contact", "--phone", "110", "--reason", "new number"],
        &["customer", "contact", "--phone", "139 0000 0001"],
        &["customer", "contact", "--phone", "139 0000 0001", "--reason", "new number"],
    ];
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field customer contact --reason "new number"
    ✗ Say what is to be corrected: --name, --phone or --address
      More: add --help
    (exit 2)
    $ field customer contact --phone 110 --reason "new number"
    ✗ A phone number has 7 digits or more
    (exit 2)
    $ field customer contact --phone "139 0000 0001"
    ✗ Missing: --reason
      More: add --help
    (exit 2)
    $ field customer contact --phone "139 0000 0001" --reason "new number"
    ✓ The correction is sent with the next sync
      The earlier value stays on record, and a reviewer looks at the change.
    "#);
}

#[tokio::test]
async fn undo_takes_back_the_last_act_or_says_why_it_stays() {
    let desk = Desk::new(Lang::En).await;
    let lines: [&[&str]; 5] = [
        &["visit", "start", "0417"],
        &["finding", "add", "--text", "innocent"],
        &["grumble", "the line is always busy"],
        &["undo"],
        &["finding", "list"],
    ];
    let seen = desk.day(&lines).await;
    assert!(seen.contains("The last act was a request to the office") && seen.contains("(exit 1)"), "{seen}");
    assert!(!seen.contains("withdrawn: undone"), "an older act is left alone: {seen}");

    let lines: [&[&str]; 7] = [
        &["promise", "add", "--what", "A call", "--due", "tomorrow"],
        &["meter", "read", "--register", "total=12346.5"],
        &["undo"],
        &["undo"],
        &["promise", "list"],
        &["meter", "list"],
        &["undo"],
    ];
    let seen = desk.day(&lines).await;
    assert_eq!(seen.matches("taken back: ").count(), 2, "with the request that went with it: {seen}");
    assert_eq!(seen.matches("withdrawn: undone").count(), 2, "lists say so: {seen}");
    assert!(seen.contains("The last act was a request"), "the one before them still stays: {seen}");
}

#[tokio::test]
async fn what_moved_the_visit_at_the_office_is_not_taken_back_here() {
    let desk = Desk::new(Lang::En).await;
    let lines: [&[&str]; 4] = [
        &["visit", "start", "0417"],
        &["visit", "no-access", "--reason", "nobody home"],
        &["undo"],
        &["visit", "start", "0417"],
    ];
    let seen = desk.day(&lines).await;
    assert!(
        seen.contains("It cannot be taken back here") && seen.contains("visit start after a visit"),
        "{seen}"
    );
    assert_eq!(seen.matches("(exit").count(), 1, "the way out works: {seen}");
}

#[tokio::test]
async fn a_true_reading_below_the_one_on_record_is_recorded_with_a_warning() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    let read = desk.day(&[&["meter", "read", "--register", "total=012300.00", "--confirm-below"]]).await;
    assert!(read.contains("one of them is wrong, the office sees both"), "{read}");
    assert!(desk.ok(&["meter", "list"]).await.contains("012300.00"));
}

#[tokio::test]
async fn what_people_wrote_cannot_command_the_terminal() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    desk.ok(&["finding", "add", "--text", "clear\u{1b}[2Jscreen\u{9b}1m"]).await;
    for line in [["finding", "list"], ["visit", "show"], ["search", "screen"]] {
        let shown = desk.ok(&line).await;
        assert!(!shown.contains(['\u{1b}', '\u{9b}']), "{shown:?}");
        assert!(shown.contains("screen"), "{shown}");
    }
}

#[tokio::test]
async fn a_slip_in_a_check_is_told_and_taken_back_and_other_loads_enter_no_mean() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    let watt =
        |seconds, watts| ["meter", "check", "watt", "--pulses", "10", "--seconds", seconds, "--watts", watts];
    desk.ok(&watt("22.5", "1000")).await;
    let slip = desk.ok(&watt("0.0000000001", "1000")).await;
    assert!(slip.contains("! So large an error is nearly always a slip"), "{slip}");
    assert!(slip.contains("next: field meter withdraw c2 --reason"), "{slip}");
    desk.ok(&["meter", "withdraw", "c2", "--reason", "mistyped"]).await;
    let other = desk.ok(&watt("75", "300")).await;
    assert!(!other.contains("mean of"), "{other}");
    let again = desk.ok(&[&watt("22.6", "1000")[..], &["--corrects", "c1"]].concat()).await;
    assert!(!again.contains("mean of"), "{again}");
    let series = desk.ok(&watt("22.4", "1000")).await;
    assert!(series.contains("mean of 2 runs"), "{series}");
    let list = desk.ok(&["meter", "list"]).await;
    assert!(list.contains("withdrawn: mistyped") && list.contains("corrected later"), "{list}");
    let typo = desk.ok(&["meter", "read", "--register", "totl=5"]).await;
    assert!(typo.contains("! totl is no register of this program: total (total), sharp (sharp)"), "{typo}");
}

#[tokio::test]
async fn an_appointment_is_a_window_and_a_day_without_work_names_the_next() {
    let desk = Desk::new(Lang::En).await;
    let mut card = visit_in_the_morning();
    card.appointment_from = Some(Timestamp::from_unix_ms(START_MS + 3_600_000));
    card.appointment_to = Some(Timestamp::from_unix_ms(START_MS + 2 * 3_600_000));
    put(&desk.store().await, &PackKey::Assignment(card.visit), &card).await;
    let today = desk.ok(&["today"]).await;
    assert!(today.contains("18:42–19:42"), "{today}");
    let before = desk.ok(&["visit", "list", "--date", "2025-11-19"]).await;
    let next = "the next visits are on 21 Nov: field visit list --date 2025-11-21";
    assert!(before.contains(next), "{before}");
    // A clock that is a day ahead still lists the visits of the right day.
    let store = desk.store().await;
    store.update_sync_state(|state| state.clock_offset_ms = Some(-86_400_000)).await.unwrap();
    store.close().await;
    let ahead = desk.ok(&["today"]).await;
    assert!(!ahead.contains("C-2025-0417"), "the right day is the next one: {ahead}");
}

#[tokio::test]
async fn what_is_proposed_next_is_about_the_visit_that_was_named() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    desk.ok(&["visit", "start", "0421"]).await;
    let saved = desk.ok(&["finding", "add", "--text", "x", "--visit", "0417"]).await;
    assert!(saved.contains("next: field answer appearance_ok yes|no --visit 0417"), "{saved}");
    let paused = desk.ok(&["visit", "pause", "--visit", "0417"]).await;
    assert!(paused.contains("next: field visit resume --visit 0417"), "{paused}");
    assert!(desk.ok(&["visit", "pause"]).await.ends_with("next: field visit resume\n"));
}

#[tokio::test]
async fn what_waits_is_told_as_what_it_is() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    let png = [&[0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a][..], &[7; 40][..]].concat();
    let file = desk.file("sign.png", &png);
    let file = file.to_str().unwrap();
    desk.ok(&["customer", "sign", "--image", file]).await;
    desk.ok(&["customer", "refuse", "--reason", "does not agree"]).await;
    desk.ok(&["meter", "read", "--register", "total=012400.5", "--confirm-below"]).await;
    desk.ok(&["meter", "withdraw", "1", "--reason", "a slip"]).await;
    desk.ok(&["photo", "add", file, "--tag", "site"]).await;
    desk.ok(&["photo", "add", file, "--tag", "seal"]).await;
    let outbox = desk.ok(&["outbox"]).await;
    for told in
        ["reading total · 012400.5  ", "reading total · 012400.5 withdrawn", "would not sign: does not agree"]
    {
        assert!(outbox.contains(told), "{told}: {outbox}");
    }
    let waiting: Vec<&str> = outbox.lines().filter(|line| line.contains("sign.png")).collect();
    assert_eq!(waiting.len(), 1, "the same bytes travel once: {outbox}");
    assert!(waiting[0].contains("signature sign.png (48 B)"), "{outbox}");
    let again = desk.ok(&["meter", "withdraw", "1", "--reason", "again"]).await;
    assert!(again.contains("withdrawn before: a slip"), "{again}");
}

#[tokio::test]
async fn what_is_said_about_staff_is_sealed_at_once() {
    let desk = Desk::new(Lang::En).await;
    let canary = "asked for two cartons of cigarettes";
    let report = ["finding", "restricted", "--conduct", "solicitation", "--about", "李娜", "--text", canary];
    let lines: [&[&str]; 5] = [
        &["visit", "start", "0417"],
        &["finding", "restricted", "--conduct", "bribes", "--text", canary],
        &report,
        &["undo"],
        &["log"],
    ];
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field visit start 0417
    ✓ C-2025-0417 "电表走得快" started 17:42. It is now @.
      checklist: Meter accuracy (0/7)
      due 21:42
      next: field answer appearance_ok yes|no
    $ field finding restricted --conduct bribes --text "asked for two cartons of cigarettes"
    ✗ bribes does not fit --conduct
      Possible: solicitation (Money, gifts or treats), obstruction (Obstruction of a customer), falsification (Made-up or changed records), abuse (Threats, insults or revenge), other (Other conduct)
    (exit 2)
    $ field finding restricted --conduct solicitation --about 李娜 --text "asked for two cartons of cigarettes"
    ✓ sealed and saved; the inspectors get it with the next sync
      Nobody can read it on this device any more, not even you. It stays out of the record of the visit.
    $ field undo
    ✗ The last act was a request to the office: confidential finding, 17:42. It cannot be taken back here
      It is sealed, and only inspectors can set it aside. Report again what was wrong about it.
    (exit 1)
    $ field log
      What is listed begins when this device was enrolled, 17:42. What was recorded earlier or on another device is at the server; what stands of it: field visit show <number>
    ┌──────────────────────────────────────────────────────────────────────┐
    │ Time    By            Number        What                   State     │
    ╞══════════════════════════════════════════════════════════════════════╡
    │ 17:42   张伟 dev-01   C-2025-0417   began to write         only here │
    │ 17:42   张伟 dev-01   C-2025-0417   visit started          only here │
    │ 17:42   张伟 dev-01   C-2025-0417   arrived                only here │
    │ 17:42   张伟 dev-01                 confidential finding   only here │
    └──────────────────────────────────────────────────────────────────────┘
    "#);
    // Nothing on the disk shows it, and it opens with the key of the utility.
    let store = desk.store().await;
    let row = store.log(None, 1).await.unwrap().remove(0);
    let envelope = store.envelope(row.hash).await.unwrap().unwrap();
    assert_eq!(envelope.header().visit, None);
    let Body::Restricted(body) = envelope.body().unwrap() else { panic!("{:?}", envelope.body()) };
    let opened = RestrictedFinding::open(&opening_key(), envelope.header().person, &body.sealed).unwrap();
    assert_eq!((opened.report.as_str(), opened.accused.as_deref()), (canary, Some("李娜")));
    store.close().await;
    let mut files = vec![desk.root.path().to_owned()];
    while let Some(path) = files.pop() {
        match path.is_dir() {
            true => files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path())),
            false => {
                let bytes = std::fs::read(&path).unwrap();
                let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
                assert!(!found, "{}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_reported_about_staff_before_there_is_a_key() {
    let desk = Desk::new(Lang::ZhCn).await;
    let store = desk.store().await;
    put(&store, &PackKey::Office, &OfficeCard { utc_offset_minutes: 480, sealing_key: None }).await;
    store.close().await;
    let report = ["finding", "restricted", "--visit", "0417", "--conduct", "abuse", "--text", "骂人"];
    let lines: [&[&str]; 2] = [&report, &["outbox"]];
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field finding restricted --visit 0417 --conduct abuse --text 骂人
    ✗ 尚无可用于密封的密钥
      请先联网同步一次，再行反映。未记录任何内容。
    (exit 1)
    $ field outbox
    本机记录已全部送达
    "#);
}

#[tokio::test]
async fn a_card_says_when_nobody_is_to_be_named() {
    let desk = Desk::new(Lang::ZhCn).await;
    let mut card = visit_in_the_morning();
    (card.confidential, card.customer) = (true, CardCustomer::default());
    put(&desk.store().await, &PackKey::Assignment(card.visit), &card).await;
    let shown = desk.ok(&["visit", "show", "0417"]).await;
    assert!(shown.contains("请勿询问或提及何人投诉") && !shown.contains("李梅"), "{shown}");
    assert!(desk.ok(&["search", "李梅"]).await.contains("没有"), "nor is the name found any more");
    let usual = desk.ok(&["visit", "show", "0421"]).await;
    assert!(!usual.contains("请勿询问"), "{usual}");
}
