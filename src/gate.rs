//! The use case: read the records a request needs, evaluate the rules, combine what they say.
//!
//! The gate owns the traits that record sources and rule engines implement, so it knows neither HTTP nor Rego.
//! [`Gate::observe`] reads records once; the [`observe::Observation`] it returns answers any number of requests about
//! the same environment.

pub mod decide;
pub mod engine;
pub mod explain;
pub mod findings;
pub mod observe;
pub mod overrides;
pub mod promotion;
mod related;
pub mod see;
pub mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::environment::EnvironmentGraph;
use crate::domain::rule::Rule;
use crate::domain::verdict::Verdict;

use engine::RuleEngine;
use overrides::OverrideSource;
use source::{RecordFilters, RecordSource};

/// A record source with the filters that the configuration gives it.
#[derive(Clone)]
pub struct ConfiguredSource {
    /// Where records come from.
    pub source: Arc<dyn RecordSource>,
    /// Which of them; decisions ask for the full history.
    pub filters: RecordFilters,
}

/// Everything that decides, put together by `app.rs` from a valid configuration.
#[derive(Clone)]
pub struct Gate {
    /// The environments and their order.
    pub environments: EnvironmentGraph,
    /// The record sources by name; each environment names one.
    pub sources: BTreeMap<String, ConfiguredSource>,
    /// The rules in the order of the configuration.
    pub rules: Vec<Rule>,
    /// What evaluates them.
    pub engine: Arc<dyn RuleEngine>,
    /// The verdict when no enforced rule applies: `undecided`, or `allow` when the configuration says so.
    pub when_no_rule_applies: Verdict,
    /// Where overrides come from, when the configuration names any place.
    pub overrides: Option<Arc<dyn OverrideSource>>,
}
