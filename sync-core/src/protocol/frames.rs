//! The frames of an exchange. Numbers are part of the protocol and never reused; a frame of an
//! unknown number is skipped, so that newer peers may say more.

use super::{VisitDigest, WireEnvelope};
use crate::ids::{
    BlobHash, ChangeHash, CommandId, DeviceId, EntryId, EnvelopeHash, PersonId, ServerId, VisitId,
};
use crate::time::Timestamp;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// What a device says. The beacon comes first, then the ask, then envelopes in their order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum UpFrame {
    /// How the device is doing: recorded even when the rest cannot be used.
    #[n(1)]
    Beacon(#[n(0)] Beacon),
    /// What the device has and wants.
    #[n(2)]
    Ask(#[n(0)] Ask),
    /// One envelope that the server has not acknowledged.
    #[n(3)]
    Envelope(#[n(0)] WireEnvelope),
    /// The body is complete; without this frame it was cut.
    #[n(4)]
    End(#[n(0)] u32),
    /// An envelope of another device that the server asked for by [`DownFrame::Need`]. Before the end.
    #[n(5)]
    Offered(#[n(0)] WireEnvelope),
}

/// Health of a device at the start of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(array)]
pub struct Beacon {
    /// Protocol version of the device.
    #[n(0)]
    pub protocol: u16,
    /// Version of the client, for example `0.1.0`.
    #[n(1)]
    pub app_version: String,
    /// The device's wall clock.
    #[n(2)]
    pub wall_clock: Timestamp,
    /// Minutes east of UTC on the device.
    #[n(3)]
    pub utc_offset_min: i16,
    /// Envelopes not yet acknowledged.
    #[n(4)]
    pub envelopes_pending: u64,
    /// Photos not yet on the server.
    #[n(5)]
    pub photos_pending: u64,
    /// Their bytes still to send.
    #[n(6)]
    pub photo_bytes_pending: u64,
    /// Free bytes where the client keeps its store.
    #[n(7)]
    pub disk_free_bytes: u64,
    /// What went wrong last, as a short code; `None` when nothing did.
    #[n(8)]
    pub last_failure: Option<String>,
    /// When the device forgot everything, as it was ordered to; it says nothing else any more.
    #[n(9)]
    pub wiped_at: Option<Timestamp>,
}

/// What a device has and wants.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(array)]
pub struct Ask {
    /// Server history the cursor belongs to, 0 before the first answer.
    #[n(0)]
    pub epoch: u64,
    /// Feed position up to which the device has everything.
    #[n(1)]
    pub cursor: u64,
    /// Sequence of the last envelope known to be acknowledged.
    #[n(2)]
    pub acknowledged: u64,
    /// Its hash, so that a restored server or device is noticed.
    #[n(3)]
    pub acknowledged_hash: Option<EnvelopeHash>,
    /// Bytes of answer that are welcome (before compression).
    #[n(4)]
    pub answer_bytes_max: u64,
    /// Digest per visit, only when the digest of the last answer differed.
    #[n(5)]
    pub visit_digests: Vec<VisitDigest>,
    /// Sequences of its own log that the device lacks (a restored store), lowest wanted; 0 for none.
    #[n(6)]
    pub own_from: u64,
    /// "Nothing unsent for these visits": finished or lost visits with nothing left on the device.
    #[n(7)]
    pub settled_visits: Vec<VisitId>,
    /// Wants the whole pack and all its visits again.
    #[n(8)]
    pub everything: bool,
    /// How far it keeps the logs of others; only until a new server history was told once.
    #[n(9)]
    #[cbor(default)]
    pub kept_logs: Vec<LogEnd>,
}

/// How far one side has the log of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LogEnd {
    /// The device; the office has an identity for each server history.
    #[n(0)]
    pub device: DeviceId,
    /// Sequence of its newest envelope here.
    #[n(1)]
    pub sequence: u64,
}

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum DownFrame {
    /// First frame: who answers, when, and how far the device's log is durable.
    #[n(1)]
    Welcome(#[n(0)] WelcomeBack),
    /// What became of one envelope.
    #[n(2)]
    Result(#[n(0)] EnvelopeResult),
    /// An envelope of somebody else on one of the device's visits, or the device's own after a restore.
    #[n(3)]
    Foreign(#[n(0)] WireEnvelope),
    /// A whole visit document, where that is shorter than its changes.
    #[n(4)]
    Document(#[n(0)] WholeDocument),
    /// The device no longer works on this visit: drop it once everything about it was sent.
    #[n(5)]
    Unassigned(
        /// The visit.
        #[n(0)]
        VisitId,
        /// Set when nobody goes there any more.
        #[n(1)]
        Option<Cancellation>,
    ),
    /// One item of the pack.
    #[n(6)]
    Pack(#[n(0)] PackItem),
    /// What became of a command.
    #[n(7)]
    Command(#[n(0)] CommandResult),
    /// Work sent back to the technician.
    #[n(8)]
    Rework(#[n(0)] Rework),
    /// Something the device must do.
    #[n(9)]
    Order(#[n(0)] Order),
    /// What the server holds of one visit.
    #[n(10)]
    Receipt(#[n(0)] Receipt),
    /// Last frame; without it the answer was cut.
    #[n(11)]
    Done(#[n(0)] Done),
    /// The server lacks what follows on this in the log of another device: offer what is kept of it.
    #[n(12)]
    Need(#[n(0)] LogEnd),
    /// This offered envelope is durable on the server, or of no use there: offer it no more.
    #[n(13)]
    Heard(#[n(0)] LogEnd),
    /// Where one of the competing values of the device's visits comes from.
    #[n(14)]
    Origin(#[n(0)] ChangeOrigin),
}

/// Start of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct WelcomeBack {
    /// The installation.
    #[n(0)]
    pub server: ServerId,
    /// Its history; a new one after a restore.
    #[n(1)]
    pub epoch: u64,
    /// The server's clock.
    #[n(2)]
    pub server_time: Timestamp,
    /// Newest index of the server log.
    #[n(3)]
    pub log_index: u64,
    /// Envelopes up to this sequence are durable on the server.
    #[n(4)]
    pub acknowledged: u64,
    /// Hash of that envelope.
    #[n(5)]
    pub acknowledged_hash: Option<EnvelopeHash>,
    /// Oldest protocol version still answered.
    #[n(6)]
    pub protocol_min: u16,
    /// Fresh access token, when the device signed in with an assertion or the old one ends soon.
    #[n(7)]
    pub token: Option<String>,
    /// Milliseconds that token is good for.
    #[n(8)]
    pub token_ms: u64,
    /// The device was revoked: what arrives goes to escrow, nothing else is answered.
    #[n(9)]
    pub escrow: bool,
}

/// What became of one envelope.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct EnvelopeResult {
    /// Its sequence.
    #[n(0)]
    pub sequence: u64,
    /// Its fate.
    #[n(1)]
    pub status: EnvelopeStatus,
}

/// Fate of an envelope that the server stored.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum EnvelopeStatus {
    /// In the central record.
    #[n(1)]
    Merged,
    /// In the central record, after its author had lost the visit: the review is open again.
    #[n(2)]
    MergedLate,
    /// Stored; judged later.
    #[n(3)]
    Pending,
    /// Stored and refused, with a reason; a person decides.
    #[n(4)]
    Quarantined {
        /// Stable reason code, for example `foreign_entry`.
        #[n(0)]
        reason: String,
        /// What exactly, in English, for the log.
        #[n(1)]
        detail: String,
    },
    /// Stored aside because the device was revoked or its log forked.
    #[n(5)]
    Escrowed,
}

/// A visit document as one saved Automerge document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct WholeDocument {
    /// The visit.
    #[n(0)]
    pub visit: VisitId,
    /// The saved document: accepted changes only.
    #[n(1)]
    pub saved: ByteVec,
    /// Its heads.
    #[n(2)]
    pub heads: Vec<ChangeHash>,
}

/// One item of the pack: keyed, replaced as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PackItem {
    /// Key such as `assignment/<visit>`; see [`super::PackKey`].
    #[n(0)]
    pub key: String,
    /// JSON of the item, `None` when it was taken out of the pack.
    #[n(1)]
    pub json: Option<String>,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CommandResult {
    /// The command.
    #[n(0)]
    pub id: CommandId,
    /// Its fate.
    #[n(1)]
    pub outcome: CommandOutcome,
}

/// Fate of a command.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum CommandOutcome {
    /// Done; `reference` is what came of it, for example the number of the complaint.
    #[n(1)]
    Done {
        /// What came of it, if it has a name.
        #[n(0)]
        reference: Option<String>,
    },
    /// Refused; the request stays on record.
    #[n(2)]
    Refused {
        /// Stable reason code.
        #[n(0)]
        reason: String,
        /// What exactly.
        #[n(1)]
        detail: String,
    },
}

/// Who brought a change, on which device, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ChangeOrigin {
    /// The change.
    #[n(0)]
    pub change: ChangeHash,
    /// The device whose log holds it.
    #[n(1)]
    pub device: DeviceId,
    /// Its place in that log.
    #[n(2)]
    pub sequence: u64,
    /// Who was signed in.
    #[n(3)]
    pub person: PersonId,
    /// The device's word for when.
    #[n(4)]
    pub claimed_at: Timestamp,
    /// When the server got it.
    #[n(5)]
    pub received_at: Timestamp,
}

/// Who called a visit off, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Cancellation {
    /// The person's name; empty when the server does not know it any more.
    #[n(0)]
    pub by: String,
    /// When, by the server's clock.
    #[n(1)]
    pub at: Timestamp,
    /// Why.
    #[n(2)]
    pub reason: String,
}

/// Work sent back to the technician.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Rework {
    /// Identity of the request.
    #[n(0)]
    pub id: EntryId,
    /// The visit to redo.
    #[n(1)]
    pub visit: VisitId,
    /// Why.
    #[n(2)]
    pub reason: String,
    /// Paths of the fields to redo.
    #[n(3)]
    pub paths: Vec<String>,
    /// Set once the server has the word that it was done, by its clock: nobody need do it any more.
    #[n(4)]
    pub done_at: Option<Timestamp>,
}

/// Something the device must do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Order {
    /// Send envelopes from this sequence on again: the server lacks them.
    #[n(1)]
    ResendFrom {
        /// Lowest sequence wanted.
        #[n(0)]
        sequence: u64,
    },
    /// The log forked: enrol again with a new key.
    #[n(2)]
    EnrolAgain,
    /// Forget everything once the log is sent.
    #[n(3)]
    Wipe,
    /// The server holds as much undecided work of this device as it may: what is not acknowledged stays on the
    /// device until the office has decided.
    #[n(4)]
    KeepTheRest,
}

/// What the server holds of one visit, for the technician to read.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Receipt {
    /// The visit.
    #[n(0)]
    pub visit: VisitId,
    /// Claimed time of the device's newest envelope about it that is durable here.
    #[n(1)]
    pub everything_up_to: Timestamp,
    /// Photos named by the visit.
    #[n(2)]
    pub photos_named: u32,
    /// Photos of it that are whole on the server.
    #[n(3)]
    pub photos_arrived: u32,
    /// Photos of this device that are still missing.
    #[n(4)]
    pub missing: Vec<BlobHash>,
}

/// End of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Done {
    /// Feed position up to which the device now has everything.
    #[n(0)]
    pub cursor: u64,
    /// There is more: ask again.
    #[n(1)]
    pub more: bool,
    /// Digest over (visit, heads) of accepted changes at that cursor; `None` while `more`.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub digest: Option<[u8; 32]>,
    /// Open conflicts on the device's visits that it can list: texts that were merged wait for the office.
    #[n(3)]
    pub conflicts_open: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What clients knew before visits could say that they were called off.
    #[derive(Debug, PartialEq, Decode)]
    #[cbor(flat)]
    enum Older {
        #[n(5)]
        Unassigned(#[n(0)] VisitId),
    }

    #[test]
    fn an_older_client_reads_that_a_visit_was_taken_away_and_no_more() {
        let visit = VisitId::from_bytes([7; 16]);
        let cancelled = Cancellation { by: "a".into(), at: Timestamp::from_unix_ms(1), reason: "b".into() };
        let plain = minicbor::to_vec(DownFrame::Unassigned(visit, None)).unwrap();
        assert_eq!(plain.len(), 2 + minicbor::to_vec(visit).unwrap().len(), "as it always was");
        for frame in [DownFrame::Unassigned(visit, None), DownFrame::Unassigned(visit, Some(cancelled))] {
            let bytes = minicbor::to_vec(&frame).unwrap();
            assert_eq!(minicbor::decode::<DownFrame>(&bytes).unwrap(), frame);
            assert_eq!(minicbor::decode::<Older>(&bytes).unwrap(), Older::Unassigned(visit));
        }
    }
}
