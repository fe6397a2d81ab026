//! What each envelope of a request is to the chain. Pure.

use std::collections::BTreeMap;
use std::ops::Range;
use sync_core::ids::EnvelopeHash;
use sync_core::log::{ChainPosition, ChainStep, Envelope};

/// The envelopes of a request, sorted out.
#[derive(Debug)]
pub(super) struct Sorted {
    /// The first `known` envelopes are in the log already.
    known: usize,
    /// Those that are to be appended.
    pub(super) fresh: Range<usize>,
    /// The end of the chain after that.
    pub(super) end: ChainPosition,
    /// Where a second branch begins.
    pub(super) fork: Option<usize>,
    /// The sequence that is missing before the rest.
    pub(super) expected: Option<u64>,
}

/// Follows the chain through the envelopes as far as it goes. `stored` are hashes in the log by sequence.
pub(super) fn sort_out(
    chain: ChainPosition,
    envelopes: &[Envelope],
    stored: &BTreeMap<u64, EnvelopeHash>,
) -> Sorted {
    let mut sorted = Sorted { known: 0, fresh: 0..0, end: chain, fork: None, expected: None };
    for (index, envelope) in envelopes.iter().enumerate() {
        let other = stored.get(&envelope.header().sequence).is_some_and(|hash| *hash != envelope.hash());
        match sorted.end.step(envelope) {
            // Another device brought a different one with the same number.
            ChainStep::Next(_) if other => {
                sorted.fork = Some(index);
                break;
            }
            ChainStep::Next(position) => {
                if sorted.fresh.is_empty() {
                    sorted.fresh = index..index;
                }
                sorted.fresh.end = index + 1;
                sorted.end = position;
            }
            // Behind the end and inside this very body: bodies that repeat themselves are not worth following.
            ChainStep::Past if !sorted.fresh.is_empty() => break,
            ChainStep::Past if other => {
                sorted.fork = Some(index);
                break;
            }
            ChainStep::Past => sorted.known = index + 1,
            ChainStep::Gap { expected } => {
                sorted.expected = Some(expected);
                break;
            }
            ChainStep::Fork => {
                sorted.fork = Some(index);
                break;
            }
        }
    }
    sorted
}

impl Sorted {
    /// The envelopes of the request that are in the log now.
    pub(super) fn taken<'a>(
        &self,
        envelopes: &'a [Envelope],
    ) -> impl Iterator<Item = &'a Envelope> + use<'a> {
        envelopes[..self.known].iter().chain(&envelopes[self.fresh.clone()])
    }

    /// First and last sequence of [`Sorted::taken`].
    pub(super) fn known(&self, envelopes: &[Envelope]) -> Option<(u64, u64)> {
        let mut sequences = self.taken(envelopes).map(|envelope| envelope.header().sequence);
        let first = sequences.next()?;
        Some((first, sequences.last().unwrap_or(first)))
    }
}
