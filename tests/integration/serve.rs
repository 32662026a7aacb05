//! The server: certificates, connections and how they end.

mod client;
mod listen;
mod pki;
mod tls;
