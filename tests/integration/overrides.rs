//! Overrides: what they let pass, and everything that they must not.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::cli::{Holdpoint, Run, root};

const AS_OF: &str = "2026-11-20T12:00:00Z";
const ALLOWED: &str = "sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba";
const HELD: &str = "sha256:f1758c9bc9051a5cad13283423d750a54856b81ec92b86b872b14e4107f53270";
const DENIED: &str = "sha256:7c1a15c800008d21736fecea10a0f7527d18af2f707a755bbdad97c78f546f20";

/// A folder with a configuration of the example's policies and records, and a folder of overrides. They may last ten
/// years, so that one can be in force both at the example's instant and at the test's.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir(folder.path().join("overrides")).unwrap();
        folder.configure("override_limits: {longest: 3650d}\n");
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn configure(&self, more: &str) {
        let text = fs::read_to_string(root().join("examples/storefront/holdpoint.yaml")).unwrap();
        let text = text
            .replace(
                "path: records.json",
                &format!("path: {}", root().join("examples/storefront/records.json").display()),
            )
            .replace("../../policies", &root().join("policies").display().to_string());
        fs::write(self.path().join("holdpoint.yaml"), format!("{text}\noverrides: [overrides/]\n{more}")).unwrap();
    }

    /// Puts one policy, of the package `own`, in the place of the example's.
    fn policy(&self, text: &str) {
        fs::create_dir(self.path().join("policies")).unwrap();
        fs::write(self.path().join("policies/own.rego"), text).unwrap();
        let path = self.path().join("holdpoint.yaml");
        let config = fs::read_to_string(&path).unwrap();
        let (before, _) = config.split_once("policies:").unwrap();
        let rules = "policies: [policies/]\nrules: [{policy: own}]\n";
        let overrides = "overrides: [overrides/]\noverride_limits: {longest: 3650d}\n";
        fs::write(&path, format!("{before}{rules}{overrides}")).unwrap();
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path().join("overrides").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn check(&self, digests: &[&str], more: &[&str]) -> Run {
        let artifacts: Vec<String> = digests.iter().map(|digest| format!("ghcr.io/acme/storefront@{digest}")).collect();
        let mut arguments = vec!["check", "--to", "production", "--log-level", "off"];
        arguments.extend(artifacts.iter().map(String::as_str));
        Holdpoint::new(&[&arguments, more].concat()).directory(self.path()).run()
    }

    fn json(&self, digest: &str) -> (i32, serde_json::Value) {
        let run = self.check(&[digest], &["--format", "json", "--as-of", AS_OF]);
        (run.code, run.json())
    }
}

/// An override that is in force from the example's instant for years.
fn exception(digest: &str) -> String {
    format!(
        "version: 1\ndigest: {digest}\nenvironment: production\n\
         rules: [promotion.digest_known, promotion.deployed_before, promotion.soak_time]\n\
         reason: checkout fails for cards of one bank\nactor: alice\nticket: OPS-123\n\
         created_at: 2026-11-20T11:00:00Z\nexpires_at: 2036-11-01T00:00:00Z\n"
    )
}

fn codes(decision: &serde_json::Value) -> Vec<&str> {
    let notices = decision["override_notices"].as_array();
    notices.into_iter().flatten().map(|notice| notice["code"].as_str().unwrap()).collect()
}

#[test]
fn a_denial_and_a_hold_pass_by_override_and_stay_to_be_seen() {
    for (digest, outcome) in [(DENIED, "denied"), (HELD, "held")] {
        let folder = Folder::new();
        folder.write("ops-123.yaml", &exception(digest));
        let (code, decision) = folder.json(digest);
        assert_eq!((code, &decision["verdict"]), (0, &"allow".into()), "{decision:#}");
        let findings = decision["findings"].as_array().unwrap();
        let objecting: Vec<_> = findings
            .iter()
            .filter(|finding| finding["outcome"] == outcome && finding["enforcement"] == "enforce")
            .collect();
        assert!(!objecting.is_empty(), "{decision:#}");
        for finding in objecting {
            assert_eq!(finding["overridden_by"], "overrides/ops-123.yaml", "{finding:#}");
            assert!(!finding["message"].as_str().unwrap().is_empty());
        }
        let report = &decision["overrides"][0];
        assert_eq!(
            (&report["used"], &report["actor"], &report["ticket"]),
            (&true.into(), &"alice".into(), &"OPS-123".into())
        );
        assert_eq!(codes(&decision), Vec::<&str>::new());
    }
}

#[test]
fn every_format_says_who_let_it_pass_and_why() {
    let folder = Folder::new();
    folder.write("ops-123.yaml", &exception(DENIED)).write("broken.yaml", "version: 1\nacter: bob\n");
    for format in ["text", "json", "markdown", "github", "junit", "sarif", "tap"] {
        let run = folder.check(&[DENIED], &["--format", format, "--as-of", AS_OF]);
        assert_eq!(run.code, 0, "{run:?}");
        for word in ["alice", "OPS-123", "checkout fails for cards of one bank", "overridden", "acter"] {
            assert!(run.stdout.contains(word), "{format} does not say {word}:\n{}", run.stdout);
        }
        assert!(
            run.stderr.starts_with("warning: overrides/broken.yaml:2: an override does not apply: unknown key"),
            "{run:?}"
        );
        assert!(run.stderr.contains("\nhint: did you mean `actor`?\n"), "{run:?}");
    }
}

#[test]
fn one_that_is_not_needed_is_shown_all_the_same() {
    let folder = Folder::new();
    folder.write("ops-123.yaml", &exception(ALLOWED));
    let (code, decision) = folder.json(ALLOWED);
    assert_eq!((code, &decision["overrides"][0]["used"]), (0, &false.into()));
    assert!(folder.check(&[ALLOWED], &["--as-of", AS_OF]).stdout.contains("not needed"));
}

#[test]
fn what_an_override_is_not_for_it_does_not_touch() {
    let other = |from: &str, to: &str| exception(DENIED).replace(from, to);
    let cases = [
        ("another digest", other(DENIED, HELD), vec![]),
        ("another environment", other("environment: production", "environment: staging"), vec![]),
        (
            "an unknown environment",
            other("environment: production", "environment: produktion"),
            vec!["override_unknown_environment"],
        ),
        ("another rule", other("rules: [", "rules: [promotion.record_freshness] # ["), vec![]),
        ("an unknown rule", other("rules: [", "rules: [\"promotion.soak_time#2\"] # ["), vec!["override_unknown_rule"]),
        ("the gate's own findings", other("rules: [", "rules: [records, rules] # ["), vec!["override_unknown_rule"]),
        ("only one of the rules that deny", other("rules: [", "rules: [promotion.soak_time] # ["), vec![]),
        ("an end that has come", other("2036-11-01T00:00:00Z", "2026-11-20T11:30:00Z"), vec!["override_expired"]),
        (
            "an end in another zone",
            other("2036-11-01T00:00:00Z", "2026-11-20T14:00:00+02:00"),
            vec!["override_expired"],
        ),
        ("an end that has come since", other("2036-11-01T00:00:00Z", "2026-11-20T12:00:01Z"), vec!["override_expired"]),
        ("a beginning to come", other("2026-11-20T11:00:00Z", "2035-11-20T00:00:00Z"), vec!["override_not_yet"]),
        (
            "a beginning after the instant",
            other("2026-11-20T11:00:00Z", "2026-11-20T12:00:01Z"),
            vec!["override_not_yet"],
        ),
        ("an upper-case digest", other("sha256:", "SHA256:"), vec!["override_malformed"]),
        ("any rule", other("rules: [", "rules: [\"*\"] # ["), vec!["override_too_wide"]),
    ];
    for (what, text, expected) in cases {
        let folder = Folder::new();
        folder.write("ops-123.yaml", &text);
        let (code, decision) = folder.json(DENIED);
        assert_eq!((code, &decision["verdict"]), (1, &"deny".into()), "{what}: {decision:#}");
        assert_eq!(codes(&decision), expected, "{what}: {decision:#}");
    }
}

#[test]
fn it_lasts_no_longer_than_the_configuration_allows() {
    let folder = Folder::new();
    folder.write("ops-123.yaml", &exception(DENIED));
    for (limits, expected) in [("", "override_too_wide"), ("override_limits: {longest: 30d}\n", "override_too_wide")] {
        folder.configure(limits);
        let (code, decision) = folder.json(DENIED);
        assert_eq!((code, codes(&decision)), (1, vec![expected]), "{decision:#}");
    }
    folder.configure("override_limits: {longest: 3650d, require_ticket: true}\n");
    assert_eq!(folder.json(DENIED).0, 0);
    folder.write("ops-123.yaml", &exception(DENIED).replace("ticket: OPS-123\n", ""));
    let (code, decision) = folder.json(DENIED);
    assert_eq!((code, codes(&decision)), (1, vec!["override_malformed"]), "{decision:#}");
}

#[test]
fn no_evidence_is_never_overridden() {
    let folder = Folder::new();
    folder.write("ops-123.yaml", &exception(DENIED));
    for records in ["no/such/records.json", "holdpoint.yaml"] {
        let run = folder.check(&[DENIED], &["--records", records, "--format", "json"]);
        assert_eq!((run.code, run.verdict().as_str()), (3, "undecided"), "{run:?}");
        assert_eq!(run.json()["overrides"][0]["used"], false, "it was in force, and could do nothing: {run:?}");
    }
}

#[test]
fn a_rule_that_fails_is_never_overridden() {
    let folder = Folder::new();
    folder.policy("package own\n\nimport rego.v1\n\ndeny contains \"no\" if to_number(input.environment.name) == 1\n");
    folder.write("ops.yaml", &exception(DENIED).replace("rules: [", "rules: [own] # ["));
    let (code, decision) = folder.json(DENIED);
    assert_eq!((code, &decision["findings"][0]["outcome"]), (3, &"failed".into()), "{decision:#}");
    assert_eq!((&decision["overrides"][0]["used"], codes(&decision)), (&false.into(), vec![]));
}

#[test]
fn a_rule_that_only_warns_still_only_warns() {
    let folder = Folder::new();
    folder.write("ops-123.yaml", &exception(ALLOWED).replace("rules: [", "rules: [promotion.record_freshness] # ["));
    let run = folder.check(&[ALLOWED], &["--format", "json", "--as-of", "2026-11-28T12:00:00Z"]);
    let decision = run.json();
    let findings = decision["findings"].as_array().unwrap();
    let freshness = findings.iter().find(|finding| finding["rule"] == "promotion.record_freshness").unwrap();
    assert_ne!(freshness["outcome"], "passed", "{decision:#}");
    assert_eq!(freshness.get("overridden_by"), None, "{decision:#}");
    assert_eq!(decision["overrides"][0]["used"], false);
}

#[test]
fn nothing_judged_stays_nothing_judged() {
    let folder = Folder::new();
    let path = folder.path().join("holdpoint.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("environments: [production]", "environments: [staging]")).unwrap();
    folder.write("ops-123.yaml", &exception(DENIED));
    let (code, decision) = folder.json(DENIED);
    assert_eq!((code, &decision["findings"][0]["code"]), (3, &"no_rule_applies".into()), "{decision:#}");
    assert_eq!(codes(&decision), ["override_unknown_rule"]);
}

#[test]
fn each_artifact_needs_an_override_of_its_own() {
    let folder = Folder::new();
    folder.write("ops-123.yaml", &exception(DENIED));
    let run = folder.check(&[DENIED, HELD], &["--format", "json", "--as-of", AS_OF]);
    assert_eq!(run.code, 4, "{run:?}");
    folder.write("list.json", &format!("[{}]", serde_json::to_string(&yaml_to_json(&exception(HELD))).unwrap()));
    let run = folder.check(&[DENIED, HELD, ALLOWED], &["--format", "json", "--as-of", AS_OF]);
    assert_eq!(run.code, 0, "{run:?}");
    let shown = folder.check(&[DENIED, HELD, ALLOWED], &["--as-of", AS_OF]).stdout;
    assert_eq!(shown.matches(": allow, by override").count(), 2, "{shown}");
}

fn yaml_to_json(text: &str) -> serde_json::Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn of_two_the_one_in_force_answers() {
    let folder = Folder::new();
    let ended = exception(DENIED).replace("2036-11-01T00:00:00Z", "2026-11-20T11:30:00Z").replace("alice", "bob");
    folder.write("a.yaml", &ended).write("b.yaml", &exception(DENIED));
    folder.write("c.yaml", &exception(DENIED).replace("alice", "carol"));
    let (code, decision) = folder.json(DENIED);
    assert_eq!((code, codes(&decision)), (0, vec!["override_expired"]));
    let shown: Vec<_> =
        decision["overrides"].as_array().unwrap().iter().map(|report| (&report["actor"], &report["used"])).collect();
    assert_eq!(shown, [(&"alice".into(), &true.into()), (&"carol".into(), &false.into())]);
}

#[test]
fn together_two_may_cover_what_one_alone_does_not() {
    let folder = Folder::new();
    let (all, one) = ("promotion.digest_known, promotion.deployed_before, promotion.soak_time", "promotion.soak_time");
    folder.write("a.yaml", &exception(DENIED).replace(all, one));
    assert_eq!(folder.json(DENIED).0, 1);
    folder.write("b.yaml", &exception(DENIED).replace(all, "promotion.digest_known, promotion.deployed_before"));
    assert_eq!(folder.json(DENIED).0, 0);
}

#[test]
fn an_id_that_two_differing_overrides_share_is_no_ones() {
    let folder = Folder::new();
    let named = format!("id: ops\n{}", exception(DENIED));
    folder.write("a.yaml", &named).write("b.yaml", &named);
    let (code, decision) = folder.json(DENIED);
    assert_eq!((code, codes(&decision)), (0, vec!["override_duplicate"]), "the same twice is one: {decision:#}");
    folder.write("b.yaml", &named.replace("alice", "mallory"));
    let (code, decision) = folder.json(DENIED);
    assert_eq!((code, codes(&decision)), (1, vec!["override_duplicate"]), "{decision:#}");
}

#[test]
fn the_input_digest_is_of_the_overrides_too() {
    let folder = Folder::new();
    let without = folder.json(DENIED).1["input_digest"].clone();
    folder.write("ops-123.yaml", &exception(DENIED));
    let with = folder.json(DENIED).1["input_digest"].clone();
    folder.write("ops-123.yaml", &exception(HELD));
    let of_another = folder.json(DENIED).1["input_digest"].clone();
    assert_ne!(with, without);
    assert_eq!(of_another, without);
}

#[cfg(unix)]
#[test]
fn files_of_every_kind_never_stop_the_gate() {
    let folder = Folder::new();
    let overrides = folder.path().join("overrides");
    folder
        .write("deep/er/ops-123.yml", &exception(DENIED))
        .write("notes.txt", "no override")
        .write(".hidden.yaml", "{");
    std::os::unix::fs::symlink("..", overrides.join("deep/loop")).unwrap();
    std::os::unix::fs::symlink("deep/er/ops-123.yml", overrides.join("again.yaml")).unwrap();
    let (code, decision) = folder.json(DENIED);
    assert_eq!((code, codes(&decision)), (0, vec![]), "{decision:#}");
    std::os::unix::fs::symlink("nowhere", overrides.join("dangling.yaml")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", overrides.join("endless.yaml")).unwrap();
    folder.write("huge.yaml", &"#".repeat(257 * 1024));
    fs::write(overrides.join("latin.yaml"), b"reason: caf\xe9\n").unwrap();
    let (code, decision) = folder.json(DENIED);
    assert_eq!((code, codes(&decision)), (0, vec!["override_unreadable"; 4]), "{decision:#}");
    let mut shown = String::new();
    for notice in decision["override_notices"].as_array().unwrap() {
        writeln!(shown, "{}: {}", notice["location"]["path"].as_str().unwrap(), notice["message"].as_str().unwrap())
            .unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_place_that_is_not_there_is_said_and_stops_nothing() {
    let folder = Folder::new();
    fs::remove_dir(folder.path().join("overrides")).unwrap();
    for (digest, code) in [(ALLOWED, 0), (DENIED, 1)] {
        let (found, decision) = folder.json(digest);
        assert_eq!((found, codes(&decision)), (code, vec!["override_unreadable"]), "{decision:#}");
    }
}

#[test]
fn an_override_that_is_written_while_somebody_waits_opens_the_gate() {
    let folder = Folder::new();
    // The example's soak is over by now, so that a rule of our own has to hold.
    folder.policy("package own\n\nimport rego.v1\n\nhold contains \"until somebody says so\"\n");
    assert_eq!(folder.check(&[DENIED], &[]).code, 4);
    let run = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| folder.check(&[DENIED], &["--wait", "30s", "--format", "json"]));
        std::thread::sleep(std::time::Duration::from_millis(300));
        // As a whole: the one who waits may look at any time.
        let draft = folder.path().join("draft");
        fs::write(&draft, exception(DENIED).replace("rules: [", "rules: [own] # [")).unwrap();
        fs::rename(draft, folder.path().join("overrides/ops.yaml")).unwrap();
        waiting.join().unwrap()
    });
    assert_eq!((run.code, run.verdict().as_str()), (0, "allow"), "{run:?}");
}
