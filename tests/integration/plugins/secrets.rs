//! Secrets that are granted are known to the plugin and to nobody else.

use std::fs;

use super::asking::{indiscreet, secretive};
use super::evaluate::Folder;

const SECRET: &str = "hunter2-and-more";

fn rules(place: &str) -> String {
    format!(
        "plugins:\n  custom: {{path: custom.wasm, grants: {{secrets: {{TOKEN: {{{place}}}}}}}}}\nrules:\n  - {{plugin: \
         custom}}\n"
    )
}

#[test]
fn a_secret_is_in_no_log_finding_or_title() {
    let folder = Folder::new(&secretive(), &rules("file: token"));
    fs::write(folder.path().join("token"), SECRET).unwrap();
    for format in ["json", "text", "markdown"] {
        let run = folder.check(&["--explain", "--format", format]);
        assert!(run.stdout.contains("secret TOKEN"), "{}", run.stdout);
        assert!(!run.stdout.contains(SECRET) && !run.stderr.contains(SECRET), "{run:?}");
    }
    let decision = folder.decision();
    assert_eq!(decision["findings"][0]["message"], "[secret TOKEN]", "{decision:#}");
    assert_eq!(decision["findings"][0]["title"], "[secret TOKEN]", "{decision:#}");
    assert_eq!(decision["plugins"][0]["replayable"], true);
}

#[test]
fn a_secret_is_nowhere_else_either() {
    // One that is a host's name as well.
    let secret = "hunter2-and-more.example";
    let plugins =
        "plugins:\n  custom: {path: custom.wasm, grants: {http: [a.example], secrets: {TOKEN: {file: token}}}}\n";
    for (place, component) in indiscreet() {
        let folder = Folder::new(&component, &format!("{plugins}rules:\n  - {{plugin: custom}}\n"));
        fs::write(folder.path().join("token"), secret).unwrap();
        for format in ["json", "text"] {
            let run = folder.check(&["--explain", "--format", format]);
            let all = format!("{}{}", run.stdout, run.stderr);
            assert!(all.contains("[secret TOKEN]"), "{place}: {run:?}");
            assert!(!all.contains("hunter2"), "{place}: {run:?}");
        }
    }
}

#[test]
fn a_secret_that_is_not_there_is_named_when_the_plugin_is_loaded() {
    let cases = [
        ("env: TICKET_TOKEN", "`TICKET_TOKEN` is not set\nhint: set it, or name another with `TOKEN: {env: NAME}`"),
        ("file: nowhere", "`TOKEN: {file: PATH}` takes the path of a file that holds it"),
    ];
    for (place, expected) in cases {
        let run = Folder::new(&secretive(), &rules(place)).check(&[]);
        assert_eq!(run.code, 2, "{run:?}");
        for words in ["plugin `custom` cannot be used", "the secret `TOKEN` cannot be read", expected] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
}

#[test]
fn secrets_need_their_grant() {
    let rules = "plugins:\n  custom: {path: custom.wasm}\nrules:\n  - {plugin: custom}\n";
    let run = Folder::new(&secretive(), rules).check(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    let expected = "it wants to read secrets, which is not granted\nhint: if it should, add `grants: {secrets: {NAME: {env: \
                    VARIABLE}}}` to `plugins.custom`";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}
