//! Loading policies: everything that can be found wrong with them is found here, before the first question.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::domain::finding::Location;
use crate::domain::rule::Rule;
use crate::gate::engine::RuleDescription;

use super::analysis::{EntryRule, PackageRules};
use super::engines::{self, Engines};
use super::fault::{self, PolicyFault};
use super::files::{self, PolicyFile};
use super::metadata::{self, Metadata};
use super::package::{Entry, Package};
use super::version::{self, Version};
use super::{analysis, builtins, nesting, parameters, worker};

/// Loop steps between two looks at the time; the study of the engine found no cost at this distance.
const TIMER_INTERVAL: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// Policies, parsed and checked, without records.
pub(super) struct Loaded {
    /// By name, every package.
    pub(super) packages: BTreeMap<String, Arc<Package>>,
    /// By name, an engine for each policy that is evaluated.
    pub(super) engines: Engines,
    pub(super) digest: Digest,
}

impl Loaded {
    /// A rule's parameters as its policy sees them.
    pub(super) fn parameters_of(&self, rule: &Rule) -> Value {
        let schema = self.packages.get(&rule.policy).and_then(|package| package.parameters.as_ref());
        Value::from(parameters::filled(&rule.parameters, schema))
    }
}

/// Loads the policies of these files and folders, and makes those that are `used` ready to be evaluated.
///
/// # Errors
/// Every fault that was found, in the order of the files.
pub(super) fn load(
    paths: &[PathBuf],
    used: &BTreeSet<&str>,
    rule_timeout: Duration,
) -> Result<Loaded, Vec<PolicyFault>> {
    let files = files::read(paths).map_err(|fault| vec![fault])?;
    let loading = worker::on_large_stack(|| load_files(&files, used, rule_timeout));
    loading.unwrap_or_else(|panic| Err(vec![crashed(&panic)]))
}

fn load_files(files: &[PolicyFile], used: &BTreeSet<&str>, rule_timeout: Duration) -> Result<Loaded, Vec<PolicyFault>> {
    let mut engine = new_engine(rule_timeout).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let mut annotations = BTreeMap::new();
    let mut parsed = Vec::new();
    for file in files {
        match add(&mut engine, file) {
            Ok((metadata, version)) => {
                annotations.insert(file.path.clone(), metadata);
                parsed.push((file, version));
            }
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        faults = analysis::check(engine.get_modules(), &[]);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let packages = packages(&mut engine, &annotations);
    let evaluated: Vec<&Package> = packages.iter().filter(|package| used.contains(package.name.as_str())).collect();
    let engines = engines::build(&parsed, engine.get_modules(), &evaluated, rule_timeout);
    let engines = engines.map_err(|fault| vec![fault])?;
    let packages = packages.into_iter().map(|package| (package.name.clone(), Arc::new(package))).collect();
    Ok(Loaded { packages, engines, digest: digest(files) })
}

pub(super) fn new_engine(rule_timeout: Duration) -> Result<Engine, PolicyFault> {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(true);
    engine.set_gather_prints(true);
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: rule_timeout, check_interval: TIMER_INTERVAL });
    builtins::install(&mut engine).map_err(|error| fault::of_engine("", &error))?;
    Ok(engine)
}

/// Adds one file, as Rego v1 or, when it is none, as v0.
pub(super) fn add(engine: &mut Engine, file: &PolicyFile) -> Result<(Metadata, Version), PolicyFault> {
    nesting::check(&file.path, &file.text)?;
    let metadata = metadata::read(&file.path, &file.text)?;
    let Err(as_v1) = add_as(engine, file, Version::V1) else { return Ok((metadata, Version::V1)) };
    if let Some(keyword) = version::unimported_keyword(&file.text) {
        let fault = fault::of_engine(&file.path, &as_v1);
        let hint =
            format!("this is Rego v1, since it uses `{keyword}`; a v0 file would import `future.keywords.{keyword}`");
        return Err(PolicyFault { hint, ..fault });
    }
    add_as(engine, file, Version::V0).map_err(|as_v0| fault::of_engine(&file.path, &as_v0))?;
    Ok((metadata, Version::V0))
}

pub(super) fn add_as(engine: &mut Engine, file: &PolicyFile, version: Version) -> anyhow::Result<()> {
    engine.set_rego_v0(version == Version::V0);
    engine.add_policy(file.path.clone(), file.text.clone()).map(drop)
}

fn packages(engine: &mut Engine, annotations: &BTreeMap<String, Metadata>) -> Vec<Package> {
    let package = |found: PackageRules| Package {
        description: description(&found, annotations.get(&found.path)),
        parameters: annotations.get(&found.path).and_then(|metadata| metadata.package.parameters.clone()),
        entries: found.entry_rules.into_iter().map(|rule| entry(rule, annotations)).collect(),
        name: found.package,
    };
    analysis::packages(engine.get_modules()).into_iter().map(package).collect()
}

fn description(found: &PackageRules, metadata: Option<&Metadata>) -> RuleDescription {
    let annotation = metadata.map(|metadata| metadata.package.clone()).unwrap_or_default();
    RuleDescription {
        title: annotation.title.unwrap_or_else(|| found.package.clone()),
        remediation: annotation.remediation.unwrap_or_default(),
        location: Some(Location { path: found.path.clone(), line: found.line }),
    }
}

fn entry(rule: EntryRule, annotations: &BTreeMap<String, Metadata>) -> Entry {
    let annotation = annotations.get(&rule.path).and_then(|metadata| metadata.rules.get(&rule.line));
    Entry {
        kind: rule.kind,
        remediation: annotation.and_then(|annotation| annotation.remediation.clone()).unwrap_or_default(),
        location: Location { path: rule.path, line: rule.line },
        name: rule.name,
    }
}

/// A digest of the policies' texts, whatever they are called and wherever they lie.
fn digest(files: &[PolicyFile]) -> Digest {
    let mut texts: Vec<_> = files.iter().map(|file| Sha256::digest(&file.text)).collect();
    texts.sort_unstable();
    Digest::from_bytes(Sha256::digest(texts.concat()).into())
}

fn crashed(panic: &str) -> PolicyFault {
    let message = format!("the policy engine failed while loading: {panic}");
    PolicyFault::at("", (0, 0), "policy_engine", message, "load the policies one by one to find the one it cannot read")
}
