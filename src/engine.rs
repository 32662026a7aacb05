//! Rule engines: adapters that implement [`crate::gate::engine`].

mod parameters;
pub mod rego;
pub mod routed;
pub mod wasm;
