//! `plugin inspect`, `wrap`, `new` and `build`: what they say, what they write, what they refuse.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::json;
use tempfile::TempDir;

use super::guest::{Guest, component};
use crate::support::cli::{Holdpoint, Run};

const SCHEMA: &str = r#"{"type": "object", "additionalProperties": false, "required": ["minimum", "windows"],
  "properties": {
    "minimum": {"type": "string", "examples": ["24h"], "description": "How long it has to run\nbefore."},
    "strategy": {"enum": ["all", "any"], "default": "all", "description": "In all targets or in any."},
    "windows": {"type": "array", "items": {"type": "object"}},
    "yes": {"type": "boolean", "description": "\u001b[31m::error::red \u202e"}}}"#;
const SECRETS: &str = r#"(import "holdpoint:plugin/secrets@0.1.0" "get" (func $get (param i32 i32 i32)))"#;

fn run(folder: &TempDir, arguments: &[&str]) -> Run {
    Holdpoint::new(arguments).directory(folder.path()).run()
}

/// A folder with this file.
fn with(name: &str, bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

fn core(guest: &Guest) -> Vec<u8> {
    wat::parse_str(guest.text()).unwrap()
}

/// A world of the contract with secrets, which the tests' own `Guest` has none of.
fn wants_secrets() -> Vec<u8> {
    let folder = with("core.wasm", &core(&Guest::default().imports(SECRETS)));
    assert_eq!(run(&folder, &["plugin", "wrap", "core.wasm", "-o", "out.wasm"]).code, 0);
    fs::read(folder.path().join("out.wasm")).unwrap()
}

#[test]
fn a_plugin_is_described() {
    let folder = with("plugin.wasm", &Guest::default().schema(SCHEMA).component());
    assert_snapshot!("inspect_text", run(&folder, &["plugin", "inspect", "plugin.wasm"]).shown());
    assert_snapshot!("inspect_json", run(&folder, &["plugin", "inspect", "plugin.wasm", "--format", "json"]).shown());
}

#[test]
fn what_has_to_be_granted_is_told() {
    let folder = with("plugin.wasm", &wants_secrets());
    let run = run(&folder, &["plugin", "inspect", "plugin.wasm"]);
    assert_snapshot!("inspect_grants", run.shown());
    assert!(run.stdout.contains("      secrets: {NAME: {env: VARIABLE}}"));
}

#[test]
fn the_configuration_that_is_shown_works() {
    let folder = with("my plugin: 1.wasm", &Guest::default().schema(SCHEMA).component());
    let shown = run(&folder, &["plugin", "inspect", "my plugin: 1.wasm", "--format", "json"]).json();
    let start =
        "version: 1\nsources:\n  saved: {type: snapshot, path: records.json}\nenvironments:\n  - {name: production}\n";
    let text = format!("{start}{}", shown["configuration"].as_str().unwrap());
    fs::write(folder.path().join("holdpoint.yaml"), &text).unwrap();
    fs::write(folder.path().join("records.json"), "[]").unwrap();
    let listed = run(&folder, &["policy", "list", "--format", "json"]);
    assert_eq!(listed.code, 0, "{text}\n{}", listed.stderr);
    let parameters = &listed.json()["environments"][0]["rules"][0]["parameters"];
    assert_eq!(parameters[0], json!({"name": "minimum", "value": "24h", "default": false}), "{parameters:#}");
}

#[test]
fn what_is_no_plugin_is_refused_in_words() {
    let component = Guest::default().component();
    let newer = component_of_newer_contract();
    let cases: [(&str, Vec<u8>); 8] = [
        ("core module", core(&Guest::default())),
        ("html", b"<!doctype html><title>404</title>".to_vec()),
        ("empty", Vec::new()),
        ("truncated", component[..component.len() / 2].to_vec()),
        ("newer contract", newer),
        ("no rule", wat::parse_str("(component)").unwrap()),
        ("wasi", wat::parse_str(WASI).unwrap()),
        ("describe traps", Guest::default().describe("(unreachable)").component()),
    ];
    let mut told = String::new();
    for (name, bytes) in cases {
        let folder = with("plugin.wasm", &bytes);
        let run = run(&folder, &["plugin", "inspect", "plugin.wasm"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}");
        write!(told, "# {name}\n{}\n", run.stderr).unwrap();
    }
    let missing = run(&tempfile::tempdir().unwrap(), &["plugin", "inspect", "missing.wasm"]);
    assert_snapshot!("inspect_refusals", format!("{told}# missing\n{}", missing.stderr));
}

const WASI: &str = r#"(component
  (import "wasi:cli/environment@0.2.0" (instance))
  (instance $rule)
  (export "holdpoint:plugin/rule@0.1.0" (instance $rule)))"#;

fn component_of_newer_contract() -> Vec<u8> {
    wat::parse_str(r#"(component (instance $rule) (export "holdpoint:plugin/rule@0.2.0" (instance $rule)))"#).unwrap()
}

#[test]
fn a_core_module_is_wrapped() {
    let wasi = r#"(import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))"#;
    // It asks its runtime what Go's does, and passes if the answers are those of the adapter.
    let evaluate = "(if (call $clock (i32.const 1) (i64.const 0) (i32.const 30000)) (then unreachable))
        (if (i64.ne (i64.load (i32.const 30000)) (i64.const 1000)) (then unreachable))
        (if (call $random (i32.const 30008) (i32.const 8)) (then unreachable))
        (if (i64.eqz (i64.load (i32.const 30008))) (then unreachable))
        (i32.const 8192)";
    let folder = with("core.wasm", &core(&Guest::default().imports(wasi).evaluate(evaluate)));
    let wrapped = run(&folder, &["plugin", "wrap", "core.wasm"]);
    assert_snapshot!("wrap", wrapped.shown());
    let inspected = run(&folder, &["plugin", "inspect", "core.component.wasm", "--format", "json"]).json();
    assert_eq!(inspected["imports"], json!(["holdpoint:plugin/types@0.1.0"]), "no WASI: {inspected:#}");
    let config = "version: 1\nsources:\n  saved: {type: snapshot, path: records.json}\nenvironments:\n  - {name: production}\n\
                  plugins:\n  rule: {path: core.component.wasm}\nrules:\n  - plugin: rule\n";
    fs::write(folder.path().join("holdpoint.yaml"), config).unwrap();
    let records = crate::support::cli::root().join("examples/storefront/records.json");
    fs::copy(records, folder.path().join("records.json")).unwrap();
    let digest = format!("sha256:{}", "a".repeat(64));
    let decision =
        run(&folder, &["check", &digest, "--to", "production", "--as-of", "2026-11-20T12:00:00Z", "--format", "json"]);
    assert_eq!(decision.verdict(), "allow", "{decision:?}");
}

#[test]
fn a_module_that_names_its_world_is_wrapped() {
    // As the compilers of Rust leave it: with the section that a component's encoder reads.
    let mut module = core(&Guest::default());
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(crate::support::cli::root().join("plugins/wit")).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    let folder = with("core.wasm", &module);
    let wrapped = run(&folder, &["plugin", "wrap", "core.wasm", "--output", "out.wasm"]);
    assert_eq!(wrapped.code, 0, "{}", wrapped.stderr);
    assert!(!folder.path().join("core.component.wasm").exists());
    let inspected = run(&folder, &["plugin", "inspect", "out.wasm"]);
    assert_eq!(inspected.code, 0, "{}", inspected.stderr);
}

#[test]
fn what_cannot_be_wrapped_is_refused_in_words() {
    let module = core(&Guest::default());
    let without = |name: &str| wat::parse_str(Guest::default().text().replace(name, "other")).unwrap();
    let foreign = r#"(import "env" "emscripten_notify" (func (param i32)))"#;
    let cases: [(&str, Vec<u8>); 9] = [
        ("component", component(&Guest::default().text(), "plugin")),
        ("html", b"<html>".to_vec()),
        ("empty", Vec::new()),
        ("truncated", module[..module.len() - 9].to_vec()),
        ("no evaluate", without("holdpoint:plugin/rule@0.1.0#evaluate")),
        ("nothing exported", wat::parse_str("(module)").unwrap()),
        ("a program", wat::parse_str("(module (func (export \"_start\")))").unwrap()),
        ("foreign import", core(&Guest::default().imports(foreign))),
        ("another signature", wat::parse_str(wrong_signature()).unwrap()),
    ];
    let mut told = String::new();
    for (name, bytes) in cases {
        let folder = with("core.wasm", &bytes);
        let run = run(&folder, &["plugin", "wrap", "core.wasm"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}");
        assert!(!folder.path().join("core.component.wasm").exists(), "{name}");
        write!(told, "# {name}\n{}\n", run.stderr).unwrap();
    }
    assert_snapshot!("wrap_refusals", told);
}

fn wrong_signature() -> String {
    let evaluate = "(func (export \"holdpoint:plugin/rule@0.1.0#evaluate\") (param $input i32)";
    Guest::default()
        .text()
        .replace(evaluate, "(func (export \"holdpoint:plugin/rule@0.1.0#evaluate\") (param $input i64)")
}

#[test]
fn a_project_is_begun() {
    for language in ["rust", "go", "javascript", "python"] {
        let folder = tempfile::tempdir().unwrap();
        let run = run(&folder, &["plugin", "new", "change-ticket", "--language", language]);
        assert_snapshot!(format!("new_{language}"), run.shown());
        let script = fs::metadata(folder.path().join("change-ticket/build.sh")).unwrap();
        assert_eq!(script.permissions().mode() & 0o100, 0o100, "{language}");
        let manifest = ["Cargo.toml", "go.mod", "package.json", "pyproject.toml"]
            .map(|name| folder.path().join("change-ticket").join(name));
        let manifest = manifest.iter().find(|path| path.exists()).unwrap();
        assert_snapshot!(format!("new_{language}_manifest"), fs::read_to_string(manifest).unwrap());
    }
}

#[test]
fn a_project_in_rust_can_use_an_sdk_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let sdk = crate::support::cli::root().join("plugins/sdk").display().to_string();
    let begun = run(&folder, &["plugin", "new", "a", "--language", "rust", "--sdk", &sdk]);
    assert_eq!(begun.code, 0, "{}", begun.stderr);
    let manifest = fs::read_to_string(folder.path().join("a/Cargo.toml")).unwrap();
    assert!(manifest.contains(&format!("path = \"{sdk}\"")), "{manifest}");
    assert!(!folder.path().join("a/sdk").exists());
}

#[test]
fn what_cannot_be_begun_is_refused() {
    let folder = with("taken", b"mine");
    fs::create_dir(folder.path().join("full")).unwrap();
    fs::write(folder.path().join("full/rule.py"), "mine").unwrap();
    let cases: [&[&str]; 6] = [
        &["ChangeTicket", "--language", "go"],
        &["../x/", "--language", "go"],
        &["a", "--language", "cobol"],
        &["a", "--language", "python", "taken"],
        &["a", "--language", "python", "full"],
        &["a", "--language", "go", "--sdk", "."],
    ];
    let mut told = String::new();
    for arguments in cases {
        let run = run(&folder, &[&["plugin", "new"], arguments].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        write!(told, "# {}\n{}\n", arguments.join(" "), run.stderr).unwrap();
    }
    assert_snapshot!("new_refusals", told);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was written");
}

/// A program that stands in for a toolchain: it writes down what it was asked, and leaves a file behind.
fn tool(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Builds a project with tools that stand in for the real ones. `{core}` and `{component}` in a script are paths.
fn build(language: &str, name: &str, script: &str, more: &[&str]) -> (TempDir, Run) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&folder, &["plugin", "new", "my-rule", "--language", language]).code, 0);
    let [core_path, component_path, bin] = ["core.wasm", "ready.wasm", "bin"].map(|name| folder.path().join(name));
    fs::write(&core_path, core(&Guest::default())).unwrap();
    fs::write(&component_path, Guest::default().component()).unwrap();
    fs::create_dir(&bin).unwrap();
    let script = script.replace("{core}", &core_path.display().to_string());
    tool(&bin, name, &script.replace("{component}", &component_path.display().to_string()));
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let built =
        Holdpoint::new(&["plugin", "build", "my-rule"]).args(more).env("PATH", &path).directory(folder.path()).run();
    (folder, built)
}

/// What was said, without names of folders that differ from run to run.
fn shown(folder: &TempDir, run: &Run) -> String {
    let canonical = fs::canonicalize(folder.path()).unwrap().display().to_string();
    let text = run.shown().replace(&canonical, "FOLDER").replace(&folder.path().display().to_string(), "FOLDER");
    let scratch = |word: &str| match word.split_once("holdpoint-build-") {
        Some((_, rest)) => format!("SCRATCH{}", rest.get(16..).unwrap_or_default()),
        None => word.to_owned(),
    };
    text.split_inclusive([' ', '\n']).map(scratch).collect()
}

#[test]
fn a_project_is_built_with_the_tools_of_its_language() {
    let output = "while [ $# -gt 0 ]; do [ \"$1\" = --output ] && out=$2; shift; done";
    let artifact =
        r#"printf '{"reason":"compiler-artifact","manifest_path":"%s/Cargo.toml","filenames":["{core}"]}\n' "$PWD""#;
    let cases = [
        ("rust", "cargo", format!("echo compiling >&2\necho not json\n{artifact}")),
        ("go", "go", "[ $GOOS-$GOARCH = wasip1-wasm ] || exit 9\necho compiling\ncp {core} \"$7\"".to_owned()),
        ("javascript", "componentize-qjs", format!("{output}\ncp {{component}} \"$out\"")),
        ("python", "componentize-py", format!("{output}\ncp {{component}} \"$out\"")),
    ];
    for (language, name, script) in cases {
        let (folder, built) = build(language, name, &script, &[]);
        assert_snapshot!(format!("build_{language}"), shown(&folder, &built));
        // Named by what the plugin says of itself, as an operator would.
        assert!(folder.path().join("my-rule/test-plugin.wasm").is_file(), "{language}");
    }
}

#[test]
fn arguments_and_output_are_passed_on() {
    let script = "printf '%s\\n' \"$@\" > asked\ncp {core} \"$7\"";
    let (folder, built) = build("go", "go", script, &["--output", "out.wasm", "--", "-tags", "a b; echo no"]);
    assert_eq!(built.code, 0, "{}", built.stderr);
    assert!(folder.path().join("out.wasm").is_file());
    let asked = fs::read_to_string(folder.path().join("my-rule/asked")).unwrap();
    assert!(asked.ends_with("-tags\na b; echo no\n.\n"), "one argument each, and no shell: {asked}");
}

#[test]
fn what_cannot_be_built_is_refused() {
    let mut told = String::new();
    let mut tell = |what: &str, (folder, built): (TempDir, Run)| {
        assert_eq!((built.code, built.stdout.as_str()), (2, ""), "{what}");
        write!(told, "# {what}\n{}\n", shown(&folder, &built)).unwrap();
    };
    tell("it fails", build("go", "go", "echo rule.go:1: wrong >&2; exit 3", &[]));
    tell("it leaves nothing", build("go", "go", "exit 0", &[]));
    tell("it makes no wasm", build("rust", "cargo", "echo '{}'", &[]));
    tell("its core is no plugin", build("go", "go", "printf '\\0asm\\1\\0\\0\\0' > \"$7\"", &[]));
    tell("another language", build("go", "go", "exit 0", &["--language", "python"]));
    for language in ["rust", "go", "javascript", "python"] {
        tell(&format!("{language} is not installed"), missing(language));
    }
    let folder = tempfile::tempdir().unwrap();
    let empty = run(&folder, &["plugin", "build"]);
    tell("no project", (folder, empty));
    let folder = tempfile::tempdir().unwrap();
    let nowhere = run(&folder, &["plugin", "build", "nowhere"]);
    tell("no folder", (folder, nowhere));
    assert_snapshot!("build_refusals", told);
}

/// A machine that has no tools at all.
fn missing(language: &str) -> (TempDir, Run) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&folder, &["plugin", "new", "a", "--language", language]).code, 0);
    let built = Holdpoint::new(&["plugin", "build", "a"]).env("PATH", "/nowhere").directory(folder.path()).run();
    (folder, built)
}

#[test]
fn help_has_examples() {
    for command in ["new", "build", "inspect", "wrap"] {
        let help = Holdpoint::new(&["plugin", command, "--help"]).run();
        assert_eq!(help.code, 0);
        assert!(help.stdout.contains(&format!("Examples:\n  holdpoint plugin {command}")), "{}", help.stdout);
    }
}
