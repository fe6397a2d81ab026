//! Bytes of released versions: they still open, and new code still writes them.
//!
//! A new version adds a file; none is ever changed. `FIELDLOOP_WRITE_GOLDEN=1` writes files
//! that do not exist yet.

use super::{Body, BodyKind, ChangeBody, Envelope, HEADER_FORMAT, Header, PhotoClaim, SealParts, SigningKey};
use crate::ids::{BlobHash, DeviceId, EnvelopeHash, PersonId, ServerId, VisitId};
use crate::protocol::{Ask, Beacon, FrameReader, FrameWriter, UpFrame, WireContext};
use crate::time::Timestamp;
use std::path::PathBuf;

fn golden(name: &str, written: &[u8]) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if !path.exists() && std::env::var_os("FIELDLOOP_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, written).unwrap();
    }
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn envelope() -> Envelope {
    let photo = PhotoClaim {
        sha256: BlobHash::from_bytes([0x5a; 32]),
        size_bytes: 733_428,
        media_type: "image/jpeg".to_owned(),
    };
    let change = ChangeBody {
        generation: 0,
        chunks: vec![b"a chunk".to_vec().into()],
        photos: vec![photo],
        parts: vec![],
    };
    let header = Header {
        format: HEADER_FORMAT,
        server: ServerId::from_bytes([1; 16]),
        epoch: 1,
        device: DeviceId::from_bytes([2; 16]),
        sequence: 1,
        previous: EnvelopeHash::NONE,
        person: PersonId::from_bytes([3; 16]),
        claimed_at: Timestamp::from_unix_ms(1_795_300_000_000),
        monotonic_ms: 86_400_000,
        boot: [4; 8],
        utc_offset_min: 480,
        log_index_known: 17,
        server_time_known: Timestamp::from_unix_ms(1_795_299_000_000),
        kind: BodyKind::Change,
        visit: Some(VisitId::from_bytes([5; 16])),
        commitment: [0; 32],
    };
    Envelope::seal(
        SealParts { header, body: &Body::Change(change), salt: [6; 16] },
        &SigningKey::from_seed(&[7; 32]),
    )
}

#[test]
fn an_envelope_of_version_1_opens_and_is_still_written_so() {
    let envelope = envelope();
    let cose = golden("envelope-v1.cose", envelope.cose());
    let body = golden("envelope-v1.body", envelope.body_bytes());
    let opened = Envelope::open(&cose, [6; 16], body).unwrap();
    assert_eq!(opened, envelope);
    assert!(opened.is_signed_by(&SigningKey::from_seed(&[7; 32]).public()));
}

#[test]
fn a_request_of_version_1_is_still_read() {
    let envelope = envelope();
    let (server, device) = (ServerId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
    let beacon =
        UpFrame::Beacon(Beacon { protocol: 1, app_version: "0.1.0".to_owned(), ..Beacon::default() });
    let ask = UpFrame::Ask(Ask { epoch: 1, cursor: 41, answer_bytes_max: 1_000_000, ..Ask::default() });
    let sent = UpFrame::Envelope(WireContext::upload(server, device).pack(&envelope));
    let frames = [beacon, ask, sent, UpFrame::End(1)];
    let mut writer = FrameWriter::new();
    frames.iter().for_each(|frame| writer.push(frame));
    let bytes = golden("request-v1.zst", &writer.finish());
    let mut reader = FrameReader::new();
    reader.feed(&bytes).unwrap();
    let read: Vec<UpFrame> = std::iter::from_fn(|| reader.next_frame().unwrap()).collect();
    assert_eq!(read, frames);
    let UpFrame::Envelope(wire) = read[2].clone() else { panic!("the third frame is the envelope") };
    assert_eq!(WireContext::upload(server, device).unpack(wire).unwrap(), envelope);
}

#[test]
fn no_golden_file_is_forgotten() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["envelope-v1.body", "envelope-v1.cose", "request-v1.zst"]);
}
