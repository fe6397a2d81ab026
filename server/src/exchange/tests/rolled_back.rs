//! A server that was restored from a backup: what it acknowledged since then comes back from the devices.

use super::*;
use crate::devices::{self, By};
use crate::exchange::office;
use crate::people::Role;
use crate::people::tests::a_person;
use crate::store::{Store, StoreSettings};
use sync_core::document::{Edit, SharedText};
use sync_core::log::SigningKey;
use sync_core::protocol::{EnvelopeStatus, Order};

/// The state of the database as it is now, beside it.
pub(crate) async fn backup(test: &TestApp) -> std::path::PathBuf {
    let file = test.app.store.file().unwrap();
    let backup = file.with_extension("backup");
    let vacuum = format!("VACUUM INTO '{}'", backup.display());
    let url = format!("sqlite://{}", file.display());
    let mut conn = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(vacuum)).execute(&mut conn).await.unwrap();
    backup
}

/// A server with the state of the backup and the same keys.
pub(crate) async fn restored(test: &TestApp, backup: &std::path::Path) -> TestApp {
    let settings = StoreSettings::for_url(format!("sqlite://{}", backup.display()));
    let folder = tempfile::TempDir::new().unwrap();
    let (from, to) = (test.app.config.data.folder.join("keys"), folder.path().join("keys"));
    std::fs::create_dir(&to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    TestApp::in_folder(Store::open(&settings).await.unwrap(), folder).await
}

async fn exchanges(test: &TestApp, device: &mut SimDevice, count: usize) {
    for _ in 0..count {
        exchange(test, device).await;
    }
}

#[tokio::test]
async fn it_notices_and_gets_back_what_it_lost() {
    let test = TestApp::sqlite().await;
    let mut device = a_technician(&test, "zhangwei").await;
    let visit = a_visit_of(&test, &mut [&mut device]).await;
    device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
    let backup = backup(&test).await;
    exchange(&test, &mut device).await;
    device.save(visit, |edit| edit.answer("cover", true).unwrap());
    exchange(&test, &mut device).await;
    assert_eq!(device.acknowledged.sequence, 2);

    let restored = restored(&test, &backup).await;
    device.token = None;
    device.save(visit, |edit| edit.answer("door", "open").unwrap());
    exchange(&restored, &mut device).await;
    assert_eq!(device.welcome.as_ref().unwrap().epoch, 2, "a new history");
    assert_eq!(device.acknowledged.sequence, 0);
    exchange(&restored, &mut device).await;
    assert_eq!(device.acknowledged.sequence, 3);
    exchange(&restored, &mut device).await;
    assert!(!device.differs);
    assert_eq!(view(&restored, visit).await.answers.len(), 3);
    let raised = "SELECT count(*) FROM server_log WHERE kind = 'installation.epoch_raised'";
    assert_eq!(count(&restored, raised).await, 1);
}

/// Two devices and the office wrote after the backup; the device that comes back first is not the author's.
struct Loss {
    backup: std::path::PathBuf,
    test: TestApp,
    author: SimDevice,
    bearer: SimDevice,
    visit: VisitId,
    other: VisitId,
}

async fn a_loss() -> Loss {
    let test = TestApp::sqlite().await;
    let (mut author, mut bearer) = (a_technician(&test, "zhangwei").await, a_technician(&test, "lina").await);
    let visit = a_visit_of(&test, &mut [&mut author, &mut bearer]).await;
    let other = a_visit_of(&test, &mut [&mut author]).await;
    let backup = backup(&test).await;
    // Only what concerns the shared visit reaches the bearer: its copy of the log has gaps.
    author.save(other, |edit| edit.answer("door", "locked").unwrap());
    author.save(visit, |edit| edit.answer("seal", "broken").unwrap());
    author.save(other, |edit| edit.answer("door", "open").unwrap());
    author.save(visit, |edit| edit.answer("cover", true).unwrap());
    exchange(&test, &mut author).await;
    let (reviewer, _) = a_person(&test, "wangfang", &[Role::Reviewer]).await;
    let note = |edit: &mut Edit<'_>| edit.append_text(SharedText::Note, "told the customer");
    office::commit(&test.app, visit, reviewer, note).await.unwrap();
    exchange(&test, &mut bearer).await;
    bearer.save(visit, |edit| edit.answer("seal", "intact").unwrap());
    exchange(&test, &mut bearer).await;
    author.token = None;
    bearer.token = None;
    Loss { backup, test, author, bearer, visit, other }
}

#[tokio::test]
async fn what_only_a_colleague_s_device_keeps_comes_back_with_its_author() {
    let mut loss = a_loss().await;
    let before = view(&loss.test, loss.visit).await;
    let restored = restored(&loss.test, &loss.backup).await;
    loss.bearer.save(loss.visit, |edit| edit.answer("smell", "none").unwrap());
    exchanges(&restored, &mut loss.bearer, 4).await;
    assert!(loss.bearer.offered.is_empty() && !loss.bearer.differs, "{:?}", loss.bearer.offered);
    let after = view(&restored, loss.visit).await;
    assert_eq!(after.answers.len(), before.answers.len() + 1);
    assert_eq!(after.note, before.note, "what the office wrote into the visit is there again");
    assert!(after.note.contains("told the customer"));
    assert_eq!(count(&restored, "SELECT count(*) FROM envelope_states WHERE state = 'pending'").await, 0);
    let brought = "SELECT count(*) FROM server_log WHERE instr(entry, CAST('brought_by' AS BLOB)) > 0";
    assert_eq!(count(&restored, brought).await, 3, "two acts and one of the office");

    // The author comes back later: what lies between and after closes its chain, and nothing is doubled.
    exchanges(&restored, &mut loss.author, 3).await;
    assert_eq!(loss.author.acknowledged.sequence, 4);
    assert!(
        loss.author.fates.values().all(|fate| *fate == EnvelopeStatus::Merged),
        "{:?}",
        loss.author.fates
    );
    assert!(!loss.author.differs && !loss.author.orders.contains(&Order::EnrolAgain));
    assert_eq!(view(&restored, loss.other).await.answers.len(), 1);
    assert_eq!(
        count(&restored, "SELECT count(*) FROM envelope_states").await,
        4 + 2 + 1,
        "nothing is doubled"
    );
}

#[tokio::test]
async fn what_is_offered_is_taken_once_and_only_from_who_signed_it() {
    let mut loss = a_loss().await;
    let restored = restored(&loss.test, &loss.backup).await;
    loss.bearer.save(loss.visit, |edit| edit.answer("smell", "none").unwrap());
    exchanges(&restored, &mut loss.bearer, 3).await;
    let entries = count(&restored, "SELECT count(*) FROM envelope_states").await;
    // Again, and one that somebody else signed in the author's name.
    let mut liar = loss.author.clone();
    liar.key = SigningKey::from_seed(&[9; 32]);
    liar.log.clear();
    liar.save(loss.visit, |edit| edit.answer("seal", "forged").unwrap());
    loss.bearer.offered = loss.bearer.kept.clone();
    loss.bearer.offered.append(&mut liar.log);
    exchange(&restored, &mut loss.bearer).await;
    assert!(loss.bearer.offered.is_empty(), "all of it was heard");
    assert_eq!(count(&restored, "SELECT count(*) FROM envelope_states").await, entries);
}

#[tokio::test]
async fn what_is_offered_of_a_revoked_device_goes_to_escrow() {
    let mut loss = a_loss().await;
    let restored = restored(&loss.test, &loss.backup).await;
    let mut tx = restored.app.store.write().await.unwrap();
    let by = By::terminal(restored.app.clock.now());
    devices::revoke(&mut tx, loss.author.device, "lost", by).await.unwrap();
    tx.commit().await.unwrap();
    loss.bearer.save(loss.visit, |edit| edit.answer("smell", "none").unwrap());
    exchanges(&restored, &mut loss.bearer, 4).await;
    assert!(loss.bearer.offered.is_empty());
    assert_eq!(count(&restored, "SELECT count(*) FROM escrow WHERE reason = 'offered'").await, 2);
    assert!(!view(&restored, loss.visit).await.answers.contains_key("cover"));
}

#[tokio::test]
async fn an_act_brought_ahead_of_its_chain_stands_until_its_author_closes_it() {
    TestApp::for_each_engine(|test| async move {
        let (mut author, mut bearer) =
            (a_technician(&test, "zhangwei").await, a_technician(&test, "lina").await);
        let visit = a_visit_of(&test, &mut [&mut author, &mut bearer]).await;
        author.save(visit, |edit| edit.answer("seal", "broken").unwrap());
        author.save(visit, |edit| edit.answer("cover", true).unwrap());
        bearer.offered = vec![author.log[1].clone()];
        exchange(&test, &mut bearer).await;
        assert!(bearer.offered.is_empty());
        let waiting = "SELECT count(*) FROM envelope_states WHERE state = 'pending'";
        assert_eq!(count(&test, waiting).await, 1, "what it builds on is missing");
        exchange(&test, &mut author).await;
        assert_eq!(author.acknowledged.sequence, 2);
        assert_eq!(count(&test, waiting).await, 0);
        assert_eq!(count(&test, "SELECT count(*) FROM envelope_states").await, 2, "nothing is doubled");
        assert_eq!(view(&test, visit).await.answers.len(), 2);

        // Another act under a number that was brought is a second history of the device.
        let mut clone = author.clone();
        author.save(visit, |edit| edit.answer("door", "open").unwrap());
        clone.save(visit, |edit| edit.answer("door", "shut").unwrap());
        bearer.offered = vec![author.log[2].clone()];
        exchange(&test, &mut bearer).await;
        exchange(&test, &mut clone).await;
        assert!(clone.orders.contains(&Order::EnrolAgain), "{:?}", clone.orders);
        assert_eq!(count(&test, "SELECT count(*) FROM escrow WHERE reason = 'fork'").await, 1);
    })
    .await;
}
