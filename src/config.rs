//! The configuration, valid by construction.
//!
//! It is read in two stages: `raw` is the file as written, with the place of every value; `validate` turns it
//! into [`Config`] and collects every problem it meets, so that one look at the file mends them all.

pub(crate) mod duration;
mod error;
mod github_app;
mod located;
pub mod overrides;
mod plugins;
mod policies;
mod raw;
mod server;
mod size;
mod validate;
mod yaml;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use url::Url;

pub use error::ConfigError;
pub use github_app::GithubAppConfig;
pub use plugins::{PluginConfig, PluginSource, USUAL_PLUGIN_MEMORY};
pub use policies::{KeySource, PlaceError, PolicySource, Verification};
pub use server::{ServerConfig, TlsConfig, TlsVersion};

use crate::admission::settings::AdmissionSettings;
use crate::domain::environment::EnvironmentGraph;
use crate::domain::rule::Rule;
use crate::domain::verdict::Verdict;
use error::Problem;
use located::Place;

/// The name of the file that is looked for when none is given.
pub const FILE_NAME: &str = "holdpoint.yaml";

/// Chainloop's own address.
const DEFAULT_URL: &str = "https://api.app.chainloop.dev";
const DEFAULT_TOKEN_VARIABLE: &str = "CHAINLOOP_TOKEN";
/// Where the token of a ledger's server is, unless something else is said.
pub const LEDGER_TOKEN_VARIABLE: &str = "HOLDPOINT_LEDGER_TOKEN";
const DEFAULT_TIMEOUT: &str = "60s";
const DEFAULT_RULE_TIMEOUT: &str = "1s";
const DEFAULT_EVALUATION_TIMEOUT: &str = "10s";
const DEFAULT_LONGEST_OVERRIDE: &str = "7d";
const DEFAULT_PLUGIN_MEMORY: &str = "64MiB";
const DEFAULT_READMIT_MAX_AGE: &str = "24h";

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 1024 * 1024;

/// A configuration that was checked. Paths are relative to the working directory, or absolute.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// The record sources, by name; at least one.
    pub sources: BTreeMap<String, SourceConfig>,
    /// The environments; at least one. Each names a source that exists.
    pub environments: EnvironmentGraph,
    /// Where policies come from.
    pub policies: Vec<PolicySource>,
    /// The plugins in the order of the file; names are unique.
    pub plugins: Vec<PluginConfig>,
    /// The rules in the order of the file. Their environments and plugins exist.
    pub rules: Vec<Rule>,
    /// [`Verdict::Undecided`] or [`Verdict::Allow`].
    pub when_no_rule_applies: Verdict,
    /// Where overrides are, and what they may be.
    pub overrides: OverrideConfig,
    /// How long one rule may take.
    pub rule_timeout: Duration,
    /// How long all rules of one decision may take; at least `rule_timeout`.
    pub evaluation_timeout: Duration,
    /// How `holdpoint serve` listens and what it keeps.
    pub server: ServerConfig,
    /// What of a cluster is judged, and where it goes. Its environments exist.
    pub admission: Option<AdmissionSettings>,
    /// The GitHub App.
    pub github_app: Option<GithubAppConfig>,
}

/// A record source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceConfig {
    /// A server with Chainloop's deployments API.
    Chainloop(ChainloopConfig),
    /// The file of a ledger.
    Ledger {
        /// The file.
        path: PathBuf,
        /// Only records of this project.
        project: Option<String>,
        /// Only records of this version; only with `project`.
        project_version: Option<String>,
    },
    /// The server of a ledger, which has the same API; never with an organization.
    LedgerServer(ChainloopConfig),
    /// A JSON file of records.
    Snapshot {
        /// The file.
        path: PathBuf,
    },
}

/// How to reach a server with Chainloop's deployments API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainloopConfig {
    /// The base address: `https`, or `http` to this machine, or any `http` when `allow_insecure` is set. No user
    /// name, query or fragment.
    pub url: Url,
    /// Where the token is read from.
    pub token: TokenSource,
    /// The organization that is asked.
    pub organization: Option<String>,
    /// Only records of this project.
    pub project: Option<String>,
    /// Only records of this version; only with `project`.
    pub project_version: Option<String>,
    /// PEM certificates to trust, beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Plain http to another machine is allowed.
    pub allow_insecure: bool,
    /// The deadline for reading the records, pages and retries included.
    pub timeout: Duration,
}

/// Where overrides are, and what they may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideConfig {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// The longest that one may last.
    pub longest: Duration,
    /// Whether each has to name a ticket.
    pub require_ticket: bool,
}

/// Where a token is read from. The token itself is never part of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// The environment variable of this name.
    Env(String),
    /// A file that holds the token and nothing else.
    File(PathBuf),
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// When the file cannot be read or is larger than 1 MiB, and all problems of [`Config::from_text`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = read(path).map_err(|problem| ConfigError::new(path, "", vec![problem]))?;
        Self::from_text(&text, path)
    }

    /// Checks the text of the file at `path`, whose folder the paths in the text are relative to.
    ///
    /// # Errors
    /// The first problem that keeps the text from being read, or else every problem in it.
    pub fn from_text(text: &str, path: &Path) -> Result<Self, ConfigError> {
        if u64::try_from(text.len()).is_ok_and(|length| length > LARGEST_FILE) {
            return Err(ConfigError::new(path, "", vec![too_large()]));
        }
        let says_nothing = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        if text.trim_start_matches('\u{feff}').lines().all(says_nothing) {
            let problem = Problem::new(Place::default(), "the file is empty");
            let problem = problem.hint("`holdpoint init` writes a working example");
            return Err(ConfigError::new(path, text, vec![problem]));
        }
        let raw = yaml::parse(text).map_err(|problem| ConfigError::new(path, text, vec![problem]))?;
        validate::validate(raw, path).map_err(|problems| ConfigError::new(path, text, problems))
    }
}

fn read(path: &Path) -> Result<String, Problem> {
    let cannot = |why: &dyn Display, hint: &str| {
        Problem::new(Place::default(), format!("cannot read the configuration: {why}")).hint(hint)
    };
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => {
            cannot(&error, "name the file with `--config`, or write an example with `holdpoint init`")
        }
        ErrorKind::PermissionDenied => cannot(&error, "let this user read the file and its folder"),
        _ => cannot(&error, "name another file with `--config`"),
    };
    // Looked at before it is opened: opening a named pipe without a writer never ends.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(cannot(&"it is a folder", &format!("name the file in it, such as `{FILE_NAME}`")));
    }
    if !metadata.is_file() {
        return Err(cannot(&"it is no regular file", "write it to a file first, and name that with `--config`"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST_FILE) {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + before.clone().filter(|byte| **byte == b'\n').count();
        // Continuation bytes begin no character.
        let since = before.rev().take_while(|byte| **byte != b'\n').filter(|byte| **byte & 0xc0 != 0x80);
        let place = Place { line, column: 1 + since.count() };
        Problem::new(place, "the file is not UTF-8 text").hint("save it in the encoding UTF-8")
    })
}

fn too_large() -> Problem {
    Problem::new(Place::default(), "the file is larger than 1 MiB").hint("is this the configuration, and not records?")
}

/// The JSON Schema of the file, as pretty-printed JSON that ends in a line feed.
#[must_use]
pub fn schema() -> String {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(raw::refuse_null));
    let generator = settings.into_generator();
    let schema = generator.into_root_schema_for::<raw::RawConfig>();
    format!("{:#}\n", schema.as_value())
}
