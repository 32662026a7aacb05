//! Loading policies: everything that can be found wrong with them is found here, before the first question.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::domain::finding::Location;
use crate::gate::engine::RuleDescription;

use super::analysis::EntryRule;
use super::fault::{self, PolicyFault};
use super::files::{self, PolicyFile};
use super::metadata::{self, Metadata};
use super::package::{Entry, Package};
use super::{analysis, builtins, nesting, worker};

/// Loop steps between two looks at the time; the study of the engine found no cost at this distance.
const TIMER_INTERVAL: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// Policies, parsed and checked, without records.
pub(super) struct Loaded {
    pub(super) engine: Engine,
    pub(super) packages: BTreeMap<String, Arc<Package>>,
    pub(super) digest: Digest,
}

/// Loads the policies of these files and folders.
///
/// # Errors
/// Every fault that was found, in the order of the files.
pub(super) fn load(paths: &[PathBuf], rule_timeout: Duration) -> Result<Loaded, Vec<PolicyFault>> {
    let files = files::read(paths).map_err(|fault| vec![fault])?;
    let loading = worker::on_large_stack(|| load_files(&files, rule_timeout));
    loading.unwrap_or_else(|panic| Err(vec![crashed(&panic)]))
}

fn load_files(files: &[PolicyFile], rule_timeout: Duration) -> Result<Loaded, Vec<PolicyFault>> {
    let mut engine = new_engine(rule_timeout).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let mut annotations = BTreeMap::new();
    for file in files {
        match add(&mut engine, file) {
            Ok(metadata) => {
                annotations.insert(file.path.clone(), metadata);
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
    schedule(&mut engine, &packages).map_err(|fault| vec![fault])?;
    Ok(Loaded { engine, packages, digest: digest(files) })
}

fn new_engine(rule_timeout: Duration) -> Result<Engine, PolicyFault> {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(true);
    engine.set_gather_prints(true);
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: rule_timeout, check_interval: TIMER_INTERVAL });
    builtins::install(&mut engine).map_err(|error| fault::of_engine("", &error))?;
    Ok(engine)
}

/// Adds one file, as Rego v1 or, when it is none, as v0.
fn add(engine: &mut Engine, file: &PolicyFile) -> Result<Metadata, PolicyFault> {
    nesting::check(&file.path, &file.text)?;
    let metadata = metadata::read(&file.path, &file.text)?;
    engine.set_rego_v0(false);
    if let Err(as_v1) = engine.add_policy(file.path.clone(), file.text.clone()) {
        engine.set_rego_v0(true);
        engine
            .add_policy(file.path.clone(), file.text.clone())
            .map_err(|_as_v0| fault::of_engine(&file.path, &as_v1))?;
    }
    Ok(metadata)
}

fn packages(engine: &mut Engine, annotations: &BTreeMap<String, Metadata>) -> BTreeMap<String, Arc<Package>> {
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    for found in analysis::packages(engine.get_modules()) {
        let metadata = annotations.get(&found.path);
        let package = packages.entry(found.package.clone()).or_insert_with(|| Package {
            name: found.package.clone(),
            description: RuleDescription {
                title: found.package.clone(),
                remediation: String::new(),
                location: Some(Location { path: found.path.clone(), line: found.line }),
            },
            entries: Vec::new(),
        });
        if let Some(metadata) = metadata {
            describe(&mut package.description, metadata);
        }
        package.entries = found.entry_rules.into_iter().map(|rule| entry(&found.package, rule, annotations)).collect();
    }
    packages.into_iter().map(|(name, package)| (name, Arc::new(package))).collect()
}

fn describe(description: &mut RuleDescription, metadata: &Metadata) {
    if let Some(title) = &metadata.package.title {
        description.title.clone_from(title);
    }
    if let Some(remediation) = &metadata.package.remediation {
        description.remediation.clone_from(remediation);
    }
}

fn entry(package: &str, rule: EntryRule, annotations: &BTreeMap<String, Metadata>) -> Entry {
    let annotation = annotations.get(&rule.path).and_then(|metadata| metadata.rules.get(&rule.line));
    Entry {
        path: format!("data.{package}.{}", rule.name),
        kind: rule.kind,
        remediation: annotation.and_then(|annotation| annotation.remediation.clone()).unwrap_or_default(),
        location: Location { path: rule.path, line: rule.line },
        name: rule.name,
    }
}

/// The engine orders statements, and finds variables without a value, when it first compiles a rule.
fn schedule(engine: &mut Engine, packages: &BTreeMap<String, Arc<Package>>) -> Result<(), PolicyFault> {
    for entry in packages.values().flat_map(|package| &package.entries) {
        let path: Arc<str> = entry.path.as_str().into();
        engine.compile_with_entrypoint(&path).map_err(|error| fault::of_engine(&entry.location.path, &error))?;
    }
    Ok(())
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
