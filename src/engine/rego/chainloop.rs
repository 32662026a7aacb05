//! Policies written for Chainloop.
//!
//! Chainloop asks a policy for one object, `result`, and adds the rules around it that the policy leaves out, so that
//! many policies consist of `violations` and `valid_input` alone. The same rules are added here.
//! Source: <https://docs.chainloop.dev/concepts/policies>.

use regorus::Engine;

use super::analysis::{self, PackageRules};
use super::fault::{self, PolicyFault};

/// Rules that a policy may leave out. All definitions of a name are left out, or none.
const RULES: [(&str, &str); 5] = [
    ("valid_input", "default valid_input := true\n"),
    ("skipped", "default skipped := true\nskipped := false if valid_input\n"),
    (
        "skip_reason",
        "default skip_reason := \"\"\nskip_reason := \"the policy does not recognise its input\" if not valid_input\n",
    ),
    ("ignore", "default ignore := false\n"),
    ("violations", "default violations := []\n"),
];

/// Adds the rules that Chainloop would add, to each package that is one of its policies.
///
/// # Errors
/// When a package has one of the names for something that does not go with the others.
pub(super) fn complete(engine: &mut Engine) -> Result<(), PolicyFault> {
    let packages = analysis::packages(engine.get_modules());
    engine.set_rego_v0(false);
    for package in packages.iter().filter(|package| package.is_chainloops() && !package.package.ends_with("_test")) {
        let Some(module) = missing_rules(package) else { continue };
        let origin = format!("{} (rules that Chainloop adds)", package.path);
        engine.add_policy(origin.clone(), module).map_err(|error| fault::of_engine(&origin, &error))?;
    }
    Ok(())
}

fn missing_rules(package: &PackageRules) -> Option<String> {
    let is_missing = |name: &str| !package.names.contains(name);
    let rules: Vec<&str> = RULES.iter().filter(|(name, _)| is_missing(name)).map(|(_, rules)| *rules).collect();
    (!rules.is_empty()).then(|| format!("package {}\n{}", package.package, rules.concat()))
}

/// The expression that makes the `result` of a package without one. It has a value only when all its parts have.
///
/// It is no rule of the package: in a package with a rule `result`, the engine refuses `some result in …`.
pub(super) fn composed_result(package: &str) -> String {
    let fields =
        ["skipped", "violations", "skip_reason", "ignore"].map(|name| format!("\"{name}\": data.{package}.{name}"));
    format!("{{{}}}", fields.join(", "))
}
