//! The command line of `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use url::Url;

const EXAMPLES: &str = "\
Examples:
  holdpoint serve
  holdpoint serve --mode warn
  holdpoint serve --github-app               # answer GitHub alone
  holdpoint serve --self-signed holdpoint.holdpoint.svc > ca-bundle.txt
  holdpoint serve --listen 127.0.0.1:8443    # plain http, to this machine only, when no certificate is given

The configuration says what is judged (`admission:`, `github_app:`, or both) and how the server runs (`server:`); it is
read again when it changes, and on SIGHUP. docs/serving.md explains it.

Ends with 0 after SIGTERM or Ctrl-C, when all reviews are answered; with 2 when it cannot start.";

/// Arguments of `serve`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ServeArgs {
    /// The configuration.
    #[arg(short, long, value_name = "FILE", default_value = "holdpoint.yaml", env = "HOLDPOINT_CONFIG")]
    pub config: PathBuf,
    /// Answer deployment protection rules of GitHub, as `github_app` says, and no reviews.
    #[arg(long)]
    pub github_app: bool,
    /// What answers do with a verdict, for every profile; instead of the configured modes.
    #[arg(long, value_enum, env = "HOLDPOINT_MODE")]
    pub mode: Option<ModeArg>,
    /// Where to answer reviews, instead of `server.listen`.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Where health and metrics are, instead of `server.operations`.
    #[arg(long, value_name = "ADDRESS")]
    pub operations_listen: Option<SocketAddr>,
    /// Make a certificate for these names, and a CA for it, that live as long as the process. The CA is printed as the
    /// `caBundle` of the webhook configuration. For one replica, and for trying.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub self_signed: Vec<String>,
    /// Send traces to this OpenTelemetry collector, over OTLP and HTTP; headers and sampling are set by the variables of
    /// OpenTelemetry, such as `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_TRACES_SAMPLER`.
    #[arg(long, value_name = "URL", env = "HOLDPOINT_TRACES", value_parser = collector)]
    pub traces: Option<Url>,
    /// Fetch no policies and plugins from registries: they must be in the cache.
    #[arg(long, env = "HOLDPOINT_OFFLINE", value_parser = clap::builder::FalseyValueParser::new())]
    pub offline: bool,
}

/// What an answer does with a verdict that is no allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// Refuse.
    Enforce,
    /// Allow, with a warning that the user sees.
    Warn,
    /// Allow, and tell only in the audit log, the log and the metrics.
    Audit,
}

fn collector(text: &str) -> Result<Url, &'static str> {
    let url = text.parse().ok().filter(|url: &Url| matches!(url.scheme(), "http" | "https"));
    url.ok_or("write an address such as http://collector:4318")
}
