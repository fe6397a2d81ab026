//! What technicians write: a full visit record, and a day's edits on it.

use sync_core::document::{Edit, Finding, MeterCheck, Photo, Progress, Reading};
use sync_core::ids::{BlobHash, EntryId, VisitId};
use sync_core::log::PhotoClaim;
use sync_core::testing::Rng;
use sync_core::testing::fleet::Device;

const WORDS: [&str; 40] = [
    "表位",
    "铅封完好",
    "客户称",
    "空调未开",
    "仍走字",
    "接线",
    "端钮盖",
    "互感器",
    "倍率",
    "示数",
    "三单元",
    "梧桐路",
    "计量箱",
    "门锁",
    "照片",
    "现场",
    "负荷",
    "电压",
    "正常",
    "偏高",
    "seal",
    "intact",
    "meter",
    "runs",
    "fast",
    "customer",
    "says",
    "kitchen",
    "riser",
    "valve",
    "photo",
    "taken",
    "again",
    "later",
    "box",
    "door",
    "locked",
    "reading",
    "differs",
    "checked",
];

/// Words of about 120 characters.
fn text(rng: &mut Rng) -> String {
    let mut text = String::new();
    while text.chars().count() < 110 {
        text.push_str(WORDS[rng.below(WORDS.len())]);
        text.push(if rng.chance(15) { '，' } else { ' ' });
    }
    text
}

fn entry(rng: &mut Rng) -> EntryId {
    EntryId::from_bytes(rng.bytes())
}

fn add_finding(edit: &mut Edit<'_>, rng: &mut Rng) {
    let finding = Finding { code: "SEAL_OK".to_owned(), text: text(rng), item: None, severity: None };
    edit.add_finding(entry(rng), &finding).expect("a new entry");
}

fn add_check(edit: &mut Edit<'_>, rng: &mut Rng) {
    let seconds = format!("{}.{:02}", 20 + rng.below(5), rng.below(100));
    let inputs = [("constant", "1600"), ("pulses", "10"), ("seconds", seconds.as_str()), ("watts", "1000")];
    let check = MeterCheck {
        method: "watt_second".to_owned(),
        inputs: inputs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        class: Some("2".to_owned()),
        profile: None,
        meter_no: Some("110438".to_owned()),
    };
    edit.add_meter_check(entry(rng), &check).expect("a new entry");
}

fn add_reading(edit: &mut Edit<'_>, rng: &mut Rng) {
    let shown = format!("{:06}.{:02}", 100_000 + rng.below(900_000), rng.below(100));
    let reading = Reading {
        register: "total".to_owned(),
        unit: "kW.h".to_owned(),
        value: shown.clone(),
        shown,
        kind: "actual".to_owned(),
        digits: 6,
        decimals: 2,
        meter_no: None,
        photo: None,
    };
    edit.add_reading(entry(rng), &reading).expect("a new entry");
}

fn a_photo(rng: &mut Rng) -> Photo {
    Photo {
        sha256: BlobHash::from_bytes(rng.bytes()),
        size: 2_000_000 + i64::from(u32::try_from(rng.below(1_000_000)).expect("below a million")),
        media_type: "image/jpeg".to_owned(),
        role: "nameplate".to_owned(),
        caption: None,
        taken_at: None,
        lat: None,
        lon: None,
        accuracy: None,
        finding: None,
    }
}

/// One save that adds these photos and does `act`.
fn save(
    device: &mut Device,
    visit: VisitId,
    photos: &[Photo],
    mut act: impl FnMut(&mut Edit<'_>, &mut Rng),
    rng: &mut Rng,
) {
    let claim = |photo: &Photo| PhotoClaim {
        sha256: photo.sha256,
        size_bytes: u64::try_from(photo.size).expect("a size"),
        media_type: photo.media_type.clone(),
    };
    let person = device.person;
    device.save_with_photos(visit, person, photos.iter().map(claim).collect(), |edit| {
        for photo in photos {
            edit.add_photo(entry(rng), photo).expect("a new entry");
        }
        act(edit, rng);
    });
}

/// The record of a visit before the day: 10 findings, 6 checks, 8 photos, 20 answers.
pub(crate) fn fill(device: &mut Device, visit: VisitId, rng: &mut Rng) {
    let photos: Vec<Photo> = (0..8).map(|_| a_photo(rng)).collect();
    let act = |edit: &mut Edit<'_>, rng: &mut Rng| {
        (0..10).for_each(|_| add_finding(edit, rng));
        (0..6).for_each(|_| add_check(edit, rng));
        (0..20).for_each(|item| edit.answer(&format!("power.item.{item}"), "ok").expect("an answer"));
    };
    save(device, visit, &photos, act, rng);
}

/// A day's 30 edits on a visit, in so many saves: 16 answers, 6 findings, 3 readings, 3 checks,
/// 1 photo, 1 step of progress.
pub(crate) fn edit(device: &mut Device, visit: VisitId, saves: usize, rng: &mut Rng) {
    let per_save = 30 / saves;
    for first in (0..30).step_by(per_save) {
        let photos: Vec<Photo> =
            if (first..first + per_save).contains(&28) { vec![a_photo(rng)] } else { Vec::new() };
        let act = |edit: &mut Edit<'_>, rng: &mut Rng| {
            (first..first + per_save).for_each(|number| one(edit, number, rng));
        };
        save(device, visit, &photos, act, rng);
    }
}

/// A short visit in four saves: begun, looked at, checked, finished. Who comes second sees another state of the seal.
pub(crate) fn visit(device: &mut Device, visit: VisitId, place: usize, rng: &mut Rng) {
    let progress = |edit: &mut Edit<'_>, rng: &mut Rng, event: &str| {
        let event = Progress { event: event.to_owned(), reason: None, outcome: None, lat: None, lon: None };
        edit.add_progress(entry(rng), &event).expect("a new entry");
    };
    save(device, visit, &[], |edit, rng| progress(edit, rng, "arrived"), rng);
    let seal = if place == 0 { "intact" } else { "broken" };
    let look = |edit: &mut Edit<'_>, rng: &mut Rng| {
        edit.answer("meter-accuracy.seal", seal).expect("an answer");
        add_finding(edit, rng);
    };
    save(device, visit, &[], look, rng);
    save(device, visit, &[], add_check, rng);
    save(device, visit, &[], |edit, rng| progress(edit, rng, "finished"), rng);
}

/// One more finding.
pub(crate) fn touch(device: &mut Device, visit: VisitId, rng: &mut Rng) {
    save(device, visit, &[], add_finding, rng);
}

fn one(edit: &mut Edit<'_>, number: usize, rng: &mut Rng) {
    match number {
        28 => {}
        29 => {
            let event =
                Progress { event: "finished".to_owned(), reason: None, outcome: None, lat: None, lon: None };
            edit.add_progress(entry(rng), &event).expect("a new entry");
        }
        number => match number % 5 {
            0 => add_finding(edit, rng),
            1 if number < 16 => add_check(edit, rng),
            2 if number < 16 => add_reading(edit, rng),
            _ => {
                let value = i64::try_from(rng.below(300)).expect("below 300");
                edit.answer(&format!("power.item.{number}"), value).expect("an answer");
            }
        },
    }
}
