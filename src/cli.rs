//! The command line: definitions only.

pub mod kubernetes;
pub mod ledger;
pub mod plugin;
pub mod policy;
pub mod serve;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use regex::Regex;

use crate::config::duration;
use crate::domain::request::Intent;
use crate::output::Format;
use crate::output::records::RecordFormat;
use crate::telemetry::{LogFormat, LogLevel};

use ledger::LedgerCommand;
use plugin::PluginCommand;
use policy::PolicyCommand;
use serve::ServeArgs;

/// Decides whether an artifact may be deployed to an environment, from deployment records and Rego policies.
#[derive(Debug, Parser)]
#[command(name = "holdpoint", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How much to log to standard error.
    #[arg(long, global = true, value_enum, default_value_t, env = "HOLDPOINT_LOG_LEVEL", help_heading = "Logging")]
    pub log_level: LogLevel,
    /// How to write a log line.
    #[arg(long, global = true, value_enum, default_value_t, env = "HOLDPOINT_LOG_FORMAT", help_heading = "Logging")]
    pub log_format: LogFormat,
    /// When to use colour; `NO_COLOR` is honoured.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Logging")]
    pub color: Color,
}

/// The exit codes of `check`, for its own help and that of the program.
macro_rules! exit_codes {
    () => {
        "  0  allow      every rule that applies was evaluated, none denies or holds
  1  deny       a rule denies; waiting does not help
  2  -          wrong usage or configuration, or an allow that could not be written
  3  undecided  records, a policy or a limit failed; trying again may help
  4  hold       a rule will pass later by itself"
    };
}

use exit_codes;

const EXIT_CODES: &str = concat!("Exit codes of `check`:\n", exit_codes!());

const CHECK_EXAMPLES: &str = concat!(
    "\
Examples:
  holdpoint check ghcr.io/acme/storefront@sha256:… --to production
  holdpoint check sha256:… --to staging --records snapshot.json --format json | jq .verdict
  holdpoint check ghcr.io/acme/storefront@sha256:… --to production --wait 15m
  holdpoint check ghcr.io/acme/storefront@sha256:… --to production --explain

Exit codes:
",
    exit_codes!()
);

const INIT_EXAMPLES: &str = "\
Examples:
  holdpoint init
  holdpoint init shop && cd shop && holdpoint policy list";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  holdpoint schema > holdpoint.schema.json
  holdpoint schema --input > input.schema.json";

const RECORDS_EXAMPLES: &str = "\
Examples:
  holdpoint records
  holdpoint records --environment staging --status deployed
  holdpoint records --output snapshot.json";

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Decide whether an artifact may be deployed to an environment, now.
    Check(Box<CheckArgs>),
    /// List the deployment records that decisions rest on, or save them as a snapshot.
    Records(Box<RecordsArgs>),
    /// Answer a Kubernetes API server: may this object run there, now?
    Serve(ServeArgs),
    /// Write a working example: a configuration, policies and records.
    Init(InitArgs),
    /// Test, check, list, pack and share policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Begin, build and examine plugins: rules as WebAssembly components.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Keep deployment records yourself: record, list, import, back up.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// List what runs in a cluster and would not be let in now.
    Audit(Box<kubernetes::AuditArgs>),
    /// Examine how a cluster calls holdpoint: what gets past it, and what would make an outage of it.
    Doctor(kubernetes::DoctorArgs),
    /// Print the JSON Schema of the configuration, or of what policies see.
    Schema(SchemaArgs),
    /// Compile a plugin from standard input to standard output; holdpoint starts itself so.
    #[command(hide = true)]
    CompilePlugin(CompilePluginArgs),
}

/// Arguments of `schema`.
#[derive(Args, Debug)]
#[command(after_help = SCHEMA_EXAMPLES)]
pub struct SchemaArgs {
    /// Of what policies see as `input`.
    #[arg(long, conflicts_with = "data")]
    pub input: bool,
    /// Of what policies see as `data.holdpoint`.
    #[arg(long)]
    pub data: bool,
}

/// What reads the configuration.
#[derive(Args, Clone, Debug)]
pub struct ConfigArgs {
    /// The configuration.
    #[arg(short, long, value_name = "FILE", default_value = "holdpoint.yaml", env = "HOLDPOINT_CONFIG")]
    pub config: PathBuf,
    /// Read records from this snapshot instead of the configured sources.
    #[arg(long, value_name = "FILE")]
    pub records: Option<PathBuf>,
}

/// Arguments of `compile-plugin`.
#[derive(Args, Debug)]
pub struct CompilePluginArgs {
    /// What the engine that will run it is known by.
    #[arg(long)]
    pub settings: String,
    /// The most address space, in bytes.
    #[arg(long)]
    pub memory: u64,
    /// The most processor time.
    #[arg(long)]
    pub seconds: u64,
}

/// Where policies are.
#[derive(Args, Clone, Debug)]
pub struct PolicyArgs {
    /// Load policies from here instead of the configured places: a file, a folder, a bundle, or `oci://…@sha256:…`;
    /// may be given again.
    #[arg(long, value_name = "PLACE", action = ArgAction::Append)]
    pub policy: Vec<String>,
    /// Run this component as the plugin of that name (`NAME=FILE`), or of its file's name, in place of the configured
    /// one; one that the configuration does not have is enforced everywhere, without parameters and grants. May be given
    /// again.
    #[arg(long, value_name = "[NAME=]FILE", action = ArgAction::Append)]
    pub plugin: Vec<String>,
    /// Fetch no policies and plugins from registries: they must be in the cache.
    #[arg(long, env = "HOLDPOINT_OFFLINE", value_parser = FalseyValueParser::new())]
    pub offline: bool,
}

/// What is asked, but for the artifact.
#[derive(Args, Clone, Debug)]
pub struct RequestArgs {
    /// The environment it would be deployed to.
    #[arg(long = "to", value_name = "ENVIRONMENT")]
    pub environment: String,
    /// The deployment it would take over, as records name it.
    #[arg(long, value_name = "NAME", value_parser = filled)]
    pub deployment: Option<String>,
    /// Why it is deployed; policies may treat the three differently.
    #[arg(long, value_enum, default_value = "deploy")]
    pub intent: IntentArg,
    /// Who asks, for policies and the decision document.
    #[arg(long, value_name = "NAME", value_parser = filled)]
    pub actor: Option<String>,
    /// Why, in your words.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// More for policies, as a JSON object or `@FILE`; they see it in `input.request.context`.
    #[arg(long, value_name = "JSON")]
    pub context: Option<String>,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
#[command(after_long_help = CHECK_EXAMPLES, after_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// What would be deployed: image references with a digest, `oci://` chart references, or bare digests.
    #[arg(required = true, value_name = "ARTIFACT")]
    pub artifacts: Vec<String>,
    /// The request.
    #[command(flatten)]
    pub request: RequestArgs,
    /// Where configuration and records are.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where policies are.
    #[command(flatten)]
    pub policies: PolicyArgs,
    /// How to write the decision.
    #[arg(short, long, value_enum, default_value_t, env = "HOLDPOINT_FORMAT")]
    pub format: Format,
    /// Write the decision to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Look again, for as long as this, while the verdict is `hold` or `undecided`.
    #[arg(long, value_name = "DURATION", value_parser = length_of_time, allow_hyphen_values = true)]
    pub wait: Option<Duration>,
    /// Add what each rule rested on: parameters, values, records, and the lines that objected (text, json, markdown).
    #[arg(long)]
    pub explain: bool,
    /// Decide as of this instant (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME", value_parser = instant, conflicts_with = "wait")]
    pub as_of: Option<Timestamp>,
}

/// [`Intent`] as the command line names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum IntentArg {
    /// An ordinary promotion.
    Deploy,
    /// A return to what ran before.
    Rollback,
    /// An urgent repair.
    Hotfix,
}

impl From<IntentArg> for Intent {
    fn from(intent: IntentArg) -> Self {
        match intent {
            IntentArg::Deploy => Self::Deploy,
            IntentArg::Rollback => Self::Rollback,
            IntentArg::Hotfix => Self::Hotfix,
        }
    }
}

/// Arguments of `records`.
#[derive(Args, Debug)]
#[command(after_help = RECORDS_EXAMPLES)]
pub struct RecordsArgs {
    /// Where configuration and records are.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only these environments of the configuration; may be given again. Default: all.
    #[arg(short, long, value_name = "NAME", action = ArgAction::Append)]
    pub environment: Vec<String>,
    /// Only records of this project.
    #[arg(long, value_name = "NAME", value_parser = filled, help_heading = "Filters")]
    pub project: Option<String>,
    /// Only records of this project version.
    #[arg(long, value_name = "NAME", value_parser = filled, requires = "project", help_heading = "Filters")]
    pub project_version: Option<String>,
    /// Only records of this status.
    #[arg(long, value_enum, ignore_case = true, help_heading = "Filters")]
    pub status: Option<StatusArg>,
    /// Only artifacts of this kind.
    #[arg(long, value_enum, ignore_case = true, help_heading = "Filters")]
    pub artifact_kind: Option<KindArg>,
    /// Only this deployment.
    #[arg(long, value_name = "NAME", value_parser = filled, help_heading = "Filters")]
    pub deployment: Option<String>,
    /// Every record, instead of the latest of each slot.
    #[arg(long, help_heading = "Filters")]
    pub full_history: bool,
    /// How to list them.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: RecordFormat,
    /// Write a snapshot of all records to this file, for `--records`.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["format", "status", "artifact_kind", "deployment"])]
    pub output: Option<PathBuf>,
}

/// Statuses of the records API.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StatusArg {
    /// Holds the slot.
    Deployed,
    /// Another artifact took the slot.
    Superseded,
    /// Removed on purpose.
    Decommissioned,
}

impl StatusArg {
    /// The text of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "DEPLOYED",
            Self::Superseded => "SUPERSEDED",
            Self::Decommissioned => "DECOMMISSIONED",
        }
    }
}

/// Artifact kinds of the records API.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KindArg {
    /// OCI images.
    #[value(alias = "container_image")]
    ContainerImage,
    /// Helm charts.
    #[value(alias = "helm_chart")]
    HelmChart,
}

impl KindArg {
    /// The text of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContainerImage => "CONTAINER_IMAGE",
            Self::HelmChart => "HELM_CHART",
        }
    }
}

/// Arguments of `init`.
#[derive(Args, Debug)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// The folder to write to; it is created when it is missing.
    #[arg(default_value = ".")]
    pub directory: PathBuf,
}

/// Reads a duration as the configuration has it.
fn length_of_time(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|why| format!("it {why}; write `90s`, `15m`, `1h30m` or `1d`"))
}

fn instant(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_error| "write an instant such as 2026-11-20T12:00:00Z")
}

/// Reads a regular expression.
fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| match error {
        // The rest draws the place beneath the expression, over several lines.
        regex::Error::Syntax(text) => text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        other => other.to_string(),
    })
}

/// A name that is given must say something: nothing is most likely a variable that is not set.
fn filled(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("it is empty; leave the option out instead") } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }
}
