//! Rule engines: adapters that implement [`crate::gate::engine`].

pub mod rego;
