//! The Fieldloop server: exchange, gate, central complaint record, administration.

pub mod store;
