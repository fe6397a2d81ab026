//! Second opinions: other people's libraries read what ours wrote.

use crate::harness::{Office, TestDatabase, peer_node_modules, peer_python};
use crate::stories::clerk;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use sync_core::document::{ActorId16, Edit, EditAuthor, Finding, Role, SharedText, VisitDocument};
use sync_core::ids::{DeviceId, EntryId, EnvelopeHash, PersonId, ServerId, VisitId};
use sync_core::log::{Body, BodyKind, ChangeBody, Envelope, HEADER_FORMAT, Header, SealParts, SigningKey};
use sync_core::time::Timestamp;

const VISIT: VisitId = VisitId::from_bytes([5; 16]);

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

fn write(document: &mut VisitDocument, device: u8, act: impl FnOnce(&mut Edit<'_>)) -> Vec<u8> {
    let actor = ActorId16::of_device(DeviceId::from_bytes([device; 16]), VISIT, 0);
    let person = PersonId::from_bytes([device; 16]);
    let at = Timestamp::from_unix_ms(1_795_300_000_000);
    let mut edit = document.edit(EditAuthor { actor, person, at, role: Role::Field });
    act(&mut edit);
    edit.commit().expect("the act changes something").bytes
}

/// A visit that two technicians wrote without knowing of each other.
fn two_technicians() -> VisitDocument {
    let (mut zhang, mut li) = (VisitDocument::birth(VISIT), VisitDocument::birth(VISIT));
    write(&mut zhang, 1, |edit| {
        edit.set_seal_state("110438", "terminal_cover", Some("intact")).unwrap();
        edit.answer("meter.clock", 12).unwrap();
        let text = "表位 3-602，铅封完好".to_owned();
        let finding = Finding { code: "SEAL_OK".to_owned(), text, item: None, severity: None };
        edit.add_finding(EntryId::from_bytes([8; 16]), &finding).unwrap();
    });
    let theirs = write(&mut li, 2, |edit| {
        edit.set_seal_state("110438", "terminal_cover", Some("missing")).unwrap();
        edit.append_text(SharedText::Note, "客户称空调未开仍走字").unwrap();
    });
    zhang.apply(&[theirs]).unwrap();
    zhang
}

fn output_of(command: &mut Command) -> Value {
    let output = command.output().expect("the peer can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the peer failed: {errors}");
    serde_json::from_slice(&output.stdout).expect("the peer prints JSON")
}

#[test]
fn javascript_reads_the_same_values_and_conflicts() {
    let Some(modules) = peer_node_modules("javascript_reads_the_same_values_and_conflicts") else { return };
    let document = two_technicians();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("visit.automerge");
    std::fs::write(&file, document.save()).unwrap();

    let seen = output_of(Command::new("node").arg(script("visit.mjs")).arg(modules).arg(&file));

    let heads: Vec<String> = document.heads().iter().map(ToString::to_string).collect();
    assert_eq!(seen["heads"], json!(heads));
    assert_eq!(seen["seal_states"], json!({ "110438/terminal_cover": ["intact", "missing"] }));
    assert_eq!(seen["answers"], json!({ "meter.clock": ["12"] }));
    let view = document.view();
    assert_eq!(seen["note"], json!(view.note));
    assert_eq!(seen["findings"][EntryId::from_bytes([8; 16]).to_string()], json!("表位 3-602，铅封完好"));
}

#[test]
fn an_independent_cose_library_verifies_an_envelope() {
    let Some(python) = peer_python("an_independent_cose_library_verifies_an_envelope") else { return };
    let key = SigningKey::from_seed(&[7; 32]);
    let header = Header {
        format: HEADER_FORMAT,
        server: ServerId::from_bytes([1; 16]),
        epoch: 1,
        device: DeviceId::from_bytes([2; 16]),
        sequence: 1,
        previous: EnvelopeHash::NONE,
        person: PersonId::from_bytes([3; 16]),
        claimed_at: Timestamp::from_unix_ms(1_795_300_000_000),
        monotonic_ms: 1,
        boot: [4; 8],
        utc_offset_min: -210,
        log_index_known: 17,
        server_time_known: Timestamp::from_unix_ms(0),
        kind: BodyKind::Change,
        visit: Some(VISIT),
        commitment: [0; 32],
    };
    let body = Body::Change(ChangeBody::default());
    let envelope = Envelope::seal(SealParts { header, body: &body, salt: [6; 16] }, &key);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("envelope.cose");
    std::fs::write(&file, envelope.cose()).unwrap();
    let hex: String = key.public().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();

    let seen = output_of(Command::new(&python).arg(script("envelope.py")).arg(&file).arg(&hex));
    assert_eq!(seen[0], json!(1), "format");
    assert_eq!(seen[4], json!(1), "sequence");
    assert_eq!(seen[10], json!(-210), "minutes east of UTC");
    assert_eq!(seen[13], json!(2), "a change");

    let mut forged = envelope.cose().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    std::fs::write(&file, forged).unwrap();
    let refused = Command::new(&python).arg(script("envelope.py")).arg(&file).arg(&hex).status().unwrap();
    assert!(!refused.success(), "a forged signature must be refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spreadsheet_library_reads_an_exported_workbook() {
    let Some(python) = peer_python("a_spreadsheet_library_reads_an_exported_workbook") else { return };
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let form = json!({
        "utility": "power", "category": "power.BIZ.metering", "channel": "phone", "region": "east",
        "summary": "=SUM(A1:A9) 电表 <快> & 走", "address": "梧桐路 12 号",
        "customer": { "number": "0012345678", "name": "李梅", "phone": "13800138000" },
        "position": { "latitude": "31.2304", "longitude": "121.4737" },
    });
    let complaint = desk.post("/v1/complaints", &form).await;
    let lead = office.desk("chief", &["lead"]).await;
    let request = reqwest::Client::new().get(office.url("/v1/exports/complaints.xlsx"));
    let answer = request.header("authorization", lead.authorization()).send().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("complaints.xlsx");
    std::fs::write(&file, answer.bytes().await.unwrap()).unwrap();

    let seen = output_of(Command::new(python).arg(script("workbook.py")).arg(&file));

    assert_eq!(seen["sheets"], json!(["complaints"]));
    let rows = seen["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["complaint_number"], complaint["number"]);
    assert_eq!((&rows[0]["summary"], &rows[0]["summary type"]), (&form["summary"], &json!("s")));
    assert_eq!((&rows[0]["latitude"], &rows[0]["longitude"]), (&json!(31.2304), &json!(121.4737)));
    let received = complaint["received_at_ms"].as_i64().unwrap();
    let seen_ms = rows[0]["received_at"].as_i64().expect("a moment is a moment");
    assert!((received - seen_ms).abs() < 1000, "{received} {seen_ms}");
}
