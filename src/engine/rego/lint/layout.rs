//! Policies without tests, and files in a folder that is not their package's path.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use crate::engine::rego::analysis::program::{Part, package_of};
use crate::engine::rego::fault::PolicyFault;

use super::context::{Context, PackageView, names};

/// The code of a policy without tests.
pub(super) const TEST_MISSING: &str = "test_missing";

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<PolicyFault>) {
    let tested = tested(context);
    for policy in context.policies() {
        if let Some(message) = untested(policy, context, &tested) {
            let hint = format!("write `test_…` rules in the package `{}_test` that refer to `data.{0}`", policy.name);
            faults.push(policy.fault(TEST_MISSING, message, hint));
        }
    }
    folders(context, faults);
}

/// Everything below `data` that tests refer to, with all that lies above.
fn tested(context: &Context<'_>) -> BTreeSet<Vec<String>> {
    let tests = context.definitions().filter(|(definition, _)| definition.test);
    let read = tests.flat_map(|(_, facts)| {
        let reads = facts.reads.iter().filter_map(|read| match read.path.as_slice() {
            [Part::Name(root), below @ ..] if root == "data" => Some(below.to_vec()),
            _ => None,
        });
        let calls = facts.calls.iter().filter_map(|call| call.rule.clone());
        reads.chain(calls.map(|rule| rule.into_iter().map(Part::Name).collect()))
    });
    read.flat_map(|path: Vec<Part>| {
        (1..=path.len()).filter_map(|length| names(path.get(..length)?)).collect::<Vec<_>>()
    })
    .collect()
}

fn untested(policy: &PackageView, context: &Context<'_>, tested: &BTreeSet<Vec<String>>) -> Option<String> {
    let name = &policy.name;
    let of_tests = format!("{name}_test");
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    if tested.contains(&path) || context.opaque.contains(name) || context.opaque.contains(&of_tests) {
        return None;
    }
    let has_tests = context.packages.iter().any(|package| package.name == of_tests);
    Some(if has_tests {
        format!("the tests in `{of_tests}` never refer to `data.{name}`")
    } else {
        format!("no test refers to the policy `{name}`")
    })
}

/// Package `a.b` and its tests `a.b_test` belong into a folder that ends with `a/b`.
fn folders(context: &Context<'_>, faults: &mut Vec<PolicyFault>) {
    for file in &context.program.files {
        let Ok(mut package) = package_of(file) else { continue };
        if let Some(last) = package.last_mut() {
            *last = last.strip_suffix("_test").unwrap_or(last).to_owned();
        }
        let span = &file.package.span;
        let path = span.source.get_path();
        // A path that begins in the working folder says nothing of what lies above.
        let whole = std::path::absolute(path).unwrap_or_else(|_error| path.into());
        let folders = folders_of(whole.parent().unwrap_or(Path::new("")));
        if !folders.ends_with(&package) {
            let message = format!("package `{}` is not in a folder `{}`", package.join("."), package.join("/"));
            let hint = "move the file, or give the package the name of its folder";
            faults.push(PolicyFault::at(path, (span.line, span.col), "directory_mismatch", message, hint));
        }
    }
}

fn folders_of(folder: &Path) -> Vec<String> {
    let name = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    };
    folder.components().filter_map(name).collect()
}
