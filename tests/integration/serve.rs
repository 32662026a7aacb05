//! The server: records in memory, what is remembered, judging; certificates, connections and how they end.

pub(crate) mod client;
mod handler;
mod judge;
mod listen;
pub(crate) mod pki;
pub(crate) mod process;
mod program;
mod readmission;
mod records;
mod reload;
mod shutdown;
mod tls;
mod traces;
pub(crate) mod wire;
mod world;
