//! What a plugin says is what the decision says.

use std::fs;

use serde_json::{Value, json};

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
        let config = self.0.path().join("holdpoint.yaml").display().to_string();
        let mut arguments = vec!["check", DIGEST, "--to", "production", "--as-of", AS_OF, "--config", &config];
        arguments.extend(more);
        Holdpoint::new(&arguments).run()
    }

    pub(super) fn decision(&self) -> Value {
        serde_json::from_str(&self.check(&["--format", "json"]).stdout).unwrap()
    }
}

const ONE: &str = "plugins:\n  custom: {path: custom.wasm}\nrules:\n  - {plugin: custom}\n";

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
