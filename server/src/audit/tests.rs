//! What the server log promises.

use super::*;
use crate::store::testing::for_each_engine;
use sync_core::ids::{DeviceId, EnvelopeHash};
use sync_core::time::Timestamp;

fn entry(kind: EntryKind) -> NewEntry<'static> {
    NewEntry::new(kind, Timestamp::from_unix_ms(1_763_700_000_000))
}

async fn install(store: &crate::store::Store) {
    crate::installation::ensure(store, &crate::clock::Clock::System, &crate::clock::Entropy::System)
        .await
        .unwrap();
}

#[tokio::test]
async fn indices_have_no_gaps_and_digests_fit() {
    for_each_engine(|store| async move {
        install(&store).await;
        let before = last_index(&mut store.read().await.unwrap()).await.unwrap();
        let mut tx = store.write().await.unwrap();
        let first =
            append_all(&mut tx, &[entry(EntryKind::DEVICE_INVITED), entry(EntryKind::DEVICE_ENROLLED)])
                .await
                .unwrap();
        tx.commit().await.unwrap();
        let mut abandoned = store.write().await.unwrap();
        append(&mut abandoned, &entry(EntryKind::DEVICE_REVOKED)).await.unwrap();
        drop(abandoned);
        let mut tx = store.write().await.unwrap();
        let third = append(&mut tx, &entry(EntryKind::DEVICE_RENAMED)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((first, third), (before + 1, before + 3));
        for entry in list(&mut store.read().await.unwrap(), before, 10).await.unwrap() {
            assert_eq!(super::entry::sha256_hex(&entry.entry), entry.entry_sha256);
            assert_eq!(entry.epoch, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_envelope_enters_only_once() {
    for_each_engine(|store| async move {
        install(&store).await;
        let envelope = EnvelopeEntry {
            seq: 1,
            hash: EnvelopeHash::from_bytes([7; 32]),
            cose: b"header",
            body: Some((b"salt", b"body")),
        };
        let mut entry = entry(EntryKind::ENVELOPE).device(DeviceId::from_bytes([1; 16]));
        entry.envelope = Some(envelope);
        let mut tx = store.write().await.unwrap();
        append(&mut tx, &entry).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        assert!(append(&mut tx, &entry).await.unwrap_err().is_unique_violation());
    })
    .await;
}

#[tokio::test]
async fn administrators_read_the_log_and_others_do_not() {
    use crate::people::{Role, tests::a_person};
    let test = crate::testing::TestApp::sqlite().await;
    let (_, admin) = a_person(&test, "root", &[Role::Administrator]).await;
    let (_, clerk) = a_person(&test, "clerk", &[Role::Clerk]).await;
    let read = |session: &str| test.get("/v1/server-log?limit=2").header("authorization", session).send();
    let page = read(&admin).await;
    assert_eq!(page.json["items"][1]["kind"], "person.created", "{}", page.json);
    assert!(page.json["next_cursor"].is_string());
    assert_eq!(read(&clerk).await.status, 403);
}

#[test]
fn the_canonical_bytes_never_change() {
    let entry = entry(EntryKind::DEVICE_REVOKED)
        .device(DeviceId::from_bytes([1; 16]))
        .detail(Detail::new().with("reason", "lost"));
    insta::assert_snapshot!(
        data_encoding::HEXLOWER.encode(&entry.to_bytes()),
        @"89016e6465766963652e7265766f6b65641b0000019aa4b64500f65001010101010101010101010101010101f6f6f64da166726561736f6e646c6f7374"
    );
}
