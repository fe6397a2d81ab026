//! The Fieldloop server: exchange, gate, central complaint record, administration.

pub mod app;
pub mod audit;
pub mod auth;
pub mod check;
pub mod checklists;
pub mod cli;
pub mod clock;
pub mod complaints;
pub mod config;
mod corrective;
pub mod deadlines;
pub mod demo;
pub mod devices;
pub mod disk;
pub mod evidence;
pub mod exchange;
mod exports;
pub mod health;
pub mod http;
pub mod idempotency;
pub mod installation;
pub mod keys;
pub mod layers;
mod openapi;
pub(crate) mod pages;
pub mod people;
pub mod problem;
mod returns;
pub mod review;
mod sections;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod wire;
pub(crate) mod words;
pub mod work_orders;
