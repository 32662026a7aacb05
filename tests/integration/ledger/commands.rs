//! `holdpoint ledger …` as a user types it.

use std::path::Path;

use serde_json::Value;

use crate::support::cli::{Holdpoint, Run, folder, root};

const NAME: &str = "ghcr.io/acme/storefront";

fn digest(number: usize) -> String {
    format!("sha256:{number:064x}")
}

fn ledger(directory: &Path, arguments: &[&str]) -> Run {
    Holdpoint::new(&["ledger"]).args(arguments).directory(directory).run()
}

/// Its standard output, when it ended well.
fn says(directory: &Path, arguments: &[&str]) -> String {
    let run = ledger(directory, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
    run.stdout
}

#[test]
fn a_slot_is_filled_confirmed_superseded_and_emptied() {
    let folder = folder(&[]);
    let at = |number: usize| format!("{NAME}:{number}@{}", digest(number));
    let record =
        |number: usize| says(folder.path(), &["record", &at(number), "--to", "staging", "--deployment", "shop"]);
    assert_eq!(record(1), format!("staging/shop {}: recorded, new\n", digest(1)));
    assert_eq!(record(1), format!("staging/shop {}: seen again\n", digest(1)));
    assert_eq!(record(2), format!("staging/shop {}: recorded, and superseded {}\n", digest(2), digest(1)));
    let emptied = ["decommission", "--from", "staging", "--deployment", "shop"];
    assert_eq!(says(folder.path(), &emptied), format!("staging/shop {}: decommissioned\n", digest(2)));
    let records: Value =
        serde_json::from_str(&says(folder.path(), &["list", "--full-history", "--format", "json"])).unwrap();
    let shown: Vec<(&str, &str)> = records["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| (record["artifact"]["version"].as_str().unwrap(), record["status"].as_str().unwrap()))
        .collect();
    assert_eq!(shown, [("2", "DECOMMISSIONED"), ("1", "SUPERSEDED")]);
}

#[test]
fn what_cannot_be_is_refused_with_words() {
    let folder = folder(&[("text.db", "this is no database, however long it may be")]);
    let image = format!("{NAME}@{}", digest(1));
    for (arguments, text) in [
        (vec!["list"], "ledger.db"),
        (vec!["list", "--ledger", "text.db"], "text.db"),
        (vec!["decommission", "--from", "staging", "--deployment", "shop"], "ledger.db"),
        (vec!["record", "ghcr.io/acme/storefront:1", "--to", "staging", "--deployment", "shop"], "digest"),
        (vec!["import", "missing.json"], "missing.json"),
        (vec!["record", &image, "--to", "sta\nging", "--deployment", "shop"], "environment name"),
    ] {
        let run = ledger(folder.path(), &arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {} {}", run.stdout, run.stderr);
        assert!(run.stderr.contains(text), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn tokens_are_shown_once() {
    let folder = folder(&[]);
    says(folder.path(), &["record", &format!("{NAME}@{}", digest(1)), "--to", "staging", "--deployment", "shop"]);
    let token = says(folder.path(), &["token", "create", "ci", "--scope", "write"]);
    assert!(token.starts_with("hpl_") && token.trim().len() > 40, "{token}");
    let listed = says(folder.path(), &["token", "list"]);
    assert!(listed.starts_with("ci write expires "), "{listed}");
    let file = std::fs::read(folder.path().join("ledger.db")).unwrap();
    assert!(!file.windows(token.trim().len()).any(|part| part == token.trim().as_bytes()), "the token is in the file");
    assert_eq!(says(folder.path(), &["token", "revoke", "ci"]), "revoked ci\n");
    assert_eq!(says(folder.path(), &["token", "list"]), "");
}

#[test]
fn what_runs_in_a_cluster_is_taken_over() {
    let pod = |name: &str, owner: &str, number: usize| {
        serde_json::json!({
            "metadata": {"name": name, "namespace": "shop", "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "controller": true, "uid": "u"}],
                "labels": {"pod-template-hash": "5d4f"}},
            "spec": {"containers": [{"name": "web", "image": format!("{NAME}:{number}")}]},
            "status": {"phase": "Running", "containerStatuses": [{
                "name": "web", "image": format!("{NAME}:{number}"), "imageID": format!("{NAME}@{}", digest(number)),
                "ready": true, "state": {"running": {"startedAt": "2026-11-20T10:00:00Z"}}}]},
        })
    };
    let list = serde_json::json!({"kind": "List", "apiVersion": "v1", "items": [pod("web-1", "web-5d4f", 7)]});
    let folder = folder(&[("pods.json", &list.to_string())]);
    let taken = says(folder.path(), &["import", "pods.json", "--from", "kubectl", "--to", "production"]);
    assert!(taken.contains("1 added"), "{taken}");
    let listed = says(folder.path(), &["list", "--format", "csv"]);
    assert!(listed.contains("production,shop/web") && listed.contains(&digest(7)), "{listed}");
}

/// A deployment of GitHub's.
fn github(id: usize, environment: &str, state: &str, success: &str) -> Value {
    serde_json::json!({
        "databaseId": id, "environment": environment, "state": state, "createdAt": "2026-11-20T09:00:00Z",
        "updatedAt": "2026-11-20T10:00:00Z", "commitOid": "c".repeat(40), "ref": null, "task": "deploy",
        "payload": serde_json::json!({"digest": digest(id)}).to_string(),
        "statuses": {"pageInfo": {"hasNextPage": false}, "nodes": [{"state": success, "createdAt": "2026-11-20T10:00:00Z"}]},
    })
}

#[test]
fn a_check_is_decided_by_deployments_of_github() {
    let nodes = [github(1, "staging", "ACTIVE", "SUCCESS"), github(2, "staging", "FAILURE", "FAILURE")];
    let page = serde_json::json!([{"data": {"repository": {
        "nameWithOwner": "Acme/Storefront", "deployments": {"nodes": nodes, "pageInfo": {"hasNextPage": false}},
    }}}]);
    let policies = root().join("policies");
    let configuration = format!(
        "version: 1\nsources: {{own: {{type: ledger, path: ledger.db}}}}\nenvironments:\n  - {{name: staging, source: own}}\n  \
         - {{name: production, source: own, after: [staging]}}\npolicies: [{}]\nrules:\n  \
         - {{policy: promotion.deployed_before, environments: [production]}}\n",
        policies.display()
    );
    let folder = folder(&[("all.json", &page.to_string()), ("holdpoint.yaml", &configuration)]);
    let by = ["import", "all.json", "--from", "github", "--artifact", "ghcr.io/{repository}@{payload/digest}"];
    let run = ledger(folder.path(), &by);
    assert_eq!((run.stdout.as_str(), run.code), ("1 added, 0 updated, 0 left out\n", 0), "{}", run.stderr);
    let said =
        "1 deployment was passed over, since they failed; the first is deployment 2 of `Acme/Storefront`: FAILURE";
    assert_eq!(run.stderr.trim(), said);
    assert_eq!(says(folder.path(), &by), "0 added, 0 updated, 1 left out\n");
    assert_eq!(
        says(folder.path(), &["record", &format!("{NAME}@{}", digest(9)), "--to", "production", "--deployment", "x"])
            .lines()
            .count(),
        1
    );
    for (number, code) in [(1, 0), (2, 1)] {
        let artifact = format!("{NAME}@{}", digest(number));
        let run = Holdpoint::new(&["check", &artifact, "--to", "production"]).directory(folder.path()).run();
        assert_eq!(run.code, code, "{number}: {} {}", run.stdout, run.stderr);
    }
    for (arguments, text) in [
        (&by[..4], "--artifact"),
        (&[&by[..], &["--to", "production"]].concat()[..], "hint: leave it out"),
        (&["import", "holdpoint.yaml", "--from", "github", "--artifact", "{sha}"], "is no JSON"),
    ] {
        let run = ledger(folder.path(), arguments);
        assert_eq!(run.code, 2, "{arguments:?}");
        assert!(run.stderr.contains(text), "{arguments:?}: {}", run.stderr);
    }
}

/// The commands of examples/ledger/README.md.
#[test]
fn the_example_decides_as_the_snapshot_does() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = std::fs::read_to_string(root().join("examples/ledger/holdpoint.yaml")).unwrap();
    let policies = root().join("policies");
    let configuration = configuration.replace("../../policies", policies.to_str().unwrap());
    std::fs::write(folder.path().join("holdpoint.yaml"), configuration).unwrap();
    let records = root().join("examples/storefront/records.json");
    let records = records.to_str().unwrap();
    assert_eq!(says(folder.path(), &["import", records]), "47 added, 0 updated, 0 left out\n");
    assert_eq!(says(folder.path(), &["import", records]), "0 added, 0 updated, 47 left out\n");
    let decide = |config: &Path, digest: &str| {
        let arguments = ["check", digest, "--to", "production", "--as-of", "2026-11-20T12:00:00Z", "--format", "json"];
        let run = Holdpoint::new(&arguments).args(&["--config", config.to_str().unwrap()]).run();
        let decision = run.json();
        let said = decision["findings"].as_array().unwrap().iter();
        let said: Vec<String> =
            said.map(|finding| format!("{} {} {}", finding["rule"], finding["outcome"], finding["code"])).collect();
        (decision["verdict"].clone(), decision["opens_at"].clone(), said)
    };
    for digest in [
        "sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba",
        "sha256:7c1a15c800008d21736fecea10a0f7527d18af2f707a755bbdad97c78f546f20",
        "sha256:f1758c9bc9051a5cad13283423d750a54856b81ec92b86b872b14e4107f53270",
    ] {
        let by_ledger = decide(&folder.path().join("holdpoint.yaml"), digest);
        assert_eq!(by_ledger, decide(&root().join("examples/storefront/holdpoint.yaml"), digest), "{digest}");
    }
    // The same again, from what the ledger gives away, and from a copy of it.
    says(folder.path(), &["export", "--output", "saved.json"]);
    says(folder.path(), &["backup", "copy.db"]);
    let other = tempfile::tempdir().unwrap();
    for (from, count) in [("saved.json", 47), ("copy.db", 47)] {
        let listed = if from == "copy.db" {
            says(folder.path(), &["list", "--full-history", "--format", "csv", "--ledger", "copy.db", "--limit", "100"])
        } else {
            let saved = folder.path().join(from);
            says(other.path(), &["import", saved.to_str().unwrap()]);
            says(other.path(), &["list", "--full-history", "--format", "csv", "--limit", "100"])
        };
        assert_eq!(listed.lines().count() - 1, count, "{from}");
    }
}
