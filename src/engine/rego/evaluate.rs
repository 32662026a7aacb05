//! Evaluating one policy.

use regorus::{Engine, LimitError, Value};

use crate::gate::engine::{Answer, RuleError};

use super::answer;
use super::package::Package;

/// Evaluates every rule of the policy that says something.
///
/// # Errors
/// When one of them cannot be evaluated, takes too long, or says something that holdpoint does not understand.
pub(super) fn package(engine: &mut Engine, package: &Package, input: Value) -> Result<Answer, RuleError> {
    engine.set_input(input);
    let mut answer = Answer::default();
    for entry in &package.entries {
        let value = engine.eval_rule(entry.path.clone()).map_err(|error| rule_error(&entry.name, &error))?;
        answer::add(&mut answer, entry, &value)?;
    }
    Ok(answer)
}

fn rule_error(name: &str, error: &anyhow::Error) -> RuleError {
    let text = super::fault::one_line(error);
    // Inside a function the engine keeps only the text of the limit's error.
    let is_limit = error.downcast_ref::<LimitError>().is_some() || text.contains("execution exceeded time limit");
    if is_limit && !text.contains("regex") {
        return RuleError {
            code: "rule_timeout",
            message: format!("`{name}` took too long: {text}"),
            remediation: "look records up in the indexes of `data.holdpoint` instead of scanning them".to_owned(),
        };
    }
    RuleError {
        code: "rule_error",
        message: format!("`{name}` could not be evaluated: {text}"),
        remediation: "correct the policy, or the parameters it is given".to_owned(),
    }
}
