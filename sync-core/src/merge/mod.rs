//! How untrusted changes enter a visit document: pre-scan, policy, trial merge, conflicts.

mod limits;
mod prescan;

pub use limits::Limits;
pub use prescan::{PrescanError, Scan, prescan};

pub(crate) use prescan::decode_change;
