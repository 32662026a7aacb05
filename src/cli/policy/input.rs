//! The command line of `policy input`.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use jiff::Timestamp;

use crate::cli::{ConfigArgs, PolicyArgs, RequestArgs, instant};

const EXAMPLES: &str = "\
Example:
  holdpoint policy input ghcr.io/acme/storefront@sha256:… --to production -o seen
  opa eval --ignore examples -d policies -d seen/data.json \\
    -i seen/promotion.soak_time.input.json data.promotion.soak_time.deny";

/// Arguments of `policy input`.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, after_help = EXAMPLES)]
pub struct InputArgs {
    /// What would be deployed: an image reference with a digest, an `oci://` chart reference, or a bare digest.
    #[arg(value_name = "ARTIFACT")]
    pub artifact: String,
    /// The request.
    #[command(flatten)]
    pub request: RequestArgs,
    /// Where configuration and records are.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where policies are.
    #[command(flatten)]
    pub policies: PolicyArgs,
    /// Only what this rule sees; may be given again. Default: all rules that apply.
    #[arg(long, value_name = "RULE", action = ArgAction::Append)]
    pub rule: Vec<String>,
    /// The folder to write to; it is created when it is missing.
    #[arg(short, long, value_name = "FOLDER")]
    pub output: PathBuf,
    /// As of this instant (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<Timestamp>,
}
