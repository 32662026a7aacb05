//! Plugins in registries: pushed, pulled, configured, and what goes wrong on the way.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::guest::{Guest, saying};
use crate::support::cli::{Holdpoint, Run};
use crate::support::registry::{Guard, Registry, digest};

const ARTIFACT: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const LAYER: &str = "application/wasm";

/// A folder with a component that denies, records and a place for the cache.
struct Workspace {
    folder: tempfile::TempDir,
    component: Vec<u8>,
}

impl Workspace {
    fn new() -> Self {
        let workspace = Self { folder: tempfile::tempdir().unwrap(), component: saying(0, "frozen", "no").component() };
        workspace.write("custom.wasm", &workspace.component);
        workspace.write("records.json", br#"{"deployment_records": [], "environments": [{"name": "dev"}]}"#);
        workspace
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, content: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let home = self.path().to_str().unwrap();
        Holdpoint::new(arguments).directory(self.path()).env("HOME", home).run()
    }

    /// Pushes the component; the address with the digest of the manifest.
    fn push(&self, registry: &Registry) -> String {
        let run = self.run(&["plugin", "push", "custom.wasm", &format!("oci://{}/acme/custom:v1", registry.address())]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout.trim().trim_start_matches("oci://").to_owned()
    }

    /// What `check` says with the plugin at this address.
    fn check(&self, address: &str, sha256: &str, more: &[&str]) -> Run {
        let config = format!(
            "version: 1\nsources: {{s: {{type: snapshot, path: records.json}}}}\nenvironments: [{{name: dev}}]\n\
             plugins: {{custom: {{oci: '{address}', sha256: '{sha256}'}}}}\nrules: [{{plugin: custom}}]\n"
        );
        self.write("holdpoint.yaml", config.as_bytes());
        self.run(&[&["check", ARTIFACT, "--to", "dev", "--format", "json"], more].concat())
    }

    fn clear_cache(&self) {
        fs::remove_dir_all(self.path().join(".cache")).unwrap();
    }
}

fn refused(run: &Run, wanted: &str) {
    assert!(run.code == 2 && run.stderr.contains(wanted) && run.stderr.contains("hint: "), "{wanted}: {run:?}");
}

#[test]
fn a_component_goes_there_and_back_in_the_layout_that_others_read() {
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Nobody));
    let pinned = workspace.push(&registry);
    assert_eq!(workspace.push(&registry), pinned, "equal components make equal artifacts");
    let manifest = registry.content("acme/custom/manifests/v1").unwrap();
    assert!(pinned.ends_with(&digest(&manifest)));
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let of_component = digest(&workspace.component);
    let layer = json!({"mediaType": LAYER, "digest": of_component, "size": workspace.component.len()});
    assert_eq!(manifest["layers"], json!([layer]));
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    let config = registry.content(&format!("acme/custom/blobs/{}", manifest["config"]["digest"].as_str().unwrap()));
    let config: Value = serde_json::from_slice(&config.unwrap()).unwrap();
    let wanted = json!({
        "created": "1970-01-01T00:00:00Z", "architecture": "wasm", "os": "wasip2", "layerDigests": [of_component],
        "component": {
            "exports": ["holdpoint:plugin/rule@0.1.0"], "imports": config["component"]["imports"],
            "target": "holdpoint:plugin/plugin@0.1.0",
        },
    });
    assert_eq!(config, wanted);

    let address = format!("oci://{}/acme/custom:v1", registry.address());
    let run = workspace.run(&["plugin", "pull", &address, "-o", "pulled.wasm"]);
    let lines = format!("plugins:\n  custom:\n    oci: {pinned}\n    sha256: {of_component}\n");
    assert_eq!((run.code, run.stdout), (0, lines), "{}", run.stderr);
    assert_eq!(fs::read(workspace.path().join("pulled.wasm")).unwrap(), workspace.component);
}

#[test]
fn a_plugin_in_the_configuration_is_fetched_once() {
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Nobody));
    let (pinned, sha256) = (workspace.push(&registry), digest(&workspace.component));
    let tagged = format!("{}/acme/custom:v1", registry.address());
    refused(&workspace.check(&tagged, &sha256, &["--offline"]), "plugin `custom` cannot be used");
    let manifest = pinned.rsplit_once('@').unwrap().1;
    for address in [&tagged, &pinned] {
        let run = workspace.check(address, &sha256, &[]);
        assert_eq!(run.code, 1, "{run:?}");
        let origin = json!({"type": "oci", "name": address, "digest": manifest, "verified": true});
        assert_eq!(run.json()["plugins"][0]["origin"], origin);
        assert_eq!(run.json()["plugins"][0]["digest"], sha256);
        workspace.clear_cache();
    }
    // By a tag, and with the right component in the cache: nobody is asked, and nobody has to be there.
    workspace.check(&tagged, &sha256, &[]);
    let asked = registry.seen().len();
    let again = workspace.check(&tagged, &sha256, &[]);
    assert_eq!((again.code, registry.seen().len()), (1, asked));
    drop(registry);
    let offline = workspace.check(&tagged, &sha256, &["--offline"]);
    assert_eq!(offline.json()["plugins"], again.json()["plugins"]);
    // Poison in the cache is no component.
    for entry in fs::read_dir(workspace.path().join(".cache/holdpoint/policies/sha256")).unwrap() {
        fs::write(entry.unwrap().path(), "poison").unwrap();
    }
    refused(&workspace.check(&tagged, &sha256, &["--offline"]), "it is not in the cache");
}

#[test]
fn what_is_not_the_plugin_is_refused() {
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Nobody));
    let sha256 = digest(&workspace.component);
    let blob = |content: &[u8]| registry.blob("a", LAYER, "", content);
    let honest = blob(&workspace.component);
    let huge = {
        let mut huge = blob(b"huge");
        huge["size"] = json!(33 << 20);
        huge
    };
    let other = saying(0, "other", "another").component();
    let of_policies = registry.blob("a", "application/vnd.oci.image.layer.v1.tar+gzip", "", b"x");
    let cases = [
        ("two", vec![honest.clone(), honest.clone()], "it has 2 layers"),
        ("none", vec![], "it has 0 layers"),
        ("type", vec![of_policies], "and a component is `application/wasm`"),
        ("other", vec![blob(&other)], "it is another component than the configuration names"),
        ("huge", vec![huge], "at most 32 MiB are fetched"),
    ];
    for (tag, layers, wanted) in cases {
        registry.manifest("a", tag, &layers);
        refused(&workspace.check(&format!("{}/a:{tag}", registry.address()), &sha256, &[]), wanted);
    }
    let pull = |tag: &str| workspace.run(&["plugin", "pull", &format!("oci://{}/a:{tag}", registry.address())]);
    for (tag, content, wanted) in [
        ("html", b"<!DOCTYPE html>".as_slice(), "it looks like a web page"),
        ("core", b"\0asm\x01\0\0\0", "it is a core module"),
        ("empty", b"", "the file is empty"),
    ] {
        registry.manifest("a", tag, &[blob(content)]);
        refused(&pull(tag), wanted);
    }
    registry.put("a/manifests/page", "<html>not here</html>");
    refused(&pull("page"), "not that of one artifact");
    refused(&pull("nowhere"), "the registry does not have");

    registry.manifest("a", "changed", std::slice::from_ref(&honest));
    registry.put(&format!("a/blobs/{sha256}"), vec![0; workspace.component.len()]);
    let changed = workspace.check(&format!("{}/a:changed", registry.address()), &sha256, &[]);
    refused(&changed, "has another content");
}

#[test]
fn a_registry_may_want_to_know_who_asks() {
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Bearer));
    let login = r#"{"auths": {"{}": {"auth": "dXNlcjpwYXNzd29yZA=="}}}"#.replace("{}", registry.address());
    workspace.write(".docker/config.json", login.as_bytes());
    let (pinned, sha256) = (workspace.push(&registry), digest(&workspace.component));
    fs::remove_file(workspace.path().join(".docker/config.json")).unwrap();
    let run = workspace.check(&pinned, &sha256, &[]);
    refused(&run, "docker login");
}

#[test]
fn only_a_plugin_is_pushed_and_only_to_a_tag() {
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Nobody));
    let push = |file: &str, address: &str| {
        workspace.run(&["plugin", "push", file, &format!("oci://{}/{address}", registry.address())])
    };
    workspace.write("core.wasm", &wat::parse_str(Guest::default().text()).unwrap());
    refused(&push("core.wasm", "a:v1"), "it is a core module");
    refused(&push("missing.wasm", "a:v1"), "cannot be read");
    refused(&push("custom.wasm", "a"), "names no tag");
    refused(&workspace.run(&["plugin", "push", "custom.wasm", "custom:v1"]), "no address in a registry");
    assert_eq!(registry.seen().len(), 0);
}
