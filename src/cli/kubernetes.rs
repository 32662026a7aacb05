//! The command lines that read a cluster: `audit`, `doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::output::audit::AuditFormat;
use crate::output::doctor::DoctorFormat;

use super::{ConfigArgs, PolicyArgs, exit_codes, filled};

const AUDIT_EXAMPLES: &str = concat!(
    "\
Examples:
  holdpoint audit --kubernetes live
  holdpoint audit --kubernetes live --namespace shop --all
  kubectl get pods,deployments --all-namespaces -o json | holdpoint audit --kubernetes - --format json

Exit codes, by the worst verdict:
",
    exit_codes!()
);

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

/// Arguments of `audit`.
#[derive(Args, Debug)]
#[command(after_help = AUDIT_EXAMPLES)]
pub struct AuditArgs {
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Only this namespace.
    #[arg(short, long, value_name = "NAME", value_parser = filled)]
    pub namespace: Option<String>,
    /// Judge everything by this profile of the configuration. Without, each object is judged by the profiles of the
    /// webhooks that it would be sent by.
    #[arg(long, value_name = "NAME", value_parser = filled)]
    pub profile: Option<String>,
    /// Judge images that are named by a tag by the digest that a node runs under it, from the pods' status.
    #[arg(long)]
    pub running_digests: bool,
    /// List what would be let in too.
    #[arg(long)]
    pub all: bool,
    /// Where configuration and records are.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where policies are.
    #[command(flatten)]
    pub policies: PolicyArgs,
    /// How to write the audit.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: AuditFormat,
}
