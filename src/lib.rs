//! holdpoint decides whether an artifact may be deployed to an environment, now.
//!
//! The library exists for the `holdpoint` program and its tests; its items may change in any release.
//! Start reading at [`gate`]; [`domain`] has the words, [`app`] puts the parts together.

pub mod admission;
pub mod app;
pub mod bundle;
pub mod cli;
pub mod commands;
pub mod component;
pub mod config;
pub mod domain;
pub mod engine;
pub mod exit;
pub mod gate;
pub mod github;
pub mod ledger;
pub mod output;
pub mod private;
pub mod server;
pub mod source;
pub mod sqlite;
pub mod telemetry;
pub mod toolchain;
