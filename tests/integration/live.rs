//! `holdpoint` against a live server that answers as the records API is known to answer.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::chainloop::{FakeChainloop, Reply, Running};
use crate::support::cli::{Holdpoint, Run, root};

const TOKEN: &str = "token-that-must-not-be-seen";
const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// A folder whose configuration reads from a server.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new(url: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policies: PathBuf = root().join("policies");
        let text = format!(
            "version: 1
sources: {{records: {{type: chainloop, url: \"{url}\", timeout: 5s{more}}}}}
environments:
  - {{name: dev}}
  - {{name: staging, after: [dev], targets: [staging-eu, staging-us]}}
  - {{name: production, after: [staging]}}
  - {{name: elsewhere}}
policies: [{}]
rules:
  - {{policy: promotion.deployed_before, parameters: {{min_targets: all}}}}
  - {{policy: promotion.soak_time, parameters: {{minimum: 24h}}}}
",
            policies.display()
        );
        fs::write(folder.path().join("holdpoint.yaml"), text).unwrap();
        Self { folder }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Holdpoint::new(arguments).directory(self.folder.path()).env("CHAINLOOP_TOKEN", TOKEN).run()
    }

    fn check(&self, digest: &str, more: &[&str]) -> Run {
        self.run(&[&["check", digest, "--to", "production", "--format", "json"], more].concat())
    }
}

/// A record that has been in its slot for so long.
fn record(target: &str, digest: &str, status: &str, age: SignedDuration) -> Value {
    let created = (holdpoint::app::now() - age).to_string();
    json!({
        "id": format!("{target}-{digest}"),
        "environment_id": format!("id-of-{target}"),
        "environment_name": target,
        "deployment_name": "storefront",
        "artifact_id": digest,
        "artifact": {"kind": "CONTAINER_IMAGE", "name": "ghcr.io/acme/storefront", "digest": digest, "version": "1.0.0"},
        "status": status,
        "created_at": created,
        "updated_at": created,
        "last_seen_at": created,
    })
}

/// A server where [`DIGEST`] has soaked in both staging targets for so long, and [`OTHER`] is in one of them.
fn server(soaked: SignedDuration) -> FakeChainloop {
    let older = soaked + SignedDuration::from_hours(24);
    let filler = (0..250).map(move |index| {
        let mut filler = record("dev", &format!("sha256:{index:064x}"), "DEPLOYED", older);
        filler["deployment_name"] = json!(format!("service-{index}"));
        filler
    });
    FakeChainloop::new().environment("production").environment("elsewhere").records(filler).records([
        record("staging-eu", OTHER, "SUPERSEDED", older),
        record("staging-eu", DIGEST, "DEPLOYED", soaked),
        record("staging-us", DIGEST, "DEPLOYED", soaked),
    ])
}

const DAYS: SignedDuration = SignedDuration::from_hours(72);
const HOURS: SignedDuration = SignedDuration::from_hours(3);

#[test]
fn a_live_server_is_read_and_decides() {
    for (soaked, digest, verdict, code) in
        [(DAYS, DIGEST, "allow", 0), (HOURS, DIGEST, "hold", 4), (DAYS, OTHER, "deny", 1)]
    {
        let server = server(soaked).start_blocking();
        let run = Project::new(server.url(), "").check(digest, &[]);
        assert_eq!((run.code, run.verdict().as_str()), (code, verdict), "{run:?}");
    }
}

type Mood = (&'static str, fn(FakeChainloop) -> FakeChainloop);

#[test]
fn the_verdict_is_the_same_in_every_mood_of_the_server() {
    let moods: &[Mood] = &[
        ("zero-based", FakeChainloop::zero_based),
        ("camel case", FakeChainloop::camel_case),
        ("numbers as text", FakeChainloop::counts_as_text),
        ("pages of 7", |fake| fake.clamp_page_size(7)),
        ("no pages over 20", |fake| fake.refuse_page_size_over(20)),
        ("two failures first", |fake| fake.fails(2, Reply::html(503, "busy"))),
        ("a total that moves once", |fake| fake.total_moves(1)),
    ];
    for (name, mood) in moods {
        for (soaked, digest, code) in [(DAYS, DIGEST, 0), (HOURS, DIGEST, 4), (DAYS, OTHER, 1)] {
            let server = mood(server(soaked)).start_blocking();
            let run = Project::new(server.url(), "").check(digest, &[]);
            assert_eq!(run.code, code, "{name}: {run:?}");
        }
    }
}

#[test]
fn a_server_that_fails_is_undecided_and_never_allows() {
    let faults: &[Mood] = &[
        ("refuses the token", |fake| fake.always(Reply::kratos(401, "UNAUTHORIZED", "Token is invalid"))),
        ("forbids", |fake| fake.always(Reply::kratos(403, "unauthorized", "not a member"))),
        ("answers as a proxy", |fake| fake.always(Reply::html(200, "Please log in"))),
        ("is down", |fake| fake.always(Reply::html(500, "oops"))),
        ("claims more than it has", |fake| fake.claims(9_000)),
        ("repeats its pages", FakeChainloop::repeat_pages),
        ("never settles", |fake| fake.total_moves(1_000)),
        ("redirects", |fake| fake.always(Reply::redirect(302, "http://127.0.0.1:9/elsewhere"))),
        ("leaves out the list", |fake| fake.always(Reply::json(200, &json!({"items": []})))),
    ];
    for (name, fault) in faults {
        let server = fault(server(DAYS)).start_blocking();
        let run = Project::new(server.url(), "").check(DIGEST, &["--log-level", "trace"]);
        assert_eq!((run.code, run.verdict().as_str()), (3, "undecided"), "{name}: {run:?}");
        assert!(!run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN), "{name} shows the token");
    }
}

#[test]
fn the_log_has_neither_token_nor_body() {
    let server = server(DAYS).fails(1, Reply::kratos(503, "", "body-of-the-refusal")).start_blocking();
    let run = Project::new(server.url(), "").check(DIGEST, &["--log-level", "trace"]);
    let log = &run.stderr;
    for said in ["records API answered", "status=503", "status=200"] {
        assert!(log.contains(said), "{said} is not in:\n{log}");
    }
    for secret in [TOKEN, "body-of-the-refusal", "deployment_records"] {
        assert!(!log.contains(secret), "{secret} in:\n{log}");
    }
}

#[test]
fn only_what_the_decision_needs_is_asked_for() {
    let server = server(DAYS).start_blocking();
    let run = Project::new(server.url(), ", project: storefront").check(DIGEST, &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let asked = |running: &Running| {
        let requests = running.requests().into_iter().filter(|seen| seen.path == "/v1/deployments");
        requests
            .map(|seen| {
                assert_eq!(seen.parameter("project_name"), Some("storefront"));
                assert_eq!(seen.parameter("full_history"), Some("true"));
                seen.parameter("environment_name").map(str::to_owned)
            })
            .collect::<BTreeSet<_>>()
    };
    let expected = ["dev", "production", "staging-eu", "staging-us"].map(|name| Some(name.to_owned()));
    assert_eq!(asked(&server), BTreeSet::from(expected));
}

#[test]
fn a_token_that_cannot_work_is_named() {
    let server = server(DAYS).start_blocking();
    let project = Project::new(server.url(), "");
    let without = ["check", DIGEST, "--to", "production"];
    let missing = Holdpoint::new(&without).directory(project.folder.path()).run();
    assert_eq!(missing.code, 2);
    insta::assert_snapshot!("token_missing", missing.stderr);

    let part = |json: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
    let jwt = format!("{}.{}.c2lnbmF0dXJl", part(json!({"alg": "HS256"})), part(json!({"exp": 1_700_000_000})));
    let run = Holdpoint::new(&without)
        .directory(project.folder.path())
        .env("CHAINLOOP_TOKEN", &jwt)
        .arg("--format")
        .arg("json")
        .run();
    assert_eq!(run.code, 3);
    let message = run.json()["findings"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("2023-11-14T22:13:20Z"), "{message}");
    assert!(!run.stdout.contains(&jwt));
    assert!(server.requests().is_empty(), "an expired token is not sent");
}

#[test]
fn a_target_that_the_server_does_not_know_is_undecided() {
    let server =
        FakeChainloop::new().environment("dev").environment("staging-eu").environment("production").start_blocking();
    let run = Project::new(server.url(), "").check(DIGEST, &[]);
    assert_eq!(run.code, 3, "{run:?}");
    assert_eq!(run.json()["findings"][0]["code"], "environment_unknown");
}

#[test]
fn waiting_ends_when_the_hold_opens() {
    let soaked = SignedDuration::from_hours(24) - SignedDuration::from_secs(4);
    let server = server(soaked).start_blocking();
    let run = Project::new(server.url(), "").check(DIGEST, &["--wait", "60s"]);
    assert_eq!((run.code, run.verdict().as_str()), (0, "allow"), "{run:?}");
}

#[test]
fn waiting_ends_at_once_when_it_cannot_help() {
    let server = server(DAYS).start_blocking();
    let project = Project::new(server.url(), "");
    let started = Instant::now();
    assert_eq!(project.check(OTHER, &["--wait", "10m"]).code, 1);
    assert_eq!(project.check(DIGEST, &["--wait", "10m"]).code, 0);
    assert!(started.elapsed() < Duration::from_mins(1));
}

#[test]
fn waiting_ends_with_the_last_verdict() {
    let server = server(HOURS).start_blocking();
    assert_eq!(Project::new(server.url(), "").check(DIGEST, &["--wait", "2s"]).code, 4);
    let looks =
        server.requests().iter().filter(|seen| seen.parameter("environment_name") == Some("production")).count();
    assert!(looks > 1, "it looked {looks} times");
}

#[test]
fn records_lists_filters_and_saves() {
    let server = server(DAYS).start_blocking();
    let project = Project::new(server.url(), "");
    let listed = project.run(&["records", "--environment", "staging", "--format", "json"]);
    let ids = |run: &Run| {
        let json = run.json();
        let records = json["records"].as_array().unwrap().iter();
        records.map(|record| record["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&listed), ["DEPLOYED", "DEPLOYED"], "the latest of each slot");
    let filters = [
        "--status",
        "superseded",
        "--artifact-kind",
        "container-image",
        "--deployment",
        "storefront",
        "--full-history",
        "--project",
        "p",
        "--project-version",
        "v",
    ];
    let filtered =
        project.run(&[["records", "--environment", "staging", "--format", "json"].as_slice(), &filters].concat());
    assert_eq!(ids(&filtered), ["SUPERSEDED"], "{filtered:?}");
    let seen = server.requests();
    let last = seen.iter().rfind(|seen| seen.path == "/v1/deployments").unwrap();
    for (name, value) in [
        ("artifact_kind", "CONTAINER_IMAGE"),
        ("deployment_name", "storefront"),
        ("full_history", "true"),
        ("project_name", "p"),
        ("project_version_name", "v"),
    ] {
        assert_eq!(last.parameter(name), Some(value), "{name}");
    }

    let saved = project.run(&["records", "--output", "snapshot.json"]);
    assert_eq!((saved.code, saved.stdout.as_str()), (0, ""), "{saved:?}");
    for digest in [DIGEST, OTHER] {
        let (live, from_file) = (project.check(digest, &[]), project.check(digest, &["--records", "snapshot.json"]));
        assert_eq!((live.code, live.verdict()), (from_file.code, from_file.verdict()), "{from_file:?}");
    }
    fs::write(project.folder.path().join("listed.json"), &listed.stdout).unwrap();
    let from_listing = project.check(DIGEST, &["--records", "listed.json"]);
    assert_eq!((from_listing.code, from_listing.verdict().as_str()), (3, "undecided"), "a listing is no snapshot");
    let refused = project.run(&["records", "--output", "part.json", "--status", "deployed"]);
    assert_eq!(refused.code, 2, "part of the records is no snapshot: {refused:?}");
}

#[test]
fn a_snapshot_of_one_project_serves_that_project_only() {
    let server = server(DAYS).start_blocking();
    let mine = Project::new(server.url(), ", project: storefront");
    assert_eq!(mine.run(&["records", "--output", "snapshot.json"]).code, 0);
    let snapshot = mine.folder.path().join("snapshot.json");
    let records = ["--records", snapshot.to_str().unwrap()];
    assert_eq!(mine.check(DIGEST, &records).code, 0);
    for other in ["", ", project: other", ", project: storefront, project_version: v1"] {
        let run = Project::new(server.url(), other).check(DIGEST, &records);
        assert_eq!((run.code, run.verdict().as_str()), (3, "undecided"), "{other}: {run:?}");
    }
}

#[test]
fn sources_that_share_a_target_do_not_fit_in_one_file() {
    let server = server(DAYS).start_blocking();
    let project = Project::new(server.url(), "");
    let path = project.folder.path().join("holdpoint.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let second = format!(", other: {{type: chainloop, url: \"{}\"}}}}\nenvironments:", server.url());
    let text = text
        .replacen("}\nenvironments:", &second, 1)
        .replace("{name: dev}", "{name: dev, source: other, targets: [staging-eu]}");
    let text = text
        .replace("after: [dev]", "after: [dev], source: records")
        .replace("after: [staging]}", "after: [staging], source: records}");
    fs::write(&path, text.replace("{name: elsewhere}", "{name: elsewhere, source: other}")).unwrap();
    let records = root().join("examples/storefront/records.json");
    let runs = [
        project.run(&["records", "--output", "snapshot.json"]),
        project.run(&["check", DIGEST, "--to", "production", "--records", records.to_str().unwrap()]),
    ];
    for run in runs {
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        insta::allow_duplicates! { insta::assert_snapshot!(run.stderr, @r"
        error: target `staging-eu` is in the record sources `other` and `records`, whose records would mix in one snapshot
        hint: keep a snapshot for each source, and configure them as sources of type `snapshot`
        "); }
    }
    assert!(!project.folder.path().join("snapshot.json").exists());
    let apart = project.run(&["records", "--environment", "staging", "--output", "snapshot.json"]);
    assert_eq!(apart.code, 0, "{apart:?}");
}

#[test]
fn token_files_are_named_unless_their_name_may_be_the_token() {
    let server = server(DAYS).always(Reply::kratos(401, "UNAUTHORIZED", "no")).start_blocking();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let jwt = "/run/eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl";
    let cases = [
        ("refused by the server", write("good", "a-token\n"), 3),
        ("missing", folder.path().join("missing").display().to_string(), 2),
        ("the token itself", "chlp_2f1c9b7e".to_owned(), 2),
        ("a JSON web token", jwt.to_owned(), 2),
        ("a device", "/dev/zero".to_owned(), 2),
        ("large", write("large", &"x".repeat((64 << 10) + 1)), 2),
        ("no text", folder.path().display().to_string(), 2),
    ];
    let mut shown = String::new();
    for (name, path, code) in cases {
        let project = Project::new(server.url(), &format!(", token: {{file: \"{path}\"}}"));
        let run = project.run(&["records", "--environment", "dev"]);
        assert_eq!(run.code, code, "{name}: {run:?}");
        let said = run.stderr.replace(&folder.path().display().to_string(), "FOLDER").replace(server.url(), "SERVER");
        shown = format!("{shown}# {name}\n{}", said.replace(&project.folder.path().display().to_string(), "PROJECT"));
    }
    insta::assert_snapshot!("token_files", shown);
    let project = Project::new(server.url(), ", token: {env: OTHER_TOKEN}");
    let run = Holdpoint::new(&["records"]).directory(project.folder.path()).env("OTHER_TOKEN", TOKEN).run();
    assert!(run.stderr.contains("put it in `OTHER_TOKEN`"), "{run:?}");
}
