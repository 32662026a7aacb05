//! `holdpoint serve` as a process.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Nothing here takes so long, on however slow a machine.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// What every server does, in its own words.
const OPERATIONS: &str = "health and metrics";

/// A server that is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// The line that says where it listens.
    announced: String,
    /// What it wrote to standard error.
    log: Arc<Mutex<String>>,
    output: BufReader<ChildStdout>,
    client: reqwest::Client,
}

impl Server {
    /// Starts one for reviews in a folder, and waits until it says where it listens.
    pub(crate) async fn start(directory: &Path, arguments: &[&str]) -> Self {
        let arguments = [&["--listen", "127.0.0.1:0"], arguments].concat();
        Self::spawn(directory, &arguments, &[("CHAINLOOP_TOKEN", "a-token-of-tests")]).await
    }

    /// Starts one with this environment alone, and waits until it says where it listens.
    pub(crate) async fn spawn(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
            .args(["serve", "--operations-listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .env("HOME", directory)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = follow(child.stderr.take().unwrap());
        let output = BufReader::new(child.stdout.take().unwrap());
        let announced = announcement(&log).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, announced, log, output, client }
    }

    /// The URL at which it does this, in its own words, such as `answering reviews`.
    pub(crate) fn url(&self, what: &str) -> &str {
        let named = self.announced.split("; ").find_map(|door| door.strip_prefix(what)?.strip_prefix(" on "));
        named.unwrap_or_else(|| panic!("{what}: {}", self.announced))
    }

    fn address(&self, what: &str) -> SocketAddr {
        let url = reqwest::Url::parse(self.url(what)).unwrap();
        url.socket_addrs(|| None).unwrap().remove(0)
    }

    /// Where it listens for reviews.
    pub(crate) fn reviews(&self) -> SocketAddr {
        self.address("answering reviews")
    }

    /// The next line of standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The exit code, none when a signal ended it, and what was logged.
    pub(crate) async fn ended(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), self.log());
            }
            assert!(Instant::now() < deadline, "it goes on: {}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What a path of the operations listener says.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.client.get(format!("{}{path}", self.url(OPERATIONS))).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until this is in what a path of the operations listener says.
    pub(crate) async fn becomes(&self, path: &str, words: &str) {
        let deadline = Instant::now() + LONG;
        loop {
            let (_status, body) = self.get(path).await;
            if body.contains(words) {
                return;
            }
            assert!(Instant::now() < deadline, "{words} is not in {body}; log: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What comes of a body at a path of the listener for reviews, where that speaks plain http.
    pub(crate) async fn post(&self, path: &str, kind: &str, body: Vec<u8>) -> (u16, String) {
        let request = self.client.post(format!("http://{}{path}", self.reviews())).header("content-type", kind);
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Keeps what comes out of a pipe, so that the program never waits for somebody who reads it.
fn follow(pipe: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let log = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut log = own.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
    log
}

/// The line in which the program says where it listens.
async fn announcement(log: &Mutex<String>) -> String {
    let deadline = Instant::now() + LONG;
    loop {
        let text = log.lock().unwrap().clone();
        if let Some(line) = text.lines().find(|line| line.contains(OPERATIONS)) {
            return line.to_owned();
        }
        assert!(Instant::now() < deadline, "it does not listen: {text}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
