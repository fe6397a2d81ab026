//! Photos as the office sees them, through the router and on both engines.

use super::model::{Known, PhotoFlag, PhotoStage, Unavailable, Which, assemble};
use super::sql;
use crate::audit;
use crate::complaints::tests::{Bureau, a_regional_clerk};
use crate::evidence::previews;
use crate::evidence::testing::{Uploader, claim, hash_of, location_of, noise, photo, visit};
use crate::people::Role;
use crate::people::tests::a_person;
use crate::store::statement;
use crate::testing::{NOW, TestApp};
use crate::work_orders::tests::Dispatched;
use std::collections::BTreeMap;
use sync_core::document::{EditAuthor, Photo, Role as Author, VisitDocument};
use sync_core::ids::{EntryId, PersonId};

#[tokio::test]
async fn the_list_tells_the_truth_about_every_photo() {
    Bureau::for_each_engine(|bureau| async move {
        let visit = Dispatched::of(&bureau).await.visit;
        let Bureau { test, reviewer: (_, session), .. } = bureau;
        let up = Uploader::enrolled(&test, 1).await;
        let beijing = photo("iphone6plus-beijing.jpg");
        let (coming, refused, named) = (noise(1, 900), noise(2, 800), noise(3, 700));
        for bytes in [&beijing, &coming, &refused, &named] {
            claim(&test.app.store, visit, up.device, hash_of(bytes), bytes.len()).await;
        }
        up.upload(&beijing, "image/jpeg").await;
        let location = location_of(&up.announce(&coming, "image/jpeg").await);
        up.patch(&location, 0, &coming[..450]).send().await;
        let location = location_of(&up.announce(&refused, "image/jpeg").await);
        up.patch(&location, 0, &noise(9, 800)).send().await;
        previews::make_waiting(&test.app).await.unwrap();

        let path = format!("/v1/visits/{}/photos", visit);
        let answer = test.get(&path).header("authorization", &session).send().await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!((answer.json["named"].as_u64(), answer.json["arrived"].as_u64()), (Some(4), Some(1)));
        let photos: BTreeMap<String, &serde_json::Value> = answer.json["photos"]
            .as_array()
            .unwrap()
            .iter()
            .map(|photo| (photo["sha256"].as_str().unwrap().to_owned(), photo))
            .collect();
        let of = |bytes: &[u8]| photos[&hash_of(bytes).to_string()];
        assert_eq!(of(&beijing)["state"], "whole");
        assert_eq!(of(&beijing)["exif"]["inferred_offset_minutes"], 480);
        assert_eq!(of(&beijing)["claims"][0]["device"]["device_id"], up.device.to_string());
        assert!(of(&beijing)["claims"][0]["device"]["label"].is_string(), "{}", answer.json);
        assert_eq!(of(&beijing)["flags"], serde_json::json!(["time_differs"]));
        assert_eq!(of(&beijing)["preview"]["state"], "made");
        assert_eq!((&of(&coming)["state"], &of(&coming)["arrived_bytes"]), (&"arriving".into(), &450.into()));
        assert_eq!(of(&refused)["state"], "damaged");
        assert_eq!(of(&refused)["found_sha256"], hash_of(&noise(9, 800)).to_string());
        assert_eq!((&of(&named)["state"], &of(&named)["arrived_bytes"]), (&"named".into(), &0.into()));

        let receipt =
            crate::evidence::receipt(&mut test.app.store.read().await.unwrap(), &visit).await.unwrap();
        assert_eq!((receipt.named, receipt.arrived, receipt.missing.len()), (4, 1, 3));
        assert!(!receipt.missing.contains(&hash_of(&beijing)));
    })
    .await;
}

#[tokio::test]
async fn bytes_may_come_before_the_envelope_that_names_them() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        let bytes = noise(4, 500);
        up.upload(&bytes, "image/jpeg").await;
        let receipt =
            crate::evidence::receipt(&mut test.app.store.read().await.unwrap(), &visit(1)).await.unwrap();
        assert_eq!(receipt, crate::evidence::Receipt::default());
        claim(&test.app.store, visit(1), up.device, hash_of(&bytes), 500).await;
        let receipt =
            crate::evidence::receipt(&mut test.app.store.read().await.unwrap(), &visit(1)).await.unwrap();
        assert_eq!((receipt.named, receipt.arrived), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_photo_used_on_two_visits_is_flagged_on_both() {
    TestApp::for_each_engine(|test| async move {
        let (up, other) = (Uploader::enrolled(&test, 1).await, Uploader::enrolled(&test, 2).await);
        let bytes = noise(5, 500);
        claim(&test.app.store, visit(1), up.device, hash_of(&bytes), 500).await;
        claim(&test.app.store, visit(2), other.device, hash_of(&bytes), 500).await;
        up.upload(&bytes, "image/jpeg").await;
        for (here, there) in [(visit(1), visit(2)), (visit(2), visit(1))] {
            let mut tx = test.app.store.read().await.unwrap();
            let list = super::photos_of(&test.app, &mut tx, here).await.unwrap();
            assert_eq!(list.photos[0].state, PhotoStage::Whole);
            assert_eq!(list.photos[0].elsewhere, [there]);
            assert_eq!(list.photos[0].flags, [PhotoFlag::UsedElsewhere]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_device_measured_stands_beside_what_the_file_claims() {
    let test = TestApp::sqlite().await;
    let up = Uploader::enrolled(&test, 1).await;
    let (bytes, lost) = (photo("iphone6plus-beijing.jpg"), noise(6, 100));
    for bytes in [&bytes, &lost] {
        claim(&test.app.store, visit(1), up.device, hash_of(bytes), bytes.len()).await;
    }
    up.upload(&bytes, "image/png").await;
    previews::make_waiting(&test.app).await.unwrap();
    let ids = [EntryId::from_entropy(NOW, [1; 10]), EntryId::from_entropy(NOW, [2; 10])];
    let mut document = VisitDocument::birth(visit(1));
    let author = EditAuthor {
        actor: sync_core::document::ActorId16::of_device(up.device, visit(1), 0),
        person: PersonId::from_entropy(NOW, [3; 10]),
        at: NOW,
        role: Author::Field,
    };
    let mut edit = document.edit(author);
    for (id, bytes) in ids.iter().zip([&bytes, &lost]) {
        let photo = Photo {
            sha256: hash_of(bytes),
            size: bytes.len() as i64,
            media_type: "image/jpeg".to_owned(),
            role: "nameplate".to_owned(),
            caption: None,
            taken_at: Some(NOW),
            // About 12 km from where the file claims to be.
            lat: Some("39.9042".to_owned()),
            lon: Some("116.4074".to_owned()),
            accuracy: Some("30".to_owned()),
            finding: None,
        };
        edit.add(*id, &photo).unwrap();
    }
    edit.commit();
    let view = document.view();
    let mut tx = test.app.store.read().await.unwrap();
    let unavailable = vec![Unavailable {
        photo: Which::Entry(ids[1]),
        reason: "phone fell into a shaft".to_owned(),
        by: None,
        at: sync_core::time::Timestamp::from_unix_ms(0),
    }];
    let known = Known {
        named: sql::named(&mut tx, visit(1)).await.unwrap(),
        elsewhere: Vec::new(),
        progress: Vec::new(),
        view: Some(&view),
        unavailable,
    };
    let list = assemble(visit(1), &known);
    let of = |hash| list.photos.iter().find(|photo| photo.sha256 == hash).unwrap();
    let shown = of(hash_of(&bytes));
    assert_eq!(shown.entries[0].role, "nameplate");
    assert!((12_000..13_500).contains(&shown.places_apart_m.unwrap()), "{:?}", shown.places_apart_m);
    assert_eq!(shown.flags, [PhotoFlag::TimeDiffers, PhotoFlag::PlaceDiffers]);
    assert_eq!(of(hash_of(&lost)).state, PhotoStage::Unavailable);
    assert_eq!(of(hash_of(&lost)).unavailable_reason.as_deref(), Some("phone fell into a shaft"));
    assert_eq!((list.named, list.arrived), (2, 1));
}

#[tokio::test]
async fn pictures_are_shown_to_the_office_only_and_cannot_run() {
    Bureau::for_each_engine(|bureau| async move {
        let visit = Dispatched::of(&bureau).await.visit;
        let elsewhere = a_regional_clerk(&bureau.test, "west").await;
        let Bureau { test, reviewer: (_, session), .. } = bureau;
        let (_, technician) = a_person(&test, "somebody", &[Role::Technician]).await;
        let up = Uploader::enrolled(&test, 1).await;
        let (picture, page) = (photo("rotated-with-gps.jpg"), b"<html>hello</html>".to_vec());
        for bytes in [&picture, &page] {
            claim(&test.app.store, visit, up.device, hash_of(bytes), bytes.len()).await;
            up.upload(bytes, "image/jpeg").await;
        }
        let unclaimed = photo("lumia820-gps-no-time.jpg");
        up.upload(&unclaimed, "image/jpeg").await;
        let path = |bytes: &[u8], kind: &str| format!("/v1/photos/{}/{kind}", hash_of(bytes));
        let get = |path: String, session: &str| test.get(&path).header("authorization", session).send();
        let early = get(path(&picture, "view"), &session).await;
        assert_eq!((early.status, early.json["preview"].as_str()), (404, Some("waiting")));
        previews::make_waiting(&test.app).await.unwrap();
        for kind in ["thumbnail", "view"] {
            let answer = get(path(&picture, kind), &session).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.headers["content-type"], "image/jpeg");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
            assert_eq!(answer.headers["content-security-policy"], "sandbox; default-src 'none'");
            let etag = answer.headers["etag"].to_str().unwrap().to_owned();
            let call = test.get(&path(&picture, kind)).header("authorization", &session);
            assert_eq!(call.header("if-none-match", etag).send().await.status, 304);
            assert_eq!(test.get(&path(&picture, kind)).send().await.status, 401);
            assert_eq!(get(path(&picture, kind), &technician).await.status, 403);
            assert_eq!(get(path(&picture, kind), &up.authorization()).await.status, 401);
            assert_eq!(get(path(&picture, kind), &elsewhere).await.status, 404, "another region");
            assert_eq!(get(path(&unclaimed, kind), &session).await.status, 404, "no envelope names it");
        }
        let answer = get(path(&page, "thumbnail"), &session).await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (404, Some("preview-missing")));
        assert_eq!(answer.json["reason"], "other-format");
        let answer = get(path(b"never seen", "view"), &session).await;
        assert_eq!(answer.json["code"], "photo-unknown");
        assert_eq!(get("/v1/photos/..%2f..%2fkeys/view".to_owned(), &session).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn an_original_is_opened_for_a_reason_that_is_recorded() {
    Bureau::for_each_engine(|bureau| async move {
        let visit = Dispatched::of(&bureau).await.visit;
        let Bureau { test, reviewer: (_, session), .. } = bureau;
        let up = Uploader::enrolled(&test, 1).await;
        let page = b"<html>evil</html>".to_vec();
        claim(&test.app.store, visit, up.device, hash_of(&page), page.len()).await;
        up.upload(&page, "image/jpeg").await;
        let path = format!("/v1/photos/{}/original", hash_of(&page));
        for query in ["", "?reason=", "?reason=x", "?reason=%0a%0a%0a"] {
            let answer = test.get(&format!("{path}{query}")).header("authorization", &session).send().await;
            assert_eq!(answer.status, 422, "{query}");
        }
        let answer =
            test.get(&format!("{path}?reason=appeal%20of%20customer")).header("authorization", &session);
        let answer = answer.send().await;
        assert_eq!((answer.status, &answer.body[..]), (200, &page[..]));
        assert_eq!(answer.headers["content-type"], "application/octet-stream");
        assert!(
            answer.headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"")
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
        let mut tx = test.app.store.read().await.unwrap();
        let log = audit::list(&mut tx, 0, 100).await.unwrap();
        let opened: Vec<_> = log.iter().filter(|entry| entry.kind == "evidence.opened").collect();
        assert_eq!(opened.len(), 1);
        assert_eq!(opened[0].visit_id.as_deref(), Some(visit.to_string().as_str()));
        assert!(
            !opened[0].entry.windows(6).any(|window| window == b"appeal"),
            "free text stays out of the log"
        );
        const SQL: &str = "SELECT reason FROM originals_opened";
        let reason: String = statement(SQL).value(&mut tx).await.unwrap();
        assert_eq!(reason, "appeal of customer");
    })
    .await;
}
