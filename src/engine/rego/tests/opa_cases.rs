//! OPA's published compliance cases (`tests/opa-cases/`), so that an upgrade of regorus that changes a result is seen.
//!
//! The engine is the one that decisions have: guarded built-ins, strict errors, everything that loading refuses. So the
//! list of differences holds what regorus does otherwise *and* what holdpoint refuses on purpose. The modules are loaded
//! as tests are, which may replace their input. The clock stands at 1970.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regorus::value::Object;
use regorus::{Engine, QueryResult, QueryResults, Value};
use serde::Deserialize;

use super::super::files::PolicyFile;
use super::super::load::{add, new_engine};
use super::super::{analysis, builtins, worker};

/// One case, as OPA has it; other fields are left out.
#[derive(Deserialize)]
struct Case {
    note: String,
    query: String,
    #[serde(default)]
    modules: Vec<String>,
    data: Option<Value>,
    input: Option<Value>,
    /// The input in Rego, for what JSON cannot say, such as sets.
    input_term: Option<String>,
    /// The variables of each answer. Without it, an error is wanted.
    want_result: Option<Vec<Value>>,
    want_error_code: Option<String>,
    /// The lists among the variables come in no order.
    #[serde(default)]
    sort_bindings: bool,
}

/// How a case differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// Another result than OPA's.
    Different,
    /// An error instead of a result.
    Error,
    /// A result instead of an error.
    NoError,
    /// It is not loaded.
    Refused,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Different => "different",
            Self::Error => "error",
            Self::NoError => "no_error",
            Self::Refused => "refused",
        })
    }
}

/// What came of a case: its difference, and for people what there was instead.
type Outcome = Option<(Difference, String)>;

#[test]
fn opas_cases_differ_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/opa-cases");
    let outcomes = outcomes(&folder.join("cases"));
    assert!(outcomes.len() > 1600, "found {} cases", outcomes.len());
    let expected = expected(&std::fs::read_to_string(folder.join("differences.txt")).unwrap());
    let unknown = expected.keys().filter(|name| !outcomes.contains_key(*name));
    let mut report: Vec<String> = unknown.map(|name| format!("no such case:        {name}")).collect();
    for (name, outcome) in &outcomes {
        match (expected.get(name).map(String::as_str), outcome) {
            (None, None) => {}
            (Some(kind), None) => report.push(format!("passes now:          {kind:<9} {name}")),
            (Some(kind), Some((difference, _))) if *kind == difference.to_string() => {}
            (before, Some((difference, shown))) => {
                let change = if before.is_some() { "differs otherwise" } else { "differs now" };
                report.push(format!("{:<21}{difference:<9} {name}    # {shown}", format!("{change}:")));
            }
        }
    }
    assert!(report.is_empty(), "tests/opa-cases/differences.txt is not right any more:\n{}", report.join("\n"));
}

/// `kind name` a line; the rest is comments.
fn expected(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(' ').map(|(kind, name)| (name.trim().to_owned(), kind.to_owned())).unwrap())
        .collect()
}

/// The outcome of every case, by `folder: note`, with `#2` and so on where a folder repeats a note.
fn outcomes(folder: &Path) -> BTreeMap<String, Outcome> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let halves: Vec<&[PathBuf]> = files.chunks(files.len().div_ceil(2)).collect();
    std::thread::scope(|scope| {
        let of_half = |files| worker::on_large_stack(|| outcomes_of(files)).unwrap();
        let threads: Vec<_> = halves.into_iter().map(|files| scope.spawn(move || of_half(files))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn outcomes_of(files: &[PathBuf]) -> Vec<(String, Outcome)> {
    let engine = new_engine(Duration::from_secs(10)).unwrap();
    let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
    for file in files {
        let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for case in cases {
            let name = format!("{}: {}", file.file_stem().unwrap().to_string_lossy(), case.note.trim());
            let numbers = std::iter::once(String::new()).chain((2..).map(|number| format!(" #{number}")));
            let mut names = numbers.map(|number| format!("{name}{number}"));
            let unused = names.find(|name| !outcomes.contains_key(name)).unwrap();
            outcomes.insert(unused, outcome(engine.clone(), &case));
        }
    }
    outcomes.into_iter().collect()
}

fn outcome(mut engine: Engine, case: &Case) -> Outcome {
    let wanted = case.want_result.as_ref().filter(|_result| case.want_error_code.is_none());
    let said = load(&mut engine, case).map_err(|fault| (Difference::Refused, fault)).and_then(|()| {
        let result = builtins::at_instant(0, || evaluate(&mut engine, case));
        result.map_err(|error| (Difference::Error, super::super::fault::one_line(&error)))
    });
    match (wanted, said) {
        (None, Err(_)) => None,
        (None, Ok(results)) => Some((Difference::NoError, shown(&results))),
        (Some(_), Err(difference)) => Some(difference),
        (Some(wanted), Ok(results)) => {
            let same = sorted(wanted, case.sort_bindings) == sorted(&results, case.sort_bindings);
            (!same).then(|| (Difference::Different, shown(&results)))
        }
    }
}

fn load(engine: &mut Engine, case: &Case) -> Result<(), String> {
    for (number, text) in case.modules.iter().enumerate() {
        let file = PolicyFile { path: format!("{number}_test.rego"), text: text.clone(), version: None };
        add(engine, &file).map_err(|fault| format!("{}: {}", fault.code, fault.message))?;
    }
    match analysis::check(engine.get_modules()).first() {
        Some(fault) => Err(format!("{}: {}", fault.code, fault.message)),
        None => Ok(()),
    }
}

/// The variables of each answer to the query.
fn evaluate(engine: &mut Engine, case: &Case) -> anyhow::Result<Vec<Value>> {
    let input = match &case.input_term {
        Some(term) => value_of(engine.clone().eval_query(term.clone(), false)?),
        None => case.input.clone(),
    };
    if let Some(input) = input {
        engine.set_input(input);
    }
    if let Some(data) = case.data.clone().filter(|data| *data != Value::Null) {
        engine.add_data(data)?;
    }
    let results = engine.eval_query(case.query.clone(), false)?;
    results.result.into_iter().filter(is_answer).map(|answer| as_json(&answer.bindings)).collect()
}

fn value_of(results: QueryResults) -> Option<Value> {
    results.result.into_iter().next()?.expressions.into_iter().next().map(|expression| expression.value)
}

fn is_answer(result: &QueryResult) -> bool {
    result.expressions.iter().all(|expression| !matches!(expression.value, Value::Bool(false) | Value::Undefined))
}

/// As it is in JSON, where sets are lists.
fn as_json(value: &Value) -> anyhow::Result<Value> {
    Value::from_json_str(&value.to_json_str()?)
}

/// Answers come in no order, and for some cases the lists among their variables do not either.
fn sorted(answers: &[Value], lists_too: bool) -> Vec<Value> {
    let sorted = |answer: &Value| if lists_too { with_sorted_lists(answer) } else { answer.clone() };
    let mut answers: Vec<Value> = answers.iter().map(sorted).collect();
    answers.sort();
    answers
}

fn with_sorted_lists(answer: &Value) -> Value {
    let sorted = |value: &Value| match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().cloned().collect();
            items.sort();
            Value::from(items)
        }
        other => other.clone(),
    };
    let variables = answer.as_object().unwrap().iter();
    Object::from(variables.map(|(name, value)| (name.clone(), sorted(value))).collect::<BTreeMap<_, _>>()).into_value()
}

fn shown(answers: &[Value]) -> String {
    let shown: Vec<String> = answers.iter().map(Value::to_string).collect();
    shown.join(" ").chars().take(120).collect()
}
