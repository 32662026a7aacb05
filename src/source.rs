//! Record sources: where deployment records come from.
//!
//! [`chainloop`] reads the API, [`snapshot`] a file in the API's own shape; both turn its JSON into the normal form
//! with [`wire`]. [`ledger`] reads holdpoint's own store.

mod collect;
mod related;
mod target;
mod text;

pub mod chainloop;
pub mod file;
pub mod ledger;
pub mod snapshot;
pub mod wire;
