//! Command lines as people type them, run in this process on a real store with a fixed clock.

mod acts;
mod bad_input;
mod day;
mod events;
mod experts;
mod help;
mod knowledge;
mod office;
mod photos;
mod reconnect;
mod scripts;
mod utility;
mod words;

use crate::ctx::Ctx;
use crate::i18n::{Lang, Words};
use crate::machine::{Home, Machine};
use crate::output::Output;
use crate::output::testing::Transcript;
use crate::store::testing::{START_MS, card, enrolled, machine, visit_id};
use crate::store::{Store, testing};
use jiff::tz::TimeZone;
use serde::Serialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use sync_core::ids::{DeviceId, PersonId, VisitId};
use sync_core::protocol::{
    AssignmentCard, CardCustomer, CardMeter, CheckKind, ChecklistItem, ChecklistTemplate, ColleagueCard,
    ItemKind, OfficeCard, PackItem, PackKey, TermCard,
};
use sync_core::restricted::OpeningKey;
use sync_core::time::Timestamp;

/// A technician at an enrolled device with two visits in the pack.
struct Desk {
    root: tempfile::TempDir,
    machine: Machine,
    lang: Lang,
}

/// What came of one command line.
struct Answer {
    text: String,
    exit: u8,
}

/// Opens what the technicians of these tests seal.
fn opening_key() -> OpeningKey {
    OpeningKey::from_seed(&[7; 32])
}

impl Desk {
    async fn new(lang: Lang) -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = enrolled(root.path(), 1).await;
        for card in [visit_in_the_morning(), visit_with_gas()] {
            testing::assign(&store, &card).await;
        }
        let colleague = ColleagueCard {
            device: DeviceId::from_bytes([2; 16]),
            device_name: "dev-11".into(),
            person: PersonId::from_bytes([0x82; 16]),
            name: "李娜".into(),
        };
        put(&store, &PackKey::Colleague(colleague.device), &colleague).await;
        put(&store, &PackKey::Checklist("meter-accuracy".into()), &checklist()).await;
        put(
            &store,
            &PackKey::Office,
            &OfficeCard { utc_offset_minutes: 480, sealing_key: Some(opening_key().sealing_key()) },
        )
        .await;
        store.close().await;
        Self { root, machine: machine("one", 100), lang }
    }

    fn home(&self) -> Home {
        Home::below(self.root.path())
    }

    fn ctx(&self, transcript: &Transcript) -> Ctx {
        Ctx {
            home: self.home(),
            words: Words::new(self.lang),
            out: Output::to(transcript),
            machine: self.machine.clone(),
            zone: TimeZone::fixed(jiff::tz::offset(8)),
            machine_zone: TimeZone::fixed(jiff::tz::offset(8)),
            knows_zone: false,
            interactive: false,
        }
    }

    /// Runs `field …` without a terminal.
    async fn run(&self, arguments: &[&str]) -> Answer {
        let transcript = Transcript::default();
        let line: Vec<OsString> = std::iter::once(&"field").chain(arguments).map(OsString::from).collect();
        let exit = crate::run(self.ctx(&transcript), line).await;
        Answer { text: transcript.take(), exit: exit.code() }
    }

    /// Runs command lines one after another and gives everything a person would see.
    async fn day(&self, lines: &[&[&str]]) -> String {
        let mut seen = String::new();
        for line in lines {
            let answer = self.run(line).await;
            seen.push_str(&format!(
                "$ field {}\n",
                line.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
            ));
            seen.push_str(&answer.text);
            if answer.exit != 0 {
                seen.push_str(&format!("(exit {})\n", answer.exit));
            }
        }
        seen
    }

    /// Runs a command line that must work.
    async fn ok(&self, arguments: &[&str]) -> String {
        let answer = self.run(arguments).await;
        assert_eq!(answer.exit, 0, "{arguments:?}: {}", answer.text);
        answer.text
    }

    async fn store(&self) -> Store {
        Store::open(self.home(), self.machine.clone()).await.unwrap()
    }

    /// A file for a command line; its path is relative to nothing, so transcripts show only its name.
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.root.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Takes the folder of this test out of a transcript.
    fn plain(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.root.path().display()), "")
    }
}

fn quoted(word: &str) -> String {
    if word.contains(' ') || word.is_empty() { format!("\"{word}\"") } else { word.to_owned() }
}

async fn put<T: Serialize>(store: &Store, key: &PackKey, item: &T) {
    let item = PackItem { key: key.to_string(), json: Some(serde_json::to_string(item).unwrap()) };
    let mut tx = store.write().await.unwrap();
    Store::put_pack_item_in(&mut tx, &item, Timestamp::from_unix_ms(START_MS)).await.unwrap();
    tx.commit().await.unwrap();
}

fn morning() -> VisitId {
    visit_id(0x11)
}

fn visit_in_the_morning() -> AssignmentCard {
    AssignmentCard {
        customer: CardCustomer {
            number: Some("0051002233".into()),
            name: Some("王芳".into()),
            phone: Some("138****0000".into()),
        },
        meter: Some(CardMeter {
            number: "000000110438".into(),
            class: Some("2".into()),
            constant: Some(1600),
            ct: None,
            pt: None,
            digits: Some(6),
            decimals: Some(2),
            rating: Some("220V 5(60)A".into()),
            last_reading: Some("012345.60".into()),
            last_read_at: Some(Timestamp::from_unix_ms(START_MS - 30 * 86_400_000)),
            made_on: Some("2019-03-01".into()),
        }),
        due_at: Some(Timestamp::from_unix_ms(START_MS + 4 * 3_600_000)),
        position: Some(("31.230400".into(), "121.473700".into())),
        ..card(morning(), "C-2025-0417")
    }
}

fn visit_with_gas() -> AssignmentCard {
    AssignmentCard {
        utility: "gas".into(),
        summary: "Smell of gas in the kitchen".into(),
        address: "Jiefang Rd 88, bldg. B".into(),
        checklist: String::new(),
        ..card(visit_id(0x21), "C-2025-0421")
    }
}

fn checklist() -> ChecklistTemplate {
    let item = |code: &str, zh: &str, en: &str, kind: ItemKind| ChecklistItem {
        code: code.into(),
        zh: zh.into(),
        en: en.into(),
        kind,
        required: true,
    };
    let term = |code: &str, zh: &str, en: &str| TermCard { code: code.into(), zh: zh.into(), en: en.into() };
    let loads = vec![term("idle", "空载", "Idle"), term("normal", "正常", "Normal")];
    let voltage = ItemKind::Number { unit: "V".into(), min: Some("198".into()), max: Some("235.4".into()) };
    ChecklistTemplate {
        code: "meter-accuracy".into(),
        version: 1,
        zh: "电表准确度核查".into(),
        en: "Meter accuracy".into(),
        items: vec![
            item("appearance_ok", "外观完好", "Appearance in order", ItemKind::YesNo),
            item("load", "负荷情况", "Load", ItemKind::Choice { options: loads }),
            item("voltage", "电压", "Voltage", voltage),
            item("reading", "示数", "Reading", ItemKind::Reading),
            item(
                "accuracy",
                "误差检验",
                "Accuracy",
                ItemKind::MeterCheck { of: vec![CheckKind::Electricity] },
            ),
            item("photo.seal", "封印照片", "Photo of the seal", ItemKind::Photo { role: "seal".into() }),
            ChecklistItem { required: false, ..item("remark", "备注", "Remark", ItemKind::Text) },
        ],
    }
}

/// The smallest JPEG that says when and where it was taken.
fn photo(taken: &str, position: Option<(f64, f64)>) -> Vec<u8> {
    use exif::experimental::Writer;
    use exif::{Field, In, Rational, Tag, Value};
    let text = |tag, text: &str| Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Ascii(vec![text.as_bytes().to_vec()]),
    };
    let degrees = |tag, value: f64| Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Rational(vec![
            Rational { num: (value * 1e6) as u32, denom: 1_000_000 },
            Rational { num: 0, denom: 1 },
            Rational { num: 0, denom: 1 },
        ]),
    };
    let mut fields = vec![text(Tag::DateTimeOriginal, taken)];
    if let Some((lat, lon)) = position {
        fields.extend([degrees(Tag::GPSLatitude, lat), text(Tag::GPSLatitudeRef, "N")]);
        fields.extend([degrees(Tag::GPSLongitude, lon), text(Tag::GPSLongitudeRef, "E")]);
    }
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut tiff = std::io::Cursor::new(Vec::new());
    writer.write(&mut tiff, false).unwrap();
    let tiff = tiff.into_inner();
    let length = u16::try_from(tiff.len() + 8).unwrap().to_be_bytes();
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe1, length[0], length[1]];
    jpeg.extend_from_slice(b"Exif\0\0");
    jpeg.extend_from_slice(&tiff);
    // A picture behind the metadata, so that it can be shown.
    let mut picture = Vec::new();
    let grey = image::GrayImage::new(8, 8);
    image::codecs::jpeg::JpegEncoder::new(&mut picture).encode_image(&grey).unwrap();
    jpeg.extend_from_slice(&picture[2..]);
    jpeg
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/photos").join(name)
}

/// A desk whose technician has begun the visit.
async fn started(lang: Lang) -> Desk {
    let desk = Desk::new(lang).await;
    desk.ok(&["visit", "start", "0417"]).await;
    desk
}

/// How many acts lie in the log.
async fn acts(desk: &Desk) -> usize {
    let store = desk.store().await;
    let count = store.log(Some(morning()), 1000).await.unwrap().len();
    store.close().await;
    count
}
