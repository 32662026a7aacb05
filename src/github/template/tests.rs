//! Texts that are made of fields.

use super::{Facts, Template, TemplateError};
use crate::github::event::{Deployment, Waiting};
use proptest::prelude::*;
use serde_json::{Value, json};

fn deployment() -> Deployment {
    Deployment {
        id: 7,
        sha: "a".repeat(40),
        reference: "main".to_owned(),
        task: "deploy".to_owned(),
        payload: Value::Null,
    }
}

fn waiting() -> Waiting {
    Waiting {
        repository_id: 1,
        repository: "Acme/Shop".to_owned(),
        run_id: 42,
        environment: "prod".to_owned(),
        installation_id: 3,
        trigger: "push".to_owned(),
        actor: "ann".to_owned(),
        pull_request: None,
        deployments: vec![deployment()],
    }
}

fn fill(template: &str, payload: &Value) -> Result<String, String> {
    let (waiting, deployment) = (waiting(), deployment());
    template.parse::<Template>().unwrap().fill(&waiting.facts(&deployment, payload))
}

#[test]
fn fields_are_filled_or_missed() {
    let payload = json!({"digest": "sha256:1", "a": {"b/c": ["x"]}, "n": 1, "e": "", "z": null});
    let cases = [
        ("ghcr.io/{repository}@{payload/digest}", Ok("ghcr.io/acme/shop@sha256:1")),
        ("{owner}-{name}-{environment}-{ref}-{task}", Ok("acme-shop-prod-main-deploy")),
        ("{payload/a/b~1c/0}", Ok("x")),
        ("plain", Ok("plain")),
        ("{payload/none}", Err("there is no `/none` of the payload")),
        ("{payload/z}", Err("there is no `/z` of the payload")),
        ("{payload/n}", Err("`/n` of the payload is no text")),
        ("{payload/e}", Err("`/e` of the payload is empty")),
        ("{payload}", Err("the payload is no text")),
    ];
    for (template, expected) in cases {
        assert_eq!(fill(template, &payload), expected.map(str::to_owned).map_err(str::to_owned), "{template}");
    }
    assert_eq!(fill("{payload}", &json!("sha256:2")), Ok("sha256:2".to_owned()));
    assert_eq!(fill("{payload}", &Value::Null), Err("there is no payload".to_owned()));
    assert!(fill("{payload}", &json!("x".repeat(5000))).is_err());
}

#[test]
fn a_star_is_each_element_of_a_list() {
    let template: Template = "{payload/images/*/name}@{payload/images/*/digest}".parse().unwrap();
    let each = |template: &Template, payload: &Value| -> Result<Vec<String>, String> {
        let (waiting, deployment) = (waiting(), deployment());
        let fill = |element| template.fill(&Facts { element, ..waiting.facts(&deployment, payload) });
        (0..template.count(payload)?).map(fill).collect()
    };
    let images = json!({"images": [{"name": "a", "digest": "1"}, {"name": "b", "digest": "2"}]});
    assert_eq!(each(&template, &images), Ok(vec!["a@1".to_owned(), "b@2".to_owned()]));
    assert_eq!(each(&"{payload/*}".parse().unwrap(), &json!(["a", "b"])), Ok(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(each(&"{payload/0}".parse().unwrap(), &json!(["a", "b"])), Ok(vec!["a".to_owned()]));
    let cases = [
        (json!({"images": []}), "`/images` of the payload is an empty list"),
        (json!({"images": {"0": "a"}}), "`/images` of the payload is no list"),
        (Value::Null, "`/images` of the payload is no list"),
        (
            json!({"images": [{"name": "a", "digest": "1"}, {"name": "b"}]}),
            "there is no `/images/1/digest` of the payload",
        ),
    ];
    for (payload, expected) in cases {
        assert_eq!(each(&template, &payload), Err(expected.to_owned()), "{payload}");
    }
}

#[test]
fn what_is_no_template_is_refused() {
    let unknown = |name: &str| TemplateError::Unknown(name.to_owned());
    let cases = [
        ("", TemplateError::Empty),
        ("{", TemplateError::Brace),
        ("a}b", TemplateError::Brace),
        ("{sha", TemplateError::Brace),
        ("{sha}}", TemplateError::Brace),
        ("{{sha}}", unknown("{sha")),
        ("{}", unknown("")),
        ("{ sha }", unknown(" sha ")),
        ("{payload.digest}", unknown("payload.digest")),
        ("{payload/{sha}}", unknown("payload/{sha")),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<Template>(), Err(expected), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_not(text in "[a-z{}/~@:]{0,24}", payload in "[a-z]{1,8}") {
        if let Ok(template) = text.parse::<Template>() {
            let (waiting, deployment) = (waiting(), deployment());
            let payload = json!({"a": payload});
            let filled = template.fill(&waiting.facts(&deployment, &payload));
            prop_assert!(template.has_payload() || filled.is_ok());
            if !text.contains('{') {
                prop_assert_eq!(filled, Ok(text));
            }
        }
    }
}
