//! Options in the forms that people and pipelines give them.

use super::{AS_OF, EXAMPLE, Example, check};
use crate::support::cli::{Holdpoint, Run};

fn records(more: &[&str]) -> Run {
    Holdpoint::new(&[&["records", "--config", EXAMPLE], more].concat()).run()
}

#[test]
fn an_environment_that_is_named_twice_is_listed_once() {
    let once = records(&["-f", "csv", "--full-history", "-e", "production"]);
    assert!(once.code == 0 && once.stdout.lines().count() > 2, "{once:?}");
    let twice = records(&["-f", "csv", "--full-history", "-e", "production", "-e", "production"]);
    assert_eq!(twice.stdout, once.stdout);
}

#[test]
fn filters_are_spelt_as_records_spell_them() {
    let spellings = [["--status", "deployed", "DEPLOYED"], ["--artifact-kind", "container-image", "CONTAINER_IMAGE"]];
    for [option, plain, recorded] in spellings {
        let (plain, recorded) = (records(&[option, plain]), records(&[option, recorded]));
        assert_eq!((recorded.code, &recorded.stdout), (0, &plain.stdout), "{recorded:?}");
    }
}

#[test]
fn a_snapshot_has_one_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.json");
    let run = records(&["-f", "csv", "-o", path.to_str().unwrap()]);
    assert!(run.code == 2 && !path.exists(), "{run:?}");
    assert!(run.stderr.contains("cannot be used with"), "{run:?}");
    assert_eq!(records(&["-o", path.to_str().unwrap()]).code, 0);
    assert!(path.exists());
}

#[test]
fn a_day_is_a_duration() {
    // A denial does not wait.
    let arguments = ["check", Example::DENIED, "--to", "production", "--config", EXAMPLE];
    for duration in ["1d", "1h30m", "0s"] {
        let run = Holdpoint::new(&arguments).arg("--wait").arg(duration).run();
        assert_eq!(run.code, 1, "{duration}: {run:?}");
    }
}

#[test]
fn empty_variables_count_as_not_set() {
    let names = ["HOLDPOINT_FORMAT", "HOLDPOINT_CONFIG", "HOLDPOINT_LOG_LEVEL", "HOLDPOINT_LOG_FORMAT"];
    let digest = Example::ALLOWED;
    let run = Holdpoint::new(&["check", digest, "--to", "production", "--config", EXAMPLE, "--as-of", AS_OF]);
    let run = names.iter().fold(run, |run, name| run.env(name, "")).run();
    assert_eq!(run.code, 0, "{run:?}");
    let run = names.iter().fold(Holdpoint::new(&["records"]), |run, name| run.env(name, "")).run();
    assert!(run.stderr.contains("holdpoint.yaml: cannot read"), "{run:?}");
    assert_eq!(check(digest, &["--format", "tap"]).code, 0);
}
