//! `holdpoint policy test` as a user runs it.

mod coverage;
mod hostile;
mod outcomes;
#[cfg(unix)]
mod watch;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::cli::{Holdpoint, Run, folder};

/// Runs `policy test` in the folder.
fn test(folder: &Path, arguments: &[&str]) -> Run {
    Holdpoint::new(&[&["policy", "test"], arguments].concat()).directory(folder).run()
}

/// Runs `policy test` on one file.
fn test_text(text: &str, arguments: &[&str]) -> Run {
    let folder = folder(&[("policies/a_test.rego", text)]);
    test(folder.path(), arguments)
}

/// The tests by name, from `--format json`.
fn results(run: &Run) -> Vec<Value> {
    serde_json::from_str::<Value>(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}: {run:?}"))
        .as_array()
        .unwrap()
        .clone()
}

/// `pass`, `fail`, `error` or `skip`.
fn outcome(test: &Value) -> &str {
    let keys = ["fail", "error", "skip"];
    keys.into_iter().find(|key| !test[key].is_null()).unwrap_or("pass")
}

/// The whole result as one text, with durations replaced.
fn shown(run: &Run) -> String {
    let text = format!("exit {}\n{}--- stderr\n{}", run.code, run.stdout, run.stderr);
    let is_number = |text: &str| text.trim_start_matches('(').parse::<f64>().is_ok();
    let lines = text.lines().map(|line| {
        let (start, end) = line.strip_suffix(')').map_or((line, ""), |start| (start, ")"));
        let Some((start, _unit)) = start.rsplit_once(' ').filter(|(_, unit)| matches!(*unit, "ms" | "s")) else {
            return format!("{line}\n");
        };
        match start.rsplit_once(' ') {
            Some((start, number)) if is_number(number) => {
                format!("{start} {}TIME{end}\n", if end.is_empty() { "" } else { "(" })
            }
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}

#[test]
fn the_library_passes_its_own_tests_in_time() {
    let started = Instant::now();
    let run = Holdpoint::new(&["policy", "test", "policies", "--format", "json"]).run();
    assert_eq!(run.code, 0, "{run:?}");
    let results = results(&run);
    assert!(results.len() >= 84, "found {} tests", results.len());
    assert!(results.iter().all(|test| outcome(test) == "pass"), "{results:#?}");
    // 2 s is the promise for a release build on an idle machine.
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
}
