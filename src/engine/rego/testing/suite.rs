//! Loading policies together with their tests.

use std::collections::BTreeMap;

use regorus::Engine;

use super::super::analysis::{self, Lines, TestKind, TestRule};
use super::super::fault::{self, PolicyFault};
use super::super::files::Files;
use super::super::load;
use super::TestOptions;
use super::probe::{self, Probe};

/// Policies and tests, ready to run.
pub(super) struct Suite {
    /// Copied for each test.
    pub(super) engine: Engine,
    pub(super) tests: Vec<Test>,
    /// The lines that tests should reach, by file.
    pub(super) lines: BTreeMap<String, Lines>,
    /// The texts of the files, by path.
    pub(super) sources: BTreeMap<String, String>,
}

/// One test.
#[derive(Clone)]
pub(super) struct Test {
    pub(super) rule: TestRule,
    /// The rule to ask for its value.
    pub(super) value: String,
    /// The rule that lists its cases, when it is one that has some.
    pub(super) cases: Option<String>,
}

/// Loads and checks. Run it on a large stack.
pub(super) fn load(files: &Files, options: &TestOptions) -> Result<Suite, Vec<PolicyFault>> {
    let mut engine = load::parse(&files.policies, &files.data, options.timeout)?.engine;
    let mut rules = analysis::test_rules(engine.get_modules());
    if rules.iter().any(|rule| rule.earlier > 0) {
        (engine, rules) = apart(files, rules, options)?;
    }
    let found = rules.len();
    let is_wanted = |rule: &TestRule| {
        options.only.as_ref().is_none_or(|only| only.is_match(&format!("data.{}.{}", rule.package, rule.name)))
    };
    let rules: Vec<TestRule> = rules.into_iter().filter(is_wanted).collect();
    if rules.iter().all(|rule| rule.kind == TestKind::ToDo) {
        return Err(vec![nothing(options, found, rules.len())]);
    }
    let lines = if options.coverage { analysis::lines(engine.get_modules()) } else { BTreeMap::new() };
    let (engine, tests) = with_cases(&engine, rules)?;
    let engine = if options.coverage { measured(engine) } else { engine };
    let sources = files.policies.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
    Ok(Suite { engine, tests, lines, sources })
}

fn measured(mut engine: Engine) -> Engine {
    engine.set_enable_coverage(true);
    engine
}

/// Gives each test a name of its own. The engine takes rules of one name for one rule, which is true when any is.
fn apart(
    files: &Files,
    rules: Vec<TestRule>,
    options: &TestOptions,
) -> Result<(Engine, Vec<TestRule>), Vec<PolicyFault>> {
    let (mut policies, data) = (files.policies.clone(), &files.data);
    // From the last to the first, so that the places of the others stay what they are.
    for rule in rules.iter().rev().filter(|rule| rule.earlier > 0) {
        let names = (0_u32..).map(|number| format!("test_again_{number}"));
        let mut unused = names.filter(|name| !policies.iter().any(|file| file.text.contains(name.as_str())));
        let file = policies.iter().position(|file| file.path == rule.file);
        if let (Some(name), Some(file)) = (unused.next(), file.and_then(|position| policies.get_mut(position))) {
            let (start, end) = rule.name_bytes;
            if file.text.get(start..end).is_some() {
                file.text.replace_range(start..end, &name);
            }
        }
    }
    let mut engine = load::parse(&policies, data, options.timeout)?.engine;
    let renamed = analysis::test_rules(engine.get_modules()).into_iter().zip(rules);
    let rules = renamed.map(|(renamed, rule)| match rule.earlier {
        0 => renamed,
        earlier => TestRule {
            name: format!("{}#{earlier:02}", rule.name),
            kind: if rule.kind == TestKind::ToDo { rule.kind } else { renamed.kind },
            source: rule.source,
            ..renamed
        },
    });
    let rules = rules.collect();
    Ok((engine, rules))
}

/// Adds the rules that list cases, and has the engine order all statements.
fn with_cases(engine: &Engine, rules: Vec<TestRule>) -> Result<(Engine, Vec<Test>), Vec<PolicyFault>> {
    let (mut engine, listings) = list_cases(engine, &rules).map_err(|fault| vec![fault])?;
    let test = |(rule, listing): (TestRule, Option<Probe>)| {
        let mut paths = listing.map(|listing| listing.paths).unwrap_or_default().into_iter();
        let cases = paths.next();
        Test { value: paths.next().unwrap_or_else(|| rule.path.clone()), cases, rule }
    };
    let tests: Vec<Test> = rules.into_iter().zip(listings).map(test).collect();
    let first = tests.iter().find(|test| matches!(test.rule.kind, TestKind::Plain | TestKind::Cases { .. }));
    if let Some(test) = first {
        let compiled = engine.compile_with_entrypoint(&test.value.as_str().into());
        compiled.map_err(|error| vec![fault::of_engine("", &error)])?;
    }
    Ok((engine, tests))
}

/// The engine with a listing for each test that has cases.
fn list_cases(engine: &Engine, rules: &[TestRule]) -> Result<(Engine, Vec<Option<Probe>>), PolicyFault> {
    let numbered = || rules.iter().enumerate();
    let best: Vec<Option<Probe>> = numbered().map(|(number, rule)| probe::listings(number, rule).next()).collect();
    if let Some(extended) = probe::beside(engine, best.iter().flatten()) {
        return Ok((extended, best));
    }
    // One of them does not do: variables can be bound by statements further down.
    let sound = |(number, rule): (usize, &TestRule)| {
        let found = probe::listings(number, rule).find(|listing| probe::beside(engine, [listing]).is_some());
        let has_cases = matches!(rule.kind, TestKind::Cases { .. });
        if has_cases && found.is_none() { Err(unlisted(rule)) } else { Ok(found) }
    };
    let sound: Vec<Option<Probe>> = numbered().map(sound).collect::<Result<_, _>>()?;
    let extended = probe::beside(engine, sound.iter().flatten());
    let rule = rules.iter().find(|rule| matches!(rule.kind, TestKind::Cases { .. }));
    match (extended, rule) {
        (Some(extended), _) => Ok((extended, sound)),
        (None, Some(rule)) => Err(unlisted(rule)),
        (None, None) => Ok((engine.clone(), sound)),
    }
}

fn unlisted(rule: &TestRule) -> PolicyFault {
    let message = format!("the cases of `{}` cannot be listed", rule.name);
    let hint = "bind the case first, as in `some case, expected in {…}`";
    PolicyFault::at(&rule.file, (rule.line, rule.column), "test_cases", message, hint)
}

fn nothing(options: &TestOptions, found: usize, to_do: usize) -> PolicyFault {
    let (message, hint) = match &options.only {
        Some(only) if found > 0 && to_do == 0 => {
            (format!("none of {found} tests matches `{only}`"), "names are like `data.release.freeze_test.test_frozen`")
        }
        _ if to_do > 0 => {
            (format!("there is nothing to test: all tests ({to_do}) are still to do"), "write one of them")
        }
        _ => {
            let hint = "a test is a rule whose name starts with `test_`; a folder is searched for files like `freeze_test.rego`";
            ("there is nothing to test".to_owned(), hint)
        }
    };
    PolicyFault::at("", (0, 0), "tests_none", message, hint)
}
