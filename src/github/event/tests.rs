//! Events as GitHub sends them, and as nobody should.

use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use super::{EventError, Waiting, payload, read};

fn api() -> Url {
    Url::parse("https://api.github.com").unwrap()
}

/// The members of GitHub's own example that matter, and some of the others.
fn event() -> Value {
    json!({
        "action": "requested",
        "environment": "production",
        "event": "push",
        "deployment_callback_url":
            "https://api.github.com/repos/acme/shop/actions/runs/1234/deployment_protection_rule",
        "deployment": {
            "url": "https://api.github.com/repos/acme/shop/deployments/77",
            "id": 77, "node_id": "DE_x", "task": "deploy", "original_environment": "production",
            "environment": "production", "description": null, "created_at": "2026-11-20T10:00:00Z",
            "sha": "0123456789abcdef0123456789abcdef01234567", "ref": "main", "payload": {"digest": "sha256:1"},
            "creator": {"login": "ann", "id": 1}, "performed_via_github_app": null
        },
        "pull_requests": [{"number": 9, "id": 5}],
        "repository": {"id": 11, "full_name": "acme/shop", "private": true, "owner": {"login": "acme"}},
        "organization": {"login": "acme", "id": 2},
        "installation": {"id": 33, "node_id": "x"},
        "sender": {"login": "ann", "id": 1}
    })
}

fn parse(event: &Value) -> Result<Option<Waiting>, EventError> {
    read(event.to_string().as_bytes(), &api())
}

#[test]
fn an_event_is_read() {
    let waiting = parse(&event()).unwrap().unwrap();
    assert_eq!((waiting.repository_id, waiting.run_id, waiting.installation_id), (11, 1234, 33));
    assert_eq!((waiting.repository.as_str(), waiting.environment.as_str()), ("acme/shop", "production"));
    assert_eq!((waiting.actor.as_str(), waiting.trigger.as_str(), waiting.pull_request), ("ann", "push", Some(9)));
    let deployment = &waiting.deployments[0];
    assert_eq!((deployment.id, deployment.reference.as_str(), deployment.task.as_str()), (77, "main", "deploy"));
    assert_eq!(deployment.payload, json!({"digest": "sha256:1"}));
    let text = serde_json::to_string(&waiting).unwrap();
    assert_eq!(serde_json::from_str::<Waiting>(&text).unwrap(), waiting, "it is kept as it is");
}

#[test]
fn what_may_be_missing_may_be_missing() {
    let mut event = event();
    for key in ["event", "pull_requests", "organization"] {
        event.as_object_mut().unwrap().remove(key);
    }
    for key in ["ref", "task", "payload"] {
        event["deployment"].as_object_mut().unwrap().remove(key);
    }
    let waiting = parse(&event).unwrap().unwrap();
    assert_eq!((waiting.trigger.as_str(), waiting.pull_request), ("", None));
    assert_eq!(waiting.deployments[0].payload, Value::Null);
}

#[test]
fn another_action_asks_for_nothing() {
    assert_eq!(parse(&json!({"action": "revoked"})).unwrap(), None);
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let elsewhere = json!("https://evil.example/repos/acme/shop/actions/runs/1234/deployment_protection_rule");
    let cases = [
        (
            "/deployment_callback_url",
            elsewhere,
            "cannot be answered: `deployment_callback_url` is not on the configured",
        ),
        ("/repository/full_name", json!("acme/other"), "belongs to another repository"),
        ("/environment", json!(""), "a name in it is empty or too long"),
        ("/environment", json!("x".repeat(2000)), "a name in it is empty or too long"),
        ("/deployment/sha", json!("main"), "`deployment.sha` is no commit"),
        ("/deployment/sha", json!("A".repeat(40)), "`deployment.sha` is no commit"),
        ("/deployment/payload", json!("x".repeat(70_000)), "larger than 64 KiB"),
        ("/deployment/ref", json!("x".repeat(2000)), "is too long"),
        ("/repository/id", json!(u64::MAX), "a number in it is too large"),
        ("/installation", json!(null), "cannot be read: invalid type"),
        ("/deployment/id", json!(-1), "cannot be read: invalid value"),
    ];
    for (pointer, value, expected) in cases {
        let mut event = event();
        *event.pointer_mut(pointer).unwrap() = value;
        let error = parse(&event).unwrap_err().to_string();
        assert!(error.contains(expected), "{pointer}: {error}");
    }
    let twice = event().to_string().replace(r#""digest":"sha256:1""#, r#""digest":"sha256:1","digest":"sha256:2""#);
    assert!(read(twice.as_bytes(), &api()).unwrap_err().to_string().contains("is there twice"), "{twice}");
    for text in ["", "{}", "[]", "null", "{\"action\": 1}"] {
        assert!(read(text.as_bytes(), &api()).is_err(), "{text}");
    }
}

#[test]
fn a_payload_may_be_written_as_text() {
    let object = json!({"digest": "sha256:1"});
    let once = json!(object.to_string());
    let twice = json!(once.to_string());
    for written in [&object, &once, &twice] {
        assert_eq!(payload(written).unwrap(), object, "{written}");
    }
    for plain in [json!("sha256:1"), json!(""), json!(null), json!(7)] {
        assert_eq!(payload(&plain).unwrap(), plain);
    }
    for broken in ["{", "{\"a\": 1, \"a\": 2}", "[1,", "\"x"] {
        assert!(payload(&json!(broken)).is_err(), "{broken}");
    }
}

proptest! {
    #[test]
    fn any_body_is_an_event_or_not(body in any::<Vec<u8>>(), text in "\\PC{0,60}") {
        prop_assert!(read(&body, &api()).is_err());
        drop(payload(&json!(text)));
    }

    #[test]
    fn a_changed_event_never_leads_elsewhere(at in 0_usize..900, with in "[ -~]{0,4}") {
        let mut text = event().to_string();
        let at = at.min(text.len());
        text.insert_str(at, &with);
        if let Ok(Some(waiting)) = read(text.as_bytes(), &api()) {
            prop_assert_eq!(waiting.repository.to_lowercase(), "acme/shop");
            prop_assert!(!waiting.environment.is_empty());
        }
    }
}
