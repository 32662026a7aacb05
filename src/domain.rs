//! The vocabulary of holdpoint and the rules that combine it into a decision.
//!
//! Nothing here reads a clock, a file, the network or the environment, and nothing logs: the same values in
//! give the same values out. A test (`tests/integration/architecture.rs`) keeps it so.

pub mod artifact;
pub mod attestation;
pub mod audit;
pub mod catalogue;
pub mod decision;
pub mod digest;
pub mod doctor;
pub mod environment;
pub mod examination;
pub mod explanation;
pub mod finding;
pub mod grant;
pub mod hinted;
pub mod instant;
pub mod lint;
pub mod origin;
pub mod overrides;
pub mod plugin;
pub mod plugin_test;
pub mod policy;
pub mod policy_test;
pub mod promotion;
pub mod record;
pub mod reference;
pub mod replay;
pub mod repository;
pub mod request;
pub mod rule;
pub mod snapshot;
pub mod text;
pub mod unique;
pub mod verdict;
