//! What tests share.

pub(crate) mod chainloop;
