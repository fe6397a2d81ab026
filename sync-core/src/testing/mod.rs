//! Tools for tests and benches of this and other crates (feature `testing`).
//!
//! [`Rng`] replays from its seed. [`fleet`] runs devices and a server in memory over a lossy
//! link, with the same frames, chains, judge and plan that the real programs use.

pub mod fleet;
mod keystore;
mod rng;

pub use keystore::KeystoreKey;
pub use rng::Rng;
