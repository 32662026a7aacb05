//! From the values of a policy's rules to an [`Answer`]. What is not understood is an error, never a pass.

use jiff::Timestamp;
use regorus::Value;
use regorus::value::Object;

use crate::gate::engine::{Answer, RuleError, Statement};

use super::analysis::EntryKind;
use super::package::Entry;

/// Adds what one rule says to the answer.
///
/// # Errors
/// When the value is undefined where it may not be, or has another form than the contract's.
pub(super) fn add(answer: &mut Answer, entry: &Entry, value: &Value) -> Result<(), RuleError> {
    let reader = Reader(entry);
    match entry.kind {
        EntryKind::Deny => extend(&mut answer.denials, reader.statements(value)?),
        EntryKind::Hold => extend(&mut answer.holds, reader.statements(value)?),
        EntryKind::Warn => extend(&mut answer.warnings, reader.statements(value)?),
        EntryKind::SkipReason => answer.skip_reason = reader.skip_reason(value)?.or(answer.skip_reason.take()),
        EntryKind::Result => reader.result(answer, value)?,
    }
    Ok(())
}

/// Two rules may say the same, such as `violations` and the `result` that repeats them.
fn extend(said: &mut Vec<Statement>, more: Vec<Statement>) {
    for statement in more {
        if !said.iter().any(|known| known.says_what(&statement)) {
            said.push(statement);
        }
    }
}

struct Reader<'a>(&'a Entry);

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
        if let Some(remediation) = self.text(fields, "remediation")? {
            statement.remediation = remediation;
        }
        statement.records = self.records(fields)?;
        statement.opens_at = self.opens_at(fields)?;
        Ok(statement)
    }

    fn said(&self, message: String) -> Statement {
        Statement {
            message,
            code: String::new(),
            remediation: self.0.remediation.clone(),
            records: Vec::new(),
            opens_at: None,
            location: Some(self.0.location.clone()),
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
            message: format!("`{}` is undefined, which is no answer", self.0.name),
            remediation: format!("define it as a set: `{} contains message if …`", self.0.name),
        }
    }

    fn malformed(&self, why: &str) -> RuleError {
        RuleError {
            code: "rule_malformed",
            message: format!("`{}` has a form that holdpoint does not know: {why}", self.0.name),
            remediation: "see what a policy may say in docs/writing-policies.md".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::add;
    use crate::domain::finding::Location;
    use crate::engine::rego::analysis::EntryKind;
    use crate::engine::rego::package::Entry;
    use crate::gate::engine::Answer;
    use regorus::Value;

    fn read(kind: EntryKind, json: &str) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let value = if json.is_empty() { Value::Undefined } else { Value::from_json_str(json).unwrap() };
        let entry = Entry {
            name: "rule".to_owned(),
            kind,
            remediation: "see the manual".to_owned(),
            location: Location { path: "p.rego".to_owned(), line: 1 },
        };
        add(&mut answer, &entry, &value).map_err(|error| error.message)?;
        Ok(answer)
    }

    #[test]
    fn what_is_not_understood_is_no_pass() {
        for (kind, json) in [
            (EntryKind::Deny, ""),
            (EntryKind::Deny, "true"),
            (EntryKind::Deny, "{}"),
            (EntryKind::Deny, "null"),
            (EntryKind::Deny, "[1]"),
            (EntryKind::Deny, "[{}]"),
            (EntryKind::Deny, r#"[{"message": 1}]"#),
            (EntryKind::Deny, r#"[{"message": "m", "code": 1}]"#),
            (EntryKind::Deny, r#"[{"message": "m", "records": "r"}]"#),
            (EntryKind::Deny, r#"[{"message": "m", "records": [1]}]"#),
            (EntryKind::Hold, r#"[{"message": "m", "opens_at": "tomorrow"}]"#),
            (EntryKind::SkipReason, "true"),
            (EntryKind::Result, ""),
            (EntryKind::Result, "[]"),
            (EntryKind::Result, "{}"),
            (EntryKind::Result, r#"{"violations": [], "skipped": "yes"}"#),
        ] {
            assert!(read(kind, json).is_err(), "{kind:?} = {json}");
        }
    }

    #[test]
    fn a_statement_without_a_remedy_has_its_rules() {
        let own = r#"["plain", {"message": "told", "remediation": "do this"}]"#;
        let remedies = read(EntryKind::Deny, own).unwrap().denials.into_iter().map(|denial| denial.remediation);
        assert_eq!(remedies.collect::<Vec<_>>(), ["see the manual", "do this"]);
    }

    #[test]
    fn the_forms_of_other_tools_are_read() {
        assert_eq!(read(EntryKind::Deny, r#"["a"]"#).unwrap().denials[0].message, "a");
        assert_eq!(read(EntryKind::Deny, r#"[{"msg": "a"}]"#).unwrap().denials[0].message, "a");
        let skipped =
            read(EntryKind::Result, r#"{"skipped": true, "violations": [], "skip_reason": "no image"}"#).unwrap();
        assert_eq!(skipped.skip_reason.as_deref(), Some("no image"));
        let violated =
            read(EntryKind::Result, r#"{"skipped": false, "violations": ["v"], "skip_reason": ""}"#).unwrap();
        assert_eq!((violated.denials.len(), violated.skip_reason), (1, None));
    }
}
