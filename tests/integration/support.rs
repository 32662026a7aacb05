//! What the tests share.

pub(crate) mod chainloop;
pub(crate) mod cli;
pub(crate) mod registry;
pub(crate) mod server;
pub(crate) mod world;
