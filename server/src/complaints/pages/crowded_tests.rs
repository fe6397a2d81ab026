//! A visit on which very much was recorded: its pages stay small and quick, and everything can still be reached.

use crate::complaints::tests::Bureau;
use crate::exchange::tests::exchange;
use crate::pages::testing::{Browser, HOSTILE};
use crate::review::tests::Site;
use std::time::{Duration, Instant};
use sync_core::document::{Finding, Photo};
use sync_core::ids::{BlobHash, EntryId};
use sync_core::log::PhotoClaim;

const FINDINGS: u16 = 300;
const PHOTOS: u16 = 200;

/// What a page of such a visit may weigh at first.
const BYTES_MAX: usize = 120_000;
/// What it may weigh when somebody wants all of it.
const WHOLE_BYTES_MAX: usize = 700_000;
/// Far beyond what it needs, in a debug build on a busy machine.
const TIME_MAX: Duration = Duration::from_secs(10);

fn entry(kind: u8, n: u16) -> EntryId {
    let mut bytes = [kind; 16];
    bytes[..2].copy_from_slice(&n.to_be_bytes());
    EntryId::from_bytes(bytes)
}

async fn a_crowded_site(bureau: &Bureau) -> Site {
    let mut site = Site::of(bureau).await;
    let visit = site.visit;
    for n in 0..FINDINGS {
        let finding =
            Finding { code: "note".into(), text: format!("{HOSTILE} no. {n}."), item: None, severity: None };
        site.zhang.save(visit, |edit| edit.add_finding(entry(1, n), &finding).unwrap());
    }
    for n in 0..PHOTOS {
        let mut bytes = [7; 32];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        let sha256 = BlobHash::from_bytes(bytes);
        let claim = PhotoClaim { sha256, size_bytes: 1234, media_type: "image/jpeg".to_owned() };
        let photo = Photo {
            sha256,
            size: 1234,
            media_type: "image/jpeg".to_owned(),
            role: "site".to_owned(),
            caption: Some(HOSTILE.to_owned()),
            taken_at: None,
            lat: None,
            lon: None,
            accuracy: None,
            finding: None,
        };
        site.zhang.save_with(visit, vec![claim], |edit| edit.add_photo(entry(2, n), &photo).unwrap());
    }
    while !site.zhang.unsent().is_empty() {
        exchange(&bureau.test, &mut site.zhang).await;
    }
    site
}

#[tokio::test]
async fn a_visit_with_300_findings_and_200_photos_keeps_its_pages_small() {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    let site = a_crowded_site(&bureau).await;
    let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
    let (record, history) =
        (format!("/complaints/{}", site.complaint), format!("/visits/{}/history", site.visit));
    for (path, bytes_max) in [
        (record.clone(), BYTES_MAX),
        (history.clone(), BYTES_MAX),
        (format!("{record}/review"), BYTES_MAX),
        (format!("{record}/rework"), BYTES_MAX),
        (format!("{record}?all=1"), WHOLE_BYTES_MAX),
        (format!("{history}?from=0&all=1"), WHOLE_BYTES_MAX),
    ] {
        let began = Instant::now();
        let answer = browser.get(&path).await;
        let (took, bytes) = (began.elapsed(), answer.html().len());
        println!("{path}: {bytes} bytes in {} ms", took.as_millis());
        assert_eq!(answer.status, 200, "{path}");
        assert!(bytes < bytes_max && took < TIME_MAX, "{path}: {bytes} bytes in {took:?}");
        assert!(!answer.html().contains("<script>alert"), "{path}");
    }
    let whole = browser.get(&format!("{record}?all=1")).await;
    for n in 0..FINDINGS {
        assert!(whole.html().contains(&format!(" no. {n}.")), "finding {n} can be reached");
    }
    assert_eq!(whole.html().matches("href=\"/photos/").count(), usize::from(PHOTOS));
}
