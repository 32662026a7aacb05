//! Record sources.

use std::collections::{BTreeMap, HashMap};

use url::{Host, Url};

use super::super::error::{Problem, list, quote};
use super::super::located::{Located, Place};
use super::super::raw::{
    CHAINLOOP_KEYS, LEDGER_FILE_KEYS, LEDGER_URL_KEYS, RawSource, RawToken, RawTokenPlace, SOURCE_TYPES,
};
use super::super::{
    ChainloopConfig, DEFAULT_TIMEOUT, DEFAULT_TOKEN_VARIABLE, DEFAULT_URL, LEDGER_TOKEN_VARIABLE, SourceConfig,
    TokenSource,
};
use super::Check;

type RawSources = HashMap<Located<String>, Located<RawSource>>;

/// The names of all sources, whether they are right or not, so that one mistake gives one problem.
pub(super) fn names(sources: &RawSources) -> Vec<String> {
    let mut names: Vec<_> = sources.keys().map(|name| name.value.clone()).collect();
    names.sort_unstable();
    names
}

pub(super) fn check(check: &mut Check<'_>, sources: Located<RawSources>) -> BTreeMap<String, SourceConfig> {
    if sources.value.is_empty() {
        check.problem(
            sources.place,
            "`sources` is empty",
            "add where records come from: a `snapshot`, `ledger` or `chainloop`",
        );
    }
    let mut checked = BTreeMap::new();
    for (name, source) in sources.value {
        check.name("the name of a source", &name);
        if let Some(source) = check_one(check, source) {
            checked.insert(name.value, source);
        }
    }
    checked
}

fn check_one(check: &mut Check<'_>, source: Located<RawSource>) -> Option<SourceConfig> {
    match source.value.kind.value.as_str() {
        "snapshot" => snapshot(check, source.value),
        "chainloop" => chainloop(check, source.value).map(SourceConfig::Chainloop),
        "ledger" => ledger(check, source.value),
        unknown => {
            let message = format!("unknown source type {}", quote(unknown));
            check.problem(
                source.value.kind.place,
                message,
                check.suggest(unknown, SOURCE_TYPES, "the types known here"),
            );
            None
        }
    }
}

/// Refuses the keys that do not belong to a source of this type.
fn only(check: &mut Check<'_>, source: &RawSource, keys: &[&str], kind: &str, hint: &str) {
    for (key, place) in source.keys() {
        if let Some(place) = place.filter(|_| !keys.contains(&key)) {
            let message = format!("{} does not belong to a source of {kind}", quote(key));
            check.push(Problem::new(place, message).hint(hint).without_line());
        }
    }
}

fn snapshot(check: &mut Check<'_>, source: RawSource) -> Option<SourceConfig> {
    let hint = "a snapshot takes `path`; for an API write `type: chainloop`";
    only(check, &source, &["path"], "type `snapshot`", hint);
    let Some(path) = source.path else {
        check.problem(source.kind.place, "a source of type `snapshot` needs `path`", "add `path: records.json`");
        return None;
    };
    Some(SourceConfig::Snapshot { path: check.path("path", path) })
}

fn chainloop(check: &mut Check<'_>, source: RawSource) -> Option<ChainloopConfig> {
    let hint = "leave it out, or write `type: snapshot`";
    only(check, &source, CHAINLOOP_KEYS, "type `chainloop`", hint);
    api(check, source, DEFAULT_TOKEN_VARIABLE)
}

/// A ledger is a file, or a server with an API.
fn ledger(check: &mut Check<'_>, source: RawSource) -> Option<SourceConfig> {
    match (&source.path, &source.url) {
        (Some(_), None) => {
            let hint = "a file takes `project` and `project_version`; for a server write `url` instead of `path`";
            only(check, &source, LEDGER_FILE_KEYS, "type `ledger` with `path`", hint);
            needs_project(check, &source);
            let path = source.path.map(|path| check.path("path", path))?;
            let project = check.text("project", source.project);
            let project_version = check.text("project_version", source.project_version);
            Some(SourceConfig::Ledger { path, project, project_version })
        }
        (None, Some(_)) => {
            only(check, &source, LEDGER_URL_KEYS, "type `ledger` with `url`", "leave it out");
            api(check, source, LEDGER_TOKEN_VARIABLE).map(SourceConfig::LedgerServer)
        }
        (Some(_), Some(url)) => {
            let hint = "keep `path` for a file on this machine, or `url` for a server";
            check.push(
                Problem::new(url.place, "a source of type `ledger` has both `path` and `url`")
                    .hint(hint)
                    .without_line(),
            );
            None
        }
        (None, None) => {
            let hint = "add `path: ledger.db`, or `url` for a server";
            check.problem(source.kind.place, "a source of type `ledger` needs `path` or `url`", hint);
            None
        }
    }
}

fn needs_project(check: &mut Check<'_>, source: &RawSource) {
    if let (Some(version), None) = (&source.project_version, &source.project) {
        check.problem(version.place, "`project_version` needs `project`", "add the project that has this version");
    }
}

/// A server of the API. The token is in this variable unless something else is said.
fn api(check: &mut Check<'_>, source: RawSource, token_variable: &str) -> Option<ChainloopConfig> {
    needs_project(check, &source);
    let allow_insecure = source.allow_insecure.is_some_and(|allowed| allowed.value);
    let place = Place::default();
    let url = source.url.unwrap_or_else(|| Located { value: DEFAULT_URL.to_owned(), place });
    let url = check_url(check, &url, allow_insecure);
    let token = match source.token {
        Some(token) => check_token(check, "`token`", token),
        None => Some(TokenSource::Env(token_variable.to_owned())),
    };
    let organization = check.text("organization", source.organization);
    let project = check.text("project", source.project);
    let project_version = check.text("project_version", source.project_version);
    let ca_file = source.ca_file.map(|file| check.path("ca_file", file));
    let timeout = check.timeout("timeout", source.timeout, DEFAULT_TIMEOUT);
    Some(ChainloopConfig {
        url: url?,
        token: token?,
        organization,
        project,
        project_version,
        ca_file,
        allow_insecure,
        timeout: timeout?,
    })
}

fn check_url(check: &mut Check<'_>, text: &Located<String>, allow_insecure: bool) -> Option<Url> {
    let example = format!("write it as `{DEFAULT_URL}`");
    let url = match Url::parse(&text.value) {
        Ok(url) => url,
        // The text is not repeated: what is no URL may still hold a password.
        Err(error) => {
            let problem = Problem::new(text.place, format!("`url` is not a URL: {error}"));
            check.push(problem.hint(example).without_line());
            return None;
        }
    };
    let problem = if !url.username().is_empty() || url.password().is_some() {
        Problem::new(text.place, "`url` holds a user name or a password").hint("use `token`").without_line()
    } else if url.query().is_some() || url.fragment().is_some() {
        Problem::new(text.place, "`url` holds a query or a fragment").hint(example).without_line()
    } else if url.host().is_none() || !matches!(url.scheme(), "https" | "http") {
        let message = format!("`url` has the scheme {}, which holdpoint does not speak", quote(url.scheme()));
        Problem::new(text.place, message).hint(example)
    } else if url.scheme() == "http" && !allow_insecure && !is_loopback(&url) {
        Problem::new(text.place, "`url` is plain http to another machine, which would show the token to the network")
            .hint("use `https`, or set `allow_insecure: true` if the network is trusted")
    } else {
        return Some(url);
    };
    check.push(problem);
    None
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Where a secret is kept; `key` is how messages call it.
pub(super) fn check_token(check: &mut Check<'_>, key: &str, token: Located<RawToken>) -> Option<TokenSource> {
    let hint = "write `{env: NAME}` or `{file: PATH}`";
    let message = match token.value {
        RawToken::Place(RawTokenPlace { env: Some(variable), file: None }) => {
            return check_variable(check, variable).map(TokenSource::Env);
        }
        RawToken::Place(RawTokenPlace { env: None, file: Some(file) }) => {
            return Some(TokenSource::File(check.path("file", file)));
        }
        RawToken::Literal => "holds the secret itself, where every reader of this file sees it",
        RawToken::Place(RawTokenPlace { env: Some(_), file: Some(_) }) => "has both `env` and `file`",
        RawToken::Place(RawTokenPlace { env: None, file: None }) => "has neither `env` nor `file`",
    };
    check.push(Problem::new(token.place, format!("{key} {message}")).hint(hint).without_line());
    None
}

/// The name of an environment variable. What is none is not repeated: it may be the token.
fn check_variable(check: &mut Check<'_>, variable: Located<String>) -> Option<String> {
    let is_name = |text: &str| text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
    if is_name(&variable.value) && variable.value.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
    {
        return Some(variable.value);
    }
    let names = list(&[DEFAULT_TOKEN_VARIABLE]);
    let message = "`env` is not the name of an environment variable";
    let hint = format!("write the name of the variable that holds the token, such as {names}, not the token");
    check.push(Problem::new(variable.place, message).hint(hint).without_line());
    None
}
