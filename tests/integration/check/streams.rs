//! Files that are none, streams that fail, and text that a terminal or a CI runner would obey.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::{AS_OF, EXAMPLE, Example, ONE_ENVIRONMENT, check, project};
use crate::support::cli::{Holdpoint, root};

fn fifo(path: &Path) -> String {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    path.to_str().unwrap().to_owned()
}

/// Runs a line of the shell in the repository's root, with the program as `$0`.
fn shell(script: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_holdpoint");
    Command::new("bash").args(["-c", script, program]).current_dir(root()).output().unwrap()
}

#[test]
fn what_is_no_file_is_refused_before_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = fifo(&folder.path().join("pipe"));
    let policies = folder.path().join("policies");
    fs::create_dir(&policies).unwrap();
    fifo(&policies.join("p.rego"));
    let at_pipe = format!("@{pipe}");
    let cases: &[&[&str]] = &[
        &["--config", &pipe],
        &["--config", "/dev/zero"],
        &["--config", folder.path().to_str().unwrap()],
        &["--config", EXAMPLE, "--policy", &pipe],
        &["--config", EXAMPLE, "--policy", policies.to_str().unwrap()],
        &["--config", EXAMPLE, "--context", &at_pipe],
        &["--config", EXAMPLE, "--context", "@/dev/zero"],
        &["--config", EXAMPLE, "--output", &pipe],
        &["--config", EXAMPLE, "--output", folder.path().to_str().unwrap()],
    ];
    let mut shown = String::new();
    for arguments in cases {
        let run = Holdpoint::new(&["check", Example::ALLOWED, "--to", "production", "--as-of", AS_OF]);
        let run = arguments.iter().fold(run, Holdpoint::arg).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}: {run:?}");
        shown.push_str(&run.stderr.replace(folder.path().to_str().unwrap(), "FOLDER"));
    }
    insta::assert_snapshot!(shown, @r"
    error: FOLDER/pipe: cannot read the configuration: it is no regular file
    hint: write it to a file first, and name that with `--config`
    error: /dev/zero: cannot read the configuration: it is no regular file
    hint: write it to a file first, and name that with `--config`
    error: FOLDER: cannot read the configuration: it is a folder
    hint: name the file in it, such as `holdpoint.yaml`
    error: FOLDER/pipe: is no regular file
    hint: write the policy to a file
    error: FOLDER/policies/p.rego: is no regular file
    hint: write the policy to a file
    error: the file `FOLDER/pipe` of `--context` cannot be read: it is no regular file
    error: the file `/dev/zero` of `--context` cannot be read: it is no regular file
    error: `FOLDER/pipe` cannot be written: it is no regular file
    hint: write to standard output and redirect that
    error: `FOLDER` cannot be written: it is a folder
    hint: name a file in it
    ");
}

#[test]
fn streams_that_cannot_be_written_do_not_change_the_exit_code() {
    let full = "2>/dev/full >/dev/null";
    let check = |digest: &str, more: &str| {
        shell(&format!("\"$0\" check {digest} --to production --config {EXAMPLE} --as-of {AS_OF} {more}"))
    };
    let cases = [
        ("no configuration", shell(&format!("\"$0\" schema {full}; \"$0\" records --config no/such.yaml {full}")), 2),
        ("wrong usage", check(Example::ALLOWED, &format!("--wait x {full}")), 2),
        ("no records", check(Example::ALLOWED, &format!("--records no/such.json --log-level debug {full}")), 3),
        ("records", shell(&format!("\"$0\" records --config {EXAMPLE} --records no/such.json {full}")), 3),
        ("an allow that nobody can read", check(Example::ALLOWED, ">/dev/full"), 2),
        ("a denial that nobody can read", check(Example::DENIED, ">/dev/full"), 1),
        ("a hold that nobody can read", check(Example::HELD, ">/dev/full 2>/dev/full"), 4),
    ];
    for (name, output, code) in cases {
        assert_eq!(output.status.code(), Some(code), "{name}: {output:?}");
    }
}

#[test]
fn no_error_is_a_command_to_a_runner() {
    let folder = tempfile::tempdir().unwrap();
    let name = "##vso[task.setvariable]x\\n::error::y\\e[31m##[error]z";
    let hostile = ONE_ENVIRONMENT.replace("name: production", &format!("\"{name}\": 1"));
    let good = "package p\ndeny contains \"no\" if { false }";
    project(folder.path(), &hostile, good);
    let named = |arguments: &[&str]| Holdpoint::new(arguments).directory(folder.path()).run();
    let mut runs = vec![named(&["check", Example::ALLOWED, "--to", "production"])];
    project(folder.path(), ONE_ENVIRONMENT, good);
    let text = "##vso[a]\n::error::b\n##[error]c\u{1b}[31m";
    runs.push(named(&["check", Example::ALLOWED, "--to", text]));
    runs.push(named(&["check", text, "--to", "production"]));
    runs.push(named(&["check", Example::ALLOWED, "--to", "production", "--wait", text]));
    runs.push(named(&["check", Example::ALLOWED, "--to", "production", "--config", text]));
    project(folder.path(), &format!("{ONE_ENVIRONMENT}rules: [{{policy: p}}]"), "package p\n\n##[error]\n::error::x");
    runs.push(named(&["check", Example::ALLOWED, "--to", "production"]));
    for run in runs {
        assert_eq!(run.code, 2, "{run:?}");
        assert!(!run.stderr.contains("##[") && !run.stderr.contains("##vso["), "{run:?}");
        assert!(!run.stderr.lines().any(|line| line.trim_start().starts_with("::")), "{run:?}");
        assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
    }
}

#[test]
fn a_policy_may_begin_with_a_byte_order_mark() {
    let folder = tempfile::tempdir().unwrap();
    let rules = format!("{ONE_ENVIRONMENT}rules: [{{policy: p}}]");
    project(folder.path(), &rules, "\u{feff}package p\ndeny contains \"no\" if { false }");
    fs::write(folder.path().join("records.json"), super::KNOWN).unwrap();
    let arguments = ["check", Example::ALLOWED, "--to", "production", "--as-of", AS_OF];
    let run = Holdpoint::new(&arguments).directory(folder.path()).run();
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn a_decision_is_not_lost_with_its_file() {
    for (digest, code) in [(Example::ALLOWED, 2), (Example::DENIED, 1), (Example::HELD, 4)] {
        let run = check(digest, &["--output", "/dev/full"]);
        assert_eq!(run.code, code, "{run:?}");
        assert!(run.stdout.contains("Decision") && run.stderr.contains("`/dev/full` cannot be written"), "{run:?}");
    }
}
