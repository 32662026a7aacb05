//! Who may depend on whom. `ARCHITECTURE.md` has the table in words; here it is kept.
//!
//! The check reads the source as text: it sees names and not types, which is enough to notice a dependency that nobody
//! meant to add. Comments, strings and unit tests do not count.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// No source file is longer. About 250 lines is what a reader holds in mind.
const MOST_LINES: usize = 400;

/// What one part of holdpoint may use, beside itself.
struct Part {
    /// Its module, and all modules below it that have no entry of their own.
    module: &'static str,
    /// Other modules of holdpoint.
    modules: &'static [&'static str],
    /// Crates beside `std`; `None` for any.
    crates: Option<&'static [&'static str]>,
    /// Paths that it may not name, though their crate is allowed.
    never: &'static [&'static str],
}

/// No I/O, no clock, no threads, no async: the same values in give the same values out.
const PURE: &[&str] = &[
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "std::time::Instant",
    "std::time::SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "async",
    "await",
];

/// No clock, which only the composition root reads. What measures how long work takes is no clock.
const TIMELESS: &[&str] = &["std::time::SystemTime", "Timestamp::now", "Zoned::now"];

/// The table.
const PARTS: &[Part] = &[
    Part {
        module: "domain",
        modules: &[],
        crates: Some(&["jiff", "serde", "serde_json", "strsim", "thiserror"]),
        never: PURE,
    },
    Part {
        module: "gate",
        modules: &["domain"],
        crates: Some(&["jiff", "serde", "serde_json", "sha2", "thiserror", "uuid"]),
        never: TIMELESS,
    },
    Part {
        module: "gate::observe",
        modules: &["domain", "gate"],
        crates: Some(&["jiff", "serde", "serde_json", "thiserror", "tokio"]),
        never: TIMELESS,
    },
    Part { module: "source", modules: &["domain", "gate::source"], crates: None, never: TIMELESS },
    Part {
        module: "source::ledger",
        modules: &["domain", "gate::source", "ledger"],
        crates: Some(&["jiff"]),
        never: TIMELESS,
    },
    Part { module: "bundle", modules: &["domain", "private", "source::file"], crates: None, never: TIMELESS },
    Part {
        module: "component",
        modules: &["domain"],
        crates: Some(&["wasmparser", "wat", "wit_component", "wit_parser"]),
        never: PURE,
    },
    Part { module: "toolchain", modules: &["domain"], crates: None, never: TIMELESS },
    Part { module: "engine", modules: &["domain", "gate::engine"], crates: None, never: TIMELESS },
    Part {
        module: "engine::wasm::code",
        modules: &["domain", "gate::engine", "private"],
        crates: Some(&["rustix", "sha2", "tracing", "wasmtime"]),
        never: TIMELESS,
    },
    Part { module: "private", modules: &["source::file"], crates: Some(&["rustix", "uuid"]), never: TIMELESS },
    Part { module: "ledger", modules: &["domain", "private", "sqlite"], crates: None, never: TIMELESS },
    Part { module: "ledger::import", modules: &["admission", "domain", "github"], crates: None, never: TIMELESS },
    Part { module: "ledger::api", modules: &["domain", "output", "server"], crates: None, never: TIMELESS },
    Part {
        module: "ledger::remote",
        modules: &["domain", "gate::source", "source::chainloop"],
        crates: None,
        never: TIMELESS,
    },
    Part { module: "sqlite", modules: &["domain", "private", "source::file"], crates: None, never: TIMELESS },
    Part {
        module: "config",
        modules: &["admission::image", "admission::settings", "domain", "github"],
        crates: Some(&["jiff", "schemars", "serde", "serde_json", "serde_saphyr", "url"]),
        never: TIMELESS,
    },
    Part {
        module: "admission",
        modules: &["domain"],
        crates: Some(&["jiff", "serde", "serde_json", "thiserror"]),
        never: PURE,
    },
    Part {
        module: "admission::doctor",
        modules: &["admission", "domain"],
        crates: Some(&["base64", "jiff", "serde", "serde_json", "x509_parser"]),
        never: PURE,
    },
    Part {
        module: "github",
        modules: &["domain", "output::escape"],
        crates: Some(&["aws_lc_rs", "jiff", "serde", "serde_json", "thiserror", "url"]),
        never: PURE,
    },
    Part {
        module: "server",
        modules: &["admission", "domain", "gate", "github", "output", "telemetry::traces"],
        crates: None,
        never: TIMELESS,
    },
    Part {
        module: "server::github_app",
        modules: &["domain", "gate", "github", "output", "server", "sqlite"],
        crates: None,
        never: TIMELESS,
    },
    Part { module: "server::certificate", modules: &["source::file"], crates: None, never: TIMELESS },
    Part { module: "server::readmission", modules: &["domain", "private"], crates: None, never: TIMELESS },
    Part { module: "output", modules: &["domain"], crates: None, never: PURE },
    Part { module: "exit", modules: &["domain"], crates: Some(&[]), never: TIMELESS },
    Part { module: "cli", modules: &["config::duration", "domain", "output", "telemetry"], crates: None, never: PURE },
    Part { module: "telemetry", modules: &[], crates: None, never: TIMELESS },
    Part {
        module: "commands",
        modules: &[
            "admission",
            "app",
            "bundle",
            "cli",
            "component",
            "config",
            "domain",
            "exit",
            "gate",
            "ledger",
            "output",
            "server",
            "toolchain",
        ],
        crates: None,
        never: TIMELESS,
    },
    Part {
        module: "app",
        modules: &["admission", "bundle", "config", "domain", "engine", "gate", "github", "ledger", "server", "source"],
        crates: None,
        never: &[],
    },
    Part {
        module: "main",
        modules: &["cli", "commands", "exit", "output", "telemetry"],
        crates: None,
        never: TIMELESS,
    },
    Part { module: "lib", modules: &[], crates: Some(&[]), never: TIMELESS },
];

#[test]
fn the_dependency_table_is_kept() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dependencies = dependencies(&fs::read_to_string(root.join("Cargo.toml")).unwrap());
    let files = source_files(&root.join("src"));
    assert!(files.len() > 15, "{files:?}");
    let mut faults = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let name = file.strip_prefix(root).unwrap().to_str().unwrap();
        faults.extend(check(name, &text, &dependencies));
        faults.extend(unreachable(root, name));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Where holdpoint vouches for what the compiler of Rust cannot check: the file, and how often.
const UNSAFE: [(&str, usize); 1] = [("src/engine/wasm/code.rs", 1)];

#[test]
fn nothing_is_unsafe_but_what_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let count = |file: &PathBuf| {
        let text = code(&fs::read_to_string(file).unwrap());
        let count = tokens(&text).into_iter().filter(|token| *token == "unsafe").count();
        let name = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        (count > 0).then_some((name, count))
    };
    let found: Vec<(String, usize)> = source_files(&root.join("src")).iter().filter_map(count).collect();
    assert_eq!(found, UNSAFE.map(|(file, count)| (file.to_owned(), count)));
}

#[test]
fn the_check_sees_what_it_should() {
    let cases = [
        ("src/domain/a.rs", "use crate::gate::Gate;", "`domain` may not use `crate::gate::Gate`"),
        ("src/domain/a.rs", "use super::super::config;", "`domain` may not use `crate::config`"),
        ("src/domain/a.rs", "use std::{fmt, fs::{self, File}};", "`domain` may not use `std::fs`"),
        ("src/domain/a.rs", "fn a() { std::env::var(1); }", "`domain` may not use `std::env::var`"),
        ("src/domain/a.rs", "fn a() { let now = Timestamp::now(); }", "`domain` may not use `Timestamp::now`"),
        ("src/domain/a.rs", "async fn a() {}", "`domain` may not use `async`"),
        ("src/domain/a.rs", "fn a() { tracing::info!(1); }", "`domain` may not use `tracing::info`"),
        ("src/domain/a.rs", "/* a /* b */ */ use tokio as runtime;", "`domain` may not use `tokio`"),
        ("src/gate/decide.rs", "use tokio::join;", "`gate` may not use `tokio::join`"),
        ("src/gate/source.rs", "use crate::{domain::a, source::b};", "`gate` may not use `crate::source::b`"),
        ("src/source/chainloop.rs", "use crate::engine::rego;", "`source` may not use `crate::engine::rego`"),
        (
            "src/source/chainloop.rs",
            "use crate::gate::engine::Rule;",
            "`source` may not use `crate::gate::engine::Rule`",
        ),
        ("src/engine/rego.rs", "type A = crate::config::Config;", "`engine` may not use `crate::config::Config`"),
        ("src/output/text.rs", "use crate::commands::a;", "`output` may not use `crate::commands::a`"),
        ("src/commands/check.rs", "crate::engine::rego::load()", "`commands` may not use `crate::engine::rego::load`"),
        ("src/main.rs", "use holdpoint::app;", "`main` may not use `crate::app`"),
        ("src/elsewhere.rs", "", "`elsewhere` is not in the table"),
        ("src/domain/mod.rs", "", "name it after its folder instead"),
    ];
    for (file, text, wanted) in cases {
        let faults = check(file, text, &known_crates());
        assert!(faults.iter().any(|fault| fault.contains(wanted)), "{text}: {faults:?}");
    }
    let long = "\n".repeat(MOST_LINES + 1);
    assert_eq!(check("src/gate.rs", &long, &known_crates()), ["src/gate.rs: 401 lines, at most 400"]);
}

#[test]
fn the_check_sees_no_more_than_it_should() {
    let cases = [
        (
            "src/domain/a.rs",
            "use crate::domain::b; use super::c; use std::collections::BTreeMap; use serde::Serialize;",
        ),
        ("src/domain/a.rs", "// use crate::gate::Gate;\n/// [`crate::gate`]\n/* use std::fs; */ fn a() {}"),
        ("src/domain/a.rs", r##"const A: &str = "use std::fs; \" std::env::var"; const B: &str = r#"std::fs::"#;"##),
        ("src/domain/a.rs", "fn a<'a>(b: &'a str, c: char) -> bool { c == '\"' || c == '\\'' } // std::fs"),
        (
            "src/domain/a.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests { use proptest::prelude::*; fn b() { std::fs::read(1) } }",
        ),
        ("src/domain/a/tests.rs", "use std::fs;"),
        ("src/gate/observe.rs", "use tokio::join; use super::source::Fetched;"),
        (
            "src/source/chainloop/page.rs",
            "use crate::gate::source::Fetched; use super::super::snapshot; use reqwest::Url;",
        ),
        ("src/app.rs", "use crate::engine::rego::Engine; use crate::source::snapshot; fn now() { Timestamp::now() }"),
        ("src/main.rs", "use holdpoint::commands;"),
    ];
    for (file, text) in cases {
        assert_eq!(check(file, text, &known_crates()), Vec::<String>::new(), "{text}");
    }
}

fn known_crates() -> BTreeSet<String> {
    ["jiff", "proptest", "reqwest", "serde", "tokio", "tracing"].map(str::to_owned).into()
}

/// The crates that the package depends on, as they are named in code.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let (Some((name, _)), "[dependencies]") = (line.split_once(" = "), section) {
            found.insert(name.replace('-', "_"));
        }
    }
    found
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Templates are texts of other projects, and no part of this one.
        if path.ends_with("templates") {
            continue;
        }
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The module of a file: `gate::observe` for `src/gate/observe.rs`.
fn module(file: &str) -> Vec<&str> {
    let path = file.strip_prefix("src/").unwrap_or(file);
    path.strip_suffix(".rs").unwrap_or(path).split('/').collect()
}

/// A file that no other file declares as a module is not compiled, and nobody notices.
fn unreachable(root: &Path, file: &str) -> Option<String> {
    let module = module(file);
    let (name, above) = module.split_last()?;
    if above.is_empty() && matches!(*name, "lib" | "main") {
        return None;
    }
    let parent = if above.is_empty() { "src/lib.rs".to_owned() } else { format!("src/{}.rs", above.join("/")) };
    let text = fs::read_to_string(root.join(&parent)).unwrap_or_default();
    let declared = text.lines().any(|line| line.trim_start().trim_end_matches(';').ends_with(&format!("mod {name}")));
    (!declared).then(|| format!("{file}: not declared in {parent}"))
}

fn check(file: &str, text: &str, dependencies: &BTreeSet<String>) -> Vec<String> {
    let module = module(file);
    let mut faults = Vec::new();
    if module.last() == Some(&"mod") {
        faults.push(format!("{file}: name it after its folder instead"));
    }
    // Unit tests in a file of their own may be long, and use what they like.
    if module.last() == Some(&"tests") {
        return faults;
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        faults.push(format!("{file}: {lines} lines, at most {MOST_LINES}"));
    }
    let name = module.join("::");
    let part = PARTS.iter().filter(|part| below(&name, part.module)).max_by_key(|part| part.module.len());
    let Some(part) = part else {
        faults.push(format!("{file}: `{name}` is not in the table"));
        return faults;
    };
    let used = paths(&tokens(&without_tests(&code(text))), &module);
    let refused = used.iter().filter(|path| !allowed(part, path, dependencies));
    faults.extend(refused.map(|path| format!("{file}: `{}` may not use `{path}`", part.module)));
    faults
}

/// Whether a path is this one or leads below it.
fn below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn allowed(part: &Part, path: &str, dependencies: &BTreeSet<String>) -> bool {
    if part.never.iter().any(|never| below(path, never) || path.ends_with(&format!("::{never}"))) {
        return false;
    }
    if let Some(inside) = path.strip_prefix("crate::") {
        let own = part.module.split("::").next().unwrap_or_default();
        return below(inside, own) || part.modules.iter().any(|module| below(inside, module));
    }
    let first = path.split("::").next().unwrap_or_default();
    match part.crates {
        Some(crates) if dependencies.contains(first) => crates.contains(&first),
        _ => true,
    }
}

/// The text without comments, and without what is in strings and characters.
fn code(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut code = String::new();
    let mut position = 0;
    while let Some(&character) = characters.get(position) {
        let rest = &characters[position..];
        let skipped = match character {
            '/' if rest.starts_with(&['/', '/']) => rest.iter().take_while(|next| **next != '\n').count(),
            '/' if rest.starts_with(&['/', '*']) => block_comment(rest),
            '"' => quoted(rest),
            'r' if code.chars().last().is_none_or(|before| !is_word(before) || before == 'b') => raw_string(rest),
            '\'' if rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'') => quoted(rest),
            _ => 0,
        };
        code.push(if skipped == 0 { character } else { ' ' });
        position += skipped.max(1);
    }
    code
}

fn block_comment(text: &[char]) -> usize {
    let (mut depth, mut position) = (0, 0);
    while position < text.len() {
        if text[position..].starts_with(&['/', '*']) {
            depth += 1;
            position += 2;
        } else if text[position..].starts_with(&['*', '/']) {
            depth -= 1;
            position += 2;
            if depth == 0 {
                break;
            }
        } else {
            position += 1;
        }
    }
    position
}

fn quoted(text: &[char]) -> usize {
    let mut position = 1;
    while position < text.len() && text[position] != text[0] {
        position += if text[position] == '\\' { 2 } else { 1 };
    }
    position + 1
}

fn raw_string(text: &[char]) -> usize {
    let hashes = text.iter().skip(1).take_while(|next| **next == '#').count();
    if text.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let begin = hashes + 2;
    let length = text[begin..].windows(end.len()).position(|window| window == end.as_slice());
    length.map_or(text.len(), |length| begin + length + end.len())
}

/// The code without items marked `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        kept.push_str(before);
        let mut depth = 0;
        let end = after.find(|character| {
            depth += match character {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth == 0 && (character == '}' || character == ';')
        });
        rest = end.map_or("", |end| &after[end + 1..]);
    }
    kept + rest
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Words, `::`, and single other characters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|character| !is_word(character)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// Every path that the code names, from its crate on: `crate::…` for its own, and `async` and `await`.
fn paths(tokens: &[&str], module: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut position = 0;
    while position < tokens.len() {
        let is_use = tokens[position] == "use";
        if is_use {
            position += 1;
        }
        let (ends, next) = tree(tokens, position);
        let named = ends.iter().filter(|path| is_use || path.len() > 1 || is_keyword(path));
        found.extend(named.map(|path| absolute(path, module)));
        position = next.max(position + 1);
    }
    found
}

fn is_keyword(path: &[&str]) -> bool {
    matches!(path, ["async" | "await"])
}

/// The paths that begin here, with groups such as `a::{b, c::d}` written out, and where they end.
fn tree<'a>(tokens: &[&'a str], mut position: usize) -> (Vec<Vec<&'a str>>, usize) {
    let mut path = Vec::new();
    while let Some(token) = tokens.get(position) {
        if *token == "{" && (path.is_empty() || tokens[position - 1] != "::") {
            break;
        }
        if *token == "{" {
            let mut ends = Vec::new();
            position += 1;
            while tokens.get(position).is_some_and(|token| *token != "}") {
                let (inner, next) = tree(tokens, position);
                ends.extend(inner.into_iter().map(|inner| [path.as_slice(), &inner].concat()));
                position = next.max(position + 1);
            }
            return (ends, position + 1);
        }
        if token.starts_with(is_word) {
            path.push(*token);
            position += 1;
        }
        if tokens.get(position) != Some(&"::") {
            break;
        }
        position += 1;
    }
    // In a group, `self` is the path before it.
    path.retain(|name| *name != "self");
    (vec![path], position)
}

/// The path from the crate on, as far as its beginning tells: `super` is resolved, local names stay as they are.
fn absolute(path: &[&str], module: &[&str]) -> String {
    let ups = path.iter().take_while(|name| **name == "super").count();
    let beginning = match path.first() {
        Some(&"super") => &module[..module.len().saturating_sub(ups)],
        _ => &[],
    };
    let rest = &path[ups..];
    if ups > 0 {
        return [&["crate"], beginning, rest].concat().join("::");
    }
    match rest.split_first() {
        Some((&"holdpoint", inside)) => [&["crate"], inside].concat().join("::"),
        _ => rest.join("::"),
    }
}
