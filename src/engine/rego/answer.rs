//! From the values of a policy's rules to an [`Answer`]. What is not understood is an error, never a pass.

use jiff::Timestamp;
use regorus::Value;
use regorus::value::Object;

use crate::domain::finding::Location;
use crate::gate::engine::{Answer, RuleError, Statement};

/// What a rule of a policy says, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// `deny`, and `violation` and `violations` of other tools.
    Deny,
    /// `hold`.
    Hold,
    /// `warn`.
    Warn,
    /// `skip_reason`.
    Skip,
    /// The `result` object of Chainloop's policies.
    Result,
}

impl Voice {
    /// The voice of a rule of this name. As in conftest, a suffix after `_` tells rules of one voice apart.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "skip_reason" => return Some(Self::Skip),
            "result" => return Some(Self::Result),
            _ => {}
        }
        let (stem, suffix) = name.split_once('_').map_or((name, None), |(stem, suffix)| (stem, Some(suffix)));
        if suffix.is_some_and(|suffix| !suffix.split('_').all(is_word)) {
            return None;
        }
        match stem {
            "deny" | "violation" | "violations" => Some(Self::Deny),
            "hold" => Some(Self::Hold),
            "warn" => Some(Self::Warn),
            _ => None,
        }
    }
}

fn is_word(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Adds what one rule says to the answer.
///
/// # Errors
/// When the value is undefined where it may not be, or has another form than the contract's.
pub(super) fn add(
    answer: &mut Answer,
    voice: Voice,
    name: &str,
    value: &Value,
    location: &Location,
) -> Result<(), RuleError> {
    let reader = Reader { name, location };
    match voice {
        Voice::Deny => extend(&mut answer.denials, reader.statements(value)?),
        Voice::Hold => extend(&mut answer.holds, reader.statements(value)?),
        Voice::Warn => extend(&mut answer.warnings, reader.statements(value)?),
        Voice::Skip => answer.skip_reason = reader.skip_reason(value)?.or(answer.skip_reason.take()),
        Voice::Result => reader.result(answer, value)?,
    }
    Ok(())
}

/// Two rules may say the same, such as `violations` and the `result` that repeats them.
fn extend(said: &mut Vec<Statement>, more: Vec<Statement>) {
    for statement in more {
        let repeats = |known: &Statement| {
            Statement { location: None, ..known.clone() } == Statement { location: None, ..statement.clone() }
        };
        if !said.iter().any(repeats) {
            said.push(statement);
        }
    }
}

struct Reader<'a> {
    name: &'a str,
    location: &'a Location,
}

impl Reader<'_> {
    fn statements(&self, value: &Value) -> Result<Vec<Statement>, RuleError> {
        match value {
            Value::Set(items) => items.iter().map(|item| self.statement(item)).collect(),
            Value::Array(items) => items.iter().map(|item| self.statement(item)).collect(),
            Value::Undefined => Err(self.undefined()),
            _ => Err(self.malformed("it must be a set of texts or objects")),
        }
    }

    fn statement(&self, value: &Value) -> Result<Statement, RuleError> {
        match value {
            Value::String(message) => Ok(self.said((**message).to_owned())),
            Value::Object(fields) => self.detailed(fields),
            _ => Err(self.malformed("each of its members must be a text or an object with `message`")),
        }
    }

    fn detailed(&self, fields: &Object) -> Result<Statement, RuleError> {
        let message = match self.text(fields, "message")? {
            Some(message) => Some(message),
            None => self.text(fields, "msg")?,
        };
        let message = message.ok_or_else(|| self.malformed("an object in it has no `message`"))?;
        let mut statement = self.said(message);
        statement.code = self.text(fields, "code")?.unwrap_or_default();
        statement.remediation = self.text(fields, "remediation")?.unwrap_or_default();
        statement.records = self.records(fields)?;
        statement.opens_at = self.opens_at(fields)?;
        Ok(statement)
    }

    fn said(&self, message: String) -> Statement {
        Statement {
            message,
            code: String::new(),
            remediation: String::new(),
            records: Vec::new(),
            opens_at: None,
            location: Some(self.location.clone()),
        }
    }

    fn text(&self, fields: &Object, key: &str) -> Result<Option<String>, RuleError> {
        match fields.get(&Value::from(key)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some((**text).to_owned())),
            Some(_) => Err(self.malformed(&format!("the `{key}` of an object in it is not a text"))),
        }
    }

    /// Records are named by their ids, or by the record objects themselves.
    fn records(&self, fields: &Object) -> Result<Vec<String>, RuleError> {
        let items: Vec<&Value> = match fields.get(&Value::from("records")) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items.iter().collect(),
            Some(Value::Set(items)) => items.iter().collect(),
            Some(_) => return Err(self.malformed("the `records` of an object in it are no list")),
        };
        items.into_iter().map(|item| self.record_id(item)).collect()
    }

    fn record_id(&self, item: &Value) -> Result<String, RuleError> {
        let id = match item {
            Value::Object(record) => record.get(&Value::from("id")),
            other => Some(other),
        };
        match id {
            Some(Value::String(id)) => Ok((**id).to_owned()),
            _ => Err(self.malformed("the `records` of an object in it are neither ids nor records")),
        }
    }

    fn opens_at(&self, fields: &Object) -> Result<Option<Timestamp>, RuleError> {
        let Some(text) = self.text(fields, "opens_at")? else { return Ok(None) };
        let instant = text.parse::<Timestamp>();
        instant
            .map(Some)
            .map_err(|_error| self.malformed(&format!("`opens_at` is `{text}`, which is no RFC 3339 time")))
    }

    /// A reason that is undefined or empty is none.
    fn skip_reason(&self, value: &Value) -> Result<Option<String>, RuleError> {
        match value {
            Value::Undefined | Value::Null => Ok(None),
            Value::String(reason) if reason.is_empty() => Ok(None),
            Value::String(reason) => Ok(Some((**reason).to_owned())),
            _ => Err(self.malformed("it must be a text")),
        }
    }

    /// Chainloop's `{violations, skipped, skip_reason, ignore}`.
    /// Source: <https://docs.chainloop.dev/concepts/policies>.
    fn result(&self, answer: &mut Answer, value: &Value) -> Result<(), RuleError> {
        let fields = match value {
            Value::Object(fields) => fields,
            Value::Undefined => return Err(self.undefined()),
            _ => return Err(self.malformed("it must be an object with `violations`")),
        };
        let skipped = self.flag(fields, "skipped")? || self.flag(fields, "ignore")?;
        match fields.get(&Value::from("violations")) {
            Some(violations) => extend(&mut answer.denials, self.statements(violations)?),
            None if skipped => {}
            None => return Err(self.malformed("it has no `violations`")),
        }
        if skipped {
            let reason = fields.get(&Value::from("skip_reason")).map(|reason| self.skip_reason(reason)).transpose()?;
            answer.skip_reason = Some(reason.flatten().unwrap_or_else(|| "the policy skips itself".to_owned()));
        }
        Ok(())
    }

    fn flag(&self, fields: &Object, key: &str) -> Result<bool, RuleError> {
        match fields.get(&Value::from(key)) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.malformed(&format!("its `{key}` is neither true nor false"))),
        }
    }

    fn undefined(&self) -> RuleError {
        RuleError {
            code: "rule_undefined",
            message: format!("`{}` is undefined, which is no answer", self.name),
            remediation: format!("define it as a set: `{} contains message if …`", self.name),
        }
    }

    fn malformed(&self, why: &str) -> RuleError {
        RuleError {
            code: "rule_malformed",
            message: format!("`{}` has a form that holdpoint does not know: {why}", self.name),
            remediation: "see what a policy may say in docs/writing-policies.md".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Voice, add};
    use crate::domain::finding::Location;
    use crate::gate::engine::Answer;
    use regorus::Value;

    fn read(name: &str, json: &str) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let value = if json.is_empty() { Value::Undefined } else { Value::from_json_str(json).unwrap() };
        let location = Location { path: "p.rego".to_owned(), line: 1 };
        add(&mut answer, Voice::of(name).unwrap(), name, &value, &location).map_err(|error| error.message)?;
        Ok(answer)
    }

    #[test]
    fn names_tell_what_a_rule_says() {
        for (name, voice) in [
            ("deny", Some(Voice::Deny)),
            ("deny_soak", Some(Voice::Deny)),
            ("violations", Some(Voice::Deny)),
            ("violation_a_b", Some(Voice::Deny)),
            ("hold_x", Some(Voice::Hold)),
            ("warn", Some(Voice::Warn)),
            ("skip_reason", Some(Voice::Skip)),
            ("result", Some(Voice::Result)),
            ("denylist", None),
            ("deny_", None),
            ("deny__x", None),
            ("allow", None),
            ("skip_reasons", None),
        ] {
            assert_eq!(Voice::of(name), voice, "{name}");
        }
    }

    #[test]
    fn what_is_not_understood_is_no_pass() {
        for (name, json) in [
            ("deny", ""),
            ("deny", "true"),
            ("deny", "{}"),
            ("deny", "null"),
            ("deny", "[1]"),
            ("deny", "[{}]"),
            ("deny", r#"[{"message": 1}]"#),
            ("deny", r#"[{"message": "m", "code": 1}]"#),
            ("deny", r#"[{"message": "m", "records": "r"}]"#),
            ("deny", r#"[{"message": "m", "records": [1]}]"#),
            ("hold", r#"[{"message": "m", "opens_at": "tomorrow"}]"#),
            ("skip_reason", "true"),
            ("result", ""),
            ("result", "[]"),
            ("result", "{}"),
            ("result", r#"{"violations": [], "skipped": "yes"}"#),
        ] {
            assert!(read(name, json).is_err(), "{name} = {json}");
        }
    }

    #[test]
    fn the_forms_of_other_tools_are_read() {
        assert_eq!(read("violations", r#"["a"]"#).unwrap().denials[0].message, "a");
        assert_eq!(read("violation", r#"[{"msg": "a"}]"#).unwrap().denials[0].message, "a");
        let skipped = read("result", r#"{"skipped": true, "violations": [], "skip_reason": "no image"}"#).unwrap();
        assert_eq!(skipped.skip_reason.as_deref(), Some("no image"));
        let violated = read("result", r#"{"skipped": false, "violations": ["v"], "skip_reason": ""}"#).unwrap();
        assert_eq!((violated.denials.len(), violated.skip_reason), (1, None));
    }
}
