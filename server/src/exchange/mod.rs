//! The exchange: one request, one answer, `POST /v1/exchange`.
//!
//! A request passes through [`intake`] (reading frames), [`receive`] (chain, durable append, acknowledgement), the
//! [`gate`] (scope, merge workers, verdicts) and [`answer`] (what the device is to know). Everything is repeatable:
//! a request may be cut, repeated or answered into the void.
//!
//! For the rest of the server: [`members`] and [`pack`] say what devices are told, [`visits`] reads merged visits,
//! [`office`] writes into them for a person, [`commands`] is where requests of devices are carried out, [`quarantine`]
//! and [`unseen`] say what is still open.
//!
//! Deliberately not here: what a change may contain (`sync_core::merge`), and what commands do.

mod admission;
mod answer;
mod api;
mod chains;
pub mod commands;
mod envelopes;
mod epochs;
mod escrow;
pub(crate) mod feed;
pub(crate) mod fetched;
mod gate;
mod intake;
pub mod members;
mod offers;
pub mod office;
pub mod pack;
pub mod quarantine;
mod receive;
pub mod rework;
mod session;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
pub(crate) mod tests;
pub mod unseen;
pub mod visits;
mod waiting;
pub mod workers;

pub(crate) use api::{office_routes, routes};
pub(crate) use envelopes::load as load_envelopes;
pub(crate) use escrow::{TAKEN_UP_AS, taken_up_of};
pub(crate) use gate::judge_bytes;
pub(crate) use office::is_office_log;
pub(crate) use quarantine::READERS as ARRIVALS;

use crate::app::App;
use crate::pages::PageRoutes;
use admission::Admission;
use std::ops::RangeInclusive;
use std::sync::Arc;
use sync_core::protocol::{PROTOCOL_VERSION, PROTOCOL_VERSION_MIN};
use workers::{WorkerCommand, WorkerLimits, Workers};

/// Versions of the exchange that are answered.
const PROTOCOL_VERSIONS: RangeInclusive<u16> = PROTOCOL_VERSION_MIN..=PROTOCOL_VERSION;

/// What the exchange keeps in this process. Nothing that matters lives only here.
#[derive(Debug)]
pub struct Exchange {
    /// Merge workers.
    pub workers: Arc<Workers>,
    pub(crate) admission: Admission,
}

impl Exchange {
    /// With workers started by this command.
    pub fn new(command: WorkerCommand, limits: WorkerLimits) -> Self {
        Self { workers: Workers::new(command, limits), admission: Admission::new(limits.workers_max) }
    }

    /// With workers of this very program: [`MERGE_WORKER`].
    ///
    /// # Errors
    /// When the program's own path cannot be found out.
    pub fn with_own_program() -> std::io::Result<Self> {
        Ok(Self::new(own_program()?, WorkerLimits::default()))
    }
}

#[cfg(not(test))]
fn own_program() -> std::io::Result<WorkerCommand> {
    Ok(WorkerCommand {
        program: std::env::current_exe()?,
        arguments: vec![MERGE_WORKER.into()],
        environment: KEEP_MEMORY.map(|(name, value)| (name.into(), value.into())).to_vec(),
    })
}

/// A worker does job after job of the same kind: what one job frees, the next one takes, without asking the system
/// anew each time. For the GNU allocator; others ignore it.
#[cfg(not(test))]
const KEEP_MEMORY: [(&str, &str); 3] = [
    ("MALLOC_TRIM_THRESHOLD_", "33554432"),
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TOP_PAD_", "1048576"),
];

#[cfg(test)]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as outside of tests")]
fn own_program() -> std::io::Result<WorkerCommand> {
    Ok(workers::tests::command("judge"))
}

/// Pages about what arrived and was refused.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    escrow::pages(waiting::pages(quarantine::pages(routes)))
}

/// The argument with which the server starts its own program as a merge worker. Nobody types it.
pub const MERGE_WORKER: &str = "merge-worker";

/// The body of [`MERGE_WORKER`].
///
/// # Errors
/// When the process cannot limit itself, or its parent goes away in the middle of a frame.
pub fn run_merge_worker() -> std::io::Result<()> {
    workers::run_child(judge_bytes)
}

/// Work that goes on beside requests, until the server stops.
pub(crate) async fn catch_up(app: App) {
    gate::pending::run(app).await;
}
