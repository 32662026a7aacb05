//! The command line of `ledger`.

pub mod serve;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{KindArg, StatusArg, filled, instant, length_of_time};
use crate::domain::digest::Digest;
use crate::output::records::RecordFormat;
use jiff::Timestamp;
use url::Url;

use serve::LedgerServeArgs;

const RECORD_EXAMPLES: &str = "\
Examples:
  holdpoint ledger record ghcr.io/acme/storefront@sha256:… --to staging --deployment storefront
  holdpoint ledger record ghcr.io/acme/storefront:v1@sha256:… --to staging --deployment storefront --ledger postgres://…
  deployments | holdpoint ledger record --stdin    # lines such as: ghcr.io/acme/storefront@sha256:… staging storefront";

const IMPORT_EXAMPLES: &str = "\
Examples:
  holdpoint ledger import snapshot.json
  kubectl get pods -A -o json | holdpoint ledger import - --from kubectl --to production
  holdpoint ledger import deployments.json --from github --artifact 'ghcr.io/{repository}@{payload/digest}'";

const TOKEN_EXAMPLES: &str = "\
Examples:
  holdpoint ledger token create ci --scope write --expires-in 90d
  holdpoint ledger token list
  holdpoint ledger token revoke ci";

/// The commands of `ledger`.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Answer the deployments API from a ledger.
    Serve(LedgerServeArgs),
    /// Record that an artifact was deployed.
    Record(RecordArgs),
    /// Record that nothing is deployed in a place any more.
    Decommission(DecommissionArgs),
    /// List the records.
    List(LedgerListArgs),
    /// Take over records: from a snapshot, what runs in a cluster, or GitHub's deployments.
    Import(ImportArgs),
    /// Write all records as a snapshot, for `--records`.
    Export(ExportArgs),
    /// Copy the ledger's file while it is in use.
    Backup(BackupArgs),
    /// Make, list and revoke the tokens of the HTTP API.
    #[command(subcommand, after_help = TOKEN_EXAMPLES)]
    Token(TokenCommand),
}

/// Where the ledger is.
#[derive(Args, Clone, Debug)]
pub struct LedgerPlaceArgs {
    /// The ledger: a file, or a `postgres://` URL, which is better given by the variable since it holds a password.
    #[arg(
        long,
        value_name = "FILE|URL",
        default_value = "ledger.db",
        env = "HOLDPOINT_LEDGER",
        hide_env_values = true
    )]
    pub ledger: String,
}

/// The server to ask instead.
#[derive(Args, Clone, Debug)]
pub struct RemoteArgs {
    /// Ask the server of a ledger instead; `HOLDPOINT_LEDGER_TOKEN` holds a token for it.
    #[arg(long, value_name = "URL", env = "HOLDPOINT_LEDGER_URL", conflicts_with = "ledger")]
    pub url: Option<Url>,
}

/// How the result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    /// One line.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// Arguments of `ledger record`.
#[derive(Args, Debug)]
#[command(after_help = RECORD_EXAMPLES)]
pub struct RecordArgs {
    /// What was deployed: an image reference with a digest, an `oci://` chart reference, or a bare digest. A tag beside
    /// the digest is recorded as the version.
    #[arg(value_name = "ARTIFACT", required_unless_present = "stdin")]
    pub artifact: Option<String>,
    /// The environment that it was deployed to, as records name it.
    #[arg(long = "to", value_name = "ENVIRONMENT", required_unless_present = "stdin")]
    pub environment: Option<String>,
    /// The deployment's name.
    #[arg(long, value_name = "NAME", required_unless_present = "stdin")]
    pub deployment: Option<String>,
    /// The version, instead of the reference's tag.
    #[arg(long, value_name = "VERSION", value_parser = filled, conflicts_with = "stdin")]
    pub artifact_version: Option<String>,
    /// The project that it belongs to.
    #[arg(long, value_name = "NAME", value_parser = filled)]
    pub project: Option<String>,
    /// The project's version.
    #[arg(long, value_name = "VERSION", value_parser = filled, requires = "project")]
    pub project_version: Option<String>,
    /// Read lines `ARTIFACT ENVIRONMENT DEPLOYMENT` from standard input; each is answered once it is stored.
    #[arg(long, conflicts_with_all = ["artifact", "environment", "deployment"])]
    pub stdin: bool,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlaceArgs,
    /// Its server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// How to write what was done.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: ResultFormat,
}

/// Arguments of `ledger decommission`.
#[derive(Args, Debug)]
pub struct DecommissionArgs {
    /// The environment, as records name it.
    #[arg(long = "from", value_name = "ENVIRONMENT")]
    pub environment: String,
    /// The deployment's name.
    #[arg(long, value_name = "NAME")]
    pub deployment: String,
    /// Only when this digest is the one that is deployed.
    #[arg(long)]
    pub digest: Option<Digest>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlaceArgs,
    /// Its server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// How to write what was done.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: ResultFormat,
}

/// Arguments of `ledger list`.
#[derive(Args, Debug)]
pub struct LedgerListArgs {
    /// Only this environment, as records name it.
    #[arg(short, long, value_name = "NAME", value_parser = filled)]
    pub environment: Option<String>,
    /// Only this deployment.
    #[arg(long, value_name = "NAME", value_parser = filled)]
    pub deployment: Option<String>,
    /// Only records of this project.
    #[arg(long, value_name = "NAME", value_parser = filled)]
    pub project: Option<String>,
    /// Only records of this project version.
    #[arg(long, value_name = "NAME", value_parser = filled, requires = "project")]
    pub project_version: Option<String>,
    /// Only records of this status.
    #[arg(long, value_enum, ignore_case = true)]
    pub status: Option<StatusArg>,
    /// Only artifacts of this kind.
    #[arg(long, value_enum, ignore_case = true)]
    pub artifact_kind: Option<KindArg>,
    /// Only this digest.
    #[arg(long)]
    pub digest: Option<Digest>,
    /// Only records that changed at this instant or later.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub updated_since: Option<Timestamp>,
    /// Every record, newest first, instead of the latest of each deployment.
    #[arg(long)]
    pub full_history: bool,
    /// How many records to list at most.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlaceArgs,
    /// Its server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// How to list them.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: RecordFormat,
}

/// What an import reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ImportSource {
    /// A snapshot, or a saved answer of the records API.
    #[default]
    Snapshot,
    /// What `kubectl get pods -A -o json` writes.
    Kubectl,
    /// What `gh api graphql --paginate --slurp` writes of a repository's deployments.
    Github,
}

/// What a deployment of a cluster is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum NameBy {
    /// By its namespace and its workload: `shop/api`.
    #[default]
    NamespaceWorkload,
    /// By its workload: `api`, as admission does with `deployment_name: {object: name}`.
    Workload,
}

/// Arguments of `ledger import`.
#[derive(Args, Debug)]
#[command(after_help = IMPORT_EXAMPLES)]
pub struct ImportArgs {
    /// What to read; `-` for standard input, with `--from kubectl` and `--from github`.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What it is.
    #[arg(long, value_enum, default_value_t)]
    pub from: ImportSource,
    /// The environment that the cluster is, as records are to name it.
    #[arg(long = "to", value_name = "ENVIRONMENT", value_parser = filled, required_if_eq("from", "kubectl"))]
    pub environment: Option<String>,
    /// What deployments of a cluster are called.
    #[arg(long, value_enum, default_value_t)]
    pub name_by: NameBy,
    /// What the artifacts of a deployment of GitHub's are, such as `ghcr.io/{repository}@{payload/digest}`; may be there
    /// several times.
    #[arg(long = "artifact", value_name = "TEMPLATE", required_if_eq("from", "github"))]
    pub artifacts: Vec<String>,
    /// What deployments of GitHub's are called.
    #[arg(long, value_name = "TEMPLATE", default_value = "{name}")]
    pub deployment: String,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlaceArgs,
    /// Its server. It takes over only what is deployed, as of now: its API has no place for history.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Arguments of `ledger export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlaceArgs,
    /// Its server.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Arguments of `ledger backup`.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// The file to write, for you alone.
    #[arg(value_name = "FILE")]
    pub to: PathBuf,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlaceArgs,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, this once.
    Create {
        /// Its name, for people.
        #[arg(value_parser = filled)]
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value_t)]
        scope: ScopeArg,
        /// How long it is valid, such as `90d`.
        #[arg(long, value_name = "DURATION", value_parser = length_of_time, default_value = "90d")]
        expires_in: Duration,
        /// Where the ledger is.
        #[command(flatten)]
        place: LedgerPlaceArgs,
    },
    /// List the tokens, without what they are.
    List {
        /// Where the ledger is.
        #[command(flatten)]
        place: LedgerPlaceArgs,
    },
    /// End a token.
    Revoke {
        /// Its name, or its id.
        name: String,
        /// Where the ledger is.
        #[command(flatten)]
        place: LedgerPlaceArgs,
    },
}

/// What a token may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ScopeArg {
    /// Read records and environments.
    #[default]
    Read,
    /// Read, and record.
    Write,
}
