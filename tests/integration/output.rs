//! Every output of every kind of decision, and hostile text in every field of them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "these are tests, and clippy takes only functions marked as tests for such"
)]

mod checks;
pub(crate) mod fixture;
pub(crate) mod hostile;
mod snapshots;
