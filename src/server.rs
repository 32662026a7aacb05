//! Admission in a running server: certificates, connections and how they end.

pub mod certificate;
pub mod listen;
pub mod self_signed;
pub mod shutdown;
pub mod tls;
