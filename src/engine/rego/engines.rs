//! The engines that evaluate policies, compiled.
//!
//! The engine looks through all its modules at each reference to `data`. So many questions are quickest with an engine
//! for each policy, which has the records and only the files that the policy needs. One question is quickest with one
//! engine for all, since compiling takes longer than answering: nothing is compiled twice, and files are parsed once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use regorus::{Engine, Value};

use crate::domain::policy::RegoVersion;

use super::analysis;
use super::fault::{self, PolicyFault};
use super::files::PolicyFile;
use super::load::{Parsed, add_as, new_engine};
use super::package::{Package, Records};

/// Engines, and which of them evaluates a policy.
#[derive(Clone)]
pub(super) struct Engines {
    compiled: Vec<Engine>,
    /// By the name of the policy, a place in the list.
    places: BTreeMap<String, usize>,
    records: Records,
}

impl Engines {
    /// An engine for each of these packages.
    ///
    /// # Errors
    /// What the engine finds when it compiles: statements that it cannot order.
    pub(super) fn apart(
        parsed: &mut Parsed<'_>,
        packages: &[&Package],
        rule_timeout: Duration,
    ) -> Result<Self, PolicyFault> {
        let mut all = Self { compiled: Vec::new(), places: BTreeMap::new(), records: Records::Loaded };
        let Some(dependencies) = analysis::dependencies(parsed.engine.get_modules()) else { return Ok(all) };
        let mut shared: BTreeMap<BTreeSet<usize>, Engine> = BTreeMap::new();
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
            add_answers(&mut engine, package, Records::Loaded)?;
            compile(&mut engine)?;
            all.places.insert(package.name.clone(), all.compiled.len());
            all.compiled.push(engine);
        }
        Ok(all)
    }

    /// One engine for all these packages: the one that everything was parsed with.
    ///
    /// # Errors
    /// Those of [`Self::apart`].
    pub(super) fn together(mut engine: Engine, packages: &[&Package]) -> Result<Self, PolicyFault> {
        let mut places = BTreeMap::new();
        for package in packages.iter().filter(|package| !package.entries.is_empty()) {
            add_answers(&mut engine, package, Records::Asked)?;
            places.insert(package.name.clone(), 0);
        }
        let mut compiled = Vec::new();
        if !places.is_empty() {
            compile(&mut engine)?;
            compiled.push(engine);
        }
        Ok(Self { compiled, places, records: Records::Asked })
    }

    /// How records get to the policies.
    pub(super) const fn records(&self) -> Records {
        self.records
    }

    /// Gives the engines the records that all questions are about, if that is how they get them.
    ///
    /// # Errors
    /// When an engine cannot take them.
    pub(super) fn load(&mut self, data: &Value) -> anyhow::Result<()> {
        if self.records == Records::Loaded {
            for engine in &mut self.compiled {
                engine.add_data(data.clone())?;
            }
        }
        Ok(())
    }

    /// The engine of a policy.
    pub(super) fn of_mut(&mut self, policy: &str) -> Option<&mut Engine> {
        self.compiled.get_mut(*self.places.get(policy)?)
    }

    /// Puts the engine of a policy back into the state that it has in the other.
    pub(super) fn renew(&mut self, policy: &str, other: &Self) {
        let Some(place) = self.places.get(policy) else { return };
        if let (Some(engine), Some(fresh)) = (self.compiled.get_mut(*place), other.compiled.get(*place)) {
            *engine = fresh.clone();
        }
    }
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

fn add_answers(engine: &mut Engine, package: &Package, records: Records) -> Result<(), PolicyFault> {
    let Some(module) = package.answers_module(records) else { return Ok(()) };
    engine.set_rego_v0(false);
    let added = engine.add_policy(package.asked(records), module);
    added.map(drop).map_err(|error| fault::of_engine(&package.name, &error))
}

/// The engine orders statements, and finds variables without a value, before it evaluates anything: that is done here.
fn compile(engine: &mut Engine) -> Result<(), PolicyFault> {
    engine.eval_query("true".to_owned(), false).map(drop).map_err(|error| fault::of_engine("", &error))
}
