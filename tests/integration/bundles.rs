//! Policies that are shared: packed, signed, pushed, pulled, and what `check` makes of them.

mod opa;
mod registry;

use std::fs;
use std::path::Path;

use crate::support::cli::{Holdpoint, Run};

/// A policy that denies, and says a value of the data beside it.
const POLICY: &str = "package gate.window\ndeny contains data.tables.words.why\n";
const ARTIFACT: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A folder with policies, records and a place for the cache.
struct Workspace(tempfile::TempDir);

impl Workspace {
    fn new() -> Self {
        let workspace = Self(tempfile::tempdir().unwrap());
        workspace.write("policies/gate/window/window.rego", POLICY);
        workspace.write("policies/gate/window/window_test.rego", "package gate.window_test\ntest_x if true\n");
        workspace.write("policies/tables/words/data.json", r#"{"why": "frozen"}"#);
        workspace.write("policies/notes.json", "{}");
        workspace.write("records.json", r#"{"deployment_records": [], "environments": [{"name": "dev"}]}"#);
        workspace
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(&[], arguments)
    }

    fn run_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Run {
        let home = self.path().to_str().unwrap();
        let program = Holdpoint::new(arguments).directory(self.path()).env("HOME", home);
        environment.iter().fold(program, |program, (name, value)| program.env(name, value)).run()
    }

    /// Packs the policies; the output.
    fn bundle(&self, arguments: &[&str]) -> String {
        let run = self.run(&[&["policy", "bundle"], arguments].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout
    }

    /// What `check` says with this entry of `policies`.
    fn check(&self, policies: &str, more: &[&str]) -> Run {
        self.check_with(&[], policies, more)
    }

    fn check_with(&self, environment: &[(&str, &str)], policies: &str, more: &[&str]) -> Run {
        let config = format!(
            "version: 1\nsources: {{s: {{type: snapshot, path: records.json}}}}\nenvironments: [{{name: dev}}]\n\
             policies: [{policies}]\nrules: [{{policy: gate.window}}]\n"
        );
        self.write("holdpoint.yaml", config);
        self.run_with(environment, &[&["check", ARTIFACT, "--to", "dev", "--format", "json"], more].concat())
    }
}

/// Whether the policy was evaluated, with its data.
fn denies(run: &Run) -> bool {
    run.code == 1 && run.json()["findings"][0]["message"] == "frozen"
}

#[test]
fn a_bundle_is_what_its_folder_is() {
    let workspace = Workspace::new();
    let listed = workspace.bundle(&["-o", "one.tar.gz", "--revision", "r1"]);
    let (digest, files) = listed.split_once(' ').unwrap();
    insta::assert_snapshot!(files);
    assert_eq!(workspace.bundle(&["-o", "two.tar.gz", "--revision", "r1", "policies"]), listed.replace("one.", "two."));
    let from_folder = workspace.check("policies", &[]);
    let from_bundle = workspace.check("one.tar.gz", &[]);
    assert!(denies(&from_folder) && denies(&from_bundle), "{from_bundle:?}");
    let policies = &from_bundle.json()["policies"];
    assert_eq!(policies[0]["revision"], "r1");
    assert_eq!(policies[0]["digest"].as_str(), Some(digest));
    assert_eq!(from_folder.json()["policies_digest"], from_bundle.json()["policies_digest"]);
    workspace.write("policies/tables/words/data.json", r#"{"why": "other"}"#);
    let changed = workspace.check("policies", &[]);
    assert_ne!(changed.json()["policies_digest"], from_folder.json()["policies_digest"], "data decides too");
    assert!(denies(&workspace.check("policies", &["--policy", "one.tar.gz"])));
}

#[test]
fn a_bundle_is_linted_as_its_folder_is() {
    let workspace = Workspace::new();
    workspace.bundle(&["-o", "tested.tar.gz", "--with-tests"]);
    let lint = |place: &str| workspace.run(&["policy", "lint", place, "--format", "json"]);
    let (folder, bundle) = (lint("policies"), lint("tested.tar.gz"));
    assert!(folder.code == 1 && folder.stdout.contains("test_missing"), "{folder:?}");
    assert_eq!((bundle.code, bundle.stdout.replace("tested.tar.gz/", "policies/")), (folder.code, folder.stdout));
    // Most bundles are packed without the tests, which says nothing about the policies.
    workspace.bundle(&["-o", "plain.tar.gz"]);
    let plain = lint("plain.tar.gz");
    assert!(plain.code == 1 && !plain.stdout.contains("test_missing"), "{plain:?}");
    let missing = lint("none.tar.gz");
    assert!(missing.code == 2 && missing.stderr.contains("`none.tar.gz` cannot be used"), "{missing:?}");
}

#[test]
fn what_goes_in_is_chosen() {
    let workspace = Workspace::new();
    assert!(workspace.bundle(&["--with-tests"]).contains("window_test.rego"));
    let rooted = workspace.run(&["policy", "bundle", "--root", "other"]);
    assert_eq!(rooted.code, 2);
    assert!(rooted.stderr.contains("`gate.window` lies outside the bundle's roots"), "{}", rooted.stderr);
    workspace.write("policies/gate/window/late_test.rego", "package gate.window\ndeny contains \"late\" if true\n");
    let misplaced = workspace.run(&["policy", "bundle", "--with-tests", "-o", "never.tar.gz"]);
    assert!(misplaced.code == 2 && misplaced.stderr.contains("`deny` decides"), "{misplaced:?}");
    fs::remove_file(workspace.path().join("policies/gate/window/late_test.rego")).unwrap();
    workspace.write("policies/broken.rego", "package broken\nx := f(1)\n");
    let broken = workspace.run(&["policy", "bundle", "-o", "never.tar.gz"]);
    assert!(broken.code == 2 && !workspace.path().join("never.tar.gz").exists(), "{broken:?}");
}

#[test]
fn data_that_could_overrule_a_policy_is_refused() {
    for (name, content, wanted) in [
        ("policies/gate/window/data.json", r#"{"deny": []}"#, "data at the path of the package `gate.window`"),
        ("policies/data.json", r#"{"gate": {"window": 1}}"#, "data at the path of the package `gate.window`"),
        ("policies/gate/data.yaml", "window: {deny: []}", "data at the path of the package `gate.window`"),
        ("policies/data.json", r#"{"gate": 1}"#, "data at the path of the package `gate.window`"),
        ("policies/holdpoint/data.json", r#"{"records": {}}"#, "`data.holdpoint`, which is reserved"),
        ("policies/data.json", r#"{"system": {}}"#, "`data.system`, which is reserved"),
        ("policies/data.json", r#"{"tables": {"words": {"why": "x"}}}"#, "and so has another document"),
    ] {
        let workspace = Workspace::new();
        workspace.write(name, content);
        let run = workspace.check("policies", &[]);
        assert!(run.code == 2 && run.stderr.contains(wanted), "{name}: {run:?}");
    }
}

#[test]
fn bundles_share_no_roots() {
    let workspace = Workspace::new();
    workspace.bundle(&["-o", "one.tar.gz"]);
    workspace.write("more/gate/other/other.rego", "package gate.other\ndeny contains \"x\" if false\n");
    workspace.bundle(&["-o", "two.tar.gz", "more"]);
    let both = workspace.check("one.tar.gz, two.tar.gz", &[]);
    assert!(
        both.code == 2 && both.stderr.contains("`two.tar.gz` claims `data.gate`")
            || both.stderr.contains("claims `data.gate`"),
        "{both:?}"
    );
    workspace.bundle(&["-o", "one.tar.gz", "--root", "gate/window", "--root", "tables"]);
    workspace.bundle(&["-o", "two.tar.gz", "more", "--root", "gate/other"]);
    assert!(denies(&workspace.check("one.tar.gz, two.tar.gz", &[])));
}

#[test]
fn a_signature_that_is_configured_must_hold_and_no_other_is_there() {
    let workspace = Workspace::new();
    workspace.write("secret", "a secret\n");
    workspace.write("other", "another\n");
    workspace.bundle(&["-o", "plain.tar.gz"]);
    workspace.bundle(&["-o", "signed.tar.gz", "--sign", "secret", "--algorithm", "HS256", "--key-id", "k1"]);
    let cases = [
        ("{bundle: signed.tar.gz, verify: {key_file: secret, algorithm: HS256}}", ""),
        ("{bundle: signed.tar.gz, verify: {key_file: secret, algorithm: HS256, key_id: k1}}", ""),
        ("{bundle: signed.tar.gz, verify: {key_file: secret, algorithm: HS256, key_id: k2}}", "of the key `k1`"),
        ("{bundle: signed.tar.gz, verify: {key_file: secret, algorithm: HS256, scope: x}}", "has the scope ``"),
        ("{bundle: signed.tar.gz, verify: {key_file: secret, algorithm: HS512}}", "not of the configured key"),
        ("{bundle: signed.tar.gz, verify: {key_file: other, algorithm: HS256}}", "not of the configured key"),
        ("{bundle: signed.tar.gz, verify: {key_file: secret}}", "the key is none for the algorithm `RS256`"),
        ("{bundle: signed.tar.gz, verify: {key_file: missing}}", "cannot be read"),
        ("{bundle: plain.tar.gz, verify: {key_file: secret, algorithm: HS256}}", "it has no signature"),
        ("signed.tar.gz", "it is signed, and the configuration has no key"),
        ("{bundle: plain.tar.gz}", ""),
    ];
    for (entry, wanted) in cases {
        let run = workspace.check(entry, &[]);
        if wanted.is_empty() {
            assert!(denies(&run), "{entry}: {run:?}");
            assert_eq!(run.json()["policies"][0]["verified"], entry.contains("verify"), "{entry}");
        } else {
            assert!(run.code == 2 && run.stderr.contains(wanted) && run.stderr.contains("hint: "), "{entry}: {run:?}");
        }
    }
}

#[test]
fn what_is_written_wrong_is_said() {
    let workspace = Workspace::new();
    let digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    let pinned = format!("oci://ghcr.io/acme/policies@{digest}");
    let cases = [
        ("oci://ghcr.io/acme/policies:v1".to_owned(), "`ghcr.io/acme/policies:v1` has no digest"),
        ("{oci: 'ghcr.io/acme/policies:v1'}".to_owned(), "`ghcr.io/acme/policies:v1` has no digest"),
        ("oci://acme/policies:v1".to_owned(), "names no registry"),
        ("oci://user:pw@ghcr.io/acme".to_owned(), "it holds a user name or a password"),
        (format!("{{oci: '{pinned}', bundle: a.tar.gz}}"), "need either `bundle` or `oci`"),
        ("{verify: {key_file: a}}".to_owned(), "need either `bundle` or `oci`"),
        ("{bundle: a.tar.gz, allow_tag: true}".to_owned(), "`allow_tag` does not belong to a bundle"),
        ("{bundle: a.tar.gz, verify: {}}".to_owned(), "`verify` needs either `key_file` or `key`"),
        ("{bundle: a.tar.gz, verify: {key: hunter2}}".to_owned(), "`key` is no public key in PEM"),
        ("{bundle: a.tar.gz, verify: {key_file: a, algorithm: none}}".to_owned(), "unknown algorithm `none`"),
        ("{bundel: a.tar.gz}".to_owned(), "unknown key `bundel`"),
        ("missing.tar.gz".to_owned(), "the file cannot be read"),
    ];
    for (entry, wanted) in cases {
        let run = workspace.check(&entry, &[]);
        assert!(run.code == 2 && run.stderr.contains(wanted), "{entry}: {run:?}");
        assert!(!run.stderr.contains("hunter2") && !run.stderr.contains("user:pw"), "{}", run.stderr);
    }
    workspace.write("no.tar.gz", "no archive");
    let run = workspace.check("no.tar.gz", &[]);
    assert!(run.code == 2 && run.stderr.contains("no whole gzipped tar archive"), "{run:?}");
}
