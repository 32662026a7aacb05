//! Rule engines: adapters that implement [`crate::gate::engine`].

mod load_error;
mod parameters;
pub mod rego;
pub mod routed;
pub mod wasm;

pub use load_error::{Hinted, LoadError};
