//! The command line of `policy`: definitions only.

pub mod bundle;
pub mod input;
pub mod lint;
pub mod list;
pub mod pull;
pub mod push;
pub mod test;

use clap::Subcommand;

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Run the tests of policies: rules whose names start with `test_`.
    Test(test::TestArgs),
    /// Look for mistakes in policies that loading them does not find.
    Lint(lint::LintArgs),
    /// List the rules that a configuration would evaluate, environment by environment.
    List(list::ListArgs),
    /// Write what rules see of a request, to evaluate policies elsewhere, such as with `opa eval`.
    Input(Box<input::InputArgs>),
    /// Pack policies into a bundle, as OPA reads them.
    Bundle(bundle::BundleArgs),
    /// Push policies to an OCI registry.
    Push(push::PushArgs),
    /// Pull policies from an OCI registry.
    Pull(pull::PullArgs),
}
