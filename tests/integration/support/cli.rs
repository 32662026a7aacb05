//! Runs the program as a user would, with nothing of the test's own environment.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// One run of `holdpoint`.
#[must_use]
pub(crate) struct Holdpoint(Command);

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

impl Holdpoint {
    /// The program with these arguments, in the repository's root.
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
        command.args(arguments).current_dir(root()).env_clear().stdin(Stdio::null());
        Self(command)
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.0.current_dir(directory);
        self
    }

    pub(crate) fn run(mut self) -> Run {
        let Output { status, stdout, stderr } = self.0.output().unwrap();
        let code = status.code().expect("the program was killed by a signal");
        Run { code, stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() }
    }

    /// The same, for a run that may hang: it is ended, and the test with it, when it takes longer than this.
    pub(crate) fn run_within(mut self, limit: Duration) -> Run {
        let mut child = self.0.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (text_of(child.stdout.take()), text_of(child.stderr.take()));
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > limit {
                child.kill().unwrap();
                panic!("{:?} goes on after {limit:?}", self.0);
            }
            thread::sleep(Duration::from_millis(5));
        };
        let code = status.code().expect("the program was killed by a signal");
        Run { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
    }
}

/// What comes out of a pipe, read beside what waits for the program.
fn text_of(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.unwrap().read_to_string(&mut text).unwrap();
        text
    })
}

impl Run {
    /// The whole result as one text, with what differs from run to run replaced.
    pub(crate) fn shown(&self) -> String {
        let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr);
        scrub(&text)
    }

    /// The decision document on standard output.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn verdict(&self) -> String {
        self.json()["verdict"].as_str().unwrap().to_owned()
    }
}

/// Replaces decision ids and durations.
fn scrub(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in text.split_inclusive(|character: char| !character.is_ascii_hexdigit() && character != '-') {
        let bare = word.trim_end_matches(|character: char| !character.is_ascii_hexdigit());
        if is_uuid_v4(bare) {
            shown.push_str(&word.replace(bare, "DECISION-ID"));
        } else {
            shown.push_str(word);
        }
    }
    let lines = shown.lines().map(|line| match line.split_once("\"duration_ms\": ") {
        Some((indent, _)) => format!("{indent}\"duration_ms\": 0,\n"),
        None => format!("{}\n", without_time(line)),
    });
    lines.collect()
}

/// A line of `JUnit` without how long it took.
fn without_time(line: &str) -> String {
    let timed = line.split_once(" time=\"").and_then(|(before, rest)| Some((before, rest.split_once('"')?.1)));
    timed.map_or_else(|| line.to_owned(), |(before, after)| format!("{before} time=\"0.000\"{after}"))
}

fn is_uuid_v4(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.as_bytes()[14] == b'4'
}
