//! How much one change, one unit and one document may hold. Checked before work is done.

use crate::protocol::DOCUMENT_BYTES_MAX;
use minicbor::{Decode, Encode};

/// Limits of the gate. The defaults are an order of magnitude above what an honest visit needs
/// (a long visit measured about 700 operations in 80 changes).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Limits {
    /// Bytes of one change chunk.
    #[n(0)]
    pub chunk_bytes_max: u64,
    /// Bytes of all chunks of one unit.
    #[n(1)]
    pub unit_bytes_max: u64,
    /// Changes in one unit.
    #[n(2)]
    pub unit_changes_max: u64,
    /// Operations in one change: automerge expands run lengths without asking (69 bytes took 20 s).
    #[n(3)]
    pub change_ops_max: u64,
    /// Predecessors in one change.
    #[n(4)]
    pub change_preds_max: u64,
    /// Changes that one change may name as seen.
    #[n(5)]
    pub change_deps_max: u64,
    /// Other actors that one change may name.
    #[n(6)]
    pub change_actors_max: u64,
    /// How far the operation counter may run ahead of the document's: it is 32 bits for everyone.
    #[n(7)]
    pub start_op_ahead_max: u64,
    /// Operations in one document.
    #[n(8)]
    pub document_ops_max: u64,
    /// Bytes of one saved document: what can be sent whole.
    #[n(9)]
    pub document_bytes_max: u64,
    /// Actors in one document: each costs every later edit (10 000 cost 124 ms).
    #[n(10)]
    pub document_actors_max: u64,
    /// Operation counter of one document. Automerge stops at 2^32.
    #[n(11)]
    pub document_counter_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            chunk_bytes_max: 256 * 1024,
            unit_bytes_max: 4 * 1024 * 1024,
            unit_changes_max: 1_000,
            change_ops_max: 10_000,
            change_preds_max: 10_000,
            change_deps_max: 64,
            change_actors_max: 64,
            start_op_ahead_max: 100_000,
            document_ops_max: 200_000,
            document_bytes_max: DOCUMENT_BYTES_MAX as u64,
            document_actors_max: 256,
            document_counter_max: 1 << 30,
        }
    }
}
