//! `completions` and `man`.

use std::fs;

use crate::support::cli::Holdpoint;

#[test]
fn every_shell_has_a_script_that_knows_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = Holdpoint::new(&["completions", shell]).run();
        assert_eq!((run.code, &*run.stderr), (0, ""), "{shell}: {run:?}");
        for word in ["check", "replay", "require-vsa"] {
            assert!(run.stdout.contains(word), "{shell} does not know {word}");
        }
    }
    let run = Holdpoint::new(&["completions", "tcsh"]).run();
    assert!(run.code == 2 && run.stdout.is_empty(), "{run:?}");
}

#[cfg(unix)]
#[test]
fn bash_completes_a_format() {
    let script = Holdpoint::new(&["completions", "bash"]).run().stdout;
    let ask = "COMP_WORDS=(holdpoint check --format ''); COMP_CWORD=3; _holdpoint holdpoint '' --format; echo ${COMPREPLY[@]}";
    let output =
        std::process::Command::new("bash").args(["--norc", "-c", &format!("{script}\n{ask}")]).output().unwrap();
    let offered = String::from_utf8(output.stdout).unwrap();
    assert!(offered.split_whitespace().any(|format| format == "github-output"), "{offered}");
}

#[test]
fn every_command_has_a_page() {
    let run = Holdpoint::new(&["man"]).run();
    assert!(run.code == 0 && run.stdout.contains(".TH holdpoint 1"), "{run:?}");
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("new/man1");
    let run = Holdpoint::new(&["man", "--output"]).arg(&inside).run();
    assert_eq!(run.code, 0, "{run:?}");
    let mut pages: Vec<String> =
        fs::read_dir(&inside).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    assert_eq!(run.stdout.lines().count(), pages.len(), "{run:?}");
    for page in ["holdpoint.1", "holdpoint-check.1", "holdpoint-policy-test.1", "holdpoint-replay.1"] {
        assert!(pages.iter().any(|name| name == page), "{pages:?}");
    }
    assert!(!pages.iter().any(|name| name.contains("compile-plugin")), "{pages:?}");
    let check = fs::read_to_string(inside.join("holdpoint-check.1")).unwrap();
    assert!(check.contains("require\\-vsa") && check.contains("Exit codes"), "{check}");
}
