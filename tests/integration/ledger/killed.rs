//! A ledger whose writer is killed while it writes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::cli::Holdpoint;

/// Lines that are sent at most.
const LINES: usize = 10_000;
/// How often the writer is killed.
const TIMES: u32 = 4;

/// The image of a line: each slot gets one after the other.
fn line(number: usize) -> String {
    format!("ghcr.io/acme/shop@sha256:{number:064x} staging slot-{}", number % 7)
}

/// Feeds the writer from this line on, kills it after a while, and says how many lines it has acknowledged.
fn write_until_killed(directory: &Path, from: usize, life: Duration) -> usize {
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
    let reading = std::thread::spawn(move || {
        let (mut whole, mut text) = (0, String::new());
        while output.read_line(&mut text).is_ok_and(|read| read > 0) {
            // A line that was cut is no acknowledgement.
            whole += usize::from(text.ends_with('\n'));
            text.clear();
        }
        whole
    });
    let started = Instant::now();
    while started.elapsed() < life && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    feeding.join().unwrap();
    reading.join().unwrap()
}

#[test]
fn nothing_that_was_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut next = 0;
    let mut kept = Vec::new();
    for time in 0..TIMES {
        let acknowledged = write_until_killed(folder.path(), next, Duration::from_millis(700 + 333 * u64::from(time)));
        assert!(acknowledged > 0, "nothing was written");
        kept.extend(next..next + acknowledged);
        next += acknowledged;
        let arguments = ["ledger", "list", "--full-history", "--format", "csv", "--limit", "10000"];
        let run = Holdpoint::new(&arguments).directory(folder.path()).run();
        assert_eq!(run.code, 0, "{}", run.stderr);
        for number in &kept {
            assert!(run.stdout.contains(&format!("sha256:{number:064x}")), "line {number} is lost");
        }
        // The last of each slot is deployed, and it alone.
        let deployed = run.stdout.lines().filter(|line| line.contains(",DEPLOYED,")).count();
        assert_eq!(deployed, kept.len().min(7), "{}", run.stdout);
    }
}
