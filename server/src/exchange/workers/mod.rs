//! Merge workers: untrusted bytes are decoded and merged in child processes, never in the server.
//!
//! A worker is `fieldloop merge-worker`: it limits its own memory and processor time, reads jobs from its standard
//! input and writes outcomes to its standard output, both as length-prefixed CBOR. Automerge can panic, hang or take
//! all memory on hostile bytes (measured); here that costs one process.
//!
//! Invariants: one job at a time in a worker; a worker that failed, was too slow or has done its share is ended and
//! never used again; what a failed job means for its envelopes is decided by the gate, not here.

mod child;
mod framing;
mod pool;
#[cfg(test)]
pub(crate) mod tests;

pub use child::run as run_child;
pub use pool::{WorkerCommand, WorkerFailure, WorkerLimits, Workers};
