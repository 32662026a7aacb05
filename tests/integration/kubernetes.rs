//! `doctor` and `audit`: a cluster from files, from standard input and from kubectl.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::cli::{Holdpoint, Run, folder, root};

const SAFE: &str = "sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const NEW: &str = "sha256:d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0";

const CONFIG: &str = "version: 1
sources: {saved: {type: snapshot, path: records.json}}
environments:
  - {name: staging}
  - {name: production, after: [staging]}
policies: [POLICIES]
rules:
  - {policy: promotion.deployed_before, environments: [production]}
admission:
  workloads:
    - {namespaces: [shop], environment: production, deployment_name: {object: name}}
    - {namespaces: [lab], environment: staging}
  exempt_namespaces: [kube-*]
  ignored_images:
    - {images: [registry.k8s.io/*], reason: parts of the cluster}
  profiles:
    strict: {environment: production}
";

/// A folder with a configuration, records that have the safe digest in staging, and these files.
fn project(files: &[(&str, &str)]) -> TempDir {
    let record = json!({
        "id": "1", "environment_name": "staging", "deployment_name": "web",
        "artifact": {"kind": "CONTAINER_IMAGE", "name": "ghcr.io/acme/web", "digest": SAFE},
        "status": "DEPLOYED", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "last_seen_at": "2026-01-01T00:00:00Z",
    });
    let environments = json!([{"name": "staging"}, {"name": "production"}]);
    let records = json!({"deployment_records": [record], "environments": environments}).to_string();
    let config = CONFIG.replace("POLICIES", root().join("policies").to_str().unwrap());
    let own = [("holdpoint.yaml", config.as_str()), ("records.json", records.as_str())];
    folder(&[&own, files].concat())
}

fn in_folder(folder: &TempDir, arguments: &[&str]) -> Run {
    Holdpoint::new(arguments).directory(folder.path()).run()
}

fn case(name: &str) -> String {
    fs::read_to_string(root().join("tests/integration/kubernetes/cases").join(name)).unwrap()
}

/// A program called kubectl that notes its arguments and prints this text.
fn kubectl(folder: &TempDir, text: &str, code: i32) {
    let path = folder.path().join("kubectl");
    fs::write(folder.path().join("answer"), format!("{text}\n")).unwrap();
    let script = format!(
        "#!/bin/sh\necho \"$@\" > arguments\nwhile read -r line; do echo \"$line\"; done < answer\nexit {code}\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn live(folder: &TempDir, arguments: &[&str]) -> Run {
    Holdpoint::new(arguments).directory(folder.path()).env("PATH", folder.path().to_str().unwrap()).run()
}

#[test]
fn faults_are_told_with_what_to_do() {
    let folder = folder(&[("webhooks.yaml", &case("faults.yaml"))]);
    let text = in_folder(&folder, &["doctor", "--kubernetes", "webhooks.yaml"]);
    insta::assert_snapshot!("doctor_faults_text", text.shown());
    let json = in_folder(&folder, &["doctor", "--kubernetes", "webhooks.yaml", "--format", "json"]);
    insta::assert_snapshot!("doctor_faults_json", json.shown());
}

#[test]
fn nothing_that_calls_holdpoint_is_a_hole() {
    let folder = folder(&[("webhooks.yaml", "apiVersion: v1\nkind: List\nitems: []\n")]);
    insta::assert_snapshot!(in_folder(&folder, &["doctor", "--kubernetes", "webhooks.yaml"]).shown());
}

/// What the chart renders, with an authority in the place of the one that each rendering makes.
/// Returns the configurations too: of the webhook, and of the pod that answers GitHub, which is empty where there is none.
fn rendered(name: &str) -> (String, [String; 2]) {
    let path = root().join("tests/chart/expected").join(name);
    let authority = rcgen::generate_simple_self_signed(["holdpoint".to_owned()]).unwrap().cert.pem();
    let text = fs::read_to_string(path)
        .unwrap()
        .replace("caBundle: MADE", &format!("caBundle: {}", STANDARD.encode(authority)));
    let config_map = text.split("\n---\n").find(|document| document.contains("\nkind: ConfigMap\n")).unwrap();
    let config_map: Value = serde_saphyr::from_str(config_map).unwrap();
    let config = |name: &str| config_map["data"][name].as_str().unwrap_or_default().to_owned();
    (text, [config("holdpoint.yaml"), config("holdpoint-github.yaml")])
}

#[test]
fn the_chart_is_without_fault_by_its_own_configuration() {
    let (text, [config, _]) = rendered("default.yaml");
    let folder = folder(&[("rendered.yaml", &text), ("holdpoint.yaml", &config)]);
    let run = in_folder(&folder, &["doctor", "--kubernetes", "rendered.yaml", "--config", "holdpoint.yaml"]);
    insta::assert_snapshot!(run.shown());
}

#[test]
fn webhooks_are_compared_with_the_configuration() {
    let (text, [config, _]) = rendered("default.yaml");
    let fewer = config.replace("  - kube-public\n", "");
    assert_ne!(config, fewer);
    let folder = folder(&[("rendered.yaml", &text), ("holdpoint.yaml", &fewer)]);
    let run = in_folder(&folder, &["doctor", "--kubernetes", "rendered.yaml", "--config", "holdpoint.yaml"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("hole[namespace_left_out]"), "{run:?}");
    assert!(
        run.stdout.contains("nothing is judged in `kube-public`, which the configuration does not name"),
        "{run:?}"
    );
}

#[test]
fn every_configuration_that_the_chart_writes_is_valid() {
    let cases = fs::read_dir(root().join("tests/chart/expected")).unwrap();
    let mut codes = Vec::new();
    for case in cases {
        let name = case.unwrap().file_name().into_string().unwrap();
        let (text, configs) = rendered(&name);
        for (config, pod) in configs.iter().zip(["webhook", "github"]).filter(|(config, _)| !config.is_empty()) {
            let folder = folder(&[("rendered.yaml", &text), ("holdpoint.yaml", config)]);
            let run = in_folder(&folder, &["doctor", "--kubernetes", "rendered.yaml", "--config", "holdpoint.yaml"]);
            assert!(matches!(run.code, 0 | 1), "{name}: {run:?}");
            codes.push((name.clone(), pod, run.code));
        }
    }
    codes.sort();
    let expected = [
        ("certificate-issuer.yaml", "webhook", 1),
        ("default.yaml", "webhook", 0),
        ("everything.yaml", "github", 1),
        ("everything.yaml", "webhook", 1),
        ("existing.yaml", "webhook", 1),
        ("github-app.yaml", "github", 0),
        ("github-app.yaml", "webhook", 0),
    ];
    assert_eq!(codes, expected.map(|(name, pod, code)| (name.to_owned(), pod, code)));
}

#[test]
fn what_would_not_be_let_in_is_told() {
    let project = project(&[("cluster.yaml", &case("cluster.yaml").replace("SAFE", SAFE).replace("NEW", NEW))]);
    let text = in_folder(&project, &["audit", "--kubernetes", "cluster.yaml"]);
    insta::assert_snapshot!("audit_text", text.shown());
    assert_eq!(text.code, 1);
    let all = in_folder(&project, &["audit", "--kubernetes", "cluster.yaml", "--all", "--running-digests"]);
    insta::assert_snapshot!("audit_running_digests", all.shown());
    let run = in_folder(&project, &["audit", "--kubernetes", "cluster.yaml", "--format", "json"]);
    let mut document = run.json();
    assert!(document["as_of"].is_string());
    document["as_of"] = json!("NOW");
    for workload in document["workloads"].as_array_mut().unwrap() {
        if workload["decision"].is_string() {
            workload["decision"] = json!("DECISION-ID");
        }
    }
    insta::assert_snapshot!("audit_json", serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn the_exit_code_is_that_of_the_worst_verdict() {
    let pod = |namespace: &str, image: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": namespace, "name": "a"},
            "spec": {"containers": [{"name": "main", "image": image}]}})
    };
    let (safe, new) = (format!("ghcr.io/acme/web@{SAFE}"), format!("ghcr.io/acme/web@{NEW}"));
    let cases = [
        (json!([]), 0),
        (json!([pod("shop", &safe)]), 0),
        (json!([pod("kube-system", &new)]), 0),
        (json!([pod("shop", &new), pod("shop", &safe)]), 1),
        // No rule is for staging.
        (json!([pod("lab", &safe)]), 3),
        (json!([pod("lab", &safe), pod("elsewhere", &safe)]), 1),
    ];
    for (items, code) in cases {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        let project = project(&[("cluster.json", &list)]);
        let run = in_folder(&project, &["audit", "--kubernetes", "cluster.json"]);
        assert_eq!(run.code, code, "{list}: {run:?}");
    }
}

#[test]
fn a_profile_judges_everything_its_way() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "elsewhere", "name": "a"},
        "spec": {"containers": [{"name": "main", "image": format!("ghcr.io/acme/web@{SAFE}")}]}});
    let project = project(&[("pod.json", &pod.to_string())]);
    let with = |arguments: &[&str]| in_folder(&project, &[&["audit", "--kubernetes", "pod.json"], arguments].concat());
    assert_eq!(with(&[]).code, 1);
    assert_eq!(with(&["--profile", "strict"]).code, 0);
    let unknown = with(&["--profile", "strickt"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("hint: did you mean `strict`?"), "{unknown:?}");
}

#[test]
fn installed_webhooks_say_which_profile_judges() {
    let pod = |namespace: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": namespace, "name": "web"},
            "spec": {"containers": [{"name": "main", "image": format!("ghcr.io/acme/web@{NEW}")}]}})
    };
    let webhook = |path: &str, selector: Value| {
        json!({"name": "validate.holdpoint.dev", "clientConfig": {"service": {"name": "holdpoint", "path": path}},
            "namespaceSelector": selector, "rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"],
                "resources": ["*/*"]}]})
    };
    let labelled = json!({"matchLabels": {"gate": "strict"}});
    let webhooks = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "holdpoint"}, "webhooks": [webhook("/validate/strict", labelled)]});
    let namespace = |name: &str, labels: Value| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
    let items = json!([
        pod("elsewhere"),
        pod("shop"),
        namespace("elsewhere", json!({"gate": "strict"})),
        namespace("shop", Value::Null),
        webhooks
    ]);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let project = project(&[("cluster.json", &list)]);
    let text = in_folder(&project, &["audit", "--kubernetes", "cluster.json"]);
    insta::assert_snapshot!("audit_by_webhooks", text.shown());
    let document = in_folder(&project, &["audit", "--kubernetes", "cluster.json", "--format", "json"]).json();
    assert_eq!((&document["judged_by"], &document["passed_over"]["not_sent"]), (&json!("webhooks"), &json!(1)));
    assert_eq!(document["workloads"][0]["profile"], "strict");
    let one = in_folder(&project, &["audit", "--kubernetes", "cluster.json", "--profile", "strict"]);
    assert!(one.stdout.contains("everything was judged by one profile"), "{one:?}");
}

#[test]
fn a_live_cluster_is_asked_with_kubectl() {
    let project = project(&[]);
    kubectl(&project, r#"{"apiVersion": "v1", "kind": "List", "items": []}"#, 0);
    let run = live(&project, &["doctor", "--kubernetes", "live", "--context", "prod"]);
    assert_eq!(run.code, 1, "{run:?}");
    let arguments = || fs::read_to_string(project.path().join("arguments")).unwrap();
    assert_eq!(
        arguments().trim(),
        "get validatingwebhookconfigurations --output=json --request-timeout=60s --context=prod"
    );
    let run = live(&project, &["audit", "--kubernetes", "live", "--namespace", "shop"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(arguments().starts_with("get pods,"), "{}", arguments());
    assert!(arguments().contains(" --namespace=shop "), "{}", arguments());
    let doors = ",namespaces,validatingwebhookconfigurations";
    assert!(arguments().contains(doors), "{}", arguments());
    let run = live(&project, &["audit", "--kubernetes", "live", "--profile", "strict"]);
    assert_eq!((run.code, arguments().contains(doors)), (0, false), "{run:?}");
    let run = live(&project, &["audit", "--kubernetes", "live"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(arguments().contains(" --all-namespaces "), "{}", arguments());
}

#[test]
fn a_cluster_that_cannot_be_read_is_no_report() {
    let project = project(&[("empty.yaml", ""), ("list.json", "[")]);
    let failing = |arguments: &[&str], expected: &str| {
        let run = live(&project, arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains(expected), "{run:?}");
    };
    failing(&["doctor", "--kubernetes", "live"], "kubectl cannot be started");
    kubectl(&project, "{", 0);
    failing(&["doctor", "--kubernetes", "live"], "kubectl's answer is not JSON");
    kubectl(&project, "{}", 1);
    failing(&["doctor", "--kubernetes", "live"], "failed (exit status: 1)");
    failing(&["doctor", "--kubernetes", "missing.yaml"], "the file `missing.yaml` of `--kubernetes` cannot be read");
    failing(&["doctor", "--kubernetes", "empty.yaml"], "`empty.yaml` is empty");
    failing(&["audit", "--kubernetes", "list.json"], "`list.json` is neither JSON nor YAML");
    failing(&["doctor"], "--kubernetes");
    failing(&["doctor", "--kubernetes", "list.json", "--config", "missing.yaml"], "missing.yaml");
}

#[test]
fn an_audit_needs_a_place_for_workloads() {
    let config =
        CONFIG.split("admission:").next().unwrap().replace("POLICIES", root().join("policies").to_str().unwrap());
    let folder = folder(&[("holdpoint.yaml", &config), ("pods.json", "{}")]);
    let run = in_folder(&folder, &["audit", "--kubernetes", "pods.json"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("has no `admission`"), "{run:?}");
}

#[test]
fn text_of_the_cluster_does_nothing_to_a_terminal() {
    let evil = "evil\u{1b}[2J\n::error::x";
    let webhook = json!({"apiVersion": "v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": format!("holdpoint{evil}")}, "webhooks": [{"name": evil, "failurePolicy": "Ignore",
            "clientConfig": {"url": format!("https://x/{evil}")}, "matchConditions": [{"name": evil, "expression": evil}]}]});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": evil, "name": evil},
        "spec": {"containers": [{"name": evil, "image": evil}]}});
    let project = project(&[("webhook.json", &webhook.to_string()), ("pod.json", &pod.to_string())]);
    for arguments in [
        ["doctor", "--kubernetes", "webhook.json", "--format", "text"],
        ["doctor", "--kubernetes", "webhook.json", "--format", "json"],
        ["audit", "--kubernetes", "pod.json", "--format", "text"],
        ["audit", "--kubernetes", "pod.json", "--format", "json"],
    ] {
        let run = in_folder(&project, &arguments);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stdout.contains("evil"), "{run:?}");
        assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains("\n::error"), "{}", run.stdout);
    }
}
