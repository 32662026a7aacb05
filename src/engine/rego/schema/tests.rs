//! What policies are really given fits the schemas, and the schemas know all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::artifact::{ArtifactKind, RecordedArtifact};
use crate::domain::environment::Environment;
use crate::domain::record::{DeploymentRecord, RecordDetails, RecordStatus};
use crate::domain::request::{Intent, Request, RequestedArtifact};
use crate::domain::snapshot::{EnvironmentRecords, Snapshot};
use crate::engine::rego::data;
use crate::engine::rego::input::Inputs;
use crate::gate::engine::Question;

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn environment() -> Environment {
    Environment {
        name: "production".to_owned(),
        after: vec!["staging".to_owned()],
        targets: vec!["production-eu".to_owned()],
        source: "records".to_owned(),
        logical_environment: None,
        max_record_age: None,
    }
}

fn input(full: bool) -> Value {
    let text = |text: &str| full.then(|| text.to_owned());
    let request = Request {
        artifact: RequestedArtifact {
            kind: ArtifactKind::ContainerImage,
            name: "ghcr.io/acme/storefront".to_owned(),
            digest: DIGEST.parse().unwrap(),
            version: "1.0.0".to_owned(),
            reference: format!("ghcr.io/acme/storefront@{DIGEST}"),
        },
        environment: "production".to_owned(),
        deployment_name: text("storefront"),
        intent: Intent::Rollback,
        actor: text("ada"),
        reason: text("it burns"),
        channel: "check",
        context: json!({"ticket": 1}),
    };
    let environment = environment();
    let as_of = "2026-11-20T12:00:00.5Z".parse().unwrap();
    let question = Question { request: &request, environment: &environment, as_of, rules: &[] };
    let value = Inputs::new(&question).with_parameters(regorus::Value::from(json!({"minimum": "24h"})));
    serde_json::to_value(&value).unwrap()
}

fn document(full: bool) -> Value {
    let time = full.then(|| "2026-11-18T09:00:00Z".parse().unwrap());
    let record = DeploymentRecord {
        id: "record-1".into(),
        environment_id: "environment-1".into(),
        environment_name: "production-eu".into(),
        deployment_name: "storefront".into(),
        artifact_id: "artifact-1".into(),
        artifact: Arc::new(RecordedArtifact {
            kind: ArtifactKind::ContainerImage,
            name: "ghcr.io/acme/storefront".into(),
            digest_text: DIGEST.into(),
            digest: DIGEST.parse().ok(),
            version: "1.0.0".into(),
        }),
        status: RecordStatus::Deployed,
        created_at: time,
        updated_at: time,
        last_seen_at: time,
        details: full.then(|| {
            Box::new(RecordDetails {
                logical_environment_name: Some("Production".into()),
                tags: Some(BTreeMap::from([("team".into(), "web".into())])),
                runtime_risks: Some(vec!["root".into()]),
            })
        }),
    };
    let records = EnvironmentRecords::new(environment(), vec![record], time, None);
    let snapshot = Snapshot { environments: BTreeMap::from([("production".to_owned(), records)]), sources: Vec::new() };
    serde_json::to_value(data::document(&snapshot)).unwrap()[data::ROOT].clone()
}

#[test]
fn what_policies_are_given_fits() {
    for full in [true, false] {
        for (schema, value) in [(super::input(), input(full)), (super::data(), document(full))] {
            assert!(jsonschema::meta::is_valid(&schema));
            let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
            let faults: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(faults.is_empty(), "{faults:?}: {value:#}");
        }
    }
}

/// Every property of a schema, by its path.
fn properties(root: &Value, schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let schema = match schema.get("$ref") {
        Some(reference) => root.pointer(reference.as_str().unwrap().trim_start_matches('#')).unwrap(),
        None => schema,
    };
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{path}.{name}");
        properties(root, property, &path, found);
        found.insert(path);
    }
    for other in ["additionalProperties", "items"].iter().filter_map(|keyword| schema.get(*keyword)) {
        properties(root, other, &format!("{path}.*"), found);
    }
}

/// Whether a value has something at the path.
fn has(value: &Value, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    match (value, *first) {
        (Value::Object(fields), "*") => fields.values().any(|inner| has(inner, rest)),
        (Value::Array(items), "*") => items.iter().any(|inner| has(inner, rest)),
        (value, name) => value.get(name).is_some_and(|inner| has(inner, rest)),
    }
}

#[test]
fn the_schemas_have_nothing_that_is_never_there() {
    for (schema, value) in [(super::input(), input(true)), (super::data(), document(true))] {
        let mut found = BTreeSet::new();
        properties(&schema, &schema, "", &mut found);
        assert!(found.len() > 10);
        for path in found {
            let parts: Vec<&str> = path.split('.').skip(1).collect();
            assert!(has(&value, &parts), "{path} is in the schema, and not in {value:#}");
        }
    }
}
