//! Records from elsewhere, in the form in which the store takes them over.

pub mod github;
pub mod kubernetes;
pub mod snapshot;
