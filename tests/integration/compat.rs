//! Policies written for other tools, in `examples/`: they give the verdicts that those tools give.

use serde_json::Value;

use crate::support::cli::{Holdpoint, Run, root};

/// What the examples ask about: an artifact and an intent.
pub(crate) const ARTIFACTS: [(&str, &str); 4] = [
    ("ghcr.io/acme/storefront@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "deploy"),
    ("ghcr.io/acme/search@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "deploy"),
    ("docker.io/acme/storefront@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", "rollback"),
    (
        "oci://ghcr.io/acme/charts/storefront@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
        "deploy",
    ),
];

fn check(example: &str, (artifact, intent): (&str, &str), format: &str) -> Run {
    let config = format!("examples/{example}/holdpoint.yaml");
    let request = ["check", artifact, "--to", "production", "--intent", intent, "--config", &config];
    Holdpoint::new(&[&request[..], &["--as-of", "2026-11-20T12:00:00Z", "--format", format]].concat()).run()
}

/// The verdict, and each rule's findings as `rule outcome: message`.
fn decided(example: &str, asked: (&str, &str)) -> (String, Vec<String>) {
    let run = check(example, asked, "json");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let line = |finding: &Value| {
        format!("{} {}: {}", text(finding, "rule"), text(finding, "outcome"), text(finding, "message"))
    };
    let findings = run.json()["findings"].as_array().unwrap().iter().map(line).collect();
    (run.verdict(), findings)
}

#[test]
fn conftests_policies_decide_as_in_conftest() {
    // As `conftest test` 0.71.1 says of the same input.
    let expected: [(&str, &[&str]); 4] = [
        (
            "allow",
            &[
                "main warned: it was seen with the risk `PRIVILEGED`",
                "main warned: production has had it before",
                "main passed: ",
            ],
        ),
        ("allow", &["main warned: it was seen with the risk `HOST_NETWORK`", "main passed: "]),
        (
            "deny",
            &[
                "main denied: `docker.io/acme/storefront` is not from ghcr.io/acme",
                "main denied: it was never deployed to `staging`",
                "main denied: a rollback needs a reason",
            ],
        ),
        ("allow", &["main passed: "]),
    ];
    for (asked, (verdict, findings)) in ARTIFACTS.into_iter().zip(expected) {
        assert_eq!(decided("conftest", asked), (verdict.to_owned(), owned(findings)), "{asked:?}");
    }
}

#[test]
fn chainloops_policies_decide_as_in_chainloop() {
    let expected: [(&str, &[&str]); 4] = [
        (
            "allow",
            &[
                "image_origin passed: ",
                "ran_before passed: ",
                // Assessed findings do not count.
                "runtime_risks warned: `PRIVILEGED` in `production`",
                "runtime_risks warned: `PRIVILEGED` in `staging`",
                "runtime_risks passed: ",
            ],
        ),
        (
            "deny",
            &["image_origin passed: ", "ran_before passed: ", "runtime_risks denied: `HOST_NETWORK` in `staging`"],
        ),
        (
            "deny",
            &[
                "image_origin denied: `docker.io/acme/storefront` is not from ghcr.io/acme",
                "ran_before skipped: a rollback returns to what ran before",
                "runtime_risks passed: ",
            ],
        ),
        (
            "allow",
            &[
                "image_origin skipped: the policy does not recognise its input",
                "ran_before passed: ",
                "runtime_risks passed: ",
            ],
        ),
    ];
    for (asked, (verdict, findings)) in ARTIFACTS.into_iter().zip(expected) {
        assert_eq!(decided("chainloop", asked), (verdict.to_owned(), owned(findings)), "{asked:?}");
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The README of each example shows what its command prints, up to what differs from run to run.
#[test]
fn the_examples_readmes_show_what_is_printed() {
    for example in ["conftest", "chainloop"] {
        let readme = std::fs::read_to_string(root().join("examples").join(example).join("README.md")).unwrap();
        let printed = check(example, ARTIFACTS[2], "text").stdout;
        let (stable, _) = printed.split_once("\n  Records ").unwrap();
        assert!(readme.contains(stable.trim_end()), "examples/{example}/README.md lacks:\n{stable}");
    }
}

#[test]
fn what_conftest_passes_over_in_silence_is_refused_or_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let example = root().join("examples/conftest");
    let config = std::fs::read_to_string(example.join("holdpoint.yaml")).unwrap();
    let config = config.replace("path: records.json", &format!("path: {}", example.join("records.json").display()));
    std::fs::write(folder.path().join("holdpoint.yaml"), config).unwrap();
    std::fs::create_dir(folder.path().join("policy")).unwrap();
    for (rules, code, said) in [
        ("deny if input.request", 2, "`deny` must be a set of texts or objects"),
        ("deny := true if input.request", 2, "`deny` must be a set of texts or objects"),
        ("deny[\"a\"] := true if input.request", 2, "`deny` must be a set of texts or objects"),
        ("deny contains 1", 3, "each of its members must be a text or an object"),
        ("deny contains {\"message_\": \"no\"}", 3, "an object in it has no `message`"),
        ("deny contains \"\"", 1, "denied"),
        ("deny_a contains \"no\"\nexception contains [\"a\"]", 2, "`exception` silences other rules in conftest"),
        ("deny contains \"no\" if parse_config(\"yaml\", \"a\")", 2, "there is no function `parse_config`"),
        ("deny contains \"no\" if data.denied[input.request.environment]", 2, "there is no `data.denied[_]`"),
        ("deny contains \"no\" if opa.runtime().env.CI", 2, "`opa.runtime` is not allowed"),
    ] {
        let policy = format!("package main\nimport rego.v1\n{rules}\n");
        std::fs::write(folder.path().join("policy/main.rego"), policy).unwrap();
        let run = Holdpoint::new(&["check", ARTIFACTS[0].0, "--to", "production", "--as-of", "2026-11-20T12:00:00Z"])
            .directory(folder.path())
            .run();
        let text = format!("{}{}", run.stdout, run.stderr);
        assert!(run.code == code && text.contains(said), "{rules}: exit {} {text}", run.code);
    }
}
