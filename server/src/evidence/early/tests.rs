//! Previews through the router and on both engines.

use super::PREVIEW_BYTES_MAX;
use crate::complaints::tests::Bureau;
use crate::evidence::previews;
use crate::evidence::testing::{Uploader, claim, hash_of, noise, photo};
use crate::testing::{Answer, TestApp};
use crate::work_orders::tests::Dispatched;
use axum::http::Method;
use image::{DynamicImage, ImageFormat, RgbImage};
use std::io::Cursor;
use sync_core::ids::BlobHash;

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::new(width, height)).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn put(up: &Uploader<'_>, sha256: BlobHash, preview: &[u8]) -> Answer {
    up.call(Method::PUT, &format!("/v1/photos/{sha256}/preview"))
        .header("content-type", "image/jpeg")
        .body(preview)
        .send()
        .await
}

#[tokio::test]
async fn a_preview_is_shown_until_the_original_has_come() {
    Bureau::for_each_engine(|bureau| async move {
        let visit = Dispatched::of(&bureau).await.visit;
        let Bureau { test, reviewer: (_, session), .. } = bureau;
        let up = Uploader::enrolled(&test, 1).await;
        let original = photo("iphone6plus-beijing.jpg");
        let sha256 = hash_of(&original);
        claim(&test.app.store, visit, up.device, sha256, original.len()).await;
        let small = picture(640, 480, ImageFormat::Jpeg);
        for attempt in ["first", "again"] {
            assert_eq!(put(&up, sha256, &small).await.status, 204, "{attempt}");
        }
        let list = async || {
            let path = format!("/v1/visits/{visit}/photos");
            test.get(&path).header("authorization", &session).send().await.json
        };
        let early = list().await;
        assert_eq!((&early["named"], &early["arrived"]), (&1.into(), &0.into()), "it counts for nothing");
        assert_eq!(early["photos"][0]["state"], "previewed");
        assert_eq!(early["photos"][0]["preview"]["state"], "early");
        let address = early["photos"][0]["preview"]["view"].as_str().unwrap().to_owned();
        let shown = test.get(&address).header("authorization", &session).send().await;
        let tag = shown.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(shown.status, 200);
        let receipt =
            crate::evidence::receipt(&mut test.app.store.read().await.unwrap(), &visit).await.unwrap();
        assert_eq!((receipt.named, receipt.arrived), (1, 0));

        up.upload(&original, "image/jpeg").await;
        let here = list().await;
        assert_eq!(here["photos"][0]["state"], "whole");
        assert_eq!(here["photos"][0]["preview"]["state"], "early", "nobody has looked at the original yet");
        previews::make_waiting(&test.app).await.unwrap();
        assert_eq!(list().await["photos"][0]["preview"]["state"], "made");
        let shown = test.get(&address).header("authorization", &session);
        let shown = shown.header("if-none-match", &tag).send().await;
        assert_eq!(shown.status, 200, "what came ahead is not taken for the picture of the original");
        let gone =
            test.app.evidence.blobs.read_preview(&sha256, crate::evidence::Preview::Early).await.unwrap();
        assert!(gone.is_none());
        assert_eq!(put(&up, sha256, &small).await.status, 204, "not needed any more");
        assert_eq!(list().await["photos"][0]["preview"]["state"], "made");
    })
    .await;
}

#[tokio::test]
async fn only_who_signed_the_photo_may_send_a_preview_and_only_a_small_picture() {
    TestApp::for_each_engine(|test| async move {
        let (up, other) = (Uploader::enrolled(&test, 1).await, Uploader::enrolled(&test, 2).await);
        let sha256 = hash_of(&noise(1, 500));
        claim(&test.app.store, crate::evidence::testing::visit(1), up.device, sha256, 500).await;
        let small = picture(320, 240, ImageFormat::Jpeg);
        let unclaimed = put(&other, sha256, &small).await;
        assert_eq!((unclaimed.status, &unclaimed.json["code"]), (404, &"photo-unclaimed".into()));
        assert_eq!(put(&up, hash_of(b"never signed"), &small).await.json["code"], "photo-unclaimed");
        for (what, bytes, reason) in [
            ("a page", b"<html>".to_vec(), "other-format"),
            ("a PNG", picture(32, 32, ImageFormat::Png), "other-format"),
            ("nothing", Vec::new(), "other-format"),
            ("too many pixels", picture(1601, 2, ImageFormat::Jpeg), "too-large"),
            ("a cut picture", small[..100].to_vec(), "damaged"),
        ] {
            let answer = put(&up, sha256, &bytes).await;
            assert_eq!((answer.status, &answer.json["code"]), (422, &"preview-unusable".into()), "{what}");
            assert_eq!(answer.json["reason"], reason, "{what}");
        }
        let answer = put(&up, sha256, &noise(2, PREVIEW_BYTES_MAX + 1)).await;
        assert_eq!(answer.status, 413);
        crate::evidence::testing::revoke(&test, up.device).await;
        assert_eq!(put(&up, sha256, &small).await.json["code"], "device-revoked");
    })
    .await;
}
