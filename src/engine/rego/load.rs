//! Loading policies: everything that can be found wrong with them is found here, before the first question.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::domain::finding::Location;
use crate::domain::policy::{DataText, PolicyOrigin, RegoVersion};
use crate::gate::engine::RuleDescription;

use super::analysis::{EntryRule, PackageRules};
use super::documents::Documents;
use super::fault::{self, PolicyFault};
use super::files::PolicyFile;
use super::gather::{self, Gathered, PolicyInput};
use super::metadata::{self, Metadata};
use super::package::{ANSWERS, Entry, Package};
use super::{analysis, builtins, nesting, version, worker};

/// Loop steps between two looks at the time; the study of the engine found no cost at this distance.
const TIMER_INTERVAL: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// Policies, parsed and checked, without records.
pub(super) struct Loaded {
    pub(super) engine: Engine,
    pub(super) packages: BTreeMap<String, Arc<Package>>,
    pub(super) digest: Digest,
    pub(super) origins: Vec<PolicyOrigin>,
    /// The first names of the data documents.
    pub(super) data_roots: Vec<String>,
}

/// Loads the policies of these places.
///
/// # Errors
/// Every fault that was found, in the order of the files.
pub(super) fn load(inputs: &[PolicyInput], rule_timeout: Duration) -> Result<Loaded, Vec<PolicyFault>> {
    let gathered = gather::gather(inputs).map_err(|fault| vec![fault])?;
    let loading = worker::on_large_stack(|| load_files(&gathered, rule_timeout));
    loading.unwrap_or_else(|panic| Err(vec![crashed(&panic)]))
}

fn load_files(gathered: &Gathered, rule_timeout: Duration) -> Result<Loaded, Vec<PolicyFault>> {
    let mut engine = new_engine(rule_timeout).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let mut annotations = BTreeMap::new();
    for file in &gathered.policies {
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
    let data_roots = add_data(&mut engine, gathered, &packages)?;
    prepare(&mut engine, &packages).map_err(|fault| vec![fault])?;
    let packages = packages.into_iter().map(|package| (package.name.clone(), Arc::new(package))).collect();
    Ok(Loaded { engine, packages, digest: digest(gathered), origins: gathered.origins.clone(), data_roots })
}

/// Gives the engine the data documents, which it would let overrule policies. Returns their first names.
fn add_data(engine: &mut Engine, gathered: &Gathered, packages: &[Package]) -> Result<Vec<String>, Vec<PolicyFault>> {
    let documents = Documents::read(&gathered.data).map_err(|fault| vec![fault])?;
    let mut faults = documents.conflicts(packages.iter().map(|package| (package.name.as_str(), package.path())));
    faults.extend(gathered.outside_roots(engine.get_modules()));
    if !faults.is_empty() {
        return Err(faults);
    }
    let names = documents.names();
    if let Some(data) = documents.into_data() {
        engine.add_data(data).map_err(|error| vec![fault::of_engine("", &error)])?;
    }
    Ok(names)
}

pub(super) fn new_engine(rule_timeout: Duration) -> Result<Engine, PolicyFault> {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(true);
    engine.set_gather_prints(true);
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: rule_timeout, check_interval: TIMER_INTERVAL });
    builtins::install(&mut engine).map_err(|error| fault::of_engine("", &error))?;
    Ok(engine)
}

/// Adds one file, as Rego v1 or, when it is none, as v0; or as what its bundle says it is.
pub(super) fn add(engine: &mut Engine, file: &PolicyFile) -> Result<Metadata, PolicyFault> {
    nesting::check(&file.path, &file.text)?;
    let metadata = metadata::read(&file.path, &file.text)?;
    let keyword = version::unimported_keyword(&file.text);
    if file.version == Some(RegoVersion::V0) {
        if let Some(keyword) = keyword {
            let message = format!("the bundle says that this is Rego v0, and it uses `{keyword}` without importing it");
            let hint = format!("import `future.keywords.{keyword}`, or state `rego_version: 1`");
            return Err(PolicyFault::at(&file.path, (0, 0), "policy_invalid", message, hint));
        }
    } else {
        engine.set_rego_v0(false);
        let Err(as_v1) = engine.add_policy(file.path.clone(), file.text.clone()) else { return Ok(metadata) };
        let fault = fault::of_engine(&file.path, &as_v1);
        if file.version == Some(RegoVersion::V1) {
            return Err(fault);
        }
        if let Some(keyword) = keyword {
            let hint = format!(
                "this is Rego v1, since it uses `{keyword}`; a v0 file would import `future.keywords.{keyword}`"
            );
            return Err(PolicyFault { hint, ..fault });
        }
    }
    engine.set_rego_v0(true);
    let added = engine.add_policy(file.path.clone(), file.text.clone());
    added.map_err(|as_v0| fault::of_engine(&file.path, &as_v0))?;
    Ok(metadata)
}

fn packages(engine: &mut Engine, annotations: &BTreeMap<String, Metadata>) -> Vec<Package> {
    let found = analysis::packages(engine.get_modules()).into_iter().enumerate();
    let package = |(number, found): (usize, PackageRules)| Package {
        description: description(&found, annotations.get(&found.path)),
        entries: found.entry_rules.into_iter().map(|rule| entry(rule, annotations)).collect(),
        said: format!("data.{ANSWERS}.p{number}.said"),
        name: found.package,
    };
    found.map(package).collect()
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

/// Adds the rules that collect what policies say. The engine orders statements, and finds variables without a value,
/// when it first compiles a rule: that is done here.
fn prepare(engine: &mut Engine, packages: &[Package]) -> Result<(), PolicyFault> {
    let speaking = || packages.iter().enumerate().filter(|(_number, package)| !package.entries.is_empty());
    engine.set_rego_v0(false);
    for (number, package) in speaking() {
        let module = package.answers_module(number);
        engine.add_policy(package.said.clone(), module).map_err(|error| fault::of_engine(&package.name, &error))?;
    }
    if let Some((_number, package)) = speaking().next() {
        let said: Arc<str> = package.said.as_str().into();
        engine.compile_with_entrypoint(&said).map_err(|error| fault::of_engine("", &error))?;
    }
    Ok(())
}

/// A digest of the policies' texts, whatever they are called and wherever they lie, and of the data, which lies
/// somewhere.
fn digest(gathered: &Gathered) -> Digest {
    let policy = |file: &PolicyFile| {
        let hash = Sha256::new();
        // No text of a policy holds a zero byte: such are refused.
        let hash = match file.version {
            None => hash,
            Some(RegoVersion::V0) => hash.chain_update(b"v0\0"),
            Some(RegoVersion::V1) => hash.chain_update(b"v1\0"),
        };
        hash.chain_update(&file.text).finalize()
    };
    let document = |document: &DataText| {
        let place = document.mount.join("/");
        Sha256::new()
            .chain_update(b"data\0")
            .chain_update(place)
            .chain_update(b"\0")
            .chain_update(&document.text)
            .finalize()
    };
    let mut texts: Vec<_> = gathered.policies.iter().map(policy).collect();
    texts.extend(gathered.data.iter().map(document));
    texts.sort_unstable();
    Digest::from_bytes(Sha256::digest(texts.concat()).into())
}

fn crashed(panic: &str) -> PolicyFault {
    let message = format!("the policy engine failed while loading: {panic}");
    PolicyFault::at("", (0, 0), "policy_engine", message, "load the policies one by one to find the one it cannot read")
}
