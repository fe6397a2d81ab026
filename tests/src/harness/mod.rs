//! Starts and stops the real programs.

mod link;

mod programs;

pub use link::{Link, Traffic};

pub use programs::{Programs, peer_node_modules, peer_python};
