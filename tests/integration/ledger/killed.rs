//! A ledger whose writer is killed while it writes.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::cli::Holdpoint;

/// Lines that are written in all.
const LINES: usize = 10_000;
/// How many lines are acknowledged before the writer is killed.
const LIVES: [usize; 4] = [1, 700, 2500, 4000];

/// The image of a line: each slot gets one after the other.
fn line(number: usize) -> String {
    format!("ghcr.io/acme/shop@sha256:{number:064x} staging slot-{}", number % 7)
}

/// Feeds the writer from this line on, kills it once it has acknowledged so many, and says how many it has.
fn write_until_killed(directory: &Path, from: usize, life: usize) -> usize {
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
        .args(["ledger", "record", "--stdin"])
        .current_dir(directory)
        .env_clear()
        .env("HOME", directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        // The pipe breaks when the reader is killed.
        (from..LINES).try_for_each(|number| writeln!(input, "{}", line(number))).ok();
    });
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (mut whole, mut text) = (0, String::new());
    while output.read_line(&mut text).is_ok_and(|read| read > 0) {
        // A line that was cut is no acknowledgement.
        whole += usize::from(text.ends_with('\n'));
        text.clear();
        if whole == life {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    feeding.join().unwrap();
    whole
}

#[test]
fn nothing_that_was_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut next = 0;
    for life in LIVES.into_iter().chain([LINES]) {
        let acknowledged = write_until_killed(folder.path(), next, life);
        assert!(acknowledged >= life.min(LINES - next), "{acknowledged} lines were written");
        next += acknowledged;
        // A line that was kept and not acknowledged is recorded twice.
        let arguments = ["ledger", "list", "--full-history", "--format", "csv", "--limit", "20000"];
        let run = Holdpoint::new(&arguments).directory(folder.path()).run();
        assert_eq!(run.code, 0, "{}", run.stderr);
        let recorded: BTreeSet<&str> = run.stdout.split(',').filter(|text| text.starts_with("sha256:")).collect();
        for number in 0..next {
            assert!(recorded.contains(&*format!("sha256:{number:064x}")), "line {number} is lost");
        }
        // The last of each slot is deployed, and it alone.
        let deployed = run.stdout.lines().filter(|line| line.contains(",DEPLOYED,")).count();
        let slots: BTreeSet<&str> = run.stdout.split(',').filter(|text| text.starts_with("slot-")).collect();
        assert_eq!(deployed, slots.len());
        assert_eq!(slots.len().max(next.min(7)), slots.len());
    }
    assert_eq!(next, LINES);
}
