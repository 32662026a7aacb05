//! What crosses the boundary, either way.

use jiff::Timestamp;
use serde_json::json;

use super::{LONGEST_SCHEMA, MOST_FINDINGS, MOST_RECORDS_NAMED, answer, flatten, metadata, record, types};
use crate::domain::record::RecordStatus;
use crate::domain::record::tests::record as recorded;

const DIGEST: &str = "sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba";

#[test]
fn a_record_keeps_what_the_contract_has_of_it() {
    let mut known = recorded("a", "staging-eu", DIGEST, "2026-01-02T03:04:05Z");
    known.status = RecordStatus::Other("ROLLING_BACK".into());
    known.last_seen_at = None;
    let seen = record("staging", &known).unwrap();
    assert_eq!((seen.environment.as_str(), seen.target.as_str()), ("staging", "staging-eu"));
    assert_eq!((seen.created_at, seen.last_seen_at), (1_767_323_045_000, None));
    assert_eq!(seen.artifact.digest, DIGEST);
    assert_eq!((seen.status, seen.status_text.as_str()), (types::DeploymentStatus::Unknown, "ROLLING_BACK"));
}

#[test]
fn a_digest_that_is_not_usable_is_empty() {
    let seen = record("staging", &recorded("a", "staging", "latest", "2026-01-01T00:00:00Z")).unwrap();
    assert_eq!(seen.artifact.digest, "");
}

#[test]
fn a_time_is_never_made_up() {
    for (name, created, updated) in [
        ("created_at", None, Some(Timestamp::UNIX_EPOCH)),
        ("updated_at", Some(Timestamp::UNIX_EPOCH), None),
        ("created_at", Some("1969-12-31T00:00:00Z".parse().unwrap()), Some(Timestamp::UNIX_EPOCH)),
    ] {
        let mut known = recorded("the-id", "staging", DIGEST, "");
        (known.created_at, known.updated_at) = (created, updated);
        let why = record("staging", &known).unwrap_err();
        assert_eq!(why, format!("the record `the-id` has no `{name}` that plugins could be given"));
    }
}

#[test]
fn context_is_flat() {
    let context = json!({"github": {"ref": "main", "run": 7, "tags": ["a"]}, "empty": {}, "none": null, "yes": true});
    let mut flat = Vec::new();
    flatten("", &context, &mut flat);
    let flat: Vec<_> = flat.iter().map(|item| (item.name.as_str(), item.value.as_str())).collect();
    let expected =
        [("github.ref", "main"), ("github.run", "7"), ("github.tags", "[\"a\"]"), ("none", "null"), ("yes", "true")];
    assert_eq!(flat, expected);
}

fn finding(message: &str) -> types::Finding {
    types::Finding {
        effect: types::Effect::Deny,
        code: "code".to_owned(),
        message: message.to_owned(),
        remediation: None,
        records: Vec::new(),
        opens_at: None,
    }
}

fn said(verdict: types::Verdict) -> Result<crate::gate::engine::Answer, String> {
    answer(verdict, |text| text.replace("hunter2", "[secret]"))
}

#[test]
fn every_text_is_redacted() {
    let found = types::Finding {
        code: "a-hunter2".to_owned(),
        remediation: Some("use hunter2".to_owned()),
        ..finding("it is hunter2")
    };
    let answer = said(types::Verdict::Evaluated(vec![found])).unwrap();
    assert!(!format!("{answer:?}").contains("hunter2"), "{answer:?}");
    let skipped = said(types::Verdict::Skipped("hunter2".to_owned())).unwrap();
    assert_eq!(skipped.skip_reason.as_deref(), Some("[secret]"));
}

#[test]
fn an_answer_that_is_none_is_refused() {
    let timeless = types::Finding { opens_at: Some(u64::MAX), ..finding("later") };
    for (verdict, why) in [
        (types::Verdict::Skipped(" \n".to_owned()), "does not say why"),
        (types::Verdict::Evaluated(vec![finding(" ")]), "no message"),
        (types::Verdict::Evaluated(vec![timeless]), "no instant"),
        (types::Verdict::Evaluated(vec![finding("x"); MOST_FINDINGS + 1]), "it has 1001 findings"),
    ] {
        let refused = said(verdict).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(
        said(types::Verdict::Evaluated(vec![finding("x"); MOST_FINDINGS])).unwrap().denials.len(),
        MOST_FINDINGS
    );
}

#[test]
fn a_finding_names_a_bounded_number_of_records() {
    let found = types::Finding { records: vec!["id".to_owned(); 100_000], ..finding("x") };
    let answer = said(types::Verdict::Evaluated(vec![found])).unwrap();
    assert_eq!(answer.denials.first().map(|denial| denial.records.len()), Some(MOST_RECORDS_NAMED));
}

#[test]
fn a_schema_is_json_of_a_bounded_length() {
    let with = |schema: String| {
        let text = String::new;
        metadata(
            types::Metadata {
                name: text(),
                version: text(),
                title: text(),
                description: text(),
                parameters_schema: Some(schema),
                documentation_url: None,
            },
            str::to_owned,
        )
    };
    assert_eq!(with("{\"type\": \"object\"}".to_owned()).unwrap().parameters, Some(json!({"type": "object"})));
    assert!(with("{".to_owned()).unwrap_err().contains("is no JSON"));
    assert!(with(" ".repeat(LONGEST_SCHEMA + 1)).unwrap_err().contains("longer than 256 KiB"));
    assert!(with("[".repeat(100_000)).is_err());
}
