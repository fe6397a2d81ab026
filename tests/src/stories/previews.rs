//! A small picture goes ahead of a photo that crawls.

use super::{clerk, dispatch, photo, sha256_of, technician};
use crate::harness::{Link, Office, TestDatabase};
use reqwest::Method;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_office_sees_every_large_photo_before_the_first_original_has_travelled() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let link = Link::to(office.address).await;
    let (device, person) = technician(&office, &desk, "zhang", link.address).await;
    let case = dispatch(&desk, &[&person]).await;
    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    let files = ["iphone6plus-beijing.jpg", "lumia820-gps-no-time.jpg"].map(photo);
    for file in &files {
        device.ok(&["photo", "add", file, "--tag", "seal", "--allow-old"]);
    }
    device.ok(&["sync", "--photos-later"]);

    // Enough for both previews and far too little for either original.
    link.cut_after_up(200_000);
    let cut = device.run(&["--json", "sync"]);
    assert!(matches!(cut.code, Some(3 | 5)), "{cut:?}");
    let path = format!("/v1/visits/{}/photos", case.visit);
    let photos = desk.get(&path).await;
    assert_eq!((&photos["named"], &photos["arrived"]), (&2.into(), &0.into()), "{photos:#}");
    for file in &files {
        let sha256 = sha256_of(file);
        let listed = photos["photos"].as_array().unwrap().iter();
        let status = listed.clone().find(|status| status["sha256"] == sha256).unwrap();
        assert_eq!(status["preview"]["state"], "early", "{status:#}");
        assert!(matches!(status["state"].as_str(), Some("previewed" | "arriving")), "{status:#}");
        assert_eq!(status["claims"][0]["person"]["person_id"], person.as_str(), "{status:#}");
        assert_eq!(status["claims"][0]["person"]["name"], "zhang", "{status:#}");
        let picture = desk.request(Method::GET, &format!("/v1/photos/{sha256}/thumbnail"));
        let picture = picture.send().await.unwrap();
        assert_eq!(picture.status().as_u16(), 200, "{file}");
        let picture = picture.bytes().await.unwrap();
        assert!(picture.starts_with(&[0xff, 0xd8]) && picture.len() < 40_000, "{file}: {}", picture.len());
    }

    link.heal();
    device.ok(&["sync"]);
    let photos = desk.get(&path).await;
    assert_eq!((&photos["named"], &photos["arrived"]), (&2.into(), &2.into()), "{photos:#}");
}
