//! Rules of holdpoint's own beside a test, made of its statements.
//!
//! They are comprehensions, which are written alike in all versions of Rego, and named as tests, which may use `with`.

use regorus::Engine;

use super::super::analysis::{self, TestKind, TestRule};

/// The largest text of such a rule, in bytes.
const LIMIT: usize = 512 * 1024;

/// A module with some rules.
pub(super) struct Probe {
    /// The full names of its rules.
    pub(super) paths: Vec<String>,
    text: String,
    is_v1: bool,
}

impl Probe {
    /// A module with rules `test_holdpoint_NAME0`, `…1` and so on, of these values, beside the test.
    pub(super) fn new(rule: &TestRule, name: &str, values: &[String]) -> Self {
        let mut text = rule.preamble.clone();
        let mut paths = Vec::new();
        for (number, value) in values.iter().enumerate() {
            text.push_str(&format!("\ntest_holdpoint_{name}{number} := {value}\n"));
            paths.push(format!("data.{}.test_holdpoint_{name}{number}", rule.package));
        }
        Self { paths, text, is_v1: rule.is_v1 }
    }

    /// # Errors
    /// When the text is too long or the engine cannot read it.
    pub(super) fn add_to(&self, engine: &mut Engine) -> anyhow::Result<()> {
        if self.text.len() > LIMIT {
            anyhow::bail!("the test is too long to be looked into");
        }
        engine.set_rego_v0(!self.is_v1);
        engine.add_policy("holdpoint's own".to_owned(), self.text.clone()).map(drop)
    }

    /// The engine with this module, when the module is sound there: the engine's own complaints go to standard error.
    pub(super) fn beside(&self, engine: &Engine) -> Option<Engine> {
        let mut engine = engine.clone();
        self.add_to(&mut engine).ok()?;
        analysis::check(engine.get_modules(), &[]).is_empty().then_some(engine)
    }
}

/// For each test whether it has cases, and then the rule that lists them, when there can be one.
pub(super) fn list_cases(engine: &Engine, rules: &[TestRule]) -> Vec<Option<Option<Probe>>> {
    let listing = |number: usize, rule: &TestRule| match &rule.kind {
        TestKind::Cases { keys, bound_by } => {
            // Statements further down may fail, and the case would not be seen.
            let mut lengths = *bound_by..=rule.statements.len();
            Some(lengths.find_map(|length| {
                let cases = format!("{{[{}] | {}}}", keys.join(", "), beginning(rule, length));
                // The engine is not asked for rules with several keys by their own name.
                let probe = Probe::new(rule, &format!("cases{number}_"), &[cases, rule.path.clone()]);
                probe.beside(engine).map(|_engine| probe)
            }))
        }
        TestKind::Plain | TestKind::Function | TestKind::ToDo => None,
    };
    rules.iter().enumerate().map(|(number, rule)| listing(number, rule)).collect()
}

/// The first statements of the test.
pub(super) fn beginning(rule: &TestRule, length: usize) -> String {
    let statements = rule.statements.iter().take(length).map(|statement| statement.text.as_str());
    let text = statements.collect::<Vec<_>>().join(";\n");
    if text.is_empty() { "true".to_owned() } else { text }
}
