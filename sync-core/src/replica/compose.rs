//! Request bodies.

use crate::ids::{DeviceId, ServerId};
use crate::log::Envelope;
use crate::protocol::{Ask, Beacon, ENVELOPES_PER_EXCHANGE_MAX, FrameWriter, UpFrame, WireContext};

/// What one request is made of.
#[derive(Debug)]
pub struct Upload<'a> {
    /// The installation the device is enrolled with.
    pub server: ServerId,
    /// The device.
    pub device: DeviceId,
    /// How it is doing.
    pub beacon: Beacon,
    /// What it has and wants.
    pub ask: Ask,
    /// Envelopes that are not acknowledged, in the order of their sequences.
    pub envelopes: &'a [Envelope],
    /// Envelopes of others that the server needs; sent where its own leave room.
    pub offered: &'a [Envelope],
    /// Inflated bytes this body may have; halved by the caller after a failure. At least one
    /// envelope is always sent.
    pub body_bytes_max: usize,
}

/// A request body and what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The compressed body.
    pub body: Vec<u8>,
    /// Sequence of the last envelope in it, `None` when it carries none.
    pub last_sequence: Option<u64>,
    /// Envelopes in it.
    pub envelopes: usize,
    /// Whether every envelope found room.
    pub complete: bool,
}

/// Writes the request body for `upload`.
pub fn compose(upload: &Upload<'_>) -> Composed {
    let mut writer = FrameWriter::new();
    writer.push(&UpFrame::Beacon(upload.beacon.clone()));
    writer.push(&UpFrame::Ask(upload.ask.clone()));
    let mut context = WireContext::upload(upload.server, upload.device);
    let mut sent = 0;
    for envelope in upload.envelopes {
        let room = writer.inflated_bytes() + envelope.body_bytes().len() <= upload.body_bytes_max;
        if sent > 0 && !room || sent >= ENVELOPES_PER_EXCHANGE_MAX {
            break;
        }
        writer.push(&UpFrame::Envelope(context.pack(envelope)));
        sent += 1;
    }
    let offered = upload.offered.iter().take(ENVELOPES_PER_EXCHANGE_MAX - sent);
    for (index, envelope) in offered.enumerate() {
        let room = writer.inflated_bytes() + envelope.body_bytes().len() <= upload.body_bytes_max;
        if sent + index > 0 && !room {
            break;
        }
        writer.push(&UpFrame::Offered(context.pack(envelope)));
    }
    writer.push(&UpFrame::End(u32::try_from(sent).expect("bounded by ENVELOPES_PER_EXCHANGE_MAX")));
    Composed {
        body: writer.finish(),
        last_sequence: sent.checked_sub(1).map(|last| upload.envelopes[last].header().sequence),
        envelopes: sent,
        complete: sent == upload.envelopes.len(),
    }
}
