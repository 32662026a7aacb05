//! The command line of `plugin`: definitions only.

pub mod build;
pub mod inspect;
pub mod new;
pub mod pull;
pub mod push;
pub mod test;
pub mod wrap;

use clap::{Subcommand, ValueEnum};

use crate::domain::plugin::Language;

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Begin a plugin: a project that builds and passes its tests.
    New(new::NewArgs),
    /// Build the plugin of a project with the tools of its language.
    Build(build::BuildArgs),
    /// Say what a plugin is, what it asks for, and how to configure it.
    Inspect(inspect::InspectArgs),
    /// Run the cases that a plugin is tested with.
    Test(test::TestArgs),
    /// Push a plugin to an OCI registry.
    Push(push::PushArgs),
    /// Pull a plugin from an OCI registry.
    Pull(pull::PullArgs),
    /// Make a plugin of a core module.
    Wrap(wrap::WrapArgs),
}

/// [`Language`] as the command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LanguageArg {
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// JavaScript.
    #[value(name = "javascript", alias = "js", help = "JavaScript")]
    JavaScript,
    /// Python.
    Python,
}

impl From<LanguageArg> for Language {
    fn from(language: LanguageArg) -> Self {
        match language {
            LanguageArg::Rust => Self::Rust,
            LanguageArg::Go => Self::Go,
            LanguageArg::JavaScript => Self::JavaScript,
            LanguageArg::Python => Self::Python,
        }
    }
}
