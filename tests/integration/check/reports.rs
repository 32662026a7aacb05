//! `--report`: the decision in several forms at once, and the outputs of a GitHub step.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{AS_OF, EXAMPLE, Example, check};
use crate::support::cli::{Holdpoint, Run};

/// A run with reports, each `FORMAT=NAME`, in this folder.
fn reported(digest: &str, folder: &Path, reports: &[&str]) -> Run {
    let reports: Vec<String> = reports
        .iter()
        .map(|report| {
            let (format, name) = report.split_once('=').unwrap();
            format!("--report={format}={}", folder.join(name).display())
        })
        .collect();
    let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
    check(digest, &reports)
}

/// The outputs as GitHub's runner reads them: `name=value`, or `name<<delimiter` and lines up to it.
pub(crate) fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut lines = text.lines();
    let mut outputs = BTreeMap::new();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        let (name, value) = match (equals, heredoc) {
            (equals, Some(at)) if equals.is_none_or(|equals| at < equals) => {
                let (name, delimiter) = (&line[..at], &line[at + 2..]);
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                (name, value.join("\n"))
            }
            (Some(at), _) => (&line[..at], line[at + 1..].to_owned()),
            (None, _) => panic!("the runner refuses {line:?}"),
        };
        assert!(outputs.insert(name.to_owned(), value).is_none(), "{name} is set twice: {text}");
    }
    outputs
}

#[test]
fn every_form_is_what_its_format_prints() {
    let folder = tempfile::tempdir().unwrap();
    let formats = ["text", "json", "markdown", "github", "junit", "sarif", "tap"];
    let reports: Vec<String> = formats.iter().map(|format| format!("{format}={format}.out")).collect();
    let run = reported(Example::DENIED, folder.path(), &reports.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.starts_with("✗ deny"), "{run:?}");
    let shown = |stdout: String| Run { code: 1, stdout, stderr: String::new() }.shown();
    for format in formats {
        let written = fs::read_to_string(folder.path().join(format!("{format}.out"))).unwrap();
        let printed = check(Example::DENIED, &["--format", format]).stdout;
        assert_eq!(shown(written), shown(printed), "{format}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), formats.len(), "nothing is left behind");
}

#[test]
fn a_step_has_outputs_whatever_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    for (digest, verdict, opens_at, reason) in [
        (Example::ALLOWED, "allow", "", ""),
        (Example::HELD, "hold", "2026-11-21T08:15:00Z", "is still short of 24h"),
        (Example::DENIED, "deny", "", "is not DEPLOYED in `staging`"),
    ] {
        let file = folder.path().join(verdict);
        fs::write(&file, "before=1").unwrap();
        let run = reported(digest, folder.path(), &["json=decision.json", &format!("github-output={verdict}")]);
        let outputs = outputs(&fs::read_to_string(&file).unwrap());
        assert_eq!(outputs["before"], "1", "what the file holds stays: {run:?}");
        assert_eq!((&*outputs["verdict"], &*outputs["opens-at"]), (verdict, opens_at), "{run:?}");
        assert!(outputs["reason"].contains(reason) && outputs["reason"].is_empty() == reason.is_empty(), "{outputs:?}");
        let decision = fs::read_to_string(folder.path().join("decision.json")).unwrap();
        let decision: serde_json::Value = serde_json::from_str(&decision).unwrap();
        assert_eq!(decision["policies_digest"], *outputs["policies-digest"]);
        assert_eq!(decision["snapshot"]["sources"][0]["digest"], *outputs["records-digest"]);
    }
}

#[test]
fn outputs_of_several_artifacts_are_combined() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outputs");
    let run = Holdpoint::new(&["check", Example::ALLOWED, Example::HELD, Example::DENIED, "--to", "production"])
        .args(&["--config", EXAMPLE, "--as-of", AS_OF])
        .arg(format!("--report=github-output={}", file.display()))
        .run();
    assert_eq!(run.code, 1, "{run:?}");
    let outputs = outputs(&fs::read_to_string(&file).unwrap());
    assert_eq!(outputs["verdict"], "deny");
    assert!(outputs["reason"].contains("is not DEPLOYED in `staging`"), "{outputs:?}");
}

#[test]
fn places_are_looked_at_before_the_decision() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name).display().to_string();
    for (reports, why) in [
        (vec![format!("json={}", inside("no/such"))], "there is no folder"),
        (vec![format!("github-output={}", inside("no/such"))], "there is no folder"),
        (vec![format!("json={}", inside("a")), format!("tap={}", inside("./a"))], "is named twice"),
        (vec!["json".to_owned()], "write it as FORMAT=FILE"),
        (vec!["json=".to_owned()], "it names no file"),
        (
            vec![format!("xml={}", inside("a"))],
            "`xml` is no format; there are text, json, markdown, github, github-output",
        ),
    ] {
        let arguments: Vec<String> = reports.iter().map(|report| format!("--report={report}")).collect();
        let run = check(Example::ALLOWED, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((run.code, &*run.stdout), (2, ""), "{reports:?}: {run:?}");
        assert!(run.stderr.contains(why), "{reports:?}: {run:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    let run = check(Example::ALLOWED, &["--output", &inside("a"), &format!("--report=json={}", inside("a"))]);
    assert!(run.code == 2 && run.stderr.contains("is named twice"), "{run:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_allow_that_is_not_everywhere_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let outputs_file = folder.path().join("outputs");
    let full = "--report=json=/dev/full";
    let to_step = format!("--report=github-output={}", outputs_file.display());
    let run = check(Example::ALLOWED, &[&to_step, full]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("`/dev/full` cannot be written"), "{run:?}");
    assert!(!outputs_file.exists(), "the step has no verdict");

    let run = check(Example::DENIED, &[&to_step, full]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(outputs(&fs::read_to_string(&outputs_file).unwrap())["verdict"], "deny");
}
