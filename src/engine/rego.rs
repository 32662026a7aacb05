//! Rego policies, by the interpreter of regorus.

pub mod analysis;
pub mod builtins;
pub mod fault;
pub mod metadata;
pub mod nesting;
