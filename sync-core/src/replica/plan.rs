//! From an answer to the steps that the device's store performs.

use crate::ids::{EnvelopeHash, ServerId, VisitId};
use crate::log::{ChainPosition, Envelope};
use crate::protocol::{
    Cancellation, ChangeOrigin, CommandResult, Done, DownFrame, EnvelopeResult, FrameReader, LogEnd, Order,
    PackItem, Receipt, Rework, StreamError, WelcomeBack, WholeDocument, WireContext,
};

/// One thing to do with the store. The order matters; doing it again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A new server history: forget cursor and acknowledgements, keep every envelope.
    AdoptEpoch {
        /// The history that answers now.
        epoch: u64,
    },
    /// Remember who answered, when, how far the log is durable, and the fresh token.
    Welcome(WelcomeBack),
    /// The server lacks envelopes that it had acknowledged: offer them again from here.
    ResendFrom {
        /// Lowest sequence to send again.
        sequence: u64,
    },
    /// The server has envelopes of this device that the store lost: fetch them before writing.
    FetchOwn {
        /// Lowest sequence to fetch.
        from: u64,
    },
    /// Server and device hold different envelopes under one sequence: enrol again.
    Forked {
        /// The sequence both sides have.
        sequence: u64,
    },
    /// An envelope got its fate.
    Settle(EnvelopeResult),
    /// Keep an envelope of somebody else (or the device's own, after a restore) and apply it.
    Keep(Box<Envelope>),
    /// Replace the accepted part of a document.
    Replace(WholeDocument),
    /// The visit is no longer ours: drop it once everything about it was sent.
    Unassign(VisitId, Option<Cancellation>),
    /// Replace one item of the pack.
    Pack(PackItem),
    /// A command got its fate.
    Command(CommandResult),
    /// Work came back.
    Rework(Rework),
    /// Obey.
    Order(Order),
    /// What the server holds of a visit.
    Receipt(Receipt),
    /// Offer what is kept of another device's log after this.
    Offer(LogEnd),
    /// Offer this envelope of another device no more.
    Heard(LogEnd),
    /// Keep where a competing value comes from.
    Origin(ChangeOrigin),
    /// The answer is whole: move the cursor, compare the digest.
    Finish(Done),
}

/// What an answer asks the device to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Whether the answer ended as it should; otherwise perform the steps and ask again.
    pub whole: bool,
}

/// An answer that cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Another installation answered.
    #[error("the answer comes from server {found}, this device is enrolled with {expected}")]
    OtherServer {
        /// The installation the device is enrolled with.
        expected: ServerId,
        /// The one that answered.
        found: ServerId,
    },
    /// The first frame is missing.
    #[error("the answer does not begin as an answer should")]
    NoWelcome,
    /// The bytes are damaged before the first frame.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// Reads an answer body. `epoch` and `own` are what the device knew when it asked: its server
/// history and the end of its own chain; `acknowledged` the end that the server had confirmed.
///
/// # Errors
/// When nothing in the answer can be used. A damaged or cut tail is no error: the steps before
/// it stand and `whole` is false.
pub fn plan(
    body: &[u8],
    server: ServerId,
    epoch: u64,
    own: ChainPosition,
    acknowledged: ChainPosition,
) -> Result<Plan, PlanError> {
    let mut reader = FrameReader::new();
    let fed = reader.feed(body);
    let Some(DownFrame::Welcome(welcome)) = reader.next_frame()? else {
        fed?;
        return Err(PlanError::NoWelcome);
    };
    if welcome.server != server {
        return Err(PlanError::OtherServer { expected: server, found: welcome.server });
    }
    let mut plan = Plan::default();
    plan.greet(welcome, epoch, own, acknowledged);
    let mut context = WireContext::download(server);
    while let Ok(Some(frame)) = reader.next_frame::<DownFrame>() {
        if !plan.take(frame, &mut context) {
            break;
        }
    }
    Ok(plan)
}

impl Plan {
    fn greet(&mut self, welcome: WelcomeBack, epoch: u64, own: ChainPosition, acknowledged: ChainPosition) {
        if welcome.epoch != epoch {
            self.steps.push(Step::AdoptEpoch { epoch: welcome.epoch });
        }
        let theirs = welcome.acknowledged;
        let their_hash = welcome.acknowledged_hash.unwrap_or(EnvelopeHash::NONE);
        let escrow = welcome.escrow;
        self.steps.push(Step::Welcome(welcome));
        if escrow {
            return;
        }
        if theirs > own.sequence {
            self.steps.push(Step::FetchOwn { from: own.sequence + 1 });
        } else if theirs == own.sequence && their_hash != own.hash {
            self.steps.push(Step::Forked { sequence: theirs });
        } else if theirs < acknowledged.sequence {
            self.steps.push(Step::ResendFrom { sequence: theirs + 1 });
        }
    }

    /// Takes one frame; false when nothing after it can be trusted.
    fn take(&mut self, frame: DownFrame, context: &mut WireContext) -> bool {
        let step = match frame {
            DownFrame::Welcome(_) => return false,
            DownFrame::Result(result) => Step::Settle(result),
            DownFrame::Foreign(wire) => match context.unpack(wire) {
                Ok(envelope) => Step::Keep(Box::new(envelope)),
                Err(_) => return false,
            },
            DownFrame::Document(document) => Step::Replace(document),
            DownFrame::Unassigned(visit, cancelled) => Step::Unassign(visit, cancelled),
            DownFrame::Pack(item) => Step::Pack(item),
            DownFrame::Command(result) => Step::Command(result),
            DownFrame::Rework(rework) => Step::Rework(rework),
            DownFrame::Order(Order::ResendFrom { sequence }) => Step::ResendFrom { sequence },
            DownFrame::Order(order) => Step::Order(order),
            DownFrame::Receipt(receipt) => Step::Receipt(receipt),
            DownFrame::Need(end) => Step::Offer(end),
            DownFrame::Heard(end) => Step::Heard(end),
            DownFrame::Origin(origin) => Step::Origin(origin),
            DownFrame::Done(done) => {
                self.steps.push(Step::Finish(done));
                self.whole = true;
                return false;
            }
        };
        self.steps.push(step);
        true
    }
}
