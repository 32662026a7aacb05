//! `github_app:` in the configuration.

use std::path::PathBuf;
use std::time::Duration;

use holdpoint::config::{self, GithubAppConfig, TokenSource};
use holdpoint::github::lookup::{Earlier, Lookup};
use holdpoint::github::settings::{GithubSettings, RepositoryPattern};
use serde_json::Value;

use super::{errors, read, with_rule};

const NEEDED: &str = "client_id: Iv1, private_key: {file: key.pem}, webhook_secrets: [{env: SECRET}]";

fn app(keys: &str) -> String {
    with_rule(&format!("github_app: {{{NEEDED}, {keys}}}\n"))
}

fn default() -> GithubAppConfig {
    GithubAppConfig {
        listen: "127.0.0.1:8444".parse().unwrap(),
        tls: None,
        allow_insecure: false,
        client_id: "Iv1".to_owned(),
        private_key: TokenSource::File(PathBuf::from("folder/key.pem")),
        webhook_secrets: vec![TokenSource::Env("SECRET".to_owned())],
        store: PathBuf::from("folder/holdpoint-github.db"),
        most: 10_000,
        timeout: Duration::from_secs(30),
        ca_file: None,
        settings: GithubSettings {
            api: "https://api.github.com".parse().unwrap(),
            artifacts: vec!["{payload/artifact}".parse().unwrap()],
            lookup: None,
            deployment_name: None,
            environments: [].into(),
            repositories: Vec::new(),
            installations: Vec::new(),
            reject_without_artifact: None,
            poll: Duration::from_secs(30),
        },
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    assert_eq!(read(&with_rule("")).github_app, None);
    assert_eq!(read(&app("")).github_app, Some(default()));
}

/// The schema says the defaults as texts, the program has them as values.
#[test]
fn the_schema_tells_the_defaults_that_are_taken() {
    let schema: Value = serde_json::from_str(&config::schema()).unwrap();
    let properties = schema["$defs"]["github_app"]["properties"].as_object().unwrap();
    let given = properties.iter().filter_map(|(key, property)| Some(format!("{key}: {}", property.get("default")?)));
    let keys: Vec<String> = given.collect();
    assert_eq!(keys.len(), 9, "{keys:?}");
    assert_eq!(read(&app(&keys.join(", "))).github_app, Some(default()));
}

#[test]
fn every_key_is_read() {
    let config = read(&with_rule(
        "github_app:
  client_id: '12345'
  private_key: {env: KEY}
  webhook_secrets: [{env: NEW}, {file: old}]
  listen: '[::]:9444'
  tls: {certificate: tls.crt, key: tls.key}
  allow_insecure: true
  api: https://git.acme.example/api/v3
  ca_file: ca.pem
  timeout: 5s
  store: /var/lib/holdpoint/waiting.db
  artifact: 'ghcr.io/{repository}@{payload/digest}'
  lookup: {environment: build, task: image}
  deployment_name: '{name}'
  environments: {prod: production}
  repositories: [Acme/shop, 'acme/*']
  installations: [1, 2]
  reject_without_artifact: 2d
  poll: 2m
  most: 5
",
    ));
    let expected = GithubAppConfig {
        listen: "[::]:9444".parse().unwrap(),
        tls: config.github_app.as_ref().unwrap().tls.clone(),
        allow_insecure: true,
        client_id: "12345".to_owned(),
        private_key: TokenSource::Env("KEY".to_owned()),
        webhook_secrets: vec![TokenSource::Env("NEW".to_owned()), TokenSource::File(PathBuf::from("folder/old"))],
        store: PathBuf::from("/var/lib/holdpoint/waiting.db"),
        most: 5,
        timeout: Duration::from_secs(5),
        ca_file: Some(PathBuf::from("folder/ca.pem")),
        settings: GithubSettings {
            api: "https://git.acme.example/api/v3".parse().unwrap(),
            artifacts: vec!["ghcr.io/{repository}@{payload/digest}".parse().unwrap()],
            lookup: Some(Lookup::Earlier(Earlier { environment: "build".to_owned(), task: Some("image".to_owned()) })),
            deployment_name: "{name}".parse().ok(),
            environments: [("prod".to_owned(), "production".to_owned())].into(),
            repositories: ["acme/shop", "acme/*"].map(|text| RepositoryPattern::parse(text).unwrap()).into(),
            installations: vec![1, 2],
            reject_without_artifact: Some(Duration::from_hours(48)),
            poll: Duration::from_mins(2),
        },
    };
    assert_eq!(config.github_app.as_ref(), Some(&expected));
    assert_eq!(expected.tls.unwrap().key, PathBuf::from("folder/tls.key"));
}

#[test]
fn several_artifacts_and_a_tag_are_read() {
    let settings = |keys: &str| read(&app(keys)).github_app.unwrap().settings;
    let templates = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
    let tagged =
        settings("artifacts: ['ghcr.io/{owner}/api', 'oci://localhost:5000/{name}/web'], lookup: {tag: 'sha-{sha}'}");
    assert_eq!(tagged.artifacts, templates(&["ghcr.io/{owner}/api", "oci://localhost:5000/{name}/web"]));
    assert_eq!(tagged.lookup, Some(Lookup::Tag("sha-{sha}".parse().unwrap())));
    let listed = settings("artifact: '{payload/*/image}', deployment_name: '{payload/*/name}'");
    assert_eq!(listed.artifacts, templates(&["{payload/*/image}"]));
    assert_eq!(listed.deployment_name, "{payload/*/name}".parse().ok());
}

#[test]
fn what_is_wrong_is_told() {
    let without = |key: &str| {
        let keys: Vec<&str> = NEEDED.split(", ").filter(|one| !one.starts_with(key)).collect();
        with_rule(&format!("github_app: {{{}}}\n", keys.join(", ")))
    };
    let with =
        |key: &str, value: &str| without(key).replace("github_app: {", &format!("github_app: {{{key}: {value}, "));
    let cases = [
        ("an unknown key", app("apy: x")),
        ("no map", with_rule("github_app: true\n")),
        ("no key", without("private_key")),
        ("no secrets", without("webhook_secrets")),
        ("an empty client id", with("client_id", "''")),
        ("a literal key", with("private_key", "'-----BEGIN PRIVATE KEY-----'")),
        ("a literal secret", with("webhook_secrets", "[hunter2]")),
        ("an empty list of secrets", with("webhook_secrets", "[]")),
        ("three secrets", with("webhook_secrets", "[{env: A}, {env: B}, {env: C}]")),
        ("plain http to all", app("listen: '0.0.0.0:8444'")),
        ("the address of the reviews", app("listen: '0.0.0.0:8443', allow_insecure: true")),
        ("a name for an address", app("listen: 'localhost:8444'")),
        ("an api in the clear", app("api: 'http://git.acme.example/api/v3'")),
        ("an api with a password", app("api: 'https://a:b@git.acme.example'")),
        ("an api with a query", app("api: 'https://git.acme.example?x=1'")),
        ("no api", app("api: git.acme.example")),
        ("a folder", app("store: 'x/'")),
        ("no template", app("artifact: ''")),
        ("an unknown field", app("artifact: 'ghcr.io/{repo}@{payload/digest}'")),
        ("an open brace", app("deployment_name: '{name'")),
        ("no environment to look up", app("lookup: {}")),
        ("an empty environment to look up", app("lookup: {environment: ''}")),
        ("two places to look up", app("lookup: {environment: build, tag: 'sha-{sha}'}, artifact: 'ghcr.io/a'")),
        ("a tag for a task", app("lookup: {task: image, tag: 'sha-{sha}'}, artifact: 'ghcr.io/a'")),
        ("a tag without the commit", app("lookup: {tag: 'latest'}, artifact: 'ghcr.io/a'")),
        ("a tag that a payload says", app("lookup: {tag: '{sha}{payload}'}, artifact: 'ghcr.io/a'")),
        ("a tag of no image", app("lookup: {tag: 'sha-{sha}'}")),
        ("a tag at any registry", app("lookup: {tag: 'sha-{sha}'}, artifact: '{owner}/{name}'")),
        ("a tag of a registry that is no whole one", app("lookup: {tag: '{sha}'}, artifact: 'ghcr.{owner}/{name}'")),
        ("a tag of any chart", app("lookup: {tag: '{sha}'}, artifact: 'oci://{owner}/{name}'")),
        ("a tag beside a tag", app("lookup: {tag: 'sha-{sha}'}, artifact: 'ghcr.io/{repository}:1'")),
        ("a tag beside a digest", app("lookup: {tag: 'sha-{sha}'}, artifact: 'ghcr.io/{repository}@{sha}'")),
        ("one artifact and several", app("artifact: '{payload}', artifacts: ['{payload}']")),
        ("no artifacts", app("artifacts: []")),
        ("two lists in one text", app("artifact: '{payload/a/*}@{payload/b/*}'")),
        ("a name from another list", app("artifact: '{payload/a/*}', deployment_name: '{payload/b/*}'")),
        ("an environment that is not defined", app("environments: {prod: prodution}")),
        ("no repository", app("repositories: [acme]")),
        ("an empty list of repositories", app("repositories: []")),
        ("an empty list of installations", app("installations: []")),
        ("no time", app("reject_without_artifact: 0s")),
        ("too often", app("poll: 100ms")),
        ("too slow", app("timeout: 2h")),
        ("none may wait", app("most: 0")),
        ("too many may wait", app("most: 100001")),
    ];
    insta::assert_snapshot!(errors(&cases));
}
