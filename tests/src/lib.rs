//! Stories across real processes: a `fieldloop` server, `field` clients, and a link between
//! them that can be cut, slowed and counted.

pub mod harness;

#[cfg(test)]
mod api;
#[cfg(test)]
mod capabilities;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod stories;
