//! The configuration: every key, every mistake, the schema, the documented examples.

mod admission;
mod github_app;
mod server;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdpoint::app;
use holdpoint::config::{self, ChainloopConfig, Config, PolicySource, SourceConfig, TokenSource};
use holdpoint::domain::environment::Environment;
use holdpoint::domain::rule::Enforcement;
use holdpoint::domain::verdict::Verdict;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Correct, but for rules: cases add their own, or replace a part.
const HEAD: &str = "version: 1
sources:
  saved: {type: snapshot, path: records.json}
environments:
  - {name: staging}
  - {name: production, after: [staging]}
";

/// Correct as a whole.
fn with_rule(more: &str) -> String {
    format!("{HEAD}rules:\n  - policy: promotion.soak_time\n{more}")
}

/// A chainloop source with these keys.
fn chainloop(keys: &str) -> String {
    let source = format!("{{type: chainloop, {keys}}}");
    with_rule("").replace("{type: snapshot, path: records.json}", &source)
}

/// These environments, one a line.
fn environments(lines: &[&str]) -> String {
    let mut text = "version: 1\nsources:\n  saved: {type: snapshot, path: records.json}\nenvironments:\n".to_owned();
    for line in lines {
        writeln!(text, "  - {{{line}}}").unwrap();
    }
    text + "rules: [{policy: a}]\n"
}

fn read(text: &str) -> Config {
    Config::from_text(text, Path::new("folder/holdpoint.yaml")).unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    match Config::from_text(text, Path::new("holdpoint.yaml")) {
        Ok(config) => panic!("accepted: {config:#?}"),
        Err(error) => error.to_string(),
    }
}

/// All cases with their whole errors, for one snapshot.
fn errors(cases: &[(&str, String)]) -> String {
    let mut all = String::new();
    for (case, text) in cases {
        write!(all, "=== {case}\n{}\n\n", error(text)).unwrap();
    }
    all
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = read(&with_rule(""));
    assert_eq!(config.path, Path::new("folder/holdpoint.yaml"));
    assert_eq!(config.sources["saved"], SourceConfig::Snapshot { path: PathBuf::from("folder/records.json") });
    assert_eq!(config.environments.names().collect::<Vec<_>>(), ["production", "staging"]);
    let production = Environment {
        name: "production".to_owned(),
        after: vec!["staging".to_owned()],
        targets: vec!["production".to_owned()],
        source: "saved".to_owned(),
        logical_environment: None,
        max_record_age: None,
    };
    assert_eq!(config.environments.get("production"), Some(&production));
    assert!(config.policies.is_empty());
    let [rule] = config.rules.as_slice() else { panic!("one rule") };
    assert_eq!((rule.id.as_str(), rule.kind.name()), ("promotion.soak_time", "promotion.soak_time"));
    assert!(rule.environments.is_empty());
    assert_eq!(rule.parameters, json!({}));
    assert_eq!(rule.enforcement, Enforcement::Enforce);
    assert_eq!(config.when_no_rule_applies, Verdict::Undecided);
    assert_eq!((config.rule_timeout, config.evaluation_timeout), (Duration::from_secs(1), Duration::from_secs(10)));
    let SourceConfig::Chainloop(source) = &read(&chainloop("")).sources["saved"] else { panic!("chainloop") };
    let defaults = ChainloopConfig {
        url: "https://api.app.chainloop.dev".parse().unwrap(),
        token: TokenSource::Env("CHAINLOOP_TOKEN".to_owned()),
        organization: None,
        project: None,
        project_version: None,
        ca_file: None,
        allow_insecure: false,
        timeout: Duration::from_mins(1),
    };
    assert_eq!(*source, defaults);
}

#[test]
fn every_key_is_read() {
    let config = read(
        "version: 1
sources:
  live:
    type: chainloop
    url: http://records.internal:8080/base
    token: {file: secrets/token}
    organization: acme
    project: storefront
    project_version: v1
    ca_file: /etc/ca.pem
    allow_insecure: true
    timeout: 1m30s
  saved: {type: snapshot, path: ../records.json}
environments:
  - {name: dev, source: saved}
  - {name: staging, source: live, after: [dev], targets: [staging-eu, staging-us]}
  - {name: production, source: live, after: [dev, staging], logical_environment: Production, max_record_age: 7d}
policies: [policies, /srv/policies/one.rego]
rules:
  - {policy: promotion.soak_time, environments: [production], parameters: {minimum: 24h, list: [1, 2.5, true, null]}}
  - {policy: promotion.soak_time, environments: [staging], enforcement: warn}
  - {policy: promotion.deployed_before, enforcement: dry_run}
when_no_rule_applies: allow
limits: {rule_timeout: 250ms, evaluation_timeout: 5s}
",
    );
    let live = ChainloopConfig {
        url: "http://records.internal:8080/base".parse().unwrap(),
        token: TokenSource::File(PathBuf::from("folder/secrets/token")),
        organization: Some("acme".to_owned()),
        project: Some("storefront".to_owned()),
        project_version: Some("v1".to_owned()),
        ca_file: Some(PathBuf::from("/etc/ca.pem")),
        allow_insecure: true,
        timeout: Duration::from_secs(90),
    };
    assert_eq!(config.sources["live"], SourceConfig::Chainloop(live));
    assert_eq!(config.sources["saved"], SourceConfig::Snapshot { path: PathBuf::from("folder/../records.json") });
    let staging = config.environments.get("staging").unwrap();
    assert_eq!(staging.targets, ["staging-eu", "staging-us"]);
    let production = config.environments.get("production").unwrap();
    assert_eq!(production.after, ["dev", "staging"]);
    assert!(production.targets.is_empty(), "a logical environment needs no targets");
    assert_eq!(production.logical_environment.as_deref(), Some("Production"));
    assert_eq!(production.max_record_age, Some(SignedDuration::from_hours(168)));
    let paths = ["folder/policies", "/srv/policies/one.rego"].map(|path| PolicySource::Path(path.into()));
    assert_eq!(config.policies, paths);
    let ids: Vec<_> = config.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["promotion.soak_time", "promotion.soak_time#2", "promotion.deployed_before"]);
    assert_eq!(config.rules[0].parameters, json!({"minimum": "24h", "list": [1, 2.5, true, null]}));
    assert_eq!(config.rules[0].environments, ["production"]);
    assert_eq!(config.rules[1].enforcement, Enforcement::Warn);
    assert_eq!(config.rules[2].enforcement, Enforcement::DryRun);
    assert_eq!(config.when_no_rule_applies, Verdict::Allow);
    assert_eq!((config.rule_timeout, config.evaluation_timeout), (Duration::from_millis(250), Duration::from_secs(5)));
}

#[test]
fn yaml_that_is_written_otherwise_is_read_the_same() {
    let aliases = with_rule("").replace("{name: staging}", "&stage {name: staging, max_record_age: 1h}")
        + "  - {policy: &name promotion.digest_known, environments: &all [staging, production]}\n  - {policy: *name, environments: *all}\n";
    let config = read(&aliases);
    assert_eq!(config.rules[2].id, "promotion.digest_known#2");
    assert_eq!(config.rules[2].environments, ["staging", "production"]);
    for text in
        [format!("\u{feff}{}", with_rule("")), format!("---\n{}", with_rule("")), with_rule("").replace('\n', "\r\n")]
    {
        assert_eq!(read(&text).rules.len(), 1, "{text:?}");
    }
    let rules_allowed_to_be_missing = format!("{HEAD}when_no_rule_applies: allow\n");
    assert!(read(&rules_allowed_to_be_missing).rules.is_empty());
    for url in ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"] {
        read(&chainloop(&format!("url: \"{url}\"")));
    }
    let no_folder = Config::from_text(&with_rule(""), Path::new("holdpoint.yaml")).unwrap();
    assert_eq!(no_folder.sources["saved"], SourceConfig::Snapshot { path: PathBuf::from("records.json") });
}

#[test]
fn text_that_cannot_be_read() {
    let nested = "[".repeat(3000);
    let bomb = (1..8).fold("      l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        let item = format!("*l{}", level - 1);
        format!("{text}      l{level}: &l{level} [{}]\n", vec![item; 10].join(", "))
    });
    let cases = [
        ("nothing", String::new()),
        ("blank lines and comments", "\n  \n# version: 1\n".to_owned()),
        ("null", "~\n".to_owned()),
        ("a list", "- version: 1\n".to_owned()),
        ("not YAML", "version: 1\nsources: {a: [}\n".to_owned()),
        ("a tab", "version: 1\nsources:\n\tsaved: x\n".to_owned()),
        ("an open quote", "version: \"1\n".to_owned()),
        ("an unknown alias", "version: *one\n".to_owned()),
        ("a NUL", "version: 1\0\n".to_owned()),
        ("two documents", format!("{}---\nversion: 1\n", with_rule(""))),
        ("a key twice", with_rule("") + "version: 1\n"),
        (
            "a source twice",
            with_rule("").replace("environments:\n", "  saved: {type: snapshot, path: x}\nenvironments:\n"),
        ),
        ("a parameter twice", with_rule("    parameters: {minimum: 1h, minimum: 2h}\n")),
        ("a parameter that is no number", with_rule("    parameters: {minimum: .nan}\n")),
        ("deep nesting", with_rule(&format!("    parameters: {{deep: {nested}"))),
        ("an alias bomb", with_rule(&format!("    parameters:\n{bomb}"))),
        ("too many nodes", with_rule(&format!("    parameters: {{all: [{}]}}\n", "1,".repeat(110_000)))),
        ("too large", with_rule(&format!("# {}\n", "x".repeat(1024 * 1024)))),
    ];
    insta::assert_snapshot!(errors(&cases));
}

#[test]
fn keys_and_types_that_are_wrong() {
    let cases = [
        ("an unknown key", format!("{HEAD}enviroments: []\n")),
        ("a key of a later version", format!("{HEAD}serve: {{}}\n")),
        ("an unknown key of an environment", environments(&["name: a, tagets: [b]"])),
        ("an unknown key of a source", HEAD.replace("path:", "pth:")),
        ("an unknown key of a rule", with_rule("    enviroment: [staging]\n")),
        ("an unknown key of the limits", with_rule("").replace("rules", "limits: {rule_timout: 1s}\nrules")),
        ("no version", with_rule("").replace("version: 1\n", "")),
        ("no sources", "version: 1\nenvironments: [{name: a}]\n".to_owned()),
        ("no environments", "version: 1\nsources: {a: {type: snapshot, path: b}}\n".to_owned()),
        ("no name", HEAD.replace("name: staging", "source: saved")),
        ("no type", HEAD.replace("type: snapshot, ", "")),
        ("no policy", format!("{HEAD}rules:\n  - {{enforcement: warn}}\n")),
        ("a later version", format!("{HEAD}serve: {{}}\n").replace("version: 1", "version: 2")),
        ("only the version is wrong", with_rule("").replace("version: 1", "version: 0")),
        ("a version that is text", with_rule("").replace("version: 1", "version: one")),
        ("sources that are a list", "version: 1\nsources: [saved]\n".to_owned()),
        ("environments that are a map", "version: 1\nenvironments: {a: b}\n".to_owned()),
        ("an environment that is text", "version: 1\nenvironments: [staging]\n".to_owned()),
        ("after that is text", environments(&["name: a, after: b"])),
        ("a name that is a map", environments(&["name: {a: b}"])),
        ("a name that is null", environments(&["name: ~"])),
        ("a key without a value", environments(&["name: a, max_record_age:"])),
        ("rules without a value", format!("{HEAD}rules:\nwhen_no_rule_applies: allow\n")),
        ("a truth that is none", chainloop("allow_insecure: yes")),
        ("parameters that are a list", with_rule("    parameters: [1]\n")),
        ("limits that are text", with_rule("").replace("rules", "limits: 3s\nrules")),
        ("an unknown enforcement", with_rule("    enforcement: wran\n")),
        ("an unknown verdict", with_rule("when_no_rule_applies: deny\n")),
    ];
    insta::assert_snapshot!(errors(&cases));
}

#[test]
fn a_ledger_is_in_one_place() {
    let cases = [
        ("a ledger that is nowhere", with_rule("").replace("snapshot, path: records.json", "ledger")),
        ("a ledger in two places", with_rule("").replace("snapshot, ", "ledger, url: https://ledger.example.com, ")),
        (
            "a ledger's file with a token",
            with_rule("").replace("snapshot, ", "ledger, token: {env: A}, project_version: v1, "),
        ),
        (
            "a ledger's server with an organization",
            with_rule("")
                .replace("snapshot, path: records.json", "ledger, url: http://ledger.example.com, organization: acme"),
        ),
    ];
    insta::assert_snapshot!(errors(&cases));
}

#[test]
fn values_that_are_wrong() {
    let cases = [
        ("no source", with_rule("").replace("\n  saved: {type: snapshot, path: records.json}", " {}")),
        (
            "no environment",
            with_rule("").replace("\n  - {name: staging}\n  - {name: production, after: [staging]}", " []"),
        ),
        ("no rule", HEAD.to_owned()),
        ("an empty list of rules", format!("{HEAD}rules: []\nwhen_no_rule_applies: undecided\n")),
        ("an unknown type", with_rule("").replace("snapshot", "snapshoot")),
        ("a type of a later version", with_rule("").replace("snapshot", "github")),
        ("a snapshot without path", with_rule("").replace(", path: records.json", "")),
        ("a snapshot with keys of chainloop", with_rule("").replace("path:", "url: x, timeout: 1s, path:")),
        ("a chainloop with path", chainloop("path: records.json")),
        ("an empty path", with_rule("").replace("records.json", "\"\"")),
        ("a version without project", chainloop("project_version: v1")),
        ("an empty project", chainloop("project: \"\"")),
        ("a URL that is none", chainloop("url: app.chainloop.dev")),
        ("another scheme", chainloop("url: \"ftp://records\"")),
        ("plain http", chainloop("url: \"http://records.internal\"")),
        ("plain http to what looks local", chainloop("url: \"http://localhost.example.com\"")),
        ("a query", chainloop("url: \"https://records.internal?x=1\"")),
        ("a timeout without unit", chainloop("timeout: 60")),
        ("a timeout too long", chainloop("timeout: 2h")),
        ("a timeout of nothing", chainloop("timeout: 0s")),
        ("a rule's limit above all rules'", with_rule("").replace("rules", "limits: {rule_timeout: 11s}\nrules")),
        ("an age that is none", environments(&["name: a, max_record_age: 1 day"])),
        ("an unknown source", environments(&["name: a, source: savd"])),
        (
            "which of two sources",
            with_rule("").replace("environments:\n", "  b: {type: snapshot, path: b}\nenvironments:\n"),
        ),
        ("an unknown environment in after", environments(&["name: staging", "name: b, after: [stagin]"])),
        ("an environment twice in after", environments(&["name: a", "name: b, after: [a, a]"])),
        ("an environment twice", environments(&["name: a", "name: b", "name: a"])),
        ("an environment after itself", environments(&["name: a, after: [a]"])),
        ("a cycle", environments(&["name: a, after: [c]", "name: b, after: [a]", "name: c, after: [b]"])),
        ("a name with space around it", environments(&["name: \" a\""])),
        ("an empty name", environments(&["name: \"\""])),
        ("no targets", environments(&["name: a, targets: []"])),
        ("a target in two environments", environments(&["name: a, targets: [x, y]", "name: b, targets: [y]"])),
        ("a target that is another environment", environments(&["name: a", "name: b, targets: [a]"])),
        (
            "a logical environment in two environments",
            environments(&["name: a, logical_environment: x", "name: b, logical_environment: x"]),
        ),
        ("a target twice", environments(&["name: a, targets: [x, x]"])),
        ("a rule for an unknown environment", with_rule("    environments: [prodution]\n")),
        ("a rule for no environment", with_rule("    environments: []\n")),
        ("a policy with data.", with_rule("").replace("promotion.", "data.promotion.")),
        ("a policy that is none", with_rule("").replace("promotion.", "promotion ")),
    ];
    insta::assert_snapshot!(errors(&cases));
}

#[test]
fn all_problems_are_shown_at_once_in_the_order_of_the_file() {
    let text = "version: 1
sources:
  z: {type: github}
  b: {type: chainloop, token: abc, timeout: 5}
environments:
  - {name: staging, source: z}
  - {name: production, source: bb, after: [stagng], max_record_age: soon}
rules:
  - {policy: data.a, environments: [nowhere]}
limits: {rule_timeout: x}
";
    insta::assert_snapshot!(error(text));
    assert_eq!(Config::from_text(text, Path::new("x")).unwrap_err().count(), 9);
}

/// A file can be small and still ask for much: names to compare, paths to follow.
#[test]
fn no_file_takes_long() {
    let lines = |count: usize, after: &dyn Fn(usize) -> usize| {
        let line = |number| format!("name: e{number}, after: [e{}]", after(number));
        environments(&(0..count).map(line).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>())
    };
    let chain = error(&lines(1001, &|number| number + 1));
    assert_eq!(
        chain,
        "holdpoint.yaml:5:3: `environments` has 1001 entries, at most 1000\nhint: split the configuration in several files"
    );
    let ring = error(&lines(1000, &|number| (number + 1) % 1000));
    assert!(ring.contains("the promotion order has a cycle: e0 after e1 after e2"), "{ring}");
    assert!(ring.len() < 1500, "{ring}");
    let unknown: Vec<_> = (0..20_000).map(|number| format!("environment-{number}")).collect();
    let unknown = with_rule(&format!("    environments: [{}]\n", unknown.join(", ")));
    let shown = error(&unknown);
    assert!(shown.ends_with("these are the first 100 problems; there may be more"), "{shown}");
}

/// Secrets in the wrong place do not end in the log of a pipeline.
#[test]
fn secrets_are_not_repeated() {
    let cases = [
        ("a token as text", chainloop("token: hunter2.x.y")),
        ("a token on its own line", chainloop("url: \"https://x\"").replace("url:", "token:\n   hunter2.x.y\n  ,url:")),
        ("a token that is a number", chainloop("token: 4242424242")),
        ("a token in a list", chainloop("token: [hunter2.x.y]")),
        ("a token with a wrong key", chainloop("token: {value: hunter2.x.y}")),
        ("a token in the place of the variable", chainloop("token: {env: hunter2.x.y}")),
        ("a token without a place", chainloop("token: {}")),
        ("a token in two places", chainloop("token: {env: A, file: b}")),
        ("a misspelt key", chainloop("tokn: hunter2.x.y")),
        ("a misspelt key after a token", chainloop("token: hunter2.x.y, projct: x")),
        ("a password in a URL", chainloop("url: \"https://me:hunter2@records\"")),
        ("a password in what is no URL", chainloop("url: \"me:hunter2@records:x\"")),
        ("a secret in a query", chainloop("url: \"https://records?key=hunter2\"")),
        ("a token for a snapshot", with_rule("").replace("path:", "token: hunter2.x.y, path:")),
    ];
    let all = errors(&cases);
    assert!(!all.contains("hunter2") && !all.contains("4242"), "{all}");
    insta::assert_snapshot!(all);
}

#[test]
fn nothing_that_a_terminal_obeys_is_repeated() {
    let shown = error(&with_rule("\"\\e[31m\u{202e}x\": 1\n")) + &error(&environments(&["name: \"a\\e]0;x\\a\""]));
    assert!(shown.contains("\\u{1b}[31m\\u{202e}x"), "what was there is seen: {shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{shown:?}");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holdpoint.yaml");
    let message = |path: &Path| {
        let error = Config::load(path).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "FOLDER")
    };
    let mut all = vec![message(&path), message(folder.path())];
    std::fs::write(&path, b"version: 1\nsourc\xc3\xa9s: \xff\n").unwrap();
    all.push(message(&path));
    std::fs::write(&path, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    all.push(message(&path));
    insta::assert_snapshot!(all.join("\n\n"));
    std::fs::write(&path, with_rule("")).unwrap();
    assert_eq!(Config::load(&path).unwrap().path, path);
}

#[test]
fn the_schema_is_fresh() {
    let committed = include_str!("../../docs/holdpoint.schema.json");
    assert!(committed == config::schema(), "refresh it: holdpoint schema > docs/holdpoint.schema.json");
    let committed = include_str!("../../docs/input.schema.json");
    assert!(committed == app::input_schema(), "refresh it: holdpoint schema --input > docs/input.schema.json");
    let committed = include_str!("../../docs/data.schema.json");
    assert!(committed == app::data_schema(), "refresh it: holdpoint schema --data > docs/data.schema.json");
}

/// Every key of the schema, wherever it is.
fn keys(schema: &Value, found: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (key, property) in properties.iter().filter(|(_, property)| !property.is_boolean()) {
            found.push(key.clone());
            assert!(
                property.get("description").is_some() || property.get("const").is_some(),
                "`{key}` is not described"
            );
        }
    }
    for definition in schema.get("$defs").and_then(Value::as_object).into_iter().flat_map(|all| all.values()) {
        assert_eq!(definition.get("additionalProperties"), Some(&json!(false)), "{definition}");
        keys(definition, found);
    }
}

#[test]
fn every_key_is_documented() {
    let schema: Value = serde_json::from_str(&config::schema()).unwrap();
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(schema["properties"]["when_no_rule_applies"]["default"], json!("undecided"));
    let mut found = Vec::new();
    keys(&schema, &mut found);
    assert!(found.len() > 25, "{found:?}");
    let page = include_str!("../../docs/configuration.md");
    let template = include_str!("../../src/config/template.yaml");
    for key in found {
        assert!(page.contains(&format!("`{key}`")), "docs/configuration.md does not explain `{key}`");
        assert!(template.contains(&format!("{key}:")), "src/config/template.yaml does not show `{key}`");
    }
}

#[test]
fn the_documented_examples_are_read() {
    let page = include_str!("../../docs/configuration.md");
    let examples: Vec<_> = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let whole: Vec<_> = examples.iter().filter(|example| example.contains("version: 1")).collect();
    assert!(!whole.is_empty());
    for example in whole {
        read(example);
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        drop(Config::from_text(&text, Path::new("holdpoint.yaml")).map_err(|error| error.to_string()));
    }

    /// Text that is near to a configuration gets further.
    #[test]
    fn no_damage_panics(position in 0_usize..600, length in 0_usize..8, more in "[-:{}\\[\\],\"'&*!|>#%@ \n\tä\u{85}\u{2028}a0]{0,6}") {
        let text = with_rule("    parameters: {a: &x [1, {b: c}], d: *x}\n    environments: [staging]\n")
            + "limits: {rule_timeout: 1s}\npolicies: [a, b]\n";
        let mut damaged: String = text.chars().take(position).collect();
        damaged.push_str(&more);
        damaged.extend(text.chars().skip(position + length));
        if let Err(error) = Config::from_text(&damaged, Path::new("holdpoint.yaml")) {
            prop_assert!(error.to_string().starts_with("holdpoint.yaml"));
        }
    }
}
