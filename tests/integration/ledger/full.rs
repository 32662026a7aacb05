//! A disk without room.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::cli::Holdpoint;

fn image(number: usize) -> String {
    format!("ghcr.io/acme/shop@sha256:{number:064x}")
}

/// Records lines with files that cannot grow beyond so many blocks of 512 bytes.
fn record_within(directory: &Path, blocks: u32, lines: usize) -> (i32, usize, String) {
    // As a full disk does, writing fails; without the trap, the signal would end the program.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" ledger record --stdin");
    let mut child = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_holdpoint")])
        .current_dir(directory)
        .env_clear()
        .env("HOME", directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        // The pipe breaks when there is no room any more.
        (1..=lines).try_for_each(|number| writeln!(input, "{} staging slot-{}", image(number), number % 50)).ok();
    });
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    let acknowledged = String::from_utf8(output.stdout).unwrap().lines().count();
    (output.status.code().unwrap_or(-1), acknowledged, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (code, acknowledged, said) = record_within(folder.path(), 1024, 20_000);
    assert_eq!(code, 2, "{said}");
    assert!(acknowledged > 0 && acknowledged < 20_000, "{acknowledged}: {said}");
    assert!(said.contains("nothing was recorded") && said.contains("ledger.db") && said.contains("hint: "), "{said}");
    // What was acknowledged is there, and with room it goes on.
    let listed = Holdpoint::new(&["ledger", "list", "--full-history", "--format", "csv", "--limit", "100000"]);
    let listed = listed.directory(folder.path()).run();
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    for number in 1..=acknowledged {
        assert!(listed.stdout.contains(&format!("{number:064x}")), "line {number} of {acknowledged} is lost");
    }
    let more = ["ledger", "record", &image(0xff_ffff), "--to", "staging", "--deployment", "slot-1"];
    let more = Holdpoint::new(&more).directory(folder.path()).run();
    assert_eq!(more.code, 0, "{}", more.stderr);
}
