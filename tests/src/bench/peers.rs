//! The same job done by others, in this process: the floor, and Automerge's own protocol.

use crate::report::Report;
use automerge::sync::{State, SyncDoc as _};
use automerge::{ActorId, AutoCommit, ObjType, ROOT, transaction::Transactable as _};
use std::io::Write as _;
use std::time::Instant;
use sync_core::testing::Rng;

const DOCUMENTS: usize = 250;

/// Measures both.
pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    floor(report)?;
    protocol(report);
    Ok(())
}

/// 250 bodies of 2.7 kB appended to one file, an fsync for every 50.
fn floor(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut file = std::fs::File::create(folder.path().join("log"))?;
    let mut rng = Rng::new(1);
    let bodies: Vec<Vec<u8>> =
        (0..DOCUMENTS).map(|_| (0..2_700).map(|_| rng.bytes::<1>()[0]).collect()).collect();
    let began = Instant::now();
    for group in bodies.chunks(50) {
        for body in group {
            file.write_all(body)?;
        }
        file.sync_all()?;
    }
    let wall = began.elapsed().as_secs_f64() * 1000.0;
    report.row(
        "floor: the same bytes appended, one fsync per group of 50",
        format!("{wall:.1} ms"),
        "beside it",
    );
    Ok(())
}

/// 250 documents with 30 edits each through Automerge's sync protocol, both sides remembered.
fn protocol(report: &mut Report) {
    let mut pairs: Vec<(AutoCommit, AutoCommit, State, State)> = (0..DOCUMENTS).map(pair).collect();
    let mut up = 0;
    let began = Instant::now();
    for (device, server, mine, theirs) in &mut pairs {
        loop {
            let sent = device.sync().generate_sync_message(mine).map(automerge::sync::Message::encode);
            if let Some(bytes) = &sent {
                up += bytes.len();
                let message = automerge::sync::Message::decode(bytes).expect("our own message");
                server.sync().receive_sync_message(theirs, message).expect("our own message");
            }
            let answer = server.sync().generate_sync_message(theirs);
            let silent = sent.is_none() && answer.is_none();
            if let Some(message) = answer {
                device.sync().receive_sync_message(mine, message).expect("our own message");
            }
            if silent {
                break;
            }
        }
        assert_eq!(device.get_heads(), server.get_heads());
        server.save();
    }
    let cpu = began.elapsed().as_secs_f64();
    let each = up as f64 / 50_000.0;
    report.row(
        "Automerge sync protocol, in-process, both sides, no gate, no disk",
        format!("{cpu:.2} s, {each:.1} kB up per device, 2 round trips per document"),
        "beside it",
    );
}

fn pair(number: usize) -> (AutoCommit, AutoCommit, State, State) {
    let mut device = AutoCommit::new().with_actor(ActorId::from([1; 16].as_slice()));
    let findings = device.put_object(ROOT, "findings", ObjType::Map).expect("a new map");
    for entry in 0..60 {
        let finding = device.put_object(&findings, format!("{entry:032}"), ObjType::Map).expect("a new map");
        for field in 0..10 {
            device
                .put(&finding, format!("field {field}"), format!("value {number} {entry}"))
                .expect("a value");
        }
    }
    device.commit();
    let mut server = device.fork().with_actor(ActorId::from([2; 16].as_slice()));
    let (mut mine, mut theirs) = (State::new(), State::new());
    loop {
        let sent = device.sync().generate_sync_message(&mut mine);
        let Some(message) = sent else { break };
        server.sync().receive_sync_message(&mut theirs, message).expect("our own message");
        let answer = server.sync().generate_sync_message(&mut theirs);
        if let Some(answer) = answer {
            device.sync().receive_sync_message(&mut mine, answer).expect("our own message");
        }
    }
    for edit in 0..30 {
        let entry = device.put_object(&findings, format!("new {edit:028}"), ObjType::Map).expect("a new map");
        device.put(&entry, "text", "表位 3-602，铅封完好，用户称空调未开仍走字 ".repeat(4)).expect("a value");
        device.put(&entry, "code", "SEAL_OK").expect("a value");
        if edit % 5 == 4 {
            device.commit();
        }
    }
    (device, server, mine, theirs)
}
