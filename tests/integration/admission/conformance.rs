//! What is a review, what is none, and whether the one who asks can be answered in-band.

use holdpoint::admission::answer::Answer;
use holdpoint::admission::change::{Change, change};
use holdpoint::admission::review::{Operation, Review};
use serde_json::{Value, json};

use super::envelope::{UID, changed, deployment};

/// A body that is no review: what it is, the body, what is said of it, and whether its uid can be read.
type Refused = (&'static str, Vec<u8>, &'static str, bool);

fn refused(cases: Vec<Refused>) {
    for (what, body, message, in_band) in cases {
        let error = Review::parse(&body).map(|review| review.title()).unwrap_err();
        assert!(error.message.starts_with(message), "{what}: {}", error.message);
        assert!(error.message.contains("\nhint: "), "{what}: {}", error.message);
        assert!(error.message.len() < 2_000 && !error.message.contains('\0'), "{what}");
        assert_eq!(error.uid.as_deref(), in_band.then_some(UID), "{what}");
        let answer = Answer::unreadable(&error);
        assert_eq!(answer.is_some(), in_band, "{what}");
        if let Some(answer) = answer {
            let json: Value = serde_json::from_slice(&answer.to_json()).unwrap();
            assert_eq!(
                (json["kind"].as_str(), json["apiVersion"].as_str()),
                (Some("AdmissionReview"), Some("admission.k8s.io/v1"))
            );
            assert_eq!(json["response"]["uid"], UID, "{what}");
            assert_eq!(json["response"]["allowed"], false, "{what}");
            assert_eq!(json["response"]["status"]["code"], 400, "{what}");
            assert_eq!(json["response"]["status"]["reason"], "BadRequest", "{what}");
        }
    }
}

#[test]
fn what_is_no_json_is_refused() {
    let whole = deployment().to_string();
    let with_mark = [b"\xef\xbb\xbf".as_slice(), whole.as_bytes()].concat();
    let twice = format!("{whole}{whole}");
    let ends = &whole[..whole.len() - 1];
    refused(vec![
        ("nothing", Vec::new(), "the body is empty", false),
        ("a space", b" ".to_vec(), "the body is no AdmissionReview: EOF while parsing a value", false),
        ("a mark", with_mark, "the body begins with a byte order mark", false),
        ("NUL", b"\0".to_vec(), "the body is no AdmissionReview: expected value", false),
        (
            "NUL behind it",
            format!("{whole}\0").into_bytes(),
            "the body is no AdmissionReview: trailing characters",
            false,
        ),
        (
            "a raw NUL in a text",
            changed(&[("/request/name", Some(json!("a")))])
                .into_iter()
                .map(|byte| if byte == b'1' { 0 } else { byte })
                .collect(),
            "the body is no AdmissionReview: ",
            false,
        ),
        ("two reviews", twice.into_bytes(), "the body is no AdmissionReview: trailing characters", false),
        (
            "a review cut short",
            ends.as_bytes().to_vec(),
            "the body is no AdmissionReview: EOF while parsing an object",
            false,
        ),
        ("YAML", b"kind: AdmissionReview".to_vec(), "the body is no AdmissionReview: expected value", false),
        (
            "no UTF-8",
            b"{\"kind\": \"\xff\"}".to_vec(),
            "the body is no AdmissionReview: invalid unicode code point",
            false,
        ),
        ("half of a pair", br#"{"kind": "\ud800"}"#.to_vec(), "the body is no AdmissionReview: ", false),
        ("a list", b"[]".to_vec(), "the body is no AdmissionReview: it is no object", false),
        ("a number", b"1e999".to_vec(), "the body is no AdmissionReview: number out of range", false),
        ("null", b"null".to_vec(), "the body is no AdmissionReview: it is no object", false),
    ]);
}

#[test]
fn another_version_kind_or_shape_is_refused() {
    let set = |pointer, value: Value| changed(&[(pointer, Some(value))]);
    let without = |pointer| changed(&[(pointer, None)]);
    refused(vec![
        ("an empty object", b"{}".to_vec(), "the body is of kind ``, not AdmissionReview", false),
        ("another kind", set("/kind", json!("Pod")), "the body is of kind `Pod`, not AdmissionReview", true),
        ("no kind", without("/kind"), "the body is of kind ``", true),
        ("a kind that is no text", set("/kind", json!(1)), "in the AdmissionReview, `kind` is no text", true),
        (
            "v1beta1",
            set("/apiVersion", json!("admission.k8s.io/v1beta1")),
            "the review has version `admission.k8s.io/v1beta1`, which is not supported\nhint: set `admissionReviewVersions: [v1]`",
            true,
        ),
        ("v2", set("/apiVersion", json!("admission.k8s.io/v2")), "the review has version `admission.k8s.io/v2`", true),
        ("no version", without("/apiVersion"), "the review has version ``", true),
        ("no request", without("/request"), "the AdmissionReview has no `request`", false),
        ("a request that is none", set("/request", json!([])), "the AdmissionReview has no `request`", false),
        ("no uid", without("/request/uid"), "in `request`, `uid` is missing", false),
        ("an empty uid", set("/request/uid", json!("")), "in `request`, `uid` is missing", false),
        ("a long uid", set("/request/uid", json!("u".repeat(257))), "in `request`, `uid` is missing", false),
        ("a uid that is no text", set("/request/uid", json!(1)), "in `request`, `uid` is missing", false),
        ("no kind of the object", without("/request/kind"), "in `request`, `kind` is missing", true),
        (
            "an empty kind of the object",
            set("/request/kind", json!({"group": "apps"})),
            "in `request`, `kind` has no `kind`",
            true,
        ),
        ("no resource", without("/request/resource"), "in `request`, `resource` is missing", true),
    ]);
}

#[test]
fn a_request_that_is_not_as_it_should_be_is_refused() {
    let set = |pointer, value: Value| changed(&[(pointer, Some(value))]);
    let without = |pointer| changed(&[(pointer, None)]);
    refused(vec![
        (
            "a resource that is none",
            set("/request/resource", json!("deployments")),
            "in `request`, `resource` is no object",
            true,
        ),
        ("no operation", without("/request/operation"), "in `request`, `operation` is ``, which is not known", true),
        (
            "an unknown operation",
            set("/request/operation", json!("create")),
            "in `request`, `operation` is `create`",
            true,
        ),
        (
            "a long namespace",
            set("/request/namespace", json!("n".repeat(254))),
            "in `request`, `namespace` has 254 bytes, and may have 253",
            true,
        ),
        ("a name that is no text", set("/request/name", json!({})), "in `request`, `name` is no text", true),
        (
            "a dry run that is neither",
            set("/request/dryRun", json!("true")),
            "in `request`, `dryRun` is neither true nor false",
            true,
        ),
        ("an object that is none", set("/request/object", json!("{}")), "in `request`, `object` is no object", true),
        (
            "an old object that is none",
            set("/request/oldObject", json!([1])),
            "in `request`, `oldObject` is no object",
            true,
        ),
        (
            "groups that are none",
            set("/request/userInfo", json!({"groups": "a"})),
            "in `request`, `groups` is no list",
            true,
        ),
        (
            "an object of another kind",
            set("/request/object/kind", json!("Pod")),
            "in `request`, `object` has `kind` `Pod`, and `kind` says `Deployment`",
            true,
        ),
        (
            "an object of another group",
            set("/request/object/apiVersion", json!("example.com/v1")),
            "in `request`, `object` has `apiVersion` `example.com/v1`",
            true,
        ),
    ]);
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let whole = deployment().to_string();
    // The member at this place is there once more before it, with another value.
    let twice = |key: &str| {
        let member = format!("\"{key}\":");
        assert!(whole.contains(&member), "{key}");
        whole.replacen(&member, &format!("{member}\"other\",{member}"), 1).into_bytes()
    };
    let message = "the body is no AdmissionReview: the key `";
    refused(vec![
        ("two uids", twice("uid"), message, false),
        ("two requests", format!("{{\"request\": {{}}, {}", &whole[1..]).into_bytes(), message, false),
        ("two kinds", twice("kind"), message, true),
        ("two operations", twice("operation"), message, true),
        ("two objects", twice("object"), message, true),
        ("two images", twice("image"), message, true),
        ("two lists of containers", twice("containers"), message, true),
        ("two labels", twice("app"), message, true),
        ("two unknown fields", twice("options"), message, true),
        (
            "the same key in other letters",
            whole.replacen("\"image\":", "\"im\\u0061ge\":\"x\",\"image\":", 1).into_bytes(),
            message,
            true,
        ),
    ]);
}

#[test]
fn what_is_too_much_is_refused() {
    let nested = |depth: usize| {
        json!({"a": "DEPTH"}).to_string().replace("\"DEPTH\"", &format!("{}{}", "[".repeat(depth), "]".repeat(depth)))
    };
    let with = |object: &str| {
        deployment().to_string().replacen("\"spec\":{", &format!("\"spec\":{{\"extra\":{object},"), 1).into_bytes()
    };
    let values = |count: usize| format!("[{}0]", "0,".repeat(count));
    refused(vec![
        ("deep nesting", with(&nested(200)), "the body is no AdmissionReview: it is nested too deep", true),
        ("very deep nesting", with(&nested(1_000_000)), "the body is no AdmissionReview: it is nested too deep", true),
        ("many values", with(&values(200_000)), "the body is no AdmissionReview: it has too many values", true),
    ]);
    assert!(Review::parse(&with(&nested(90))).is_ok());
    assert!(Review::parse(&with(&values(190_000))).is_ok());
    // Deep where nothing is read.
    let fields =
        deployment().to_string().replacen("\"f:replicas\":{}", &format!("\"f:replicas\":{}", nested(100_000)), 1);
    assert!(Review::parse(fields.as_bytes()).is_ok());
}

#[test]
fn seven_mebibytes_are_read_or_refused_quickly() {
    const SIZE: usize = 7 * 1024 * 1024;
    let big = "x".repeat(SIZE - 10_000);
    let review =
        Review::parse(&changed(&[("/request/object/metadata/annotations", Some(json!({"big": big})))])).unwrap();
    assert_eq!(review.subject().annotation("big").map(str::len), Some(big.len()));
    let containers: Vec<Value> =
        (0..60_000).map(|number| json!({"name": "c", "image": format!("image-{number}")})).collect();
    let many =
        Review::parse(&changed(&[("/request/object/spec/template/spec/containers", Some(json!(containers)))])).unwrap();
    assert!(matches!(change(&many, &[]), Change::Unknown { .. }));
    let error = Review::parse(&vec![b'['; SIZE]).unwrap_err();
    assert!(error.message.contains("nested too deep"), "{}", error.message);
    assert!(Review::parse(&vec![b'9'; SIZE]).is_err());
    assert!(Review::parse(&vec![b'"'; SIZE]).is_err());
    assert!(Review::parse(&vec![0; SIZE]).is_err());
}

#[test]
fn a_review_is_read_whole() {
    let review = Review::parse(&changed(&[
        ("/request/subResource", Some(json!("status"))),
        ("/request/dryRun", Some(json!(true))),
        ("/request/tomorrow", Some(json!({"a": [1, 2]}))),
        ("/response", Some(json!(null))),
        ("/request/requestKind/version", Some(json!("v1beta1"))),
        ("/request/object/metadata/ownerReferences", Some(json!([
            {"kind": "Other", "name": "x"}, {"apiVersion": "example.com/v1", "kind": "Shop", "name": "s", "controller": true},
        ]))),
    ]))
    .unwrap();
    assert_eq!((review.uid.as_str(), review.operation, review.dry_run), (UID, Operation::Create, true));
    assert_eq!(
        (review.kind.group.as_str(), review.kind.version.as_str(), review.kind.kind.as_str()),
        ("apps", "v1", "Deployment")
    );
    assert_eq!((review.request_kind.version.as_str(), review.resource.resource.as_str()), ("v1beta1", "deployments"));
    assert_eq!(
        (review.sub_resource.as_deref(), review.request_sub_resource.as_deref()),
        (Some("status"), Some("status"))
    );
    assert_eq!(review.title(), "Deployment shop/storefront (status)");
    assert_eq!(review.user.name, "system:serviceaccount:shop:deployer");
    assert_eq!(review.user.groups, ["system:serviceaccounts", "system:authenticated"]);
    assert_eq!(review.old_object, None);
    let object = review.subject();
    assert_eq!(
        (object.label("app"), object.annotation("app"), object.name()),
        (Some("storefront"), None, "storefront")
    );
    assert_eq!(object.controller().map(|owner| (owner.kind, owner.name)), Some(("Shop", "s")));
    assert_eq!(object.value()["metadata"].get("managedFields"), None);
}

#[test]
fn what_a_review_may_leave_out_is_empty() {
    let absent =
        ["requestKind", "requestResource", "name", "namespace", "userInfo", "object", "oldObject", "dryRun", "options"];
    let absent: Vec<String> = absent.iter().map(|key| format!("/request/{key}")).collect();
    let changes: Vec<(&str, Option<Value>)> = absent.iter().map(|pointer| (pointer.as_str(), None)).collect();
    let review = Review::parse(&changed(&changes)).unwrap();
    assert_eq!((review.request_kind, review.request_resource), (review.kind.clone(), review.resource.clone()));
    assert_eq!((review.name.as_str(), review.namespace.as_str(), review.user.name.as_str()), ("", "", ""));
    assert_eq!((review.dry_run, &review.object, &review.old_object), (false, &None, &None));
    let missing = Review::parse(&changed(&[("/request/object", Some(json!(null)))])).unwrap();
    assert!(
        matches!(change(&missing, &[]), Change::Unknown { message } if message.starts_with("the review has no object"))
    );
    // The API server may make the name, and tell it only in the object, or not at all.
    let made = |metadata: Value| {
        let changes = [("/request/name", None), ("/request/object/metadata", Some(metadata))];
        Review::parse(&changed(&changes)).unwrap().title()
    };
    assert_eq!(made(json!({"name": "web-1", "generateName": "web-"})), "Deployment shop/web-1");
    assert_eq!(made(json!({"generateName": "web-"})), "Deployment shop/web-…");
}

#[test]
fn the_order_of_fields_does_not_matter() {
    // The map of the value sorts its keys, and the API server has an order of its own.
    let sorted = Review::parse(deployment().to_string().as_bytes()).unwrap();
    let object = &deployment()["request"]["object"];
    let late = deployment().to_string().replace(&format!("\"object\":{object},"), "");
    let last = late.replacen("\"uid\":", &format!("\"object\":{object},\"uid\":"), 1);
    let first = late.replacen("\"request\":{", &format!("\"request\":{{\"object\":{object},"), 1);
    for text in [last, first] {
        let review = Review::parse(text.as_bytes()).unwrap();
        assert_eq!(change(&review, &[]), change(&sorted, &[]), "{text}");
        assert_eq!(review.title(), sorted.title());
    }
}

#[test]
fn removals_and_connections_are_read_whatever_the_object_is() {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for operation in ["DELETE", "CONNECT"] {
        // In the API server's order, in which the operation stands before the objects.
        let text = format!(
            r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u","kind":{{"group":"","version":"v1","kind":"Pod"}},"resource":{{"group":"","version":"v1","resource":"pods"}},"operation":"{operation}","object":null,"oldObject":{{"metadata":{{"name":"a"}},"spec":{deep}}}}}}}"#
        );
        let review = Review::parse(text.as_bytes()).unwrap();
        assert!(matches!(change(&review, &[]), Change::Passes { .. }), "{operation}");
        assert_eq!(review.subject().name(), "a");
    }
}
