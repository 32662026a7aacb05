use serde_json::{Value, json};

use super::{Change, afresh, change};
use crate::admission::review::Review;

/// A review of a pod or of something else, as JSON.
struct Case {
    kind: (&'static str, &'static str),
    operation: &'static str,
    part: &'static str,
    old: Value,
    new: Value,
}

const POD: (&str, &str) = ("", "Pod");

impl Case {
    fn update(old: Value, new: Value) -> Self {
        Self { kind: POD, operation: "UPDATE", part: "", old, new }
    }

    fn of(self, group: &'static str, kind: &'static str) -> Self {
        Self { kind: (group, kind), ..self }
    }

    fn review(&self) -> Review {
        let (group, kind) = self.kind;
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "u", "kind": {"group": group, "version": "v1", "kind": kind},
            "resource": {"group": group, "version": "v1", "resource": "things"}, "subResource": self.part,
            "operation": self.operation, "object": self.new, "oldObject": self.old,
        }});
        Review::parse(review.to_string().as_bytes()).unwrap()
    }

    /// The names of what has to be judged, or why nothing has to.
    fn result(&self) -> String {
        words(change(&self.review(), &[]))
    }
}

fn words(change: Change) -> String {
    match change {
        Change::Judge(images) => {
            let references: Vec<String> = images.into_iter().map(|image| image.reference).collect();
            format!("judge {}", references.join(" "))
        }
        Change::Passes { reason } => format!("passes: {reason}"),
        Change::Unknown { message } => format!("unknown: {}", message.lines().next().unwrap()),
    }
}

fn containers(images: &[&str]) -> Value {
    images.iter().map(|image| json!({"name": "c", "image": image})).collect()
}

fn pod(images: &[&str], debuggers: &[&str]) -> Value {
    json!({"spec": {"containers": containers(images), "ephemeralContainers": containers(debuggers)}})
}

const SAME: &str = "passes: its images stay the same";

#[test]
fn what_is_new_is_judged_and_what_stays_passes() {
    let with = |mut object: Value, key: &str, value: Value| {
        object[key] = value;
        object
    };
    let deleted = json!({"deletionTimestamp": "2026-11-20T12:00:00Z", "finalizers": []});
    let relabelled = json!({"labels": {"a": "b"}});
    let cases = [
        ("create", Case { operation: "CREATE", ..Case::update(json!(null), pod(&["a", "b"], &[])) }, "judge a b"),
        (
            "an old object beside a creation",
            Case { operation: "CREATE", ..Case::update(pod(&["a"], &[]), pod(&["a"], &[])) },
            "judge a",
        ),
        ("nothing changes", Case::update(pod(&["a"], &[]), pod(&["a"], &[])), SAME),
        ("labels", Case::update(pod(&["a"], &[]), with(pod(&["a"], &[]), "metadata", relabelled)), SAME),
        ("status", Case::update(pod(&["a"], &[]), with(pod(&["a"], &[]), "status", json!({"phase": "Running"}))), SAME),
        (
            "the end of a deletion",
            Case::update(pod(&["a"], &[]), with(pod(&["a"], &[]), "metadata", deleted.clone())),
            SAME,
        ),
        (
            "another image while it is deleted",
            Case::update(pod(&["a"], &[]), with(pod(&["b"], &[]), "metadata", deleted)),
            "judge b",
        ),
        ("order", Case::update(pod(&["a", "b"], &[]), pod(&["b", "a"], &[])), SAME),
        ("another image", Case::update(pod(&["a", "b"], &[]), pod(&["a", "c"], &[])), "judge a c"),
        ("one more", Case::update(pod(&["a"], &[]), pod(&["a", "b"], &[])), "judge a b"),
        ("one more of the same", Case::update(pod(&["a"], &[]), pod(&["a", "a"], &[])), "judge a a"),
        ("one less", Case::update(pod(&["a", "b"], &[]), pod(&["a"], &[])), "judge a"),
        ("one less of the same", Case::update(pod(&["a", "a"], &[]), pod(&["a"], &[])), "judge a"),
        ("from debugging to serving", Case::update(pod(&["a"], &["b"]), pod(&["b"], &["a"])), "judge b a"),
        ("no old object", Case::update(json!(null), pod(&["a"], &[])), "judge a"),
        ("an old object that is none", Case::update(json!({"spec": 1}), pod(&["a"], &[])), "judge a"),
        (
            "no object",
            Case::update(pod(&["a"], &[]), json!(null)),
            "unknown: the review has no object, and is about one that is made or changed",
        ),
    ];
    for (what, case, expected) in cases {
        assert_eq!(case.result(), expected, "{what}");
    }
}

#[test]
fn removals_connections_and_replicas_pass() {
    let scale = json!({"spec": {"replicas": 9}});
    let odd = json!({"spec": {"containers": [{"image": "a"}]}});
    let cases = [
        (Case { operation: "DELETE", ..Case::update(pod(&["a"], &[]), json!(null)) }, "passes: it is removed"),
        (
            Case { operation: "DELETE", ..Case::update(odd.clone(), json!(null)).of("x", "Odd") },
            "passes: it is removed",
        ),
        (
            Case { operation: "CONNECT", part: "exec", ..Case::update(json!(null), json!({"container": "a"})) }
                .of("", "PodExecOptions"),
            "passes: it is connected to, and stays as it is",
        ),
        (
            Case { part: "scale", ..Case::update(scale.clone(), scale.clone()).of("autoscaling", "Scale") },
            "passes: its replicas change, and pods are judged when they are made",
        ),
        // The part alone says nothing.
        (Case { part: "scale", ..Case::update(json!(null), pod(&["a"], &[])) }, "judge a"),
        (
            Case { part: "scale", ..Case::update(json!(null), odd).of("x", "Odd") },
            "unknown: `/spec/containers` looks like the containers of a pod",
        ),
        (Case::update(json!(null), scale).of("autoscaling", "Scale"), "passes: it names no image"),
        (
            Case {
                operation: "CREATE",
                part: "eviction",
                ..Case::update(json!(null), json!({"metadata": {"name": "a"}})).of("policy", "Eviction")
            },
            "passes: it names no image",
        ),
        (
            Case {
                operation: "CREATE",
                part: "binding",
                ..Case::update(json!(null), json!({"target": {"kind": "Node"}})).of("", "Binding")
            },
            "passes: it names no image",
        ),
    ];
    for (case, expected) in cases {
        assert_eq!(case.result(), expected, "{} {:?} {}", case.operation, case.kind, case.part);
    }
}

#[test]
fn parts_of_pods_are_judged_by_what_they_change() {
    let cases = [
        ("ephemeralcontainers", pod(&["a"], &[]), pod(&["a"], &["d"]), "judge d"),
        ("ephemeralcontainers", pod(&["a"], &["d"]), pod(&["a"], &["d", "e"]), "judge e"),
        ("ephemeralcontainers", pod(&["a"], &["d"]), pod(&["a"], &["d"]), SAME),
        // Not what the API server would let in by this way, so nothing is excused.
        ("ephemeralcontainers", pod(&["a"], &[]), pod(&["b"], &["d"]), "judge b d"),
        ("ephemeralcontainers", pod(&["a"], &["d"]), pod(&["a"], &[]), "judge a"),
        ("ephemeralcontainers", json!(null), pod(&["a"], &["d"]), "judge a d"),
        ("", pod(&["a"], &[]), pod(&["a"], &["d"]), "judge a d"),
        ("resize", pod(&["a"], &[]), pod(&["a"], &[]), SAME),
        ("status", pod(&["a"], &[]), pod(&["a"], &[]), SAME),
        ("status", pod(&["a"], &[]), pod(&["b"], &[]), "judge b"),
    ];
    for (part, old, new, expected) in cases {
        let case = Case { part, ..Case::update(old, new) };
        assert_eq!(case.result(), expected, "{part} {} {}", case.old, case.new);
    }
}

#[test]
fn what_is_not_understood_may_change_what_it_says_of_itself() {
    let thing = |image: &str, label: &str| {
        json!({
            "metadata": {"labels": {"a": label}}, "status": {"phase": label}, "spec": {"containers": [{"image": image}]},
        })
    };
    let more = {
        let mut more = thing("a", "x");
        more["extra"] = json!(1);
        more
    };
    let cases = [
        (thing("a", "x"), thing("a", "y"), "passes: nothing but its metadata or status changes"),
        (thing("a", "x"), thing("b", "x"), "unknown: `/spec/containers` looks like the containers of a pod"),
        (thing("a", "x"), more.clone(), "unknown: `/spec/containers` looks like the containers of a pod"),
        (more, thing("a", "x"), "unknown: `/spec/containers` looks like the containers of a pod"),
        (json!(null), thing("a", "x"), "unknown: `/spec/containers` looks like the containers of a pod"),
    ];
    for (old, new, expected) in cases {
        assert_eq!(Case::update(old, new).of("example.com", "Thing").result(), expected);
    }
}

#[test]
fn an_object_that_may_go_elsewhere_can_be_judged_afresh() {
    let labelled = |environment: &str| {
        json!({
            "metadata": {"labels": {"environment": environment}}, "spec": {"containers": containers(&["a"])},
        })
    };
    let review = Case::update(labelled("staging"), labelled("production")).review();
    assert_eq!(words(change(&review, &[])), SAME);
    assert_eq!(words(afresh(&review, &[])), "judge a");
    let before = review.as_it_was().unwrap();
    assert_eq!((before.subject().label("environment"), &before.old_object), (Some("staging"), &None));
    assert_eq!(Case::update(labelled("staging"), labelled("staging")).review().as_it_was(), None);
    let made = Case { operation: "CREATE", ..Case::update(labelled("staging"), labelled("production")) };
    assert_eq!(made.review().as_it_was(), None);
}
