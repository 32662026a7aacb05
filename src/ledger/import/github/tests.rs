//! What becomes of deployments.

use super::{Deployments, Names, deployed};
use crate::ledger::error::LedgerError;
use proptest::prelude::*;
use serde_json::{Value, json};

fn digest(letter: &str) -> String {
    format!("sha256:{}", letter.repeat(64))
}

/// A time of one day.
fn at(hour: u64) -> String {
    format!("2026-01-01T{hour:02}:00:00Z")
}

/// A deployment with its statuses, such as `SUCCESS@3 INACTIVE@5`.
fn node(id: u64, state: &str, letter: &str, statuses: &str) -> Value {
    let statuses: Vec<Value> = statuses
        .split_whitespace()
        .map(|status| {
            let (state, hour) = status.split_once('@').unwrap();
            json!({"state": state, "createdAt": at(hour.parse().unwrap())})
        })
        .collect();
    json!({
        "databaseId": id, "environment": "production", "state": state, "createdAt": at(id), "updatedAt": at(id),
        "commitOid": "c".repeat(40), "ref": {"name": "main"}, "task": "deploy",
        "payload": json!({"digest": digest(letter)}).to_string(),
        "statuses": {"nodes": statuses, "pageInfo": {"hasNextPage": false}},
    })
}

fn page(nodes: &[Value]) -> Value {
    json!({"data": {"repository": {
        "nameWithOwner": "Acme/Shop", "deployments": {"nodes": nodes, "pageInfo": {"hasNextPage": false}},
    }}})
}

fn read(export: Value) -> Result<Deployments, LedgerError> {
    let artifact = "ghcr.io/{repository}@{payload/digest}".to_owned();
    deployed(export, &Names::parse(&[artifact], "{name}").unwrap())
}

/// The records, one a line, and what was passed over.
fn shown(found: &Deployments) -> String {
    let records = found.records.iter().map(|record| {
        let (slot, digest) = (&record.recording.slot, record.recording.artifact.digest.to_string());
        let hour = |time: Option<jiff::Timestamp>| time.unwrap().to_string().get(11..13).unwrap().to_owned();
        let letter = digest.get(7..8).unwrap();
        let (from, to) = (hour(record.created_at), hour(record.last_seen_at));
        format!("{}/{} {letter} {} {from}-{to}", slot.environment_name, slot.deployment_name, record.status.as_str())
    });
    let over = found.passed_over.iter().map(|(reason, over)| format!("{} {reason}: {}", over.count, over.first));
    records.chain(over).collect::<Vec<_>>().join("\n")
}

#[test]
fn only_what_succeeded_counts() {
    let cases = [
        ("ACTIVE", "SUCCESS@5", "production/shop a DEPLOYED 05-05"),
        ("SUCCESS", "SUCCESS@5", "production/shop a DEPLOYED 05-05"),
        ("ACTIVE", "", "production/shop a DEPLOYED 01-01"),
        ("ACTIVE", "SUCCESS@7 FAILURE@6 SUCCESS@5", "production/shop a DEPLOYED 07-07"),
        ("INACTIVE", "INACTIVE@6 SUCCESS@5", "production/shop a SUPERSEDED 05-05"),
        ("DESTROYED", "INACTIVE@6 SUCCESS@5", "production/shop a DECOMMISSIONED 05-05"),
        (
            "INACTIVE",
            "INACTIVE@6 FAILURE@5",
            "1 they are inactive and never succeeded: deployment 1 of `Acme/Shop`: INACTIVE",
        ),
        ("DESTROYED", "", "1 they are inactive and never succeeded: deployment 1 of `Acme/Shop`: DESTROYED"),
        ("ERROR", "ERROR@5", "1 they failed: deployment 1 of `Acme/Shop`: ERROR"),
        ("FAILURE", "FAILURE@6 SUCCESS@5", "1 they failed: deployment 1 of `Acme/Shop`: FAILURE"),
        ("PENDING", "", "1 they have not ended: deployment 1 of `Acme/Shop`: PENDING"),
        ("QUEUED", "", "1 they have not ended: deployment 1 of `Acme/Shop`: QUEUED"),
        ("IN_PROGRESS", "", "1 they have not ended: deployment 1 of `Acme/Shop`: IN_PROGRESS"),
        ("WAITING", "", "1 they have not ended: deployment 1 of `Acme/Shop`: WAITING"),
        ("ABANDONED", "", "1 they were abandoned: deployment 1 of `Acme/Shop`: ABANDONED"),
        ("SHINY", "SUCCESS@5", "1 their state is not known: deployment 1 of `Acme/Shop`: SHINY"),
    ];
    for (state, statuses, expected) in cases {
        let found = read(page(&[node(1, state, "a", statuses)])).unwrap();
        assert_eq!(shown(&found), expected, "{state} {statuses}");
    }
}

#[test]
fn a_slot_holds_what_came_last() {
    let cut = |mut node: Value| {
        node["statuses"]["pageInfo"]["hasNextPage"] = true.into();
        node
    };
    let silent = |mut node: Value| {
        node["payload"] = "".into();
        node
    };
    let (a, b) = (node(1, "ACTIVE", "a", "SUCCESS@2"), node(3, "ACTIVE", "b", "SUCCESS@4"));
    let (was, none) = (node(1, "INACTIVE", "a", "SUCCESS@2 INACTIVE@4"), node(3, "FAILURE", "b", "FAILURE@4"));
    let (again, back) = (node(5, "ACTIVE", "a", "SUCCESS@6"), node(3, "ACTIVE", "a", "SUCCESS@4"));
    let cases = [
        ("both active", vec![b.clone(), a.clone()]),
        ("inactive by the next", vec![was.clone(), b.clone()]),
        ("back to the first", vec![was.clone(), node(3, "INACTIVE", "b", "SUCCESS@4 INACTIVE@6"), again.clone()]),
        ("the same again", vec![was.clone(), back.clone()]),
        ("the same after a break", vec![was.clone(), again.clone()]),
        ("the same, both active", vec![a.clone(), back.clone()]),
        ("the same after it was destroyed", vec![node(1, "DESTROYED", "a", "SUCCESS@2 INACTIVE@4"), back]),
        ("a failure between", vec![a.clone(), none]),
        ("one that succeeded and failed", vec![a.clone(), node(3, "FAILURE", "b", "SUCCESS@4 FAILURE@5")]),
        ("one of which nothing is known", vec![a.clone(), silent(b.clone())]),
        ("one of which nothing is known before", vec![silent(a.clone()), b]),
        ("one of which nothing is known between", vec![a.clone(), silent(node(3, "ACTIVE", "b", "SUCCESS@4")), again]),
        ("one with too many statuses", vec![a.clone(), cut(node(3, "INACTIVE", "b", "INACTIVE@4"))]),
        ("a later one that is inactive", vec![a, node(3, "INACTIVE", "b", "SUCCESS@4 INACTIVE@5")]),
    ];
    let shown = cases.map(|(name, nodes)| format!("# {name}\n{}", shown(&read(page(&nodes)).unwrap())));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn what_is_no_whole_export_is_refused() {
    let one = node(1, "ACTIVE", "a", "SUCCESS@2");
    let mut goes_on = page(std::slice::from_ref(&one));
    goes_on["data"]["repository"]["deployments"]["pageInfo"]["hasNextPage"] = true.into();
    let mut other = page(&[node(9, "ACTIVE", "b", "SUCCESS@4")]);
    other["data"]["repository"]["nameWithOwner"] = "Other/shop".into();
    let mut bare = one.clone();
    bare.as_object_mut().unwrap().remove("statuses");
    let cases = [
        (json!([{"id": 1, "sha": "c", "statuses_url": "https://api.github.com/x"}]), "a list of the REST API"),
        (json!({"id": 1, "statuses_url": "https://api.github.com/x"}), "a list of the REST API"),
        (json!([]), "there is no page in it"),
        (
            json!([page(&[]), {"errors": [{"message": "no\u{1b}pe"}], "data": null}]),
            "page 2 with an error: no\\u{1b}pe",
        ),
        (json!({"errors": [{}], "data": {}}), "page 1 with an error: without a message"),
        (json!([{"data": {"repository": null}}]), "page 1 cannot be read"),
        (json!([1]), "page 1 has no `data.repository`"),
        (page(&[bare]), "missing field `statuses`"),
        (page(&[Value::Null]), "page 1 cannot be read"),
        (goes_on.clone(), "the last page of `Acme/Shop` is missing"),
        (json!([page(&[]), other]), ""),
        (json!([goes_on.clone(), page(&[node(2, "ACTIVE", "b", "SUCCESS@3")])]), ""),
    ];
    for (export, expected) in cases {
        match read(export.clone()) {
            Ok(_) => assert_eq!(expected, "", "{export}"),
            Err(error) => assert!(!expected.is_empty() && error.message.contains(expected), "{export}: {error}"),
        }
    }
}

#[test]
fn two_of_one_name_are_refused() {
    let mut several = node(1, "ACTIVE", "a", "SUCCESS@2");
    let image = |name: &str, letter: &str| json!({"name": name, "digest": digest(letter)});
    several["payload"] = json!({"images": [image("api", "a"), image("web", "b")]});
    let artifacts = ["ghcr.io/acme/{payload/images/*/name}@{payload/images/*/digest}".to_owned()];
    let by = |deployment: &str| deployed(page(&[several.clone()]), &Names::parse(&artifacts, deployment).unwrap());
    assert_eq!(by("{name}").unwrap_err().message, "deployment 1 has several artifacts, all called `shop`");
    let named = by("{payload/images/*/name}").unwrap();
    assert_eq!(shown(&named), "production/api a DEPLOYED 02-02\nproduction/web b DEPLOYED 02-02");
    let mut other = page(&[node(9, "ACTIVE", "b", "SUCCESS@4")]);
    other["data"]["repository"]["nameWithOwner"] = "Other/shop".into();
    let refused = read(json!([page(&[node(1, "ACTIVE", "a", "SUCCESS@2")]), other])).unwrap_err();
    assert_eq!(refused.message, "`shop` would be the deployment of `Acme/Shop` and of `Other/shop`");
    for (artifacts, deployment, expected) in [
        (vec![], "{name}", "GitHub does not say what artifact a deployment is of"),
        (vec!["{x}".to_owned()], "{name}", "`--artifact {x}` names `{x}`, which there is not"),
        (vec!["{sha}".to_owned()], "", "`--deployment ` is empty"),
    ] {
        assert_eq!(Names::parse(&artifacts, deployment).unwrap_err().message, expected);
    }
}

proptest! {
    /// However deployments follow each other, one artifact at most is in the slot, as the last of it, and it succeeded.
    #[test]
    fn at_most_the_last_is_there(made in prop::collection::vec((0..11_usize, 0..3_usize, 1..20_u64, any::<bool>()), 0..12)) {
        let states = [
            "ACTIVE", "SUCCESS", "INACTIVE", "DESTROYED", "ERROR", "FAILURE", "PENDING", "QUEUED", "WAITING", "ABANDONED", "?",
        ];
        let nodes: Vec<Value> = (0..).zip(&made).map(|(id, (state, letter, hour, succeeded))| {
            let statuses = if *succeeded { format!("SUCCESS@{hour}") } else { String::new() };
            node(id, states[*state], ["a", "b", "c"][*letter], &statuses)
        }).collect();
        let found = read(page(&nodes)).unwrap();
        let there: Vec<bool> = found.records.iter().map(|record| record.status.as_str() == "DEPLOYED").collect();
        prop_assert!(there.iter().rev().skip(1).all(|is_there| !is_there));
        prop_assert!(found.records.windows(2).all(|pair| pair[0].last_seen_at <= pair[1].created_at));
        let over: usize = found.passed_over.values().map(|over| over.count).sum();
        let active = made.iter().filter(|(state, ..)| *state < 2).count();
        prop_assert!(over + active <= nodes.len() && found.records.len() + over <= nodes.len());
    }
}
