//! What a plugin is, as text or JSON.

use clap::ValueEnum;

/// How a description of a plugin is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PluginFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: `holdpoint.plugin/v1`.
    Json,
}
