//! Which ticket a request names.

use holdpoint_plugin::{Finding, Request};

use crate::parameters::Parameters;

/// The id of the ticket, or why there is none.
///
/// # Errors
/// When the pattern is no regular expression.
pub fn ticket(request: &Request, parameters: &Parameters) -> Result<Result<String, Finding>, String> {
    let regex = parameters.regex()?;
    if let Some(claimed) = request.context(&parameters.context) {
        let claimed = claimed.trim();
        let whole = regex.find(claimed).is_some_and(|found| found.as_str() == claimed);
        return Ok(if whole { Ok(claimed.to_owned()) } else { Err(malformed(claimed, parameters)) });
    }
    let mut ids: Vec<&str> = Vec::new();
    for found in regex.find_iter(&request.reason) {
        if is_word(&request.reason, found.start(), found.end()) && !ids.contains(&found.as_str()) {
            ids.push(found.as_str());
        }
    }
    Ok(match ids.as_slice() {
        [] => Err(missing(parameters)),
        [id] => Ok((*id).to_owned()),
        several => Err(ambiguous(several, parameters)),
    })
}

/// Whether nothing that could belong to an id stands around it: `CHG-1` is not in `XCHG-12`.
fn is_word(text: &str, start: usize, end: usize) -> bool {
    let part = |character: char| character.is_alphanumeric() || character == '-' || character == '_';
    let before = text.get(..start).and_then(|before| before.chars().next_back());
    let after = text.get(end..).and_then(|after| after.chars().next());
    !before.is_some_and(part) && !after.is_some_and(part)
}

fn missing(parameters: &Parameters) -> Finding {
    Finding::deny("ticket-missing", "no change ticket is named").remediation(format!(
        "name one in the reason, or as `{}` in the context; it has to match `{}`",
        parameters.context, parameters.pattern
    ))
}

fn malformed(claimed: &str, parameters: &Parameters) -> Finding {
    let message = format!("`{}` in the context is {claimed:?}, which is no ticket", parameters.context);
    Finding::deny("ticket-malformed", message)
        .remediation(format!("name a ticket that matches `{}`", parameters.pattern))
}

fn ambiguous(ids: &[&str], parameters: &Parameters) -> Finding {
    let message = format!("the reason names {} tickets: {}", ids.len(), ids.join(", "));
    Finding::deny("ticket-ambiguous", message)
        .remediation(format!("say which one it is: `{}` in the context comes before the reason", parameters.context))
}
