//! The device's side of an exchange, without its store and its network.
//!
//! [`compose()`] turns what the store holds into a request body; [`plan()`] turns an answer into
//! steps; the store performs the steps in one transaction each way. Performing a step twice
//! changes nothing, so an answer may be read again after a crash. [`VisitReplica`] is one visit
//! document together with the device's own saves that the server has not settled yet.

mod compose;
mod plan;
mod reissue;
mod visit;

pub use compose::{Composed, Upload, compose};
pub use plan::{Plan, PlanError, Step, plan};
pub use reissue::{DEPENDS_ON_LOST, DEPENDS_ON_REFUSED};
pub use visit::{OwnSave, SaveFate, VisitReplica};
