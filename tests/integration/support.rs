//! What tests share.

pub mod chainloop;
