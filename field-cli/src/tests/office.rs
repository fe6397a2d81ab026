//! What the office does to visits while a technician is away, as the command line tells it.

use super::{Desk, morning};
use crate::i18n::Lang;
use crate::store::Store;
use sync_core::document::{ActorId16, Edit, EditAuthor, Resolution, Role, Scalar};
use sync_core::ids::{DeviceId, EntryId, PersonId};
use sync_core::protocol::ChangeOrigin;
use sync_core::time::Timestamp;

async fn execute(desk: &Desk, sql: &'static str) {
    let store = desk.store().await;
    sqlx::query(sql).bind(morning().to_string()).execute(store.pool()).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_visit_that_was_taken_away_says_so_before_anything_is_saved() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    execute(&desk, "UPDATE visits SET unassigned = 1 WHERE visit_id = $1").await;
    let today = desk.ok(&["today"]).await;
    assert!(today.contains("running · not yours"), "{today}");
    let shown = desk.ok(&["visit", "show"]).await;
    assert!(shown.contains("! Not yours any more"), "{shown}");
    let saved = desk.ok(&["finding", "add", "--text", "too late"]).await;
    let warned = saved.find("! C-2025-0417 is not yours any more").expect("a warning");
    assert!(warned < saved.find("✓ saved").unwrap(), "{saved}");
}

#[tokio::test]
async fn what_was_put_aside_is_read_on_the_device_with_its_reason_in_words() {
    // Cells of a table are broken where it is narrow: words, not sentences.
    for (lang, reason) in [(Lang::En, "yours"), (Lang::ZhCn, "负责")] {
        let desk = Desk::new(lang).await;
        let long = "The seal lay broken on the floor of the cupboard when I came in at ten";
        desk.ok(&["visit", "start", "0417"]).await;
        desk.ok(&["finding", "add", "--text", long]).await;
        desk.ok(&["customer", "statement", "--text", "I did not open it"]).await;
        execute(&desk, "UPDATE log SET state = 'quarantined', reason = 'out_of_scope' WHERE visit_id = $1")
            .await;
        execute(&desk, "UPDATE visits SET unassigned = 1, saved = NULL WHERE visit_id = $1").await;
        execute(&desk, "DELETE FROM pack_items WHERE key = 'assignment/' || $1").await;
        let outbox = desk.ok(&["outbox"]).await;
        for part in ["cupboard", "ten", "did not", "C-2025-0417", reason] {
            assert!(outbox.contains(part), "{part}: {outbox}");
        }
        assert!(!outbox.contains("out_of_scope") && !outbox.contains('…'), "{outbox}");
        let log = desk.ok(&["log", "0417"]).await;
        assert!(log.contains("The seal"), "{log}");
        let gone = desk.run(&["visit", "show", "0417"]).await;
        assert!(gone.exit == 1 && gone.text.contains("field log 0417"), "{}", gone.text);
    }
}

#[test]
fn every_reason_of_the_gate_has_words_in_both_languages() {
    let source = include_str!("../../../sync-core/src/merge/job.rs");
    let codes = source.split("Self::").filter_map(|rest| rest.split_once(" => \"")?.1.split('"').next());
    let of_scope = ["depends_on_lost", "out_of_scope", "person_not_on_device", "unreadable_body", "no_visit"];
    let codes: Vec<&str> = codes.chain(of_scope).collect();
    assert!(codes.len() > 20, "{codes:?}");
    for lang in Lang::ALL {
        let words = crate::i18n::Words::new(lang);
        for code in &codes {
            assert_ne!(&words.code("quarantine", code), code, "{lang}");
        }
    }
}

const SEAL: &str = "seal_states/000000110438/terminal_cover";

/// What the office decided about the seal.
fn decision(choice: &str, reason: &str) -> Resolution {
    Resolution { path: SEAL.into(), choice: choice.into(), reason: reason.into(), kept: None }
}

/// Something the office wrote in the visit, as it comes with a sync.
async fn by_office(desk: &Desk, after_ms: i64, write: impl FnOnce(&mut Edit<'_>)) {
    let store = desk.store().await;
    let mut document = store.document(morning()).await.unwrap();
    let before = document.view();
    let at = Timestamp::from_unix_ms(crate::store::testing::START_MS + after_ms);
    let mut edit = document.edit(EditAuthor {
        actor: ActorId16::of_office(1, morning()),
        person: PersonId::from_bytes([9; 16]),
        at,
        role: Role::Office,
    });
    write(&mut edit);
    edit.commit().unwrap();
    let (mut tx, view) = (store.write().await.unwrap(), document.view());
    Store::note_settled_in(&mut tx, &before, &view).await.unwrap();
    Store::save_document_in(&mut tx, &document, &view, at).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
}

#[test]
fn every_refusal_of_a_request_has_words_in_both_languages() {
    let sources = [
        include_str!("../../../server/src/exchange/commands.rs"),
        include_str!("../../../server/src/work_orders/commands.rs"),
        include_str!("../../../server/src/work_orders/contact.rs"),
        include_str!("../../../server/src/work_orders/experts.rs"),
        include_str!("../../../server/src/work_orders/field_work.rs"),
        include_str!("../../../server/src/work_orders/model.rs"),
        include_str!("../../../server/src/work_orders/prevention.rs"),
    ];
    let mut codes = Vec::new();
    for source in sources {
        for begin in ["because(", "=> refused(", "Ok(refused(", "NUMBER_TAKEN: &str = "] {
            let after = source.split(begin).skip(1).map(str::trim_start);
            codes.extend(after.filter_map(|rest| rest.strip_prefix('"')?.split('"').next()));
        }
        let tables = source.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
        let is_reason = |code: &&str| {
            ["visit_", "_missing", "_unknown", "_invalid"].iter().any(|part| code.contains(part))
        };
        codes.extend(tables.filter(is_reason));
    }
    assert!(codes.len() > 22, "{codes:?}");
    for lang in Lang::ALL {
        let words = crate::i18n::Words::new(lang);
        for code in &codes {
            assert_ne!(&words.code("refusal", code), code, "{lang}");
        }
    }
}

#[tokio::test]
async fn a_decision_of_the_office_is_read_with_its_reason() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    desk.ok(&["meter", "seal", "--no", "A1", "--position", "表尾", "--state", "intact"]).await;
    let store = desk.store().await;
    store.close().await;
    let resolution = decision("written", "fitted anew last month");
    by_office(&desk, 60_000, |edit| {
        edit.resolve(EntryId::from_bytes([7; 16]), &resolution, Some(Scalar::Text("replaced".into())))
            .unwrap();
    })
    .await;
    for command in [&["meter", "list"][..], &["visit", "show"]] {
        let shown = desk.ok(command).await;
        for part in ["Terminal cover: Replaced, decided by the", "fitted anew last month", "the office"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}

#[tokio::test]
async fn the_status_says_what_is_so_and_what_helps() {
    let desk = Desk::new(Lang::En).await;
    execute(&desk, "UPDATE sync_state SET last_sync_at_ms = 1763718120000 WHERE $1 != ''").await;
    let status = desk.ok(&["status"]).await;
    assert!(status.contains("Ready for offline: yes") && !status.contains("next:"), "{status}");
    desk.ok(&["outbox", "pause"]).await;
    let paused = desk.ok(&["status"]).await;
    assert!(paused.contains("Nothing is sent until you type") && paused.contains("next: field outbox retry"));
    desk.ok(&["outbox", "retry"]).await;
    execute(&desk, "UPDATE sync_state SET last_failure = 'device-revoked' WHERE $1 != ''").await;
    let revoked = desk.ok(&["status"]).await;
    assert!(revoked.contains("no, missing: a new invitation"), "{revoked}");
    assert!(revoked.contains("next: field enrol <invitation>"), "{revoked}");
    desk.ok(&["visit", "start", "0417"]).await;
    let saved = desk.ok(&["finding", "add", "--text", "x"]).await;
    assert!(saved.starts_with("! The office revoked this device"), "{saved}");
    execute(&desk, "UPDATE sync_state SET last_failure = NULL, enrol_again = 1 WHERE $1 != ''").await;
    execute(&desk, "UPDATE log SET state = 'escrowed' WHERE $1 != ''").await;
    let forked = desk.ok(&["status"]).await;
    assert!(!forked.contains("Everything recorded here has arrived"), "{forked}");
    assert!(forked.contains("next: field enrol <invitation>"), "{forked}");
    execute(&desk, "UPDATE sync_state SET enrol_again = 0 WHERE $1 != ''").await;
    std::fs::remove_file(desk.home().key_file()).unwrap();
    let keyless = desk.ok(&["status"]).await;
    assert!(keyless.contains("missing: the key of this device"), "{keyless}");
}

#[tokio::test]
async fn a_conflict_shows_times_and_photos_and_stays_open_at_the_office_once_settled_here() {
    let desk = Desk::new(Lang::En).await;
    let photo = desk.file("seal.jpg", &super::photo("2025:11:21 17:43:00", None));
    let photo = photo.to_str().unwrap();
    desk.ok(&["visit", "start", "0417"]).await;
    let store = desk.store().await;
    let mut theirs = store.document(morning()).await.unwrap();
    store.close().await;
    desk.ok(&["meter", "seal", "--no", "A1", "--position", "表尾", "--state", "intact", "--photo", photo])
        .await;
    // A colleague, at the same time, without having seen it.
    let at = Timestamp::from_unix_ms(crate::store::testing::START_MS);
    let mut edit = theirs.edit(EditAuthor {
        actor: ActorId16::of_device(DeviceId::from_bytes([2; 16]), morning(), 0),
        person: PersonId::from_bytes([0x82; 16]),
        at,
        role: Role::Field,
    });
    edit.set_seal_state("000000110438", "terminal_cover", Some("missing")).unwrap();
    let change = edit.commit().unwrap();
    let store = desk.store().await;
    let mut ours = store.document(morning()).await.unwrap();
    ours.apply(&[change.bytes]).unwrap();
    let mut tx = store.write().await.unwrap();
    Store::save_document_in(&mut tx, &ours, &ours.view(), at).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;

    let shown = desk.ok(&["conflicts", "show", "1"]).await;
    assert!(shown.contains("张伟 dev-01  recorded 17:42"), "{shown}");
    assert!(shown.contains("     photo 1: Seal\n"), "{shown}");
    assert!(shown.contains("李娜 dev-11  when is not known here"), "{shown}");
    // The server tells whose it is and when it came, also of what came in a whole document.
    let origin = ChangeOrigin {
        change: change.hash,
        device: DeviceId::from_bytes([2; 16]),
        sequence: 7,
        person: PersonId::from_bytes([0x82; 16]),
        claimed_at: at,
        received_at: at.plus_ms(3_600_000),
    };
    let store = desk.store().await;
    let mut tx = store.write().await.unwrap();
    crate::store::note_server_origin_in(&mut tx, &origin).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    let shown = desk.ok(&["conflicts", "show", "1"]).await;
    assert!(shown.contains("李娜 dev-11  recorded 17:42, at the server 18:42"), "{shown}");
    desk.ok(&["conflicts", "choose", "1", "--keep", "b", "--why", "looked again"]).await;
    let listed = desk.ok(&["conflicts"]).await;
    assert!(listed.contains("Intact   settled in the field by 张伟 dev-01; the office decides"), "{listed}");
    let status = desk.ok(&["status"]).await;
    assert!(status.contains("Settled in the field, the office decides: 1"), "{status}");

    // Decided, and taken back: what was settled before is open again.
    by_office(&desk, 60_000, |edit| {
        let broken = Some(Scalar::Text("broken".into()));
        edit.resolve(EntryId::from_bytes([7; 16]), &decision("written", "photo"), broken).unwrap();
    })
    .await;
    let listed = desk.ok(&["conflicts"]).await;
    assert!(listed.contains("✓  C-2025-0417 › "), "{listed}");
    assert!(
        listed.contains("Broken, decided by the office: photo") && !listed.contains("settled"),
        "{listed}"
    );
    by_office(&desk, 120_000, |edit| {
        edit.resolve(EntryId::from_bytes([8; 16]), &decision("undone", "wrong photo"), None).unwrap();
    })
    .await;
    let listed = desk.ok(&["conflicts"]).await;
    assert!(listed.contains("Intact   settled in the field by 张伟 dev-01; the office took its"), "{listed}");
    assert!(listed.contains("decides anew: wrong photo"), "{listed}");
    let json = desk.ok(&["--json", "conflicts"]).await;
    assert!(json.contains("\"taken_back\":{\"at_ms\":") && json.contains("\"value\":\"intact\""), "{json}");
    assert!(desk.ok(&["status"]).await.contains("Settled in the field, the office decides: 1"));
}
