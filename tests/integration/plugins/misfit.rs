//! Files that are no plugin, or not one for this host: refused when they are loaded, with words.

use std::fmt::Write as _;

use holdpoint::engine::wasm::{Allocation, inspect};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::guest::Guest;
use super::library::{LONG, SHORT, ask_plugin, complaint, load, spec, world};
use crate::support::cli::root;

/// Printed once from a component of the first contract. It must go on loading: never make it anew.
const FROZEN: &str = include_str!("frozen/0.1.0.wat");

fn contract() -> String {
    std::fs::read_to_string(root().join("plugins/wit/plugin.wit")).unwrap()
}

/// A core module as a component of this world of a contract of the test's own.
fn component(core: &str, contract: &str, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(core).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("plugin.wit", contract).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

fn of_version(version: &str) -> Vec<u8> {
    wat::parse_str(FROZEN.replace("@0.1.0", &format!("@{version}"))).unwrap()
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A component that imports this, and says to be a plugin.
fn importing(name: &str) -> Vec<u8> {
    wat(&format!(
        r#"(component (import "{name}" (instance)) (instance $rule) (export "holdpoint:plugin/rule@0.1.0" (instance $rule)))"#
    ))
}

#[test]
fn a_component_of_the_first_contract_goes_on_working() {
    // One that is built for a later contract and uses nothing new of it works as well.
    for version in ["0.1.0", "0.1.9"] {
        let engine = load(&[spec("frozen", of_version(version), LONG)], Allocation::OnDemand).unwrap();
        let answer = ask_plugin(&engine, &world(Vec::new()), "frozen").unwrap();
        assert_eq!(answer.denials[0].message, "it may not", "{version}");
    }
}

/// What is wrong, and the file.
pub(super) fn files() -> Vec<(&'static str, Vec<u8>)> {
    let core = Guest::default().text();
    let whole = Guest::default().component();
    let (half, _) = whole.split_at(whole.len() / 2);
    let newer = core.replace("@0.1.0", "@0.1.9").replace(
        "(memory (export",
        r#"(import "holdpoint:plugin/log@0.1.9" "log-once" (func $once (param i32 i32))) (memory (export"#,
    );
    let more = contract()
        .replace("@0.1.0", "@0.1.9")
        .replace("log: func(level", "log-once: func(message: string);\n  log: func(level");
    let secretive = core.replace(
        "(memory (export",
        r#"(import "holdpoint:plugin/secrets@0.1.0" "get" (func $get (param i32 i32 i32))) (memory (export"#,
    );
    let secrets = format!("{}\nworld secretive {{ include plugin; import secrets; }}\n", contract());
    vec![
        ("empty", Vec::new()),
        ("a web page", b"<html><body>not found</body></html>".to_vec()),
        ("something else", b"\x1b[31mELF\x00\xff".to_vec()),
        ("a core module", wat::parse_str(&core).unwrap()),
        ("half a component", half.to_vec()),
        ("a component that is no plugin", wat("(component)")),
        (
            "a plugin without functions",
            wat(r#"(component (instance $rule) (export "holdpoint:plugin/rule@0.1.0" (instance $rule)))"#),
        ),
        ("contract 0.2", of_version("0.2.0")),
        ("contract 1.0", of_version("1.0.0")),
        ("a function that this host lacks", component(&newer, &more, "plugin")),
        ("secrets that are not granted", component(&secretive, &secrets, "secretive")),
        ("http that is not granted", importing("wasi:http/outgoing-handler@0.2.0")),
        ("files", importing("wasi:filesystem/types@0.2.0")),
        ("an interface that nobody knows", importing("acme:door/keys@1.0.0")),
    ]
}

/// Plugins that lie, stop or loop while they are loaded.
pub(super) fn liars() -> Vec<(&'static str, Guest)> {
    let forever = "(loop $again (br $again)) (i32.const 0)";
    let describing = |body: &str| Guest::default().describe(body);
    let checking = |body: &str| Guest::default().check_parameters(body);
    let shortened =
        |at: usize, length: usize| format!("(i32.store (i32.const {at}) (i32.const {length})) (i32.const 0)");
    vec![
        ("describe loops", describing(forever)),
        ("describe traps", describing("(unreachable)")),
        ("describe answers nonsense", describing("(i32.const -4)")),
        ("a name that is none", describing(&shortened(4, 0))),
        ("a version that is none", describing(&shortened(12, 3))),
        ("a schema that is no JSON", Guest::default().schema("{type: object}")),
        ("a schema that is none", Guest::default().schema("{\"type\": 7}")),
        ("check-parameters loops", checking(forever)),
        ("check-parameters traps", checking("(unreachable)")),
        ("check-parameters answers nonsense", checking("(i32.store8 (i32.const 4096) (i32.const 9)) (i32.const 4096)")),
        (
            "check-parameters refuses without a word",
            checking("(i32.store8 (i32.const 4096) (i32.const 1)) (i32.const 4096)"),
        ),
        (
            "a loop before anything is asked",
            Guest::default().functions("(start $first) (func $first (loop $again (br $again)))"),
        ),
    ]
}

#[test]
fn each_is_refused_with_words() {
    let liars = liars().into_iter().map(|(name, guest)| (name, guest.component()));
    let mut told = String::new();
    for (name, bytes) in files().into_iter().chain(liars) {
        let complaint = complaint(bytes, if name.contains("loop") { SHORT } else { LONG });
        assert!(complaint.contains("`custom`") && complaint.contains("\nhint: "), "{name}: {complaint}");
        writeln!(told, "# {name}\n{complaint}\n").unwrap();
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_damaged_file_is_refused_or_works() {
    let whole = Guest::default().component();
    assert!(inspect(&whole).is_ok());
    // Cut where a section ends, what is left may be a component, which is without names at its end.
    let readable: Vec<_> = (0..whole.len()).filter(|length| inspect(&whole[..*length]).is_ok()).collect();
    assert!(readable.len() < 10, "{readable:?} of {} bytes", whole.len());
    for length in readable {
        let complaint = complaint(whole[..length].to_vec(), LONG);
        assert!(complaint.is_empty() || complaint.contains("\nhint: "), "{complaint}");
    }
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 1 << (position % 8);
        if let Err(fault) = inspect(&damaged) {
            assert!(!fault.message.is_empty() && fault.message.len() < 2_000);
        }
        // Compiling takes its time.
        if position % 197 == 0 {
            drop(complaint(damaged, SHORT));
        }
    }
}
