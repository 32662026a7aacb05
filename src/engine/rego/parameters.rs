//! The parameters of a policy: a JSON Schema in its METADATA, `custom.parameters`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::rule::Rule;
use crate::engine::parameters::{ParameterSchema, filled};

use super::fault::{self, PolicyFault};
use super::package::Package;

/// Checks the parameters of a rule against the schema of its policy; a policy without one takes whatever it is given.
pub(super) fn check(rule: &Rule, package: &Package, environments: &Arc<BTreeSet<String>>) -> Vec<PolicyFault> {
    let Some(schema) = &package.annotation.parameters else { return Vec::new() };
    let (path, line) =
        package.description.location.as_ref().map_or(("", 0), |location| (location.path.as_str(), location.line));
    match ParameterSchema::new(schema, "policy", environments) {
        Ok(checked) => {
            let fault = |(message, hint): (String, String)| {
                fault::of_rule(rule, "parameter_invalid", format!("rule `{}`: {message}", rule.id), hint)
            };
            let faults: Vec<_> = checked.faults(&rule.parameters).into_iter().map(fault).collect();
            if !faults.is_empty() {
                return faults;
            }
            // A default that does not fit would reach the policy as no parameter of the configuration could.
            let unfit = |(message, _hint): (String, String)| {
                let message = format!(
                    "the defaults in `custom.parameters` of policy `{}` do not fit it: rule `{}`: {message}",
                    package.name, rule.id
                );
                let hint = "correct the default in the policy, or give the rule this parameter";
                PolicyFault::at(path, (line, 0), "parameter_default", message, hint)
            };
            checked.faults(&filled(&rule.parameters, Some(schema))).into_iter().map(unfit).collect()
        }
        Err(why) => {
            let message = format!("`custom.parameters` of policy `{}` is no JSON Schema: {why}", package.name);
            let hint = "write `type: object` and `properties`, as in draft 2020-12";
            vec![PolicyFault::at(path, (line, 0), "parameter_schema", message, hint)]
        }
    }
}
