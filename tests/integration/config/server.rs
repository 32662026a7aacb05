//! `server:` in the configuration.

use std::path::PathBuf;
use std::time::Duration;

use holdpoint::config::{self, ServerConfig, TlsConfig, TlsVersion};
use serde_json::Value;

use super::{errors, read, with_rule};

fn server(keys: &str) -> String {
    with_rule(&format!("server: {{{keys}}}\n"))
}

#[test]
fn what_is_left_out_has_its_default() {
    let default = ServerConfig::default();
    assert_eq!(read(&with_rule("")).server, default);
    assert_eq!(read(&server("")).server, default);
    assert_eq!(read(&server("limits: {}, listen: '0.0.0.0:8443'")).server, default);
    let tls = read(&server("tls: {certificate: tls.crt, key: /etc/tls.key}")).server.tls.unwrap();
    let expected = TlsConfig {
        certificate: PathBuf::from("folder/tls.crt"),
        key: PathBuf::from("/etc/tls.key"),
        minimum: TlsVersion::V1_3,
        client_ca: None,
        client_names: Vec::new(),
    };
    assert_eq!(tls, expected);
}

/// The schema says the defaults as texts, the program has them as values.
#[test]
fn the_schema_tells_the_defaults_that_are_taken() {
    let schema: Value = serde_json::from_str(&config::schema()).unwrap();
    let defaults = |of: &str| {
        let properties = schema["$defs"][of]["properties"].as_object().unwrap();
        let given = properties.iter().filter_map(|(key, property)| {
            let default = property.get("default").filter(|default| !default.is_object())?;
            Some(format!("{key}: {default}"))
        });
        given.collect::<Vec<_>>()
    };
    let (own, limits) = (defaults("server"), defaults("server_limits"));
    assert_eq!((own.len(), limits.len()), (7, 2), "{own:?} {limits:?}");
    let keys = format!("{}, limits: {{{}}}", own.join(", "), limits.join(", "));
    assert_eq!(read(&server(&keys)).server, ServerConfig::default());
}

#[test]
fn every_key_is_read() {
    let config = read(&with_rule(
        "server:
  listen: '[::]:9443'
  operations: 127.0.0.1:9090
  tls: {certificate: tls/tls.crt, key: tls/tls.key, minimum_version: 1.2, client_ca: ca.crt, client_names: [kube-apiserver, a]}
  refresh: 1m
  stale_after: 2m
  readmissions: /var/lib/holdpoint/readmissions
  deadline: 2500ms
  drain: 1m30s
  limits: {connections: 16, body: 64KiB}
  plugins_with_http: allow
",
    ));
    let expected = ServerConfig {
        listen: "[::]:9443".parse().unwrap(),
        operations: "127.0.0.1:9090".parse().unwrap(),
        tls: Some(TlsConfig {
            certificate: PathBuf::from("folder/tls/tls.crt"),
            key: PathBuf::from("folder/tls/tls.key"),
            minimum: TlsVersion::V1_2,
            client_ca: Some(PathBuf::from("folder/ca.crt")),
            client_names: vec!["kube-apiserver".to_owned(), "a".to_owned()],
        }),
        refresh: Duration::from_mins(1),
        stale_after: Duration::from_mins(2),
        readmissions: Some(PathBuf::from("/var/lib/holdpoint/readmissions")),
        deadline: Duration::from_millis(2500),
        drain: Duration::from_secs(90),
        connections: 16,
        body: 64 << 10,
        plugins_with_http: true,
    };
    assert_eq!(config.server, expected);
    let any_port = read(&server("listen: '127.0.0.1:0', operations: '127.0.0.1:0'")).server;
    assert_eq!(any_port.listen, any_port.operations, "the system chooses two");
}

#[test]
fn what_is_wrong_is_told() {
    let tls = |more: &str| server(&format!("tls: {{certificate: a, key: b, {more}}}"));
    let cases = [
        ("an unknown key", server("lissen: '0.0.0.0:1'")),
        ("no map", with_rule("server: 8443\n")),
        ("a name for an address", server("listen: 'localhost:8443'")),
        ("no port", server("operations: 0.0.0.0")),
        ("one address for both", server("listen: '0.0.0.0:8080'")),
        ("no key", server("tls: {certificate: a}")),
        ("a folder", server("tls: {certificate: /etc/tls/, key: b}")),
        ("an empty path", server("readmissions: ''")),
        ("an old version of TLS", tls("minimum_version: '1.1'")),
        ("names without certificates", tls("client_names: [a]")),
        ("no name", tls("client_ca: c, client_names: []")),
        ("an empty name", tls("client_ca: c, client_names: ['']")),
        ("too often", server("refresh: 999ms")),
        ("no room for a failure", server("refresh: 3m")),
        ("stale before it is read again", server("stale_after: 59s")),
        ("a deadline that nobody meets", server("deadline: 99ms")),
        ("a deadline after the last one", server("deadline: 31s")),
        ("no time to drain", server("drain: 0s")),
        ("too long to drain", server("drain: 2h")),
        ("few connections", server("limits: {connections: 15}")),
        ("many connections", server("limits: {connections: 65537}")),
        ("less than no connection", server("limits: {connections: -1}")),
        ("a small body", server("limits: {body: 63KiB}")),
        ("a large body", server("limits: {body: 1GiB}")),
        ("a body without unit", server("limits: {body: 7}")),
        ("an unknown word", server("plugins_with_http: deny")),
    ];
    insta::assert_snapshot!(errors(&cases));
}
