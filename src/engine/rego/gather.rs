//! Policies and data of all places, and what each may hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::origin::Origin;
use crate::domain::policy::{DataText, PolicySet, PolicyText};

use super::analysis::{self, ParsedPolicy};
use super::documents::Documents;
use super::fault::PolicyFault;
use super::files::{self, PolicyFile, Which};
use super::misplaced;

/// A place that policies come from.
#[derive(Clone, Debug)]
pub enum PolicyInput {
    /// A file or a folder.
    Path(PathBuf),
    /// What was shared as a bundle or an artifact.
    Set(Arc<PolicySet>),
}

/// All of them together.
pub(super) struct Gathered {
    pub(super) policies: Vec<PolicyFile>,
    pub(super) data: Vec<DataText>,
    pub(super) origins: Vec<Origin>,
    sets: Vec<Arc<PolicySet>>,
}

/// Reads the files, and puts the rest beside them.
///
/// # Errors
/// Those of the files; two sets that claim the same part of `data`.
pub(super) fn gather(inputs: &[PolicyInput], which: Which) -> Result<Gathered, PolicyFault> {
    let path = |input: &PolicyInput| match input {
        PolicyInput::Path(path) => Some(path.clone()),
        PolicyInput::Set(_) => None,
    };
    let files = files::read(&inputs.iter().filter_map(path).collect::<Vec<_>>(), which)?;
    let set = |input: &PolicyInput| match input {
        PolicyInput::Path(_) => None,
        PolicyInput::Set(set) => Some(Arc::clone(set)),
    };
    let sets: Vec<Arc<PolicySet>> = inputs.iter().filter_map(set).collect();
    refuse_overlap(&sets)?;
    let (mut policies, mut data) = (files.policies, files.data);
    for set in &sets {
        let mut tests = set.tests.iter().cloned().map(file);
        if which == Which::PoliciesAndTests {
            policies.extend(tests);
        } else if let Some(fault) = tests.find_map(|test| misplaced::check(&test)) {
            return Err(fault);
        }
        policies.extend(set.policies.iter().cloned().map(file));
        data.extend(set.data.iter().cloned());
    }
    refuse_lookalikes(&policies)?;
    let origins = sets.iter().map(|set| set.origin.clone()).collect();
    Ok(Gathered { policies, data, origins, sets })
}

fn file(policy: PolicyText) -> PolicyFile {
    PolicyFile { path: policy.path, text: policy.text, version: policy.version }
}

/// Files are told apart by the path that messages show, which leaves out what is no UTF-8 text.
fn refuse_lookalikes(policies: &[PolicyFile]) -> Result<(), PolicyFault> {
    let mut paths = BTreeSet::new();
    match policies.iter().find(|policy| !paths.insert(policy.path.as_str())) {
        None => Ok(()),
        Some(policy) => {
            let what = "is the name of two policy files, once it is written as text";
            Err(PolicyFault::at(&policy.path, (0, 0), "policy_name", what, "give one of them another name"))
        }
    }
}

/// Of two sets with the same root, one could change what the other says.
fn refuse_overlap(sets: &[Arc<PolicySet>]) -> Result<(), PolicyFault> {
    let roots = sets.iter().flat_map(|set| set.roots.iter().map(move |root| (root, set)));
    let mut sorted: Vec<_> = roots.collect();
    sorted.sort_by_key(|(root, _)| *root);
    for pair in sorted.windows(2) {
        if let [(one, first), (other, second)] = pair
            && other.starts_with(one)
            && !Arc::ptr_eq(first, second)
        {
            let what = format!(
                "claims `{}`, and `{}` claims `{}`: one could change what the other says",
                shown(other),
                first.origin.name,
                shown(one)
            );
            let hint = "give each bundle its own `roots` (`holdpoint policy bundle --root`)";
            return Err(PolicyFault::at(&second.origin.name, (0, 0), "bundle_roots", what, hint));
        }
    }
    Ok(())
}

fn shown(root: &[String]) -> String {
    if root.is_empty() { "data".to_owned() } else { format!("data.{}", root.join(".")) }
}

impl Gathered {
    /// Files alone.
    #[cfg(test)]
    pub(super) const fn of_files(policies: Vec<PolicyFile>) -> Self {
        Self { policies, data: Vec::new(), origins: Vec::new(), sets: Vec::new() }
    }

    /// Whether a policy was shared without any test, as most are.
    pub(super) fn is_without_tests(&self, path: &str) -> bool {
        let of_set = |set: &&Arc<PolicySet>| set.policies.iter().any(|policy| policy.path == path);
        self.sets.iter().find(of_set).is_some_and(|set| set.tests.is_empty())
    }

    /// Every policy and document that lies outside the roots of its set.
    pub(super) fn outside_roots(&self, policies: &[ParsedPolicy]) -> Vec<PolicyFault> {
        let packages: BTreeMap<&str, Vec<String>> = policies.iter().map(analysis::place).collect();
        self.sets.iter().flat_map(|set| set_outside_roots(set, &packages)).collect()
    }
}

fn set_outside_roots(set: &PolicySet, packages: &BTreeMap<&str, Vec<String>>) -> Vec<PolicyFault> {
    let mut faults = Vec::new();
    let mut refuse = |path: &str, what: String| {
        let hint = "this bundle was made or changed by hand: add the root to its `.manifest`, or take the file out";
        faults.push(PolicyFault::at(path, (0, 0), "bundle_roots", what, hint));
    };
    for policy in &set.policies {
        let package = packages.get(policy.path.as_str());
        if let Some(package) = package.filter(|package| !set.roots.iter().any(|root| package.starts_with(root))) {
            refuse(&policy.path, format!("its package `{}` lies outside the bundle's roots", package.join(".")));
        }
    }
    for document in &set.data {
        // What cannot be read was refused before.
        if let Ok(Some(path)) = Documents::outside(document, &set.roots) {
            refuse(&document.path, format!("it has data at `{path}`, outside the bundle's roots"));
        }
    }
    faults
}
