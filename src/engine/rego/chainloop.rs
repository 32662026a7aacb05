//! Policies written for Chainloop.
//!
//! Chainloop asks a policy for one object, `result`, and adds the rules around it that the policy leaves out, so that
//! many policies consist of `violations` and `valid_input` alone. The same rules are added here.
//! Source: <https://docs.chainloop.dev/concepts/policies>.

use super::analysis::{self, PackageRules, ParsedPolicy};
use super::files::PolicyFile;

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

/// The rules that Chainloop would add to these policies, a file for each package that is one of its own.
pub(super) fn completions(policies: &[ParsedPolicy]) -> Vec<PolicyFile> {
    // Loading is quicker without a look at every rule, and most policies have none of these words.
    let mentions = |policy: &ParsedPolicy| {
        PackageRules::CHAINLOOPS.into_iter().any(|name| policy.package.span.source.contents().contains(name))
    };
    if !policies.iter().any(mentions) {
        return Vec::new();
    }
    let packages = analysis::packages(policies);
    let chainloops = packages.iter().filter(|package| package.is_chainloops() && !package.package.ends_with("_test"));
    chainloops.filter_map(completion).collect()
}

fn completion(package: &PackageRules) -> Option<PolicyFile> {
    let missing = RULES.iter().filter(|(name, _rules)| !package.names.contains(*name));
    let rules: String = missing.map(|(_name, rules)| *rules).collect();
    let path = format!("{} (rules that Chainloop adds)", package.path);
    (!rules.is_empty()).then(|| PolicyFile {
        path,
        text: format!("package {}\n{rules}", package.package),
        version: None,
    })
}

/// The expression that makes the `result` of a package without one. It has a value only when all its parts have.
///
/// It is no rule of the package: in a package with a rule `result`, the engine refuses `some result in …`.
pub(super) fn composed_result(package: &str) -> String {
    let fields =
        ["skipped", "violations", "skip_reason", "ignore"].map(|name| format!("\"{name}\": data.{package}.{name}"));
    format!("{{{}}}", fields.join(", "))
}
