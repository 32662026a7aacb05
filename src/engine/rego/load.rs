//! Loading policies: everything that can be found wrong with them is found here, before the first question.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::domain::finding::Location;
use crate::domain::origin::Origin;
use crate::domain::policy::{DataText, RegoVersion};
use crate::domain::rule::Rule;
use crate::engine::parameters::filled;
use crate::gate::engine::RuleDescription;

use super::analysis::{Analysis, EntryRule, PackageRules};
use super::documents::Documents;
use super::engines::Engines;
use super::fault::{self, PolicyFault};
use super::files::{PolicyFile, Which};
use super::gather::{self, Gathered, PolicyInput};
use super::metadata::{self, Annotation, Metadata};
use super::package::{Entry, Package};
use super::{Extent, analysis, builtins, chainloop, data, nesting, reach, related, version, worker};

/// Loop steps between two looks at the time; the study of the engine found no cost at this distance.
const TIMER_INTERVAL: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// Policies, parsed and checked, without records.
pub(super) struct Loaded {
    /// By name, every package.
    pub(super) packages: BTreeMap<String, Arc<Package>>,
    /// For the policies that are evaluated.
    pub(super) engines: Engines,
    pub(super) digest: Digest,
    /// The texts of what was parsed, for explanations.
    pub(super) gathered: Arc<Gathered>,
    /// The data documents as one.
    pub(super) documents: Value,
    /// The first names of the data documents.
    pub(super) data_roots: Vec<String>,
}

impl Loaded {
    /// A rule's parameters as its policy sees them.
    pub(super) fn parameters_of(&self, rule: &Rule) -> Value {
        let schema = self.packages.get(rule.kind.name()).and_then(|package| package.annotation.parameters.as_ref());
        Value::from(filled(&rule.parameters, schema))
    }

    /// The bundles and artifacts that policies came from.
    pub(super) fn origins(&self) -> &[Origin] {
        &self.gathered.origins
    }
}

/// Loads the policies of these places, all or those in use, and makes those that are `used` ready to be evaluated.
///
/// # Errors
/// Every fault that was found, in the order of the files.
pub(super) fn load(
    inputs: &[PolicyInput],
    used: &BTreeSet<&str>,
    extent: Extent,
    rule_timeout: Duration,
) -> Result<Loaded, Vec<PolicyFault>> {
    let gathered = gather::gather(inputs, Which::Policies).map_err(|fault| vec![fault])?;
    let loading = worker::on_large_stack(|| load_gathered(gathered, used, extent, rule_timeout));
    loading.unwrap_or_else(|panic| Err(vec![crashed(&panic)]))
}

fn load_gathered(
    mut gathered: Gathered,
    used: &BTreeSet<&str>,
    extent: Extent,
    rule_timeout: Duration,
) -> Result<Loaded, Vec<PolicyFault>> {
    let digest = digest(&gathered);
    if extent == Extent::OfRules {
        let mut reached = reach::reached(&gathered.policies, used).into_iter();
        gathered.policies.retain(|_file| reached.next().unwrap_or(true));
    }
    let gathered = Arc::new(gathered);
    let mut parsed = parse(&gathered.policies, &gathered.data, rule_timeout)?;
    let faults = gathered.outside_roots(parsed.engine.get_modules());
    if !faults.is_empty() {
        return Err(faults);
    }
    let packages = packages(&mut parsed)?;
    let faults = related::faults(&gathered.policies, &packages);
    if !faults.is_empty() {
        return Err(faults);
    }
    let evaluated: Vec<&Package> = packages.iter().filter(|package| used.contains(package.name.as_str())).collect();
    let (documents, data_roots) = (parsed.data.clone(), std::mem::take(&mut parsed.data_roots));
    let engines = match extent {
        Extent::Everything => Engines::apart(&mut parsed, &evaluated, rule_timeout),
        Extent::OfRules => Engines::together(parsed.engine, &evaluated),
    };
    let engines = engines.map_err(|fault| vec![fault])?;
    let packages = packages.into_iter().map(|package| (package.name.clone(), Arc::new(package))).collect();
    Ok(Loaded { packages, engines, digest, gathered: Arc::clone(&gathered), documents, data_roots })
}

/// Policies that were parsed and checked together.
pub(super) struct Parsed<'files> {
    /// With all of them, and the data documents.
    pub(super) engine: Engine,
    /// The files in the order of the engine's modules.
    pub(super) files: Vec<(Cow<'files, PolicyFile>, RegoVersion)>,
    /// The data documents as one.
    pub(super) data: Value,
    /// The first names of the data documents.
    data_roots: Vec<String>,
    /// By the path of the file.
    annotations: BTreeMap<String, Metadata>,
    /// By name, every package.
    packages: Vec<PackageRules>,
}

/// Parses and checks policies and data documents, all together. Run it on a large stack.
///
/// # Errors
/// Every fault that was found.
pub(super) fn parse<'files>(
    files: &'files [PolicyFile],
    documents: &[DataText],
    rule_timeout: Duration,
) -> Result<Parsed<'files>, Vec<PolicyFault>> {
    let mut engine = new_engine(rule_timeout).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let mut annotations = BTreeMap::new();
    let mut parsed = Vec::new();
    for file in files {
        match add(&mut engine, file) {
            Ok((metadata, version)) => {
                annotations.insert(file.path.clone(), metadata);
                parsed.push((Cow::Borrowed(file), version));
            }
            Err(fault) => faults.push(fault),
        }
    }
    for file in chainloop::completions(engine.get_modules()) {
        add_as(&mut engine, &file, RegoVersion::V1).map_err(|error| vec![fault::of_engine(&file.path, &error)])?;
        parsed.push((Cow::Owned(file), RegoVersion::V1));
    }
    let documents = Documents::read(documents).map_err(|fault| vec![fault])?;
    let data_roots = documents.names();
    if !faults.is_empty() {
        return Err(faults);
    }
    let packages = check(&mut engine, &documents, &data_roots)?;
    let data = documents.into_data();
    engine.add_data(data.clone()).map_err(|error| vec![fault::of_engine("", &error)])?;
    Ok(Parsed { engine, files: parsed, data, data_roots, annotations, packages })
}

/// The packages.
fn check(
    engine: &mut Engine,
    documents: &Documents,
    data_roots: &[String],
) -> Result<Vec<PackageRules>, Vec<PolicyFault>> {
    let roots: Vec<&str> = data_roots.iter().map(String::as_str).chain([data::ROOT]).collect();
    let Analysis { mut faults, packages } = analysis::analyse(engine.get_modules(), &roots);
    let places = packages.iter().map(|package| (package.package.as_str(), package.path.as_str()));
    faults.extend(documents.conflicts(places));
    if faults.is_empty() { Ok(packages) } else { Err(faults) }
}

pub(super) fn new_engine(rule_timeout: Duration) -> Result<Engine, PolicyFault> {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(true);
    engine.set_gather_prints(true);
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: rule_timeout, check_interval: TIMER_INTERVAL });
    builtins::install(&mut engine).map_err(|error| fault::of_engine("", &error))?;
    Ok(engine)
}

/// Adds one file, as Rego v1 or, when it is none, as v0; or as what its bundle says it is. Returns which it was.
pub(super) fn add(engine: &mut Engine, file: &PolicyFile) -> Result<(Metadata, RegoVersion), PolicyFault> {
    nesting::check(&file.path, &file.text)?;
    let metadata = metadata::read(&file.path, &file.text)?;
    let keyword = || version::unimported_keyword(&file.text);
    if file.version == Some(RegoVersion::V0) {
        if let Some(keyword) = keyword() {
            let message = format!("the bundle says that this is Rego v0, and it uses `{keyword}` without importing it");
            let hint = format!("import `future.keywords.{keyword}`, or state `rego_version: 1`");
            return Err(PolicyFault::at(&file.path, (0, 0), "policy_invalid", message, hint));
        }
    } else {
        let Err(as_v1) = add_as(engine, file, RegoVersion::V1) else { return Ok((metadata, RegoVersion::V1)) };
        let fault = fault::of_engine(&file.path, &as_v1);
        if file.version == Some(RegoVersion::V1) {
            return Err(fault);
        }
        if let Some(keyword) = keyword() {
            let hint = format!(
                "this is Rego v1, since it uses `{keyword}`; a v0 file would import `future.keywords.{keyword}`"
            );
            return Err(PolicyFault { hint, ..fault });
        }
    }
    add_as(engine, file, RegoVersion::V0).map_err(|as_v0| fault::of_engine(&file.path, &as_v0))?;
    Ok((metadata, RegoVersion::V0))
}

pub(super) fn add_as(engine: &mut Engine, file: &PolicyFile, version: RegoVersion) -> anyhow::Result<()> {
    engine.set_rego_v0(version == RegoVersion::V0);
    engine.add_policy(file.path.clone(), file.text.clone()).map(drop)
}

fn packages(parsed: &mut Parsed<'_>) -> Result<Vec<Package>, Vec<PolicyFault>> {
    let annotations = &parsed.annotations;
    let modules = parsed.engine.get_modules();
    let mut of_packages = metadata::of_packages(modules.iter().map(analysis::place), annotations)?;
    let package = |found: PackageRules| {
        let annotation = of_packages.remove(&found.package).unwrap_or_default();
        Package {
            description: description(&found, &annotation),
            annotation,
            entries: found.entry_rules.into_iter().map(|rule| entry(rule, annotations)).collect(),
            name: found.package,
        }
    };
    Ok(std::mem::take(&mut parsed.packages).into_iter().map(package).collect())
}

fn description(found: &PackageRules, annotation: &Annotation) -> RuleDescription {
    RuleDescription {
        title: annotation.title.clone().unwrap_or_else(|| found.package.clone()),
        remediation: annotation.remediation.clone().unwrap_or_default(),
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

pub(super) fn crashed(panic: &str) -> PolicyFault {
    let message = format!("the policy engine failed while loading: {panic}");
    PolicyFault::at("", (0, 0), "policy_engine", message, "load the policies one by one to find the one it cannot read")
}
