//! What device and server say to one another: one request, one answer, both a zstd-compressed
//! CBOR sequence of frames. `docs/protocol.md` describes the bytes.
//!
//! Invariants:
//! - Every frame stands alone: a body that was cut is used up to its last complete frame.
//! - Everything from outside has a named limit that is checked before work is done with it.
//! - Any request may be repeated, cut, or answered into the void with no other effect.

mod digest;
mod enrolment;
mod frames;
mod pack;
mod request;
mod stream;
mod wire;

pub use digest::{VisitDigest, scope_digest, visit_digest};
pub use enrolment::{EarlierIdentity, EnrolmentAnswer, EnrolmentRequest, enrolment_proof_input};
pub use frames::{
    Ask, Beacon, Cancellation, ChangeOrigin, CommandOutcome, CommandResult, Done, DownFrame, EnvelopeResult,
    EnvelopeStatus, LogEnd, Order, PackItem, Receipt, Rework, UpFrame, WelcomeBack, WholeDocument,
};
pub use pack::{
    AssignmentCard, CardCustomer, CardMeter, CheckKind, ChecklistItem, ChecklistTemplate, ColleagueCard,
    DISCIPLINES, ExpertCard, ItemKind, OfficeCard, PackKey, PlannedEventCard, TermCard,
};
pub use request::{
    ADDRESS_CHARS_MAX, NewComplaint, QUESTION_CHARS_MAX, Request, SUMMARY_CHARS_MAX, UnknownRequest,
    WORD_CHARS_MAX,
};
pub use stream::{FrameReader, FrameWriter, StreamError};
pub use wire::{WireContext, WireEnvelope, WireError};

/// Version of the exchange spoken by this build.
pub const PROTOCOL_VERSION: u16 = 1;
/// Oldest version a server of this build still answers.
pub const PROTOCOL_VERSION_MIN: u16 = 1;

/// Largest compressed body of a request or answer: at 5 kB/s that is already 14 minutes.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest body after inflating: no honest body compresses better than fourfold on average.
pub const INFLATED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Largest single frame: the largest envelope body plus its header, with room.
pub const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest saved document that the gate lets grow: with its heads it fits one frame, one compressed body, and one
/// answer, so it can always be sent whole.
pub const DOCUMENT_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Envelopes judged in one request; a device with more repeats the exchange.
pub const ENVELOPES_PER_EXCHANGE_MAX: usize = 2_000;
/// Bytes of answer a client welcomes unless it says otherwise.
pub const ANSWER_BYTES_DEFAULT: u64 = 1024 * 1024;
/// Visit digests a device may name in one request.
pub const VISIT_DIGESTS_MAX: usize = 2_000;
/// Logs of others that a device may name in one request: the colleagues and office histories it ever met.
pub const KEPT_LOGS_MAX: usize = 2_000;

/// Media type of both bodies.
pub const MEDIA_TYPE: &str = "application/vnd.fieldloop.exchange";
