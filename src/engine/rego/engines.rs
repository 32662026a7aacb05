//! One engine for each policy, with only the files that the policy needs: the engine looks through all its modules at
//! each reference to `data`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use regorus::Engine;

use crate::domain::policy::RegoVersion;

use super::fault::{self, PolicyFault};
use super::files::PolicyFile;
use super::load::{Parsed, add_as, new_engine};
use super::package::Package;

/// Engines by the name of the policy that they evaluate.
pub(super) type Engines = BTreeMap<String, Engine>;

/// Builds the engines of these packages.
///
/// # Errors
/// What the engine finds when it compiles: statements that it cannot order.
pub(super) fn build(
    parsed: &Parsed<'_>,
    packages: &[&Package],
    rule_timeout: Duration,
) -> Result<Engines, PolicyFault> {
    let Some(dependencies) = &parsed.dependencies else { return Ok(Engines::new()) };
    let mut shared: BTreeMap<BTreeSet<usize>, Engine> = BTreeMap::new();
    let mut engines = Engines::new();
    for package in packages.iter().filter(|package| !package.entries.is_empty()) {
        let own = dependencies.files_of(&package.name);
        let others: BTreeSet<usize> = dependencies.of(&package.name).difference(&own).copied().collect();
        // What several policies share, such as a library, is parsed once.
        if !shared.contains_key(&others) {
            let mut engine = with_files(new_engine(rule_timeout)?, &parsed.files, &others)?;
            engine.add_data(parsed.data.clone()).map_err(|error| fault::of_engine("", &error))?;
            shared.insert(others.clone(), engine);
        }
        let Some(engine) = shared.get(&others) else { continue };
        let mut engine = with_files(engine.clone(), &parsed.files, &own)?;
        compile(&mut engine, package)?;
        engines.insert(package.name.clone(), engine);
    }
    Ok(engines)
}

fn with_files(
    mut engine: Engine,
    files: &[(Cow<'_, PolicyFile>, RegoVersion)],
    chosen: &BTreeSet<usize>,
) -> Result<Engine, PolicyFault> {
    for (file, version) in chosen.iter().filter_map(|number| files.get(*number)) {
        add_as(&mut engine, file, *version).map_err(|error| fault::of_engine(&file.path, &error))?;
    }
    Ok(engine)
}

/// The engine orders statements, and finds variables without a value, when it first compiles a rule: that is done here.
fn compile(engine: &mut Engine, package: &Package) -> Result<(), PolicyFault> {
    if let Some(module) = package.answers_module() {
        engine.set_rego_v0(false);
        let added = engine.add_policy(package.asked(), module);
        added.map_err(|error| fault::of_engine(&package.name, &error))?;
    }
    let asked: Arc<str> = package.asked().into();
    engine.compile_with_entrypoint(&asked).map_err(|error| fault::of_engine("", &error))?;
    Ok(())
}
