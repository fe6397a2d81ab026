//! What the page of a photo promises.

use super::pages::{Look, describe};
use super::{photos_of, sql};
use crate::complaints::phrases::Phrases;
use crate::complaints::tests::{Bureau, a_regional_clerk};
use crate::evidence::previews;
use crate::evidence::testing::{Uploader, claim, hash_of, location_of, noise, photo};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::store::statement;
use crate::work_orders::tests::Dispatched;

#[tokio::test]
async fn a_photo_is_shown_with_its_claims_and_its_original_only_for_a_reason() {
    Bureau::for_each_engine(|bureau| async move {
        let visit = Dispatched::of(&bureau).await.visit;
        let up = Uploader::enrolled(&bureau.test, 1).await;
        let (beijing, wrong) = (photo("iphone6plus-beijing.jpg"), noise(2, 800));
        for bytes in [&beijing, &wrong] {
            claim(&bureau.test.app.store, visit, up.device, hash_of(bytes), bytes.len()).await;
        }
        up.upload(&beijing, "image/jpeg").await;
        let location = location_of(&up.announce(&wrong, "image/jpeg").await);
        up.patch(&location, 0, &noise(9, 800)).send().await;
        previews::make_waiting(&bureau.test.app).await.unwrap();
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let path = format!("/photos/{}", hash_of(&beijing));
        let page = browser.get(&format!("{path}?turn=270&zoom=2")).await;
        assert_eq!(page.status, 200, "{}", page.html());
        for words in [
            "matches the one recorded on site",
            "turn-270 zoom-2",
            "UTC+08:00",
            "time does not fit",
            "?turn=0&#38;zoom=2",
        ] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let other = browser.get(&format!("/photos/{}", hash_of(&wrong))).await;
        assert!(other.html().contains("are not the ones recorded on site"), "{}", other.html());
        assert!(!other.html().contains("/original"), "there is none");
        let refused = browser.post(&format!("{path}/original"), &[("reason", " x ")]).await;
        assert_eq!((refused.status, refused.html().contains("value=\" x \"")), (422, true));
        let original = browser.post(&format!("{path}/original"), &[("reason", "核对铭牌")]).await;
        assert_eq!((original.status, original.body.len()), (200, beijing.len()));
        let mut tx = bureau.test.app.store.read().await.unwrap();
        let openings: i64 = statement("SELECT count(*) FROM originals_opened").value(&mut tx).await.unwrap();
        assert_eq!(openings, 1);
        drop(tx);
        let elsewhere = a_regional_clerk(&bureau.test, "west").await;
        assert_eq!(Browser::of(&bureau.test, &elsewhere).get(&path).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_photo_that_will_not_come_is_declared_and_arrives_all_the_same() {
    Bureau::for_each_engine(|bureau| async move {
        let visit = Dispatched::of(&bureau).await.visit;
        let up = Uploader::enrolled(&bureau.test, 1).await;
        let missing = noise(3, 700);
        claim(&bureau.test.app.store, visit, up.device, hash_of(&missing), missing.len()).await;
        let (path, clerk) =
            (format!("/photos/{}", hash_of(&missing)), Browser::of(&bureau.test, &bureau.clerk.1));
        assert!(!clerk.get(&path).await.html().contains("/unavailable"), "not offered");
        assert_eq!(clerk.post(&format!("{path}/unavailable"), &[("reason", "lost")]).await.status, 403);
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let refused = browser.post(&format!("{path}/unavailable"), &[("reason", " x ")]).await;
        assert_eq!((refused.status, refused.html().contains("value=\" x \"")), (422, true));
        let done =
            browser.post(&format!("{path}/unavailable"), &[("reason", "the phone fell into a river")]).await;
        assert_eq!(done.location(), format!("{path}?said=photo-given-up"));
        let page = browser.get(&path).await;
        assert!(page.html().contains("Declared unavailable") && page.html().contains("into a river"));
        let mut tx = bureau.test.app.store.read().await.unwrap();
        let of_visit = photos_of(&bureau.test.app, &mut tx, visit).await.unwrap();
        assert_eq!(of_visit.photos[0].state.as_str(), "unavailable");
        const TOLD: &str = "SELECT (SELECT count(*) FROM complaint_events WHERE kind = 'photo_unavailable') \
            + 10 * (SELECT count(*) FROM server_log WHERE kind = 'evidence.given_up')";
        let told: i64 = statement(TOLD).value(&mut tx).await.unwrap();
        assert_eq!(told, 11, "in the timeline and in the server log, once each");
        drop(tx);
        up.upload(&missing, "image/jpeg").await;
        let page = browser.get(&path).await;
        assert!(page.html().contains("matches the one recorded on site"), "it counts");
        assert!(page.html().contains("into a river"), "and what was said stays");
        let late = browser.post(&format!("{path}/unavailable"), &[("reason", "too late")]).await;
        assert!(late.status == 422 && late.html().contains("arrived meanwhile"), "{}", late.html());
    })
    .await;
}

#[tokio::test]
async fn a_photo_on_visits_of_two_complaints_leads_to_both() {
    Bureau::for_each_engine(|bureau| async move {
        let (one, other) = (Dispatched::of(&bureau).await, Dispatched::of(&bureau).await);
        let up = Uploader::enrolled(&bureau.test, 1).await;
        let bytes = noise(4, 600);
        for visit in [one.visit, other.visit] {
            claim(&bureau.test.app.store, visit, up.device, hash_of(&bytes), bytes.len()).await;
        }
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let page = browser.get(&format!("/photos/{}", hash_of(&bytes))).await;
        for complaint in [&one.complaint, &other.complaint] {
            assert!(page.html().contains(&format!("href=\"/complaints/{complaint}\"")), "{}", page.html());
        }
    })
    .await;
}

#[tokio::test]
async fn every_photo_can_be_described_in_both_languages() {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    let visit = Dispatched::of(&bureau).await.visit;
    let up = Uploader::enrolled(&bureau.test, 1).await;
    let (here, missing) = (photo("iphone6plus-beijing.jpg"), noise(3, 700));
    for bytes in [&here, &missing] {
        claim(&bureau.test.app.store, visit, up.device, hash_of(bytes), bytes.len()).await;
    }
    up.upload(&here, "image/jpeg").await;
    previews::make_waiting(&bureau.test.app).await.unwrap();
    let mut tx = bureau.test.app.store.read().await.unwrap();
    assert_eq!(sql::visits_of(&mut tx, &hash_of(&missing)).await.unwrap(), [visit]);
    let photos = photos_of(&bureau.test.app, &mut tx, visit).await.unwrap().photos;
    for shell in shells() {
        let phrases = Phrases::sample(shell.w);
        for known in &photos {
            let signed = vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
            let beside = (Some("a".to_owned()), None);
            let mut page =
                describe(&phrases, shell.clone(), known, None, (signed, beside, Look { turn: 90, zoom: 4 }));
            page.named_on = vec![("/complaints/0".to_owned(), HOSTILE.to_owned()); 2];
            page.failure = Some(HOSTILE.to_owned());
            page.reason = HOSTILE.to_owned();
            page.title = HOSTILE.to_owned();
            check(&page);
        }
    }
}
