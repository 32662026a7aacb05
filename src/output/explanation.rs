//! Explanations in words, for the formats that people read.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::explanation::{Clause, ExplainedStatement, Explanation, NamedValue};
use crate::domain::record::DeploymentRecord;

use super::escape::{self, NAME_LIMIT};
use super::{finding, phrase};

/// The longest value, in characters. The JSON document has more of it.
const VALUE_LIMIT: usize = 240;
/// The nanoseconds of the years 2000 to 2099. Durations and counts are far smaller.
const NANOSECONDS: std::ops::Range<i64> = 946_684_800_000_000_000..4_102_444_800_000_000_000;
/// The most statements of one rule.
const STATEMENTS_LIMIT: usize = 10;

/// Of a rule that neither objects nor warns nor skips itself.
pub(super) const NOTHING: &str = "nothing against it";

/// The rule and its title, and whether it counts.
pub(super) fn heading(explanation: &Explanation) -> String {
    let (rule, title) = (name_of(&explanation.rule), name_of(&explanation.title));
    let note = finding::enforcement(explanation.enforcement);
    if title.is_empty() || title == rule { format!("{rule}{note}") } else { format!("{rule}: {title}{note}") }
}

/// The parameters by name, with what they are: those given first, then defaults.
pub(super) fn parameters(explanation: &Explanation) -> Vec<[String; 2]> {
    let given = explanation.parameters.as_object();
    let given = given.into_iter().flatten().map(|(name, value)| [name_of(name), value_of(value)]);
    let default = |(name, value): (&String, &Value)| [name_of(name), format!("{} (default)", value_of(value))];
    given.chain(explanation.defaults.iter().map(default)).collect()
}

/// The values by name, and how many more there are.
pub(super) fn values(explanation: &Explanation) -> Vec<[String; 2]> {
    let value = |named: &NamedValue| {
        let value = match (&named.value, &named.problem) {
            (Some(value), _) => value_of(value),
            (None, Some(problem)) => format!("failed: {}", escape::line(problem, VALUE_LIMIT)),
            (None, None) => "undefined".to_owned(),
        };
        [name_of(&named.name), value]
    };
    let mut values: Vec<[String; 2]> = explanation.values.iter().map(value).collect();
    if let more @ 1.. = explanation.values_left_out {
        values.push(["…".to_owned(), format!("{more} more")]);
    }
    values
}

/// What a plugin wrote to its log.
pub(super) fn log(explanation: &Explanation) -> Vec<String> {
    explanation.log.iter().map(|line| escape::line(line, VALUE_LIMIT)).collect()
}

/// The statements that are shown, and how many are not.
pub(super) fn statements(explanation: &Explanation) -> (&[ExplainedStatement], usize) {
    let all = explanation.statements.as_slice();
    all.split_at_checked(STATEMENTS_LIMIT).map_or((all, 0), |(shown, rest)| (shown, rest.len()))
}

/// `policies/soak.rego:12`.
pub(super) fn place(clause: &Clause) -> String {
    format!("{}:{}", escape::line(&clause.location.path, NAME_LIMIT), clause.location.line)
}

/// The line that a clause begins with.
pub(super) fn source(clause: &Clause) -> String {
    escape::line(&clause.source, NAME_LIMIT)
}

/// Id, target, deployment and status of a record, and since when and until when it was seen.
pub(super) fn record(record: &DeploymentRecord, as_of: Timestamp) -> [String; 5] {
    let instant = |time: Option<Timestamp>| {
        time.map_or_else(|| "an unknown time".to_owned(), |time| phrase::instant_from(time, as_of))
    };
    let times = format!("since {}, last seen {}", instant(record.created_at), instant(record.last_seen_at));
    let [id, target, deployment, status] =
        [&record.id, &record.environment_name, &record.deployment_name, record.status.as_str()].map(name_of);
    [id, target, deployment, status, times]
}

fn name_of(text: &str) -> String {
    escape::line(text, NAME_LIMIT)
}

fn value_of(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value);
    escape::line(&text, VALUE_LIMIT)
}

/// As JSON, with the time beside what must be nanoseconds since 1970.
fn write(text: &mut String, value: &Value) {
    let separate = |text: &mut String, first: bool| text.push_str(if first { "" } else { "," });
    match value {
        Value::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                separate(text, position == 0);
                write(text, item);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (position, (name, member)) in members.iter().enumerate() {
                separate(text, position == 0);
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(text, member);
            }
            text.push('}');
        }
        scalar => {
            text.push_str(&scalar.to_string());
            let instant = scalar.as_i64().filter(|number| NANOSECONDS.contains(number));
            let instant = instant.and_then(|number| Timestamp::from_nanosecond(number.into()).ok());
            if let Some(instant) = instant {
                text.extend([" (", &phrase::instant(instant), ")"]);
            }
        }
    }
}
