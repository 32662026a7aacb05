//! The snapshot source: what it reads, refuses, and reads back.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::sync::Arc;

use holdpoint::domain::record::{DeploymentRecord, RecordDetails, RecordStatus};
use holdpoint::gate::source::{
    EnvironmentQuery, Fetched, FetchedEnvironment, NoProgress, RecordFilters, RecordQuery, RecordSource as _,
    SourceError,
};
use holdpoint::source::snapshot::{self, SnapshotSource};
use holdpoint::source::wire;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::chainloop::{record, records};

fn ask(targets: &[&str], logical: Option<&str>) -> EnvironmentQuery {
    EnvironmentQuery {
        environment: "asked".to_owned(),
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
        logical_environment: logical.map(str::to_owned),
    }
}

fn query(environments: Vec<EnvironmentQuery>) -> RecordQuery {
    RecordQuery { environments, filters: RecordFilters { full_history: true, ..RecordFilters::default() } }
}

fn fetch(source: &SnapshotSource, query: &RecordQuery) -> Result<Fetched, SourceError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(source.fetch(query, &NoProgress))
}

/// Reads this text as a snapshot file.
fn read(text: &str, query: &RecordQuery) -> (Result<Fetched, SourceError>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.json");
    std::fs::write(&path, text).unwrap();
    let result = fetch(&SnapshotSource::new(path), query);
    let said = outcome(&result).replace(&folder.path().display().to_string(), "FOLDER");
    (result, said)
}

fn outcome(result: &Result<Fetched, SourceError>) -> String {
    match result {
        Ok(fetched) => {
            let environments = fetched.environments.iter().map(|environment| {
                let mut ids: Vec<&str> = environment.records.iter().map(|record| &*record.id).collect();
                ids.sort_unstable();
                let gap = environment.incomplete.as_ref().map(|gap| format!(", incomplete: {gap}"));
                format!("{} of {}{}", ids.join(" "), environment.targets.join(", "), gap.unwrap_or_default())
            });
            environments.collect::<Vec<_>>().join("\n")
        }
        Err(error) => format!("{}\n  {}\n  {}", error.kind.code(), error.message, error.remediation),
    }
}

#[test]
fn what_was_begun_is_what_would_have_been_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.json");
    let asked = query(vec![ask(&["staging"], None)]);
    let source = SnapshotSource::new(path.clone());
    let file = |id: &str| json!([record(id, "staging", "web", "", 1)]).to_string();
    for text in [Some(file("a")), Some(file("b")), Some("[".to_owned()), None] {
        match text {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let plain = outcome(&fetch(&SnapshotSource::new(path.clone()), &asked));
        source.begin(&asked);
        assert_eq!(outcome(&fetch(&source, &asked)), plain);
    }
    // Only for the first question: the next one finds the file as it is then.
    std::fs::write(&path, file("a")).unwrap();
    source.begin(&asked);
    assert_eq!(outcome(&fetch(&source, &asked)), "a of staging");
    std::fs::write(&path, file("b")).unwrap();
    assert_eq!(outcome(&fetch(&source, &asked)), "b of staging");
}

#[test]
fn every_shape_of_a_file_is_read() {
    let list = json!([record("a", "staging", "web", "", 1), record("b", "dev", "web", "", 1)]);
    let page = json!({"total_count": "2"});
    let camel = json!([{"id": "a", "environmentName": "staging", "logicalEnvironmentName": "pre"}]);
    let two = json!([record("a", "staging", "web", "", 1), record("a", "staging", "web", "", 1)]);
    let staging = || query(vec![ask(&["staging"], None)]);
    let cases = [
        ("bare list", list.clone(), staging()),
        ("saved answer", json!({"deployment_records": list, "pagination": page}), staging()),
        ("camel case", json!({"deploymentRecords": camel, "pagination": null}), staging()),
        ("logical environment of a record", json!(camel), query(vec![ask(&[], Some("pre"))])),
        (
            "logical environment of an environment, after the records",
            json!({"deployment_records": list, "environments": [
                {"name": "staging", "logical_environment": {"name": "pre"}}, {"name": "b"}]}),
            query(vec![ask(&["dev"], Some("pre")), ask(&["dev"], None), ask(&[], None)]),
        ),
        ("the same record twice", two, staging()),
        ("empty, vouched for", json!({"deployment_records": [], "environments": [{"name": "staging"}]}), staging()),
        ("empty, not vouched for", json!([]), staging()),
        ("another name", list.clone(), query(vec![ask(&["stagin\u{1b}g"], None)])),
        ("no such logical environment", list.clone(), query(vec![ask(&["dev"], Some("live"))])),
        ("a page of many", json!({"deployment_records": list, "pagination": {"totalCount": 3}}), staging()),
        (
            "an incomplete environment",
            json!({"deployment_records": list, "environments": [{"name": "staging", "incomplete": "5 of 7"}]}),
            staging(),
        ),
        ("latest only", json!({"deployment_records": list, "filters": {"full_history": false}}), staging()),
        (
            "of one status",
            json!({"deployment_records": list, "filters": {"full_history": true, "status": "DEPLOYED"}}),
            staging(),
        ),
    ];
    let mut text = String::new();
    for (name, file, query) in cases {
        writeln!(text, "# {name}\n{}", read(&file.to_string(), &query).1).unwrap();
    }
    insta::assert_snapshot!(text);
}

/// The part of an outcome that says why the records are not whole.
fn gap(file: &Value, query: &RecordQuery) -> Option<String> {
    let (result, said) = read(&file.to_string(), query);
    result.expect(&said).environments[0].incomplete.clone()
}

#[test]
fn page_numbers_that_do_not_fit_the_records_are_doubted() {
    let list = json!(records("staging", 3));
    let cases = [
        (json!({}), false),
        (json!({"total_count": null}), false),
        (json!({"total_count": ""}), false),
        (json!({"total_count": 0, "page": 2}), false),
        (json!({"total_count": 3, "page": "2", "page_size": 3}), false),
        (json!({"total_count": 3, "page": 1, "total_pages": 2, "page_size": 3}), false),
        (json!({"totalCount": 1, "pageSize": 1, "totalPages": "7"}), false),
        (json!({"total_count": 3, "total_pages": 4}), false),
        (json!({"total_count": 3}), true),
        (json!({"total_count": 3, "page": 0, "total_pages": 1, "page_size": 100}), true),
        (json!({"total_count": 3, "page": 1, "total_pages": 3, "page_size": 1}), true),
        (json!(null), true),
    ];
    let asked = query(vec![ask(&["staging"], None)]);
    let mut words = String::new();
    for (pagination, whole) in cases {
        let gap = gap(&json!({"deployment_records": list, "pagination": pagination}), &asked);
        assert_eq!(gap.is_none(), whole, "{pagination}: {gap:?}");
        if let Some(said) = gap {
            words = format!("{words}{pagination}: {}\n", said.split_once("records.json` ").unwrap().1);
        }
    }
    insta::assert_snapshot!(words);
}

#[test]
fn project_filters_must_be_those_of_the_file() {
    let list = json!(records("staging", 3));
    let of = |project: Option<&str>, version: Option<&str>| RecordFilters {
        project_name: project.map(str::to_owned),
        project_version_name: version.map(str::to_owned),
        full_history: true,
        ..RecordFilters::default()
    };
    let shop = json!({"full_history": true, "project_name": "shop"});
    let version = json!({"full_history": true, "project_name": "shop", "project_version_name": "v1"});
    let cases = [
        (Some(&shop), of(Some("shop"), None), true),
        (Some(&version), of(Some("shop"), Some("v1")), true),
        (Some(&shop), of(Some("other"), None), false),
        (Some(&shop), of(None, None), false),
        (Some(&shop), of(Some("shop"), Some("v1")), false),
        (Some(&version), of(Some("shop"), None), false),
        (Some(&json!({"full_history": true})), of(Some("shop"), None), false),
        (None, of(Some("shop"), None), false),
        (None, of(None, None), true),
    ];
    let mut words = String::new();
    for (saved, filters, whole) in cases {
        let mut file = json!({"deployment_records": list});
        if let Some(saved) = saved {
            file["filters"] = saved.clone();
        }
        let asked = RecordQuery { environments: vec![ask(&["staging"], None)], filters };
        let gap = gap(&file, &asked);
        assert_eq!(gap.is_none(), whole, "{saved:?} {:?}: {gap:?}", asked.filters);
        if let Some(said) = gap {
            words = format!("{words}{}\n", said.split_once("records.json` ").unwrap().1);
        }
    }
    insta::assert_snapshot!(words);
}

#[test]
fn an_environment_that_is_listed_twice_is_as_incomplete_as_it_says_once() {
    let incomplete = json!({"name": "staging", "incomplete": "5 of 7"});
    let whole = json!({"name": "staging"});
    for listed in [json!([incomplete, whole]), json!([whole, incomplete])] {
        let file = json!({"deployment_records": records("staging", 2), "environments": listed});
        let gap = gap(&file, &query(vec![ask(&["staging"], None)]));
        assert!(gap.as_ref().is_some_and(|gap| gap.ends_with("5 of 7")), "{listed}: {gap:?}");
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let asked = query(vec![ask(&["staging"], None)]);
    assert_eq!(read("\u{feff}[{\"id\": \"a\", \"environment_name\": \"staging\"}]", &asked).1, "a of staging");
}

#[test]
fn bad_files_are_refused() {
    let mut changed = record("a", "staging", "web", "", 1);
    changed["status"] = json!("SUPERSEDED");
    let twice = json!([record("a", "staging", "web", "", 1), changed]);
    let cases = [
        ("no JSON", "deployments:\n  - id: a\n".to_owned()),
        ("cut", "{\"deployment_records\": [\n{\"id\": \"a\"".to_owned()),
        ("empty", String::new()),
        ("more than one document", "[] []".to_owned()),
        ("text", "\"records\"".to_owned()),
        ("no list", "{\"records\": []}".to_owned()),
        ("the list twice", "{\"deployment_records\": [], \"deploymentRecords\": []}".to_owned()),
        ("no record", "[7]".to_owned()),
        ("other content under one id", twice.to_string()),
        ("an environment without a name", "{\"deployment_records\": [], \"environments\": [{}]}".to_owned()),
        ("no time", "{\"deployment_records\": [], \"observed_at\": \"today\"}".to_owned()),
        ("unknown filter", "{\"deployment_records\": [], \"filters\": {\"digest\": \"a\"}}".to_owned()),
        ("no UTF-8", "\u{0}".to_owned()),
    ];
    let mut text = String::new();
    for (name, file) in cases {
        writeln!(text, "# {name}\n{}", read(&file, &query(vec![ask(&["staging"], None)])).1).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn files_that_cannot_be_opened_or_are_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.json");
    std::fs::write(&path, json!(records("staging", 3)).to_string()).unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let asked = query(vec![ask(&["staging"], None)]);
    let filters = RecordFilters { project_name: Some("shop".to_owned()), ..RecordFilters::default() };
    let by_project = RecordQuery { filters, ..asked.clone() };
    let cases = [
        ("missing", SnapshotSource::new(folder.path().join("other.json")), &asked),
        ("a device", SnapshotSource::new("/dev/zero".into()), &asked),
        ("a pipe", SnapshotSource::new(pipe), &asked),
        ("a directory", SnapshotSource::new(folder.path().to_owned()), &asked),
        ("too large", SnapshotSource::new(path.clone()).with_largest_file(100), &asked),
        ("by project", SnapshotSource::new(path), &by_project),
    ];
    let mut text = String::new();
    for (name, source, query) in cases {
        writeln!(text, "# {name}\n{}", outcome(&fetch(&source, query))).unwrap();
    }
    insta::assert_snapshot!(text.replace(&folder.path().display().to_string(), "FOLDER"));
}

#[test]
fn filters_apply_as_in_the_api() {
    let with = |mut record: Value, path: &str, value: &str| {
        *record.pointer_mut(path).unwrap() = json!(value);
        record
    };
    let file = json!([
        with(record("old", "staging", "web", "", 1), "/status", "SUPERSEDED"),
        record("new", "staging", "web", "", 2),
        with(record("chart", "staging", "charts", "", 1), "/artifact/kind", "HELM_CHART"),
        with(record("gone", "staging", "api", "", 3), "/status", "DECOMMISSIONED"),
    ])
    .to_string();
    let text = |text: &str| Some(text.to_owned());
    let full = || RecordFilters { full_history: true, ..RecordFilters::default() };
    let cases = [
        (full(), "chart gone new old of staging"),
        (RecordFilters::default(), "chart gone new of staging"),
        (RecordFilters { status: text("SUPERSEDED"), ..full() }, "old of staging"),
        (RecordFilters { status: text("superseded"), ..full() }, " of staging"),
        (RecordFilters { artifact_kind: text("HELM_CHART"), ..full() }, "chart of staging"),
        (RecordFilters { deployment_name: text("web"), ..RecordFilters::default() }, "new of staging"),
    ];
    for (filters, expected) in cases {
        let query = RecordQuery { environments: vec![ask(&["staging"], None)], filters };
        assert_eq!(read(&file, &query).1, expected, "{:?}", query.filters);
    }
}

#[test]
fn what_is_written_is_stable_and_readable() {
    let asked = query(vec![ask(&["staging"], None), ask(&["qa"], Some("production"))]);
    let parse =
        |value: &Value| wire::deployments(value.to_string().as_bytes(), &mut wire::Interner::default()).unwrap();
    let digest = format!("sha256:{}", "ab".repeat(32));
    let staging = [record("a", "staging", "web", &digest, 1), record("b", "staging", "web", "SHA256:ABC", 2)];
    let staging = parse(&json!({"deployment_records": staging})).items;
    let environment = |targets: &[&str], records, incomplete: Option<&str>| FetchedEnvironment {
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
        records,
        incomplete: incomplete.map(str::to_owned),
    };
    let fetched = Fetched {
        environments: vec![
            environment(&["staging"], staging, None),
            environment(&["eu", "qa"], Vec::new(), Some("2 of 3 came")),
        ],
        observed_at: Some("2026-01-02T00:00:00Z".parse().unwrap()),
        digest: wire::digest([]),
    };
    let mut file = Vec::new();
    snapshot::write(&mut file, &[(&asked, &fetched)]).unwrap();
    let file = String::from_utf8(file).unwrap();
    let mut shuffled = fetched.clone();
    shuffled.environments[0].records.reverse();
    let mut again = Vec::new();
    snapshot::write(&mut again, &[(&asked, &shuffled)]).unwrap();
    assert_eq!(file, String::from_utf8(again).unwrap());
    insta::assert_snapshot!(format!("{file}---\n{}", read(&file, &asked).1));
}

#[test]
fn two_records_of_one_id_are_not_written() {
    let digest = wire::digest([]);
    let page = json!({"deployment_records": [record("a", "x", "web", "", 1), record("a", "x", "web", "", 2)]});
    let records = wire::deployments(page.to_string().as_bytes(), &mut wire::Interner::default()).unwrap().items;
    let environment = FetchedEnvironment { targets: vec!["x".to_owned()], records, incomplete: None };
    let fetched = Fetched { environments: vec![environment], observed_at: None, digest };
    let error = snapshot::write(Vec::new(), &[(&query(vec![ask(&["x"], None)]), &fetched)]).unwrap_err();
    assert_eq!(error.to_string(), "record `a` was read twice, with different content");
}

#[test]
fn reads_that_do_not_go_together_are_not_written() {
    let fetched = |target: &str| Fetched {
        environments: vec![FetchedEnvironment {
            targets: vec![target.to_owned()],
            records: Vec::new(),
            incomplete: None,
        }],
        observed_at: None,
        digest: wire::digest([]),
    };
    let of = |target: &str, project: Option<&str>| {
        let mut query = query(vec![ask(&[target], None)]);
        query.filters.project_name = project.map(str::to_owned);
        (query, fetched(target))
    };
    let cases = [
        (
            of("x", None),
            of("y", Some("shop")),
            Some("the sources have different project filters, and a snapshot has one"),
        ),
        (of("x", None), of("x", None), Some("target `x` is in two sources, whose records would mix")),
        (of("x", Some("shop")), of("y", Some("shop")), None),
    ];
    for (one, other, expected) in cases {
        let written = snapshot::write(Vec::new(), &[(&one.0, &one.1), (&other.0, &other.1)]);
        assert_eq!(written.err().map(|error| error.to_string()).as_deref(), expected);
    }
}

fn any_record() -> impl Strategy<Value = DeploymentRecord> {
    let name = || prop_oneof![Just("staging"), Just("production"), Just("web \u{1}\"é")];
    let time = || proptest::option::of((1_i64..4_000_000_000, 0_i32..1_000_000_000));
    let details = proptest::option::of((any::<String>(), proptest::collection::btree_map(".*", ".*", 0..3)));
    let texts = (".{1,8}", name(), any::<String>(), "(sha256:[0-9a-f]{64}|[A-Z]{0,9})", any::<String>());
    (texts, (time(), time()), details).prop_map(|((id, environment, deployment, digest, status), times, details)| {
        let time = |time: Option<(i64, i32)>| time.map(|(s, n)| jiff::Timestamp::new(s, n).unwrap());
        DeploymentRecord {
            id: id.into(),
            environment_id: "".into(),
            environment_name: environment.into(),
            deployment_name: deployment.as_str().into(),
            artifact_id: deployment.into(),
            artifact: Arc::new(holdpoint::domain::artifact::RecordedArtifact {
                kind: holdpoint::domain::artifact::ArtifactKind::from_text(&status),
                name: status.as_str().into(),
                digest: digest.parse().ok(),
                digest_text: digest.into(),
                version: "".into(),
            }),
            status: RecordStatus::from_text(&status),
            created_at: time(times.0),
            updated_at: None,
            last_seen_at: time(times.1),
            details: details.map(|(risk, tags)| {
                Box::new(RecordDetails {
                    logical_environment_name: None,
                    tags: Some(tags),
                    runtime_risks: Some(vec![risk]),
                })
            }),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_it_writes_it_reads_back(records in proptest::collection::vec(any_record(), 0..12)) {
        let mut records = records;
        records.sort_by(|one, other| one.id.cmp(&other.id));
        records.dedup_by(|one, other| one.id == other.id);
        let digest = wire::digest(records.iter().map(wire::hash));
        let asked = query(vec![ask(&[], None)]);
        let environment = FetchedEnvironment { targets: Vec::new(), records: records.clone(), incomplete: None };
        let fetched = Fetched { environments: vec![environment], observed_at: None, digest };
        let mut file = Vec::new();
        snapshot::write(&mut file, &[(&asked, &fetched)]).unwrap();
        let (result, said) = read(&String::from_utf8(file).unwrap(), &asked);
        let read = result.expect(&said);
        prop_assert_eq!(read.digest, digest);
        let mut back = read.environments[0].records.clone();
        back.sort_by(|one, other| one.id.cmp(&other.id));
        prop_assert_eq!(back, records);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        wire::deployments(&bytes, &mut wire::Interner::default()).ok();
    }

    #[test]
    fn any_json_is_read_or_refused(text in "(\\{|\\[|\\]|\\}|:|,|\"(id|deployment_records|artifact|created_at|total_count|pagination|x)\"|null|1|-2.5| ){0,30}") {
        for text in [text.clone(), format!("{{\"deployment_records\": [{text}]}}")] {
            wire::deployments(text.as_bytes(), &mut wire::Interner::default()).ok();
            wire::environments(text.as_bytes(), &mut wire::Interner::default()).ok();
        }
    }

    #[test]
    fn the_digest_does_not_depend_on_order(records in proptest::collection::vec(any_record(), 0..6)) {
        let hashes: Vec<_> = records.iter().map(wire::hash).collect();
        let mut reversed = hashes.clone();
        reversed.reverse();
        prop_assert_eq!(wire::digest(hashes), wire::digest(reversed));
        for (one, other) in records.iter().zip(records.iter().skip(1)) {
            prop_assert_eq!(one == other, wire::hash(one) == wire::hash(other));
        }
    }
}
