//! `plugins:` in the configuration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdpoint::config::{Config, PluginSource, TokenSource};

const HEAD: &str = "version: 1
sources: {saved: {type: snapshot, path: records.json}}
environments: [{name: production}]
rules: [{plugin: custom}]
";

fn read(plugins: &str) -> Result<Config, String> {
    let text = format!("{HEAD}plugins:\n{plugins}");
    Config::from_text(&text, Path::new("folder/holdpoint.yaml")).map_err(|error| error.to_string())
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = read("  custom: {path: custom.wasm}\n").unwrap();
    let [plugin] = config.plugins.as_slice() else { panic!("{:?}", config.plugins) };
    assert_eq!(plugin.source, PluginSource::File(PathBuf::from("folder/custom.wasm")));
    assert_eq!((plugin.sha256, plugin.http.len(), plugin.secrets.len()), (None, 0, 0));
    assert_eq!((plugin.timeout, plugin.memory), (Duration::from_secs(1), 64 << 20));
    assert_eq!((config.rules[0].id.as_str(), config.rules[0].kind.plugin()), ("custom", Some("custom")));
}

#[test]
fn every_setting_is_read() {
    let digest = "ab".repeat(32);
    let config = read(&format!(
        "  custom:
    oci: ghcr.io/acme/custom:1.0.0
    sha256: {digest}
    allow_insecure: true
    grants:
      http: [Tickets.Example.com, {{host: 'tickets.internal:8443', networks: [10.0.0.0/8]}}]
      secrets: {{TOKEN: {{env: TICKETS}}, KEY: {{file: key.txt}}}}
    limits: {{timeout: 2s, memory: 8MiB}}
"
    ))
    .unwrap();
    let [plugin] = config.plugins.as_slice() else { panic!("{:?}", config.plugins) };
    let PluginSource::Oci { address, allow_insecure: true } = &plugin.source else { panic!("{plugin:?}") };
    assert_eq!(address.to_string(), "ghcr.io/acme/custom:1.0.0");
    assert_eq!(plugin.sha256.unwrap().to_string(), format!("sha256:{digest}"));
    let hosts: Vec<(&str, Option<u16>, usize)> =
        plugin.http.iter().map(|grant| (grant.host.as_str(), grant.port, grant.networks.len())).collect();
    assert_eq!(hosts, [("tickets.example.com", None, 0), ("tickets.internal", Some(8443), 1)]);
    assert_eq!(plugin.secrets["TOKEN"], TokenSource::Env("TICKETS".to_owned()));
    assert_eq!(plugin.secrets["KEY"], TokenSource::File(PathBuf::from("folder/key.txt")));
    assert_eq!((plugin.timeout, plugin.memory), (Duration::from_secs(2), 8 << 20));
}

#[test]
fn what_is_wrong_is_told() {
    let cases = [
        ("a rule without its plugin", "  custum: {path: a.wasm}\n"),
        ("a name that is none", "  custom: {path: a.wasm}\n  Change_Ticket: {path: a.wasm}\n"),
        ("no place", "  custom: {sha256: abc}\n"),
        ("two places", "  custom: {path: a.wasm, oci: ghcr.io/acme/a}\n"),
        ("a registry without a digest", "  custom: {oci: 'ghcr.io/acme/a:1'}\n"),
        (
            "no registry",
            "  custom: {oci: acme, sha256: 0000000000000000000000000000000000000000000000000000000000000000}\n",
        ),
        ("a digest that is short", "  custom: {path: a.wasm, sha256: abcdef}\n"),
        ("a file without TLS", "  custom: {path: a.wasm, allow_insecure: true}\n"),
        ("a host with a scheme", "  custom: {path: a.wasm, grants: {http: ['https://a.example']}}\n"),
        ("a wildcard", "  custom: {path: a.wasm, grants: {http: ['*.example']}}\n"),
        ("an ambiguous address", "  custom: {path: a.wasm, grants: {http: ['127.1']}}\n"),
        ("a network that is none", "  custom: {path: a.wasm, grants: {http: [{host: a, networks: [10/8]}]}}\n"),
        ("an unknown grant", "  custom: {path: a.wasm, grants: {files: [a]}}\n"),
        ("a secret as text", "  custom: {path: a.wasm, grants: {secrets: {TOKEN: s3cr3t}}}\n"),
        ("a secret from nowhere", "  custom: {path: a.wasm, grants: {secrets: {TOKEN: {}}}}\n"),
        ("no memory", "  custom: {path: a.wasm, limits: {memory: 0MiB}}\n"),
        ("memory without a unit", "  custom: {path: a.wasm, limits: {memory: 64}}\n"),
        ("longer than all rules", "  custom: {path: a.wasm, limits: {timeout: 11s}}\n"),
    ];
    let mut all = String::new();
    for (case, text) in cases {
        let error = read(text).expect_err(case);
        assert!(!error.contains("s3cr3t"), "{error}");
        write!(all, "=== {case}\n{error}\n\n").unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_rule_names_one_thing() {
    for rule in ["{policy: a, plugin: custom}", "{environments: [production]}"] {
        let text = HEAD.replace("{plugin: custom}", rule);
        let error = Config::from_text(&text, Path::new("holdpoint.yaml")).unwrap_err().to_string();
        assert!(error.contains("a rule needs either `policy` or `plugin`"), "{error}");
    }
}
