//! holdpoint decides whether an artifact may be deployed to an environment, now.
//!
//! The library exists for the `holdpoint` program and its tests; its items may change in any release.
//! Start reading at [`gate`]; [`domain`] has the words, [`app`] puts the parts together.

pub mod domain;
pub mod engine;
pub mod gate;
