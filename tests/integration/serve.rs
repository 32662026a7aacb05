//! The server: records in memory, what is remembered, judging; certificates, connections and how they end.

mod client;
mod handler;
mod judge;
mod listen;
mod pki;
mod process;
mod program;
mod readmission;
mod records;
mod reload;
mod shutdown;
mod tls;
mod traces;
mod wire;
mod world;
