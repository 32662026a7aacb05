//! Hostile plugins through the program: what fails when it is called makes the verdict `undecided`, what fails when it is
//! loaded is wrong usage. Either names the plugin and why, and nothing hangs.

use std::fs;
use std::time::Duration;

use super::evaluate::Folder;
use super::library::DIGEST;
use super::{hostile, misfit};
use crate::support::cli::{Holdpoint, Run};

/// Far more than any of these needs, on a machine that is busy with other tests.
const BOUND: Duration = Duration::from_mins(2);
const UNDECIDED: i32 = 3;
const WRONG_USAGE: i32 = 2;

/// The one of this name.
fn named<T>(all: Vec<(&'static str, T)>, name: &str) -> T {
    all.into_iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("there is no {name}")).1
}

/// Lines are broken where they are long.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_fails_when_it_is_called_is_undecided() {
    // Only those without an end have little time.
    let cases = [
        ("endless loop", "200ms", "took longer than 200ms"),
        ("endless loop after the answer", "200ms", "took longer than 200ms"),
        ("log flood", "200ms", "took longer than 200ms"),
        ("memory, slowly", "10s", "was stopped: it asked for 65664 KiB of memory, and may have 65536 KiB"),
        ("memory, at once", "10s", "was stopped: it asked for 1048704 KiB of memory, and may have 65536 KiB"),
        ("deep recursion", "10s", "ran out of stack"),
        ("trap without a word", "10s", "stopped itself without a word"),
        ("trap after the answer", "10s", "stopped itself without a word"),
        ("unknown enum", "10s", "gave an answer that cannot be used: unexpected discriminant: 9"),
        ("string of 1 GB", "10s", "gave an answer that cannot be used: string pointer/length out of bounds of memory"),
        ("ten million findings", "10s", "gave an answer that cannot be used: list pointer/length out of bounds"),
        ("900,000 findings that are there", "10s", "returned or logged more than 8 MiB"),
        ("pointer outside memory", "10s", "gave an answer that cannot be used: string pointer/length out of bounds"),
        ("questions without end", "10s", "was stopped: it asked for records more than 1000 times"),
    ];
    for (name, timeout, reason) in cases {
        let rules = format!(
            "plugins:\n  custom: {{path: custom.wasm, sha256: PIN, limits: {{timeout: {timeout}}}}}\nrules:\n  - \
             {{plugin: custom}}\n"
        );
        let folder = Folder::new(&named(hostile::hostile(), name).component(), &rules);
        let run = folder.command(&[]).run_within(BOUND);
        assert_eq!(run.code, UNDECIDED, "{name}: {run:?}");
        let expected = format!("the plugin `custom` {reason}");
        assert!(in_one_line(&run.stdout).contains(&expected), "{name}: {expected}: {run:?}");
    }
}

/// Decides about the example with this file as a plugin.
fn check(name: &str, bytes: &[u8]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("custom.wasm");
    fs::write(&path, bytes).unwrap();
    let plugin = format!("{name}{}", path.display());
    let config = "examples/storefront/holdpoint.yaml";
    Holdpoint::new(&["check", DIGEST, "--to", "production", "--config", config, "--plugin", &plugin]).run_within(BOUND)
}

#[test]
fn what_fails_when_it_is_loaded_is_wrong_usage() {
    let cases = [
        ("empty", "the file is empty"),
        ("a web page", "it looks like a web page"),
        ("something else", "it is not WebAssembly"),
        ("a core module", "it is a core module, and a plugin is a component"),
        ("half a component", "the file is damaged"),
        ("contract 0.2", "version 0.2.0 of the contract, and this holdpoint speaks 0.1"),
        ("secrets that are not granted", "it wants to read secrets, which is not granted"),
        ("http that is not granted", "it wants to send requests over http, which is not granted"),
        ("files", "it imports `wasi:filesystem/types@0.2.0`, which no plugin is given"),
        ("a function that this host lacks", "it does not fit the contract"),
        ("describe loops", "asked what it is, it took longer than 1s"),
        ("describe traps", "asked what it is, it stopped itself"),
    ];
    let large = ("50 MB", "cannot be read: it is larger than");
    let liars = misfit::liars().into_iter().map(|(name, guest)| (name, guest.component()));
    let mut files: Vec<_> = misfit::files().into_iter().chain(liars).collect();
    files.push(("50 MB", vec![0; 50 << 20]));
    for (name, reason) in cases.into_iter().chain([large]) {
        let bytes = named(files.clone(), name);
        for given in ["", "custom="] {
            let run = check(given, &bytes);
            assert_eq!((run.code, run.stdout.as_str()), (WRONG_USAGE, ""), "{name}: {run:?}");
            let said = run.stderr.contains("plugin `custom`") && run.stderr.contains(reason);
            assert!(said && run.stderr.contains("\nhint: "), "{name}: {run:?}");
        }
    }
}

#[test]
fn a_plugin_of_the_command_line_has_a_name_that_rules_could_use() {
    let bytes = super::guest::Guest::default().component();
    assert_eq!(check("change-ticket=", &bytes).code, check("", &bytes).code);
    for name in ["Change_Ticket=", "a-=", "a b=", "a--b=", "ä="] {
        let run = check(name, &bytes);
        assert_eq!((run.code, run.stdout.as_str()), (WRONG_USAGE, ""), "{name}: {run:?}");
        let (name, _) = name.split_once('=').unwrap();
        assert!(run.stderr.contains(&format!("`{name}` is no name of a plugin")), "{run:?}");
        assert!(run.stderr.contains("\nhint: "), "{run:?}");
    }
}
