//! Tests of plugins: each case is a file with a question, records and what should come of them. It is put to the real
//! host and the real gate.

mod case;
mod evaluate;
mod exchange;
mod find;
mod update;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use regex::Regex;

use crate::domain::plugin_test::{CaseOutcome, CaseResult, PluginTestReport, Said};
use case::{Case, Format};
use evaluate::Plugins;

/// How cases are run.
#[derive(Clone, Debug, Default)]
pub struct PluginTestOptions {
    /// This component, whatever the cases name.
    pub component: Option<PathBuf>,
    /// Only the cases whose title or file matches.
    pub only: Option<Regex>,
    /// Write what came into the files as what is expected.
    pub update: bool,
    /// Keep what plugins write to their log.
    pub logs: bool,
}

/// Runs the cases in these files and folders.
///
/// # Errors
/// A path that cannot be read, or nothing to test. What is wrong with one case is in the report.
pub fn run(paths: &[PathBuf], options: &PluginTestOptions) -> anyhow::Result<PluginTestReport> {
    let started = Instant::now();
    let mut plugins = Plugins::default();
    let files = find::cases(paths)?;
    let mut cases = Vec::new();
    for path in &files {
        let read = case::read(path);
        let title = read.as_ref().map_or("", |(_, case)| case.title.as_str());
        let matches = |only: &Regex| only.is_match(title) || only.is_match(&path.to_string_lossy());
        if options.only.as_ref().is_none_or(matches) {
            cases.push(one(path, read, options, &mut plugins));
        }
    }
    if cases.is_empty() {
        bail!(
            "none of the {} cases matches `--run`\nhint: it is matched against the titles and paths of cases",
            files.len()
        );
    }
    Ok(PluginTestReport { cases, duration: started.elapsed() })
}

fn one(
    path: &Path,
    read: anyhow::Result<(String, Case)>,
    options: &PluginTestOptions,
    plugins: &mut Plugins,
) -> CaseResult {
    let mut result = CaseResult {
        path: path.display().to_string(),
        title: String::new(),
        component: String::new(),
        outcome: CaseOutcome::Passed,
        said: None,
        log: Vec::new(),
        updated: false,
        duration: Duration::ZERO,
    };
    let judged = read.and_then(|(text, case)| {
        result.title.clone_from(&case.title);
        judge(path, &text, &case, options, plugins, &mut result)
    });
    result.outcome = judged.unwrap_or_else(|error| CaseOutcome::Errored(format!("{error:#}")));
    result
}

fn judge(
    path: &Path,
    text: &str,
    case: &Case,
    options: &PluginTestOptions,
    plugins: &mut Plugins,
    result: &mut CaseResult,
) -> anyhow::Result<CaseOutcome> {
    let component = match (&options.component, &case.plugin) {
        (Some(component), _) => component.clone(),
        (None, Some(named)) => path.parent().unwrap_or(Path::new("")).join(named),
        (None, None) => find::component(path)?,
    };
    result.component = component.display().to_string();
    let evaluated = plugins.evaluate(&component, case, path, options.logs)?;
    (result.log, result.duration) = (evaluated.log, evaluated.duration);
    let said = result.said.insert(evaluated.said);
    let differences = case.expect.as_ref().map(|expected| expected.differences(said));
    // What was asked is not what was said: `--update` writes the one and not the other.
    if !evaluated.requests.is_empty() {
        let all = evaluated.requests.into_iter().chain(differences.unwrap_or_default());
        return Ok(CaseOutcome::Failed(all.collect()));
    }
    match differences {
        Some(differences) if differences.is_empty() => Ok(CaseOutcome::Passed),
        _ if options.update => {
            update::write(path, text, said)?;
            result.updated = true;
            Ok(CaseOutcome::Passed)
        }
        Some(differences) => Ok(CaseOutcome::Failed(differences)),
        None => Err(anyhow!("it expects nothing\nhint: write `expect`, or let `--update` write what comes")),
    }
}

/// The case with another expectation, to see whether a text says just that.
fn reads_as(path: &Path, text: &str, said: &Said) -> bool {
    case::parse(text, Format::of(path)).is_ok_and(|case| case.expect.as_ref() == Some(said))
}
