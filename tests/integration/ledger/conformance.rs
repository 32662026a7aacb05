//! What a server of the records API has to answer, from `tests/conformance/records_api`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::server::{Place, Server, places};
use crate::support::cli::root;

/// Where the requests go.
pub(super) struct Target {
    pub(super) url: String,
    pub(super) token: String,
    /// One that may only read, where there is one.
    pub(super) read_token: String,
}

/// The steps of one file, with what earlier ones saved.
struct Scenario<'a> {
    target: &'a Target,
    client: reqwest::Client,
    names: BTreeMap<String, String>,
    place: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_conforms() {
    for place in places().await {
        let server = Server::start(&place).await;
        let target = server.target().await;
        run(&target, &["read", "write", "extension", "read"]).await;
        if let Place::Sqlite(_) = place {
            server.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_conforms() {
    let Ok(url) = std::env::var("HOLDPOINT_CONFORMANCE_URL") else { return };
    let token = std::env::var("HOLDPOINT_CONFORMANCE_TOKEN").expect("HOLDPOINT_CONFORMANCE_TOKEN is needed too");
    let target = Target { url: url.trim_end_matches('/').to_owned(), read_token: token.clone(), token };
    let announced = reqwest::Client::new()
        .get(format!("{}/v1/deployments?pagination.page=1&pagination.page_size=1", target.url))
        .bearer_auth(&target.token)
        .send()
        .await
        .unwrap();
    let mut folders = vec!["read"];
    if std::env::var("HOLDPOINT_CONFORMANCE_WRITE").is_ok_and(|value| value == "1") {
        folders.push("write");
        // The cases of `extension` need a token that may only read, too.
        let extended = announced.headers().contains_key("holdpoint-extensions");
        if let (true, Ok(read_token)) = (extended, std::env::var("HOLDPOINT_CONFORMANCE_READ_TOKEN")) {
            folders.push("extension");
            run(&Target { read_token, ..target }, &folders).await;
            return;
        }
    }
    run(&target, &folders).await;
}

async fn run(target: &Target, folders: &[&str]) {
    let mut steps = 0;
    for folder in folders {
        for path in files(&root().join("tests/conformance/records_api").join(folder)) {
            let document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let mut scenario = Scenario::new(target, &path);
            for (index, step) in document["steps"].as_array().unwrap().iter().enumerate() {
                scenario.place = format!("{} step {}: {step}", path.display(), index + 1);
                scenario.step(step.as_object().unwrap()).await;
                steps += 1;
            }
        }
    }
    assert!(steps > 10, "{steps} steps");
}

fn files(folder: &Path) -> BTreeSet<std::path::PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}

impl<'a> Scenario<'a> {
    fn new(target: &'a Target, path: &Path) -> Self {
        let run = format!("conformance-{}", uuid::Uuid::new_v4().simple());
        let mut names: BTreeMap<String, String> = (1..=9)
            .map(|digit| (format!("digest{digit}"), format!("sha256:{}", digit.to_string().repeat(64))))
            .collect();
        names.insert("RUN".to_owned(), run.to_uppercase());
        names.insert("run".to_owned(), run);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { target, client, names, place: path.display().to_string() }
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.names {
            filled = filled.replace(&format!("${{{name}}}"), value);
        }
        assert!(!filled.contains("${"), "{}: {filled}", self.place);
        filled
    }

    fn fill_all(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_all(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, value)| (key.clone(), self.fill_all(value))).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }

    async fn step(&mut self, step: &Map<String, Value>) {
        if step.contains_key("walk") {
            return self.walk(step).await;
        }
        let (status, body) = self.request(step).await;
        let statuses = match &step["status"] {
            Value::Array(statuses) => statuses.clone(),
            status => vec![status.clone()],
        };
        assert!(statuses.contains(&Value::from(status)), "{}: {status} {body}", self.place);
        if let Some(expected) = step.get("body") {
            let difference = difference(&self.fill_all(expected), &body, "");
            assert!(difference.is_none(), "{}: {} in {body:#}", self.place, difference.unwrap());
        }
        for (name, pointer) in step.get("save").and_then(Value::as_object).into_iter().flatten() {
            let text = body.pointer(pointer.as_str().unwrap()).and_then(Value::as_str);
            let text = text.unwrap_or_else(|| panic!("{}: no {pointer} in {body:#}", self.place));
            self.names.insert(name.clone(), text.to_owned());
        }
    }

    async fn request(&self, step: &Map<String, Value>) -> (u16, Value) {
        let (method, path) = match (step.get("get"), step.get("post")) {
            (Some(path), None) => (reqwest::Method::GET, path),
            (None, Some(path)) => (reqwest::Method::POST, path),
            _ => panic!("{}: `get` or `post`", self.place),
        };
        let url = format!("{}{}", self.target.url, self.fill(path.as_str().unwrap()));
        let mut request = self.client.request(method, url);
        request = match step.get("token").and_then(Value::as_str) {
            None => request.bearer_auth(&self.target.token),
            Some("none") => request,
            Some("wrong") => request.bearer_auth("hpl_wrong"),
            Some("read") => request.bearer_auth(&self.target.read_token),
            Some(other) => panic!("{}: {other}", self.place),
        };
        let body = match (step.get("json"), step.get("text")) {
            (Some(json), None) => Some(self.fill_all(json).to_string()),
            (None, Some(text)) => Some(text.as_str().unwrap().to_owned()),
            _ => None,
        };
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        assert!(status < 500, "{}: {status}", self.place);
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes);
        let body = body.unwrap_or_else(|error| panic!("{}: {error} in an answer of {kind:?}", self.place));
        assert!(kind.as_deref().is_some_and(|kind| kind.starts_with("application/json")), "{}: {kind:?}", self.place);
        (status, snake_case(body))
    }

    /// Reads all pages of each size: the same items, each once.
    async fn walk(&self, step: &Map<String, Value>) {
        let (path, list) = (step["walk"].as_str().unwrap(), step["list"].as_str().unwrap_or_default());
        let mut all: Option<Vec<Value>> = None;
        for size in step["page_sizes"].as_array().unwrap() {
            let items = self.pages(path, list, size.as_u64().unwrap()).await;
            let ids: BTreeSet<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
            assert_eq!(ids.len(), items.len(), "{}: an item came twice", self.place);
            if let Some(wanted) = step.get("count") {
                assert_eq!(count(&items), wanted.as_u64().unwrap(), "{}", self.place);
            }
            if let Some(each) = step.get("each") {
                let each = self.fill_all(each);
                let fault = items.iter().find_map(|item| difference(&each, item, ""));
                assert!(fault.is_none(), "{}: {}", self.place, fault.unwrap());
            }
            match &all {
                Some(all) => assert_eq!(*all, items, "{}: page sizes differ in what they list", self.place),
                None => all = Some(items),
            }
        }
    }

    async fn pages(&self, path: &str, list: &str, size: u64) -> Vec<Value> {
        let mut items = Vec::new();
        for page in 1.. {
            let joint = if path.contains('?') { '&' } else { '?' };
            let path = format!("{path}{joint}pagination.page={page}&pagination.page_size={size}");
            let step = Map::from_iter([("get".to_owned(), Value::from(path))]);
            let (status, body) = self.request(&step).await;
            assert_eq!(status, 200, "{}: {body}", self.place);
            let page = body[list].as_array().unwrap();
            assert!(count(page) <= size, "{}: {} items of {size}", self.place, page.len());
            items.extend(page.iter().cloned());
            let total = number(&body["pagination"]["total_count"]);
            if page.is_empty() || count(&items) >= total {
                assert_eq!(count(&items), total, "{}: not as many as `total_count`", self.place);
                break;
            }
        }
        items
    }
}

fn count(items: &[Value]) -> u64 {
    items.len().try_into().unwrap()
}

/// Numbers may come as texts: 64 bits do not fit into those of JavaScript.
fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("no number: {value}"))
}

/// The keys of an answer in the spelling of the documentation.
fn snake_case(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(snake_case).collect(),
        Value::Object(members) => {
            let key = |key: String| {
                key.chars().fold(String::new(), |mut snake, character| {
                    if character.is_ascii_uppercase() {
                        snake.push('_');
                    }
                    snake.push(character.to_ascii_lowercase());
                    snake
                })
            };
            members.into_iter().map(|(name, value)| (key(name), snake_case(value))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

/// The first thing that is not as expected.
fn difference(expected: &Value, actual: &Value, place: &str) -> Option<String> {
    let differs = || Some(format!("{place}: expected {expected}, got {actual}"));
    match (expected, actual) {
        (Value::String(word), actual) if word.starts_with('$') => {
            let fits = match (word.as_str(), actual) {
                ("$string", Value::String(_)) | ("$number", Value::Number(_)) => true,
                ("$any", actual) => !actual.is_null(),
                ("$text", Value::String(text)) => !text.is_empty(),
                ("$number", Value::String(text)) => text.parse::<u64>().is_ok(),
                ("$time", Value::String(text)) => text.parse::<jiff::Timestamp>().is_ok(),
                _ => false,
            };
            if fits { None } else { differs() }
        }
        (Value::Object(members), Value::Array(items)) if members.contains_key("$each") => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| difference(&members["$each"], item, &format!("{place}/{index}")))
        }
        (Value::Object(members), Value::Object(_)) => {
            members.iter().find_map(|(key, value)| difference(value, &actual[key], &format!("{place}/{key}")))
        }
        (Value::Array(wanted), Value::Array(items)) if wanted.len() == items.len() => {
            let mut pairs = wanted.iter().zip(items).enumerate();
            pairs.find_map(|(index, (wanted, item))| difference(wanted, item, &format!("{place}/{index}")))
        }
        (Value::Number(_), Value::String(text))
            if serde_json::from_str::<Value>(text).is_ok_and(|number| number == *expected) =>
        {
            None
        }
        _ if expected == actual => None,
        _ => differs(),
    }
}

#[test]
fn the_comparison_sees_what_differs() {
    use serde_json::json;
    let same = [
        (json!({"a": "$text"}), json!({"a": "x", "b": 1})),
        (json!({"a": {"$each": "$number"}}), json!({"a": [1, "2"]})),
        (json!({"a": 1}), json!({"a": "1"})),
        (json!("$time"), json!("2026-01-02T03:04:05+02:00")),
    ];
    for (expected, actual) in same {
        assert_eq!(difference(&expected, &actual, ""), None, "{expected} {actual}");
    }
    let different = [
        (json!({"a": "$text"}), json!({"a": ""})),
        (json!({"a": "$any"}), json!([])),
        (json!([1]), json!([1, 2])),
        (json!({"a": {"$each": "$number"}}), json!({"a": ["x"]})),
        (json!("$time"), json!("yesterday")),
        (json!("a"), json!(null)),
    ];
    for (expected, actual) in different {
        assert!(difference(&expected, &actual, "").is_some(), "{expected} {actual}");
    }
    assert_eq!(snake_case(json!({"aB": [{"cD": "eF"}]})), json!({"a_b": [{"c_d": "eF"}]}));
}
