//! Photos whose copy on the device went bad, and what brings them back.

use super::{Desk, acts, photo, sample, started};
use crate::i18n::Lang;
use crate::store::{BlobRow, BlobState, COPY_LOST};

const GOOD: &str = "iphone6plus-beijing.jpg";

async fn with_photo() -> (Desk, BlobRow) {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    desk.ok(&["photo", "add", sample(GOOD).to_str().unwrap(), "--allow-old"]).await;
    let blob = desk.store().await.photos(None).await.unwrap().remove(0).blob;
    (desk, blob)
}

async fn set(desk: &Desk, blob: &BlobRow, state: BlobState, reason: &str) {
    desk.store().await.set_blob_state(blob.sha256, state, Some(reason)).await.unwrap();
}

fn rot(blob: &BlobRow) {
    let mut bytes = std::fs::read(&blob.path).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&blob.path, bytes).unwrap();
}

#[tokio::test]
async fn a_photo_that_rotted_here_stays_visible_until_the_good_file_is_added_again() {
    let (desk, blob) = with_photo().await;
    rot(&blob);
    let doctor = desk.run(&["doctor"]).await;
    assert!(doctor.text.contains(&format!("missing or damaged: 1 ({GOOD})")), "{}", doctor.text);
    assert_eq!(doctor.exit, 1);
    set(&desk, &blob, BlobState::Refused, "upload-hash-differs").await;
    let status = desk.ok(&["status"]).await;
    assert!(status.contains("Photos that the server refused: 1"), "{status}");
    assert!(!status.contains("Everything recorded here has arrived"), "{status}");

    let again = desk.ok(&["photo", "add", sample(GOOD).to_str().unwrap(), "--allow-old"]).await;
    assert!(again.contains("is whole again: photo 1 waits to be sent"), "{again}");
    let row = desk.store().await.photos(None).await.unwrap().remove(0).blob;
    assert_eq!((row.state, row.reason), (BlobState::Waiting, None));
    assert!(desk.run(&["doctor"]).await.text.contains("Photos that have not arrived 1: whole"));
}

#[tokio::test]
async fn a_photo_that_is_here_cannot_be_declared_lost() {
    let (desk, blob) = with_photo().await;
    let declare = ["photo", "unavailable", "1", "--reason", "slip"];
    let refused = desk.run(&declare).await;
    assert_eq!(refused.exit, 1);
    assert!(refused.text.contains("is on this device, whole"), "{}", refused.text);
    let asked = desk.store().await.commands().await.unwrap();
    assert!(asked.iter().all(|command| command.request != "photo_unavailable"), "nothing was recorded");

    std::fs::remove_file(&blob.path).unwrap();
    set(&desk, &blob, BlobState::Unavailable, COPY_LOST).await;
    let status = desk.ok(&["status"]).await;
    assert!(status.contains("Photos whose copy here cannot be read: 1"), "{status}");
    desk.ok(&declare).await;
    let status = desk.ok(&["status"]).await;
    assert!(!status.contains("cannot be read"), "{status}");
    assert_eq!(desk.run(&["doctor"]).await.text.matches('✗').count(), 1, "only the server is away");
}

#[tokio::test]
async fn several_photos_keep_the_order_in_which_they_were_typed_and_warnings_name_theirs() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    let names = ["first.jpg", "second.jpg", "third.jpg"];
    let files = names.map(|name| {
        let mut bytes = photo("2027:11:21 17:43:00", None);
        bytes.extend_from_slice(name.as_bytes());
        desk.file(name, &bytes).to_str().unwrap().to_owned()
    });
    let line = [&["photo", "add"][..], &files.each_ref().map(String::as_str)].concat();
    let told = desk.plain(&desk.ok(&line).await);
    assert!(told.contains("! second.jpg: The camera says"), "{told}");
    assert!(told.contains("  second.jpg  417 B"), "{told}");
    let rows = desk.ok(&["--json", "photo", "list"]).await;
    let hashes = told.split("sha256 ").skip(1).map(|rest| &rest[..8]);
    let listed: Vec<usize> = hashes.map(|hash| rows.find(hash).expect("listed")).collect();
    assert_eq!(listed.len(), 3);
    assert!(listed.is_sorted(), "{rows}");
}

#[tokio::test]
async fn what_is_no_photo_is_refused_whatever_its_name_says() {
    for lang in Lang::ALL {
        let desk = started(lang).await;
        let before = acts(&desk).await;
        let html = desk.file("nameplate.jpg", b"<html><body>Not found</body></html>");
        let empty = desk.file("empty.jpg", b"");
        let text = desk.file("notes.jpg", b"hello, this is text");
        let mut seen = String::new();
        for file in [html, empty, text, desk.root.path().join("missing.jpg")] {
            seen.push_str(
                &desk.day(&[&["photo", "add", file.to_str().unwrap(), "--tag", "nameplate"]]).await,
            );
        }
        let seen = desk.plain(&seen);
        assert_eq!(acts(&desk).await, before, "{seen}");
        assert!(desk.store().await.photos(None).await.unwrap().is_empty());
        match lang {
            Lang::En => insta::assert_snapshot!(seen, @r#"
            $ field photo add nameplate.jpg --tag nameplate
            ✗ nameplate.jpg is no photo: its content is HTML / XML
              JPEG, PNG, WebP and HEIC are taken, whatever the name says.
            (exit 2)
            $ field photo add empty.jpg --tag nameplate
            ✗ empty.jpg is no photo: its content is empty
              JPEG, PNG, WebP and HEIC are taken, whatever the name says.
            (exit 2)
            $ field photo add notes.jpg --tag nameplate
            ✗ notes.jpg is no photo: its content is something else
              JPEG, PNG, WebP and HEIC are taken, whatever the name says.
            (exit 2)
            $ field photo add missing.jpg --tag nameplate
            ✗ missing.jpg: there is no such file or folder
            (exit 2)
            "#),
            Lang::ZhCn => insta::assert_snapshot!(seen, @r#"
            $ field photo add nameplate.jpg --tag nameplate
            ✗ nameplate.jpg 不是照片：其内容为 HTML / XML
              接受 JPEG、PNG、WebP 和 HEIC，以内容为准，与文件名无关。
            (exit 2)
            $ field photo add empty.jpg --tag nameplate
            ✗ empty.jpg 不是照片：其内容为 空文件
              接受 JPEG、PNG、WebP 和 HEIC，以内容为准，与文件名无关。
            (exit 2)
            $ field photo add notes.jpg --tag nameplate
            ✗ notes.jpg 不是照片：其内容为 无法识别的格式
              接受 JPEG、PNG、WebP 和 HEIC，以内容为准，与文件名无关。
            (exit 2)
            $ field photo add missing.jpg --tag nameplate
            ✗ missing.jpg：没有这个文件或文件夹
            (exit 2)
            "#),
        }
    }
}

#[tokio::test]
async fn a_position_is_what_the_person_gave_and_never_what_the_camera_claims() {
    let desk = started(Lang::En).await;
    let claimed = desk.file("claimed.jpg", &photo("2025:11-21 10:00:00", Some((31.1, 121.1))));
    let given = desk.file("given.jpg", &photo("2025:11-21 10:00:01", Some((31.1, 121.1))));
    desk.ok(&["photo", "add", claimed.to_str().unwrap(), "--tag", "site", "--allow-old"]).await;
    let file = given.to_str().unwrap();
    desk.ok(&["photo", "add", file, "--tag", "site", "--at", "31.2304,121.4737", "--allow-old"]).await;
    let view = desk.store().await.document(super::morning()).await.unwrap().view();
    let places: Vec<_> = view.photos.values().map(|photo| photo.content.lat.as_deref()).collect();
    assert_eq!(places, [None, Some("31.2304")]);
}

#[tokio::test]
async fn claims_of_cameras_are_compared_and_never_believed() {
    let desk = started(Lang::En).await;
    let mut seen = String::new();
    for name in ["clock-in-2099.jpg", "iphone6plus-beijing.jpg", "gps-degrees-as-text.jpg"] {
        let file = sample(name);
        let text =
            desk.day(&[&["photo", "add", file.to_str().unwrap(), "--tag", "site", "--allow-old"]]).await;
        seen.push_str(&text.replace(file.to_str().unwrap(), name));
    }
    for name in ["huge_tag_exif.jpg", "infinite_loop_exif.jpg"] {
        let file = sample("damaged").join(name);
        let text =
            desk.day(&[&["photo", "add", file.to_str().unwrap(), "--tag", "site", "--allow-old"]]).await;
        seen.push_str(&text.replace(file.to_str().unwrap(), name));
    }
    insta::assert_snapshot!(seen, @r#"
    $ field photo add clock-in-2099.jpg --tag site --allow-old
    ! The camera says 73 years from now: its clock is wrong. Kept; the office sees both times.
    ! This photo cannot be shown to its end: the file is damaged. It is kept; better take it again.
      37 kB  sha256 3afe23f3…  taken 12 Aug 2099 19:59
    ✓ saved   1 photo   checklist 0/7
      next: field answer appearance_ok yes|no
    $ field photo add iphone6plus-beijing.jpg --tag site --allow-old
    ! Taken 9 years before this visit started
    ! The camera says 1074.3 km from the address
      733 kB  sha256 3b41ff6b…  taken 24 Mar 2016 14:49  40.004086,116.484781
    ✓ saved   1 photo   checklist 0/7
      next: field answer appearance_ok yes|no
    $ field photo add gps-degrees-as-text.jpg --tag site --allow-old
    ! Taken 11 years before this visit started
      22 kB  sha256 090a3789…  taken 26 Apr 2014 19:09
    ✓ saved   1 photo   checklist 0/7
      next: field answer appearance_ok yes|no
    $ field photo add huge_tag_exif.jpg --tag site --allow-old
    ! This photo cannot be shown to its end: the file is damaged. It is kept; better take it again.
      66 kB  sha256 410bb4a2…
    ✓ saved   1 photo   checklist 0/7
      next: field answer appearance_ok yes|no
    $ field photo add infinite_loop_exif.jpg --tag site --allow-old
      4 kB  sha256 5cfed267…
    ✓ saved   1 photo   checklist 0/7
      next: field answer appearance_ok yes|no
    "#);
}

#[tokio::test]
async fn the_same_photo_is_kept_once_and_told_when_it_was_used_elsewhere() {
    let desk = started(Lang::En).await;
    let file = desk.file("IMG.jpg", &photo("2025:11:21 17:45:00", None));
    let file = file.to_str().unwrap();
    let lines: [&[&str]; 5] = [
        &["photo", "add", file, file, "--tag", "seal"],
        &["photo", "add", file, "--tag", "seal"],
        &["visit", "start", "0421"],
        &["photo", "add", file, "--tag", "seal"],
        &["photo", "list", "--visit", "0417"],
    ];
    let seen = desk.day(&lines).await;
    insta::assert_snapshot!(desk.plain(&seen), @r#"
    $ field photo add IMG.jpg IMG.jpg --tag seal
      IMG.jpg  407 B  sha256 8d0d24a9…  taken 17:45 (device clock agrees)
    ✓ saved   1 photo   checklist 1/7
      next: field answer appearance_ok yes|no
    $ field photo add IMG.jpg --tag seal
    ✓ IMG.jpg is here already: photo 1
    $ field visit start 0421
    ✓ C-2025-0421 "Smell of gas in the kitchen" started 17:42. It is now @.
      C-2025-0417 is still running; to pause it: field visit pause --visit C-2025-0417
      next: field visit show
    $ field photo add IMG.jpg --tag seal
    ! The same photo was recorded on C-2025-0417
      407 B  sha256 8d0d24a9…  taken 17:45 (device clock agrees)
    ✓ saved   1 photo
    $ field photo list --visit 0417
    ┌──────────────────────────────────────────────────────────────┐
    │ #   Photo                                       Time    By   │
    ╞══════════════════════════════════════════════════════════════╡
    │ 1   Seal · 407 B · sha256 8d0d24a9… · waiting   17:42   张伟 │
    └──────────────────────────────────────────────────────────────┘
    "#);
}

#[tokio::test]
async fn one_file_that_is_no_photo_keeps_no_other_from_being_recorded() {
    for lang in Lang::ALL {
        let desk = started(lang).await;
        let good = desk.file("good.jpg", &photo("2025:11:21 17:43:00", None));
        let old = desk.file("old.jpg", &photo("2025:11:01 17:43:00", None));
        let html = desk.file("page.jpg", b"<html></html>");
        let missing = desk.root.path().join("missing.jpg");
        let files = [&good, &html, &old, &missing].map(|file| file.to_str().unwrap());
        let line = [&["photo", "add"][..], &files, &["--tag", "site"]].concat();
        let seen = desk.plain(&desk.day(&[&line]).await);
        assert_eq!(desk.store().await.photos(None).await.unwrap().len(), 1, "{seen}");
        match lang {
            Lang::En => insta::assert_snapshot!(seen, @r#"
            $ field photo add good.jpg page.jpg old.jpg missing.jpg --tag site
            ✗ page.jpg is no photo: its content is HTML / XML
              JPEG, PNG, WebP and HEIC are taken, whatever the name says.
            ✗ missing.jpg: there is no such file or folder
            ✗ old.jpg: Taken 19 d 23 h before this visit started
              To keep it all the same: --allow-old
              good.jpg  407 B  sha256 1c653a7a…  taken 17:43 (device clock agrees)
            ✓ saved   1 photo   checklist 0/7
            ! 3 files were left out; the others are recorded
              next: field answer appearance_ok yes|no
            (exit 3)
            "#),
            Lang::ZhCn => insta::assert_snapshot!(seen, @r#"
            $ field photo add good.jpg page.jpg old.jpg missing.jpg --tag site
            ✗ page.jpg 不是照片：其内容为 HTML / XML
              接受 JPEG、PNG、WebP 和 HEIC，以内容为准，与文件名无关。
            ✗ missing.jpg：没有这个文件或文件夹
            ✗ old.jpg: 拍摄时间比本次核查开始早 19 天 23 小时
              仍要保留：--allow-old
              good.jpg  407 B  sha256 1c653a7a…  拍摄于 17:43（与本机时钟一致）
            ✓ 已保存   1 张照片   检查项 0/7
            ! 有 3 个文件未保存，其余均已保存
              下一步：field answer appearance_ok yes|no
            (exit 3)
            "#),
        }
        let again = desk.run(&line).await;
        assert_eq!(again.exit, 3, "{}", again.text);
        assert_eq!(desk.store().await.photos(None).await.unwrap().len(), 1, "{}", again.text);
        let json = desk.run(&[&["--json"][..], &line].concat()).await;
        assert_eq!(json.text.matches("\"event\":\"left_out\"").count(), 3, "{}", json.text);
        let none = [&["photo", "add"][..], &files[1..], &["--tag", "site"]].concat();
        assert_eq!(desk.run(&none).await.exit, 2, "nothing was recorded");
    }
}
