//! Starts and stops the real programs.

mod browser;
mod demo;
mod device;
mod disk;
mod link;
mod office;
mod programs;

pub use browser::{Browser, DOWN, ENTER, Habit, TAB};
pub use demo::{DEMO_PASSWORD, Demo};
pub use device::{DiskImage, FieldDevice, Run};
pub use disk::SmallDisk;
pub use link::{Link, Traffic};
pub use office::{Desk, Office, PASSWORD as CLERK_PASSWORD};
pub use programs::{Programs, peer_browser, peer_node_modules, peer_python};
pub use server::store::testing::TestDatabase;
