//! What a plugin says is what the decision says.

use std::fs;

use holdpoint::domain::digest::Digest;
use serde_json::{Value, json};
use sha2::Digest as _;

use super::guest::{Guest, saying};
use crate::support::cli::{Holdpoint, Run, root};

const AS_OF: &str = "2026-11-20T12:00:00Z";
const DIGEST: &str = "sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba";

/// A folder with one plugin, `custom`, and the example's records.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub(super) fn new(component: &[u8], rest: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::write(folder.0.path().join("custom.wasm"), component).unwrap();
        let pin = Digest::from_bytes(sha2::Sha256::digest(component).into()).to_string();
        let rest = rest.replace("PIN", &pin);
        let records = root().join("examples/storefront/records.json");
        let text = format!(
            "version: 1\nsources:\n  saved: {{type: snapshot, path: {}}}\nenvironments:\n  - {{name: dev}}\n  - {{name: staging, \
             after: [dev], targets: [staging-eu, staging-us]}}\n  - {{name: production, after: [staging]}}\n{rest}",
            records.display()
        );
        fs::write(folder.0.path().join("holdpoint.yaml"), text).unwrap();
        folder
    }

    pub(super) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    pub(super) fn check(&self, more: &[&str]) -> Run {
        self.command(more).run()
    }

    pub(super) fn command(&self, more: &[&str]) -> Holdpoint {
        let config = self.0.path().join("holdpoint.yaml").display().to_string();
        let arguments = ["check", DIGEST, "--to", "production", "--as-of", AS_OF, "--config", &config];
        Holdpoint::new(&arguments).args(more)
    }

    fn without_path(&self, text: &str) -> String {
        text.replace(&self.0.path().display().to_string(), "FOLDER")
    }

    pub(super) fn decision(&self) -> Value {
        self.check(&["--format", "json"]).json()
    }
}

const ONE: &str = "plugins:\n  custom: {path: custom.wasm, sha256: PIN}\nrules:\n  - {plugin: custom}\n";

#[test]
fn findings_make_the_verdict() {
    let cases = [
        (Guest::default(), "allow", "passed", ""),
        (saying(0, "no-way", "it may not"), "deny", "denied", "it may not"),
        (saying(1, "not-yet", "it may later"), "hold", "held", "it may later"),
    ];
    for (guest, verdict, outcome, message) in cases {
        let decision = Folder::new(&guest.component(), ONE).decision();
        assert_eq!(decision["verdict"], verdict, "{decision:#}");
        let finding = &decision["findings"][0];
        assert_eq!((&finding["outcome"], &finding["plugin"]), (&json!(outcome), &json!("custom")));
        assert!(finding["message"].as_str().unwrap().contains(message), "{finding:#}");
    }
}

#[test]
fn every_output_names_the_plugin() {
    let component = saying(0, "no-way", "it may not").component();
    let folder = Folder::new(&component, ONE);
    for format in ["text", "markdown", "github", "junit", "sarif", "tap"] {
        let run = folder.check(&["--format", format, "--explain"]);
        insta::assert_snapshot!(format!("a_denial_as_{format}"), folder.without_path(&run.shown()));
    }
    let config = folder.0.path().join("holdpoint.yaml").display().to_string();
    for format in ["text", "json", "markdown"] {
        let run = Holdpoint::new(&["policy", "list", "--format", format, "--config", &config]).run();
        insta::assert_snapshot!(format!("a_list_as_{format}"), folder.without_path(&run.shown()));
    }
}

#[test]
fn the_command_line_replaces_a_plugin_or_adds_one() {
    let denying = tempfile::tempdir().unwrap();
    let path = denying.path().join("custom.wasm");
    fs::write(&path, saying(0, "no-way", "it may not").component()).unwrap();
    let folder = Folder::new(&Guest::default().component(), ONE);
    let verdict = |plugin: &str| {
        let decision = folder.check(&["--format", "json", "--plugin", plugin]).json();
        let rules =
            decision["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap().to_owned());
        (decision["verdict"].as_str().unwrap().to_owned(), rules.collect::<Vec<String>>())
    };
    let path = path.display().to_string();
    assert_eq!(verdict(&path), ("deny".to_owned(), vec!["custom".to_owned()]));
    assert_eq!(verdict(&format!("other={path}")), ("deny".to_owned(), vec!["custom".to_owned(), "other".to_owned()]));
}

#[test]
fn another_component_than_the_pinned_one_is_refused() {
    let wrong = "00".repeat(32);
    let rest = ONE.replace("PIN", &format!("'{wrong}'"));
    let run = Folder::new(&Guest::default().component(), &rest).check(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("it is another component than the configuration names"), "{run:?}");
}

#[test]
fn parameters_are_checked_when_the_plugin_is_loaded() {
    let schema = r#"{"type": "object", "additionalProperties": false, "properties": {"window": {"type": "string", "description": "When."}}}"#;
    let component = Guest::default().schema(schema).component();
    for (parameters, code, says) in [
        ("{}", 0, ""),
        ("{window: night}", 0, ""),
        ("{window: 3}", 2, "rule `custom`: parameter `window` is 3, which does not fit"),
        ("{windw: night}", 2, "rule `custom`: `windw` is no parameter of this plugin"),
    ] {
        let rest = ONE.replace("plugin: custom", &format!("plugin: custom, parameters: {parameters}"));
        let run = Folder::new(&component, &rest).check(&[]);
        assert_eq!(run.code, code, "{parameters}: {run:?}");
        assert!(run.stderr.contains(says), "{parameters}: {run:?}");
    }
}
