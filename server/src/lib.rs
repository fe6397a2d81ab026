//! The Fieldloop server: exchange, gate, central complaint record, administration.

pub mod app;
pub mod audit;
pub mod clock;
pub mod config;
pub mod health;
pub mod http;
pub mod installation;
pub mod layers;
pub mod problem;
pub mod store;
#[cfg(test)]
mod testing;
