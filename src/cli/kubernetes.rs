//! The command lines that read a cluster: `doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::output::doctor::DoctorFormat;

const DOCTOR_EXAMPLES: &str = "\
Exit codes:
  0  nothing is wrong
  1  something is
  2  wrong usage, or a cluster or file that cannot be read

Examples:
  holdpoint doctor --kubernetes live
  holdpoint doctor --kubernetes live --context production --config holdpoint.yaml
  kubectl get validatingwebhookconfigurations -o yaml | holdpoint doctor --kubernetes -
  helm template deploy/chart --values values.yaml | holdpoint doctor --kubernetes -";

/// Which cluster is read, or which file of its objects.
#[derive(Args, Clone, Debug)]
pub struct ClusterArgs {
    /// `live` asks the cluster with kubectl; anything else is a file with objects as `kubectl get -o json` or
    /// `-o yaml` writes them, and `-` is standard input.
    #[arg(long, value_name = "live|FILE", required = true)]
    pub kubernetes: String,
    /// The context of kubectl's configuration; its current one without.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// Arguments of `doctor`.
#[derive(Args, Debug)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub struct DoctorArgs {
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// The configuration of the server, to compare the webhooks with.
    #[arg(short, long, value_name = "FILE", env = "HOLDPOINT_CONFIG")]
    pub config: Option<PathBuf>,
    /// How to write the report.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: DoctorFormat,
}
