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
            let own = format!("test_holdpoint_{name}{number}");
            text.extend(["\n", own.as_str(), " := ", value.as_str(), "\n"]);
            paths.push(format!("data.{}.{own}", rule.package));
        }
        Self { paths, text, is_v1: rule.is_v1 }
    }

    /// # Errors
    /// When the text is too long or the engine cannot read it.
    fn add_to(&self, engine: &mut Engine) -> anyhow::Result<()> {
        if self.text.len() > LIMIT {
            anyhow::bail!("the test is too long to be looked into");
        }
        engine.set_rego_v0(!self.is_v1);
        engine.add_policy("holdpoint's own".to_owned(), self.text.clone()).map(drop)
    }
}

/// The engine with these modules, when they are sound there. The engine's own complaints go to standard error.
pub(super) fn beside<'a>(engine: &Engine, probes: impl IntoIterator<Item = &'a Probe>) -> Option<Engine> {
    let mut engine = engine.clone();
    for probe in probes {
        probe.add_to(&mut engine).ok()?;
    }
    analysis::check(engine.get_modules()).is_empty().then_some(engine)
}

/// Modules that list the cases of a test, and ask for its value; the best first, none when it has no cases.
pub(super) fn listings(number: usize, rule: &TestRule) -> impl Iterator<Item = Probe> {
    let keys = match &rule.kind {
        TestKind::Cases { keys, bound_by } => Some((keys.join(", "), *bound_by)),
        TestKind::Plain | TestKind::Function | TestKind::ToDo => None,
    };
    keys.into_iter().flat_map(move |(keys, bound_by)| {
        // Each further statement may fail, and the case would not be seen.
        (bound_by..=rule.statements.len()).map(move |length| {
            let cases = format!("{{[{keys}] | {}}}", beginning(rule, length));
            // The engine is not asked for rules with several keys by their own name.
            Probe::new(rule, &format!("cases{number}_"), &[cases, rule.path.clone()])
        })
    })
}

/// The first statements of the test.
pub(super) fn beginning(rule: &TestRule, length: usize) -> String {
    let statements = rule.statements.iter().take(length).map(|statement| statement.text.as_str());
    let text = statements.collect::<Vec<_>>().join(";\n");
    if text.is_empty() { "true".to_owned() } else { text }
}
