//! `check`: what is asked, and where the answer goes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum as _};
use jiff::Timestamp;

use crate::output::Format;

use super::{ConfigArgs, PolicyArgs, RequestArgs, exit_codes, instant, length_of_time};

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
    /// Write the decision to this file as well, in this format; `github-output` is added to what the file holds. May be
    /// given again.
    #[arg(long, value_name = "FORMAT=FILE", action = ArgAction::Append, value_parser = report)]
    pub report: Vec<ReportArg>,
    /// Write the decision to this file as the predicate of a SLSA Verification Summary Attestation, for a tool that signs.
    /// Of several artifacts each has a file of its own, with `-1`, `-2`, … before its extension.
    #[arg(long, value_name = "FILE", conflicts_with = "as_of")]
    pub vsa: Option<PathBuf>,
    /// Ask for an earlier allow as well: the same digest, environment and policies, in this file that `--vsa` or
    /// `gh attestation verify --format json` wrote. The rules are evaluated all the same.
    #[arg(long, value_name = "FILE")]
    pub require_vsa: Option<PathBuf>,
    /// How long ago the earlier decision may have been made.
    #[arg(long, value_name = "DURATION", value_parser = length_of_time, allow_hyphen_values = true, default_value = "1h")]
    pub vsa_max_age: Duration,
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

/// One more form of the decision, and the file that it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportArg {
    /// The form.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
}

/// Reads `FORMAT=FILE`.
fn report(text: &str) -> Result<ReportArg, String> {
    let Some((format, path)) = text.split_once('=') else {
        return Err("write it as FORMAT=FILE, such as `json=decision.json`".to_owned());
    };
    if path.is_empty() {
        return Err("it names no file; write it as FORMAT=FILE, such as `json=decision.json`".to_owned());
    }
    let format = Format::from_str(format, false).map_err(|_error| {
        let known: Vec<_> = Format::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value).collect();
        let known: Vec<&str> = known.iter().map(clap::builder::PossibleValue::get_name).collect();
        format!("`{format}` is no format; there are {}", known.join(", "))
    })?;
    Ok(ReportArg { format, path: PathBuf::from(path) })
}
