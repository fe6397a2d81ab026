//! What `field sync` says about what the server answered.

use super::{Desk, morning};
use crate::i18n::Lang;
use crate::store::testing::START_MS;
use crate::sync::testing::TestServer;
use sync_core::protocol::{
    Cancellation, CommandOutcome, CommandResult, DownFrame, EnvelopeStatus, PackItem, PackKey, Receipt,
};
use sync_core::time::Timestamp;

/// A server that this desk talks to.
async fn server(desk: &Desk) -> TestServer {
    let store = desk.store().await;
    let (server, _) = TestServer::of(&store).await;
    let url = server.memory().url.clone();
    sqlx::query("UPDATE identity SET server_url = $1").bind(url).execute(store.pool()).await.unwrap();
    store.close().await;
    server
}

/// Everything of the log is put aside for one reason, every request refused.
async fn refuse_all(desk: &Desk, server: &TestServer) -> u64 {
    let store = desk.store().await;
    let (count, commands) = (store.log_counts().await.unwrap().unsent, store.commands().await.unwrap());
    store.close().await;
    let mut memory = server.memory();
    let aside = || EnvelopeStatus::Quarantined { reason: "out_of_scope".into(), detail: "not theirs".into() };
    memory.fates = (1..=count).map(|sequence| (sequence, aside())).collect();
    let refused = commands.iter().map(|command| {
        let outcome = CommandOutcome::Refused { reason: "not_assigned".into(), detail: "never sent".into() };
        DownFrame::Command(CommandResult { id: command.id, outcome })
    });
    memory.say = refused.collect();
    count
}

#[tokio::test]
async fn one_cause_is_told_once_in_words_with_its_count() {
    for (lang, aside, refused) in [
        (
            Lang::En,
            "! The server put # acts on C-2025-0417 aside (the visit was not yours",
            "you were never sent",
        ),
        (Lang::ZhCn, "! 服务器搁置了 C-2025-0417 的 # 项记录（", "从未派给您"),
    ] {
        let desk = Desk::new(lang).await;
        let server = server(&desk).await;
        desk.ok(&["visit", "start", "0417"]).await;
        desk.ok(&["finding", "add", "--text", "one"]).await;
        desk.ok(&["finding", "add", "--text", "two"]).await;
        let acts = refuse_all(&desk, &server).await;
        let told = desk.run(&["sync"]).await.text;
        assert!(told.contains(&aside.replace('#', &acts.to_string())) && told.contains(refused), "{told}");
        let lines = told.lines().filter(|line| line.contains("0417") && line.starts_with("! "));
        assert_eq!(lines.count(), 2, "{told}");
        assert!(!told.contains("_scope") && !told.contains("not_assigned"), "{told}");
    }
}

#[tokio::test]
async fn the_log_says_from_when_on_it_knows() {
    let desk = Desk::new(Lang::En).await;
    let empty = desk.ok(&["log"]).await;
    assert!(empty.contains("begins when this device was enrolled, 17:42"), "{empty}");
    desk.ok(&["visit", "start", "0417"]).await;
    let log = desk.ok(&["log", "0417"]).await;
    assert!(log.contains("is at the server; what stands of it: field visit show"), "{log}");
    // A store that was enrolled anew still lists what it recorded before, under the device of then.
    let store = desk.store().await;
    sqlx::query("UPDATE identity SET enrolled_at_ms = enrolled_at_ms + 3600000, device_id = $1, device_name = 'dev-02'")
        .bind(sync_core::ids::DeviceId::from_bytes([5; 16]).to_string())
        .execute(store.pool())
        .await
        .unwrap();
    store.close().await;
    let log = desk.ok(&["log"]).await;
    assert!(!log.contains("enrolled") && !log.contains("dev-02") && log.contains("张伟"), "{log}");
    let json = desk.ok(&["--json", "log"]).await;
    assert!(json.contains("\"event\":\"log\"") && json.contains("\"cut\":false"), "{json}");
}

#[tokio::test]
async fn days_and_times_are_the_utilitys() {
    let desk = Desk::new(Lang::En).await;
    let today = desk.ok(&["today"]).await;
    assert!(today.contains("21:42") && !today.contains("UTC"), "{today}");
    // Seven hours behind it was still the day before, for a machine that was set up in London it is not.
    let office = |minutes| sync_core::protocol::OfficeCard { utc_offset_minutes: minutes, sealing_key: None };
    let store = desk.store().await;
    super::put(&store, &PackKey::Office, &office(1080 - 60)).await;
    store.close().await;
    let next = desk.ok(&["today"]).await;
    assert!(
        next.contains("No visits") && next.contains("of the utility (UTC+17:00), not of this machine"),
        "{next}"
    );
    execute(&desk, "DELETE FROM pack_items WHERE key = 'office/card'").await;
    let machine = desk.ok(&["today"]).await;
    assert!(machine.contains("21:42") && machine.contains("follow this machine (UTC+08:00)"), "{machine}");
}

async fn execute(desk: &Desk, sql: &'static str) {
    let store = desk.store().await;
    sqlx::query(sql).execute(store.pool()).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn scripts_read_every_act_that_was_put_aside() {
    let desk = Desk::new(Lang::En).await;
    let server = server(&desk).await;
    desk.ok(&["visit", "start", "0417"]).await;
    desk.ok(&["finding", "add", "--text", "one"]).await;
    let acts = refuse_all(&desk, &server).await;
    let told = desk.run(&["--json", "sync"]).await.text;
    let of = |kind: &str| {
        let lines = told.lines().filter(|line| line.contains(&format!("\"event\":\"{kind}\"")));
        u64::try_from(lines.count()).unwrap()
    };
    assert_eq!((of("quarantined"), of("command")), (acts, 1), "{told}");
    assert!(
        told.contains("\"reason\":\"out_of_scope\"") && told.contains("\"request\":\"arrive\""),
        "{told}"
    );
}

#[tokio::test]
async fn a_visit_that_was_called_off_says_by_whom_when_and_why() {
    for (lang, told, shown, listed) in [
        (
            Lang::En,
            "C-2025-0417 was called off (by 陈静, 17:40: moved",
            "! Called off (by 陈静",
            "· called off",
        ),
        (Lang::ZhCn, "C-2025-0417 已取消（陈静，17:40：moved", "! 已取消（陈静", "· 已取消"),
    ] {
        let desk = Desk::new(lang).await;
        let server = server(&desk).await;
        desk.ok(&["visit", "start", "0417"]).await;
        desk.ok(&["finding", "add", "--text", "seen"]).await;
        let cancellation = Cancellation {
            by: "陈静".into(),
            at: Timestamp::from_unix_ms(START_MS - 120_000),
            reason: "moved".into(),
        };
        let key = PackKey::Assignment(morning()).to_string();
        server.memory().say = vec![
            DownFrame::Unassigned(morning(), Some(cancellation)),
            DownFrame::Pack(PackItem { key, json: None }),
        ];
        let synced = desk.run(&["sync"]).await.text;
        assert!(synced.contains(told), "{synced}");
        assert!(desk.ok(&["visit", "show", "0417"]).await.contains(shown));
        assert!(desk.ok(&["today"]).await.contains(listed));
        let json = desk.ok(&["--json", "visit", "show", "0417"]).await;
        assert!(json.contains("\"reason\":\"moved\"") && json.contains("\"started\""), "{json}");
        // Everything arrived and nothing is left: its number and its end stay known.
        desk.run(&["sync"]).await;
        let gone = desk.run(&["visit", "show", "0417"]).await;
        assert!(gone.exit == 1 && gone.text.contains("陈静") && gone.text.contains("moved"), "{}", gone.text);
        assert!(desk.ok(&["log", "0417"]).await.contains("seen"));
    }
}

#[tokio::test]
async fn a_photo_that_travels_later_still_gets_its_receipt() {
    let desk = Desk::new(Lang::En).await;
    let server = server(&desk).await;
    desk.ok(&["visit", "start", "0417"]).await;
    let photo =
        desk.file("site.png", &[&[0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a][..], &[7; 400]].concat());
    desk.ok(&["photo", "add", photo.to_str().unwrap(), "--tag", "site"]).await;
    let receipt = Receipt {
        visit: morning(),
        everything_up_to: Timestamp::from_unix_ms(START_MS),
        photos_named: 1,
        photos_arrived: 0,
        missing: Vec::new(),
    };
    server.memory().say = vec![DownFrame::Receipt(receipt)];
    let first = desk.run(&["sync", "--photos-later"]).await.text;
    assert!(first.contains("everything up to 17:42, 0 of 1 photos"), "{first}");
    let later = desk.run(&["sync"]).await.text;
    assert!(later.contains("everything up to 17:42, 1 of 1 photos"), "{later}");
    let settled = desk.run(&["sync"]).await.text;
    assert!(!settled.contains("1 of 1 photos"), "told once: {settled}");
}

#[tokio::test]
async fn a_complaint_that_the_office_refuses_says_what_becomes_of_the_work() {
    for (lang, told) in [(Lang::En, "field work without a complaint"), (Lang::ZhCn, "“无投诉的现场工作”")]
    {
        let desk = Desk::new(lang).await;
        let server = server(&desk).await;
        let line = [
            "complaint",
            "new",
            "x",
            "--utility",
            "power",
            "--category",
            "power.BIZ.metering",
            "--address",
            "y",
        ];
        desk.ok(&line).await;
        refuse_all(&desk, &server).await;
        server.memory().fates.clear();
        let refused = desk.run(&["sync"]).await.text;
        assert!(refused.contains(told), "{refused}");
    }
}
