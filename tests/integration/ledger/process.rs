//! `holdpoint ledger serve` as a process, and the commands that ask it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::cli::{Holdpoint, Run};

const IMAGE: &str = "ghcr.io/acme/shop:1@sha256:1111111111111111111111111111111111111111111111111111111111111111";

struct Serving {
    child: Child,
    url: String,
    _log: BufReader<ChildStderr>,
}

impl Serving {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
            .args(["ledger", "serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .env("HOME", directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("answering on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, url, _log: log }
    }

    fn ask(&self, directory: &Path, token: &str, arguments: &[&str]) -> Run {
        let asked = Holdpoint::new(&["ledger"]).args(arguments).args(&["--url", &self.url]);
        asked.env("HOLDPOINT_LEDGER_TOKEN", token).directory(directory).run()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn commands_ask_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let made = |scope: &str| {
        let arguments = ["ledger", "token", "create", scope, "--scope", scope];
        let run = Holdpoint::new(&arguments).directory(folder.path()).run();
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout.trim().to_owned()
    };
    let (write, read) = (made("write"), made("read"));
    let mut serving = Serving::start(folder.path(), &[]);
    let elsewhere = tempfile::tempdir().unwrap();
    let ask = |token: &str, arguments: &[&str]| serving.ask(elsewhere.path(), token, arguments);
    let record = ["record", IMAGE, "--to", "staging", "--deployment", "shop"];
    let recorded = ask(&write, &record);
    assert_eq!(recorded.code, 0, "{}", recorded.stderr);
    assert!(recorded.stdout.starts_with("staging/shop sha256:1111") && recorded.stdout.ends_with(": recorded\n"));
    for (token, arguments, text) in [
        (&read, &record[..], "403"),
        (&String::new(), &record[..], "`HOLDPOINT_LEDGER_TOKEN` is not set"),
        (&"hpl_nobody".to_owned(), &["list"], "HOLDPOINT_LEDGER_TOKEN"),
        (&write, &["decommission", "--from", "staging", "--deployment", "other"], "nothing is deployed as `other`"),
    ] {
        let refused = ask(token, arguments);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.stdout);
        assert!(refused.stderr.contains(text) && !refused.stderr.contains(&write), "{arguments:?}: {}", refused.stderr);
    }
    let listed = ask(&read, &["list", "--format", "csv"]);
    assert!(listed.stdout.contains("staging,shop") && listed.stdout.contains(",DEPLOYED,"), "{}", listed.stderr);
    // All of it goes into a file, and what is deployed to a server.
    let exported = ask(&read, &["export", "--output", "all.json"]);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let again = ask(&write, &["import", "all.json"]);
    assert_eq!((again.stdout.as_str(), again.code), ("0 added, 0 updated, 1 left out\n", 0), "{}", again.stderr);
    let renamed = std::fs::read_to_string(elsewhere.path().join("all.json")).unwrap().replace("staging", "production");
    std::fs::write(elsewhere.path().join("other.json"), renamed).unwrap();
    let added = ask(&write, &["import", "other.json"]);
    assert_eq!(added.stdout, "1 added, 0 updated, 0 left out\n", "{}", added.stderr);
    let digest = format!("sha256:{}", "5".repeat(64));
    let time = "2026-01-01T00:00:00Z";
    let page = serde_json::json!({"data": {"repository": {"nameWithOwner": "acme/site", "deployments": {
        "nodes": [{
            "databaseId": 1, "environment": "staging", "state": "ACTIVE", "createdAt": time, "updatedAt": time,
            "commitOid": "c", "payload": digest, "statuses": {"nodes": [], "pageInfo": {"hasNextPage": false}},
        }],
        "pageInfo": {"hasNextPage": false},
    }}}});
    std::fs::write(elsewhere.path().join("github.json"), page.to_string()).unwrap();
    let added = ask(&write, &["import", "github.json", "--from", "github", "--artifact", "{payload}"]);
    assert_eq!(added.stdout, "1 added, 0 updated, 0 left out\n", "{}", added.stderr);
    for name in ["all.json", "other.json", "github.json"] {
        std::fs::remove_file(elsewhere.path().join(name)).unwrap();
    }
    let emptied = ask(&write, &["decommission", "--from", "staging", "--deployment", "shop"]);
    assert!(emptied.stdout.ends_with(": decommissioned\n"), "{}", emptied.stderr);
    assert!(elsewhere.path().read_dir().unwrap().next().is_none(), "no file is made where a server is asked");
    // It ends when it is told to.
    kill_process(Pid::from_child(&serving.child), Signal::TERM).unwrap();
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
}

#[test]
fn tokens_never_travel_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--listen", "0.0.0.0:0"][..], &["--listen", "0.0.0.0:0", "--no-auth"]] {
        let run = Holdpoint::new(&["ledger", "serve"]).args(arguments).directory(folder.path()).run();
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("hint: "), "{arguments:?}: {}", run.stderr);
    }
}
