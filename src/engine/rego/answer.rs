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
        if let (None, Some(message)) = (self.text(fields, "message")?, self.text(fields, "msg")?) {
            return self.of_another_tool(fields, message);
        }
        let message =
            self.text(fields, "message")?.ok_or_else(|| self.malformed("an object in it has no `message`"))?;
        self.of_contract(fields, message)
    }

    /// An object with `msg`. What else it has is for the output of the tool it was written for, and taken as far as it
    /// fits; only what holds is holdpoint's own.
    fn of_another_tool(&self, fields: &Object, message: String) -> Result<Statement, RuleError> {
        if self.0.kind == EntryKind::Hold {
            return self.of_contract(fields, message);
        }
        let mut statement = self.said(message);
        let text = |key| self.text(fields, key).ok().flatten();
        statement.code = text("code").unwrap_or_default();
        statement.remediation = text("remediation").unwrap_or(statement.remediation);
        statement.records = self.records(fields).unwrap_or_default();
        Ok(statement)
    }

    fn of_contract(&self, fields: &Object, message: String) -> Result<Statement, RuleError> {
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
        self.list(fields, "records")?.unwrap_or_default().into_iter().map(|item| self.record_id(item)).collect()
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

    /// Chainloop's `{violations, findings, skipped, skip_reason, ignore}`. A violation counts though the policy says
    /// that it skips; of a policy that asks to be ignored nothing does.
    /// Source: <https://docs.chainloop.dev/concepts/policies>.
    fn result(&self, answer: &mut Answer, value: &Value) -> Result<(), RuleError> {
        let fields = match value {
            Value::Object(fields) => fields,
            Value::Undefined => return Err(self.undefined()),
            _ => return Err(self.malformed("it must be an object with `violations`")),
        };
        if self.flag(fields, "ignore")? {
            answer.skip_reason = Some("the policy asks to be ignored".to_owned());
            return Ok(());
        }
        let skipped = self.flag(fields, "skipped")?;
        for violation in self.violations(fields, skipped)? {
            let list = if self.suppressed(violation)? { &mut answer.warnings } else { &mut answer.denials };
            extend(list, vec![self.statement(violation)?]);
        }
        if skipped {
            let reason = fields.get(&Value::from("skip_reason")).map(|reason| self.skip_reason(reason)).transpose()?;
            answer.skip_reason = Some(reason.flatten().unwrap_or_else(|| "the policy skips itself".to_owned()));
        }
        Ok(())
    }

    /// The findings when there are any, or else the violations. A policy that has neither can object to nothing.
    fn violations<'value>(&self, fields: &'value Object, skipped: bool) -> Result<Vec<&'value Value>, RuleError> {
        let findings = self.list(fields, "findings")?;
        let violations = self.list(fields, "violations")?;
        match (findings, violations) {
            (Some(findings), _) if !findings.is_empty() => Ok(findings),
            (_, Some(violations)) => Ok(violations),
            (Some(_), None) => Ok(Vec::new()),
            (None, None) if skipped => Ok(Vec::new()),
            (None, None) => Err(self.malformed("it has neither `violations` nor `findings`")),
        }
    }

    fn list<'value>(&self, fields: &'value Object, key: &str) -> Result<Option<Vec<&'value Value>>, RuleError> {
        match fields.get(&Value::from(key)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items.iter().collect())),
            Some(Value::Set(items)) => Ok(Some(items.iter().collect())),
            Some(_) => Err(self.malformed(&format!("its `{key}` are no list"))),
        }
    }

    /// Whether a finding was assessed and does not count.
    fn suppressed(&self, violation: &Value) -> Result<bool, RuleError> {
        match violation {
            Value::Object(fields) => self.flag(fields, "suppress"),
            _ => Ok(false),
        }
    }

    fn flag(&self, fields: &Object, key: &str) -> Result<bool, RuleError> {
        match fields.get(&Value::from(key)) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.malformed(&format!("its `{key}` is neither true nor false"))),
        }
    }

    fn undefined(&self) -> RuleError {
        let remediation = if self.0.kind == EntryKind::Result {
            "give it, and all that it is made of, a value for every input, with `default`".to_owned()
        } else {
            format!("define it as a set: `{} contains message if …`", self.0.name)
        };
        RuleError {
            code: "rule_undefined",
            message: format!("`{}` is undefined, which is no answer", self.0.name),
            remediation,
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
    use crate::gate::engine::{Answer, Statement};
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
            (EntryKind::Result, r#"{"skipped": false}"#),
            (EntryKind::Result, r#"{"violations": [], "skipped": "yes"}"#),
            (EntryKind::Result, r#"{"violations": [], "ignore": 1}"#),
            (EntryKind::Result, r#"{"violations": {"0": "a"}}"#),
            (EntryKind::Result, r#"{"violations": [1]}"#),
            (EntryKind::Result, r#"{"violations": [], "findings": "none"}"#),
            (EntryKind::Result, r#"{"findings": [{"severity": "high"}]}"#),
            (EntryKind::Result, r#"{"findings": [{"message": "m", "suppress": "no"}]}"#),
            (EntryKind::Hold, r#"[{"msg": "m", "opens_at": "tomorrow"}]"#),
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
        let foreign =
            r#"[{"msg": "a", "code": 7, "records": "r", "opens_at": 1, "_loc": {"line": 3}, "remediation": "b"}]"#;
        for (kind, list) in [(EntryKind::Deny, 0), (EntryKind::Warn, 1)] {
            let answer = read(kind, foreign).unwrap();
            let said = [answer.denials, answer.warnings][list][0].clone();
            assert_eq!((said.message.as_str(), said.code.as_str(), said.remediation.as_str()), ("a", "", "b"));
        }
        let skipped =
            read(EntryKind::Result, r#"{"skipped": true, "violations": [], "skip_reason": "no image"}"#).unwrap();
        assert_eq!(skipped.skip_reason.as_deref(), Some("no image"));
        let violated =
            read(EntryKind::Result, r#"{"skipped": false, "violations": ["v"], "skip_reason": ""}"#).unwrap();
        assert_eq!((violated.denials.len(), violated.skip_reason), (1, None));
    }

    /// What a result comes to: the messages of denials and of warnings, and why it is skipped.
    fn result(json: &str) -> (Vec<String>, Vec<String>, Option<String>) {
        let answer = read(EntryKind::Result, json).unwrap();
        let messages = |said: Vec<Statement>| said.into_iter().map(|statement| statement.message).collect();
        (messages(answer.denials), messages(answer.warnings), answer.skip_reason)
    }

    #[test]
    fn a_result_counts_as_it_does_for_chainloop() {
        let cases = [
            (r#"{"violations": ["a", {"message": "b"}]}"#, (vec!["a", "b"], vec![], None)),
            (r#"{"findings": [{"message": "f"}], "violations": ["a"]}"#, (vec!["f"], vec![], None)),
            (r#"{"findings": [], "violations": ["a"]}"#, (vec!["a"], vec![], None)),
            (r#"{"findings": []}"#, (vec![], vec![], None)),
            (r#"{"findings": [{"message": "f", "suppress": true}]}"#, (vec![], vec!["f"], None)),
            (r#"{"violations": [{"message": "a", "suppress": false}]}"#, (vec!["a"], vec![], None)),
            (r#"{"skipped": true, "violations": ["a"]}"#, (vec!["a"], vec![], Some("the policy skips itself"))),
            (r#"{"skipped": false, "violations": [], "skip_reason": "x"}"#, (vec![], vec![], None)),
            (r#"{"ignore": true, "violations": ["a"]}"#, (vec![], vec![], Some("the policy asks to be ignored"))),
        ];
        for (json, (denials, warnings, reason)) in cases {
            let expected = (denials.join(" "), warnings.join(" "), reason.map(str::to_owned));
            let (denials, warnings, reason) = result(json);
            assert_eq!((denials.join(" "), warnings.join(" "), reason), expected, "{json}");
        }
    }
}
