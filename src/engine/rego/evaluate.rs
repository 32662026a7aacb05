//! Evaluating one policy.

use regorus::{Engine, LimitError, Value};

use crate::gate::engine::{Answer, RuleError};

use super::answer;
use super::package::{Package, Records};

/// Evaluates every rule of the policy that says something.
///
/// # Errors
/// When one of them cannot be evaluated, takes too long, or says something that holdpoint does not understand.
pub(super) fn package(
    engine: &mut Engine,
    package: &Package,
    records: Records,
    input: Value,
) -> Result<Answer, RuleError> {
    engine.set_input(input);
    let said = engine.eval_rule(package.asked(records));
    // What policies print is gathered, so that it does not reach standard error, and dropped.
    drop(engine.take_prints());
    let said = said.map_err(|error| rule_error(&package.name, &error))?;
    let mut answer = Answer::default();
    if let Some(only) = package.only() {
        answer::add(&mut answer, only, &said)?;
        return Ok(answer);
    }
    for entry in &package.entries {
        let value = value_of(&said, &entry.name).ok_or_else(|| no_answers(&package.name))?;
        answer::add(&mut answer, entry, value)?;
    }
    Ok(answer)
}

/// What a rule says, by what collects it; nothing when that has another form.
fn value_of<'a>(said: &'a Value, name: &str) -> Option<&'a Value> {
    let Value::Object(said) = said else { return None };
    match said.get(&Value::from(name)) {
        Some(Value::Array(values)) if values.len() <= 1 => Some(values.get(0).unwrap_or(&Value::Undefined)),
        _ => None,
    }
}

pub(super) fn rule_error(policy: &str, error: &anyhow::Error) -> RuleError {
    let text = super::fault::one_line(error);
    // Inside a function the engine keeps only the text of the limit's error.
    let of_time = matches!(error.downcast_ref::<LimitError>(), Some(LimitError::TimeLimitExceeded { .. }));
    if of_time || text.contains("execution exceeded time limit") {
        return RuleError {
            code: "rule_timeout",
            message: format!("`{policy}` took too long: {text}"),
            remediation: "look records up in the indexes of `data.holdpoint` instead of scanning them".to_owned(),
        };
    }
    RuleError {
        code: "rule_error",
        message: format!("`{policy}` could not be evaluated: {text}"),
        remediation: "correct the policy, or the parameters it is given".to_owned(),
    }
}

fn no_answers(policy: &str) -> RuleError {
    RuleError {
        code: "rule_error",
        message: format!("`{policy}` gave no answers"),
        remediation: "this is a defect of holdpoint; please report it".to_owned(),
    }
}
