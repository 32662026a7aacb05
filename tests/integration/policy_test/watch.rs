//! `--watch`, from the first run to Ctrl-C.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::folder;

const PASSES: &str = "package a_test\n\ntest_a if 1 == 1\n";
const FAILS: &str = "package a_test\n\ntest_a if 1 == 2\n";

struct Watching {
    child: Child,
    /// Lines of both streams.
    lines: Receiver<String>,
}

impl Watching {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
        command.args(["policy", "test", "--watch"]).current_dir(folder).env_clear();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || {
                BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
            });
        }
        Self { child, lines }
    }

    /// Waits for a line with this text. Lines of the two streams come in any order.
    fn until(&self, text: &str) {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(Duration::from_mins(1)) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{error}: no `{text}` in {seen:#?}"),
            }
        }
    }

    /// Waits until nothing more is said, which would never be when the tests' own reading made them run again.
    fn until_quiet(&self) {
        let lines = std::iter::from_fn(|| self.lines.recv_timeout(Duration::from_secs(2)).ok()).take(100);
        assert!(lines.count() < 100, "nothing changed, and it goes on");
    }

    /// Ctrl-C; the exit code.
    fn interrupt(mut self) -> i32 {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("it was killed, and did not end by itself");
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("Ctrl-C did not end it");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn tests_run_again_after_a_change_until_ctrl_c() {
    let folder = folder(&[("policies/a_test.rego", PASSES)]);
    let file = folder.path().join("policies/a_test.rego");
    let watching = Watching::start(folder.path());
    watching.until("passed: 1 of 1 test");
    fs::write(&file, FAILS).unwrap();
    watching.until("FAILED: 0 of 1 test passed, 1 failed");
    // A fault is reported, and the next change is waited for.
    fs::write(&file, "package a_test\n\ntest_a if {").unwrap();
    watching.until("error: policies/a_test.rego:");
    // A file that replaces another, and one in a new folder.
    fs::write(folder.path().join("new"), PASSES).unwrap();
    fs::rename(folder.path().join("new"), &file).unwrap();
    watching.until("passed: 1 of 1 test");
    fs::create_dir(folder.path().join("policies/more")).unwrap();
    fs::write(folder.path().join("policies/more/b_test.rego"), PASSES.replace("a_test", "b_test")).unwrap();
    watching.until("passed: 2 of 2 tests");
    watching.until_quiet();
    fs::write(&file, FAILS).unwrap();
    watching.until("FAILED: 1 of 2 tests passed");
    watching.until_quiet();
    assert_eq!(watching.interrupt(), 1);
}

#[test]
fn a_folder_that_is_not_there_cannot_be_watched() {
    let folder = folder(&[("a.rego", "package a\n")]);
    let run = super::test(folder.path(), &["--watch"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("`policies/` cannot be watched"), "{run:?}");
}
