//! Plugins that do what they should not, as text.

use super::guest::{Guest, saying, text};
use super::library::DIGEST;

pub(super) const LOG: &str = r#"(import "holdpoint:plugin/log@0.1.0" "log" (func $log (param i32 i32 i32)))"#;
pub(super) const COUNT: &str = r#"(import "holdpoint:plugin/records@0.1.0" "count"
  (func $count (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))"#;
const LATEST: &str = r#"(import "holdpoint:plugin/records@0.1.0" "latest"
  (func $latest (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
/// A field of a filter that is absent, and one that is there for operands that follow.
pub(super) const NONE: &str = "(i32.const 0) (i32.const 0) (i32.const 0)";
pub(super) const SOME: &str = "(i32.const 1)";
pub(super) const PASS: &str = "(i32.const 8192)";

/// What this does, and nothing else.
pub(super) fn body(body: &str) -> Guest {
    Guest::default().evaluate(body)
}

/// Says a finding, the address and length of whose message are these.
fn finding(pointer: &str, length: &str) -> Guest {
    body(&format!("(call $find (i32.const 0) (i32.const 256) (i32.const 4) {pointer} {length})"))
}

/// Makes the answer this number of findings at this address.
fn findings(address: &str, count: usize) -> String {
    format!("(i32.store (i32.const 8200) {address}) (i32.store (i32.const 8204) (i32.const {count}))")
}

fn logging(line: &str, rest: impl Fn(&str) -> String) -> Guest {
    let (data, operands) = text(0, line);
    body(&rest(&format!("(call $log (i32.const 3) {operands})"))).imports(LOG).functions(&data)
}

fn counting(environment: &str, digest: &str) -> Guest {
    let ((one, environment), (other, digest)) = (text(0, environment), text(1, digest));
    let call =
        format!("(drop (call $count {SOME} {environment} {NONE} {NONE} {SOME} {digest} (i32.const 0) (i32.const 0)))");
    body(&format!("{call} {PASS}")).imports(COUNT).functions(&format!("{one}{other}"))
}

/// A plugin with 50 MiB of memory that then does this.
fn grown(rest: &str) -> Guest {
    body(&format!("(drop (memory.grow (i32.const 800))) {rest} {PASS}"))
}

/// Passes after it did this.
fn passing(first: &str) -> Guest {
    body(&format!("{first} {PASS}"))
}

fn forever(what: &str) -> String {
    format!("(loop $again {what} (br $again)) {PASS}")
}

/// Passes, and then does this while its answer is cleared away.
fn afterwards(what: &str) -> Guest {
    let clear = r#"(func (export "cabi_post_holdpoint:plugin/rule@0.1.0#evaluate") (param $answer i32)"#;
    body(PASS).functions(&format!("{clear} {what})"))
}

/// An error of its own, with these words.
fn failing(why: &str) -> Guest {
    let (data, _) = text(0, why);
    let error = "(i32.store8 (i32.const 8192) (i32.const 1)) (i32.store (i32.const 8196) (i32.const 16384))";
    passing(&format!("{error} (i32.store (i32.const 8200) (i32.const {}))", why.len())).functions(&data)
}

/// What each does wrong, by name.
pub(super) fn hostile() -> Vec<(&'static str, Guest)> {
    [endless(), trapping(), large(), nonsense(), asking()].into_iter().flatten().collect()
}

fn endless() -> Vec<(&'static str, Guest)> {
    let table = "(drop (table.grow $t (ref.null func) (i32.const 1000000)))";
    let deep = "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    vec![
        ("endless loop", body(&forever(""))),
        ("log flood", logging("a line of log", forever)),
        ("memory, slowly", body(&forever("(drop (memory.grow (i32.const 16)))"))),
        ("memory, at once", passing("(drop (memory.grow (i32.const 16384)))")),
        ("tables", passing(table).functions("(table $t 1 funcref)")),
        ("deep recursion", body("(call $deep (i32.const 0))").functions(deep)),
        ("endless loop after the answer", afterwards("(loop $again (br $again))")),
    ]
}

fn trapping() -> Vec<(&'static str, Guest)> {
    let panic = |log: &str| format!("{log} (unreachable)");
    vec![
        ("panic with a line of log", logging("panicked at src/lib.rs:8: no ticket", panic)),
        ("trap without a word", body("(unreachable)")),
        ("divide by zero", body("(i32.div_s (i32.const 1) (i32.load (i32.const 65500)))")),
        ("read outside memory", body("(i32.load (i32.const -8))")),
        ("trap after the answer", afterwards("(unreachable)")),
        ("an error of its own", failing("the ticket system is not known")),
    ]
}

fn large() -> Vec<(&'static str, Guest)> {
    let text = "(i32.const 256) (i32.const 41943040)";
    let find = format!("(drop (call $find (i32.const 0) (i32.const 256) (i32.const 4) {text}))");
    let log = format!("(call $log (i32.const 0) {text})");
    vec![
        ("string of 1 GB", finding("(i32.const 256)", "(i32.const 1073741824)")),
        ("string of 40 MiB that is there", grown(&find)),
        ("ten million findings", passing(&findings("(i32.const 8208)", 10_000_000))),
        ("900,000 findings that are there", grown(&findings("(i32.const 131072)", 900_000))),
        ("40 MiB of log in a line", grown(&log).imports(LOG)),
    ]
}

fn nonsense() -> Vec<(&'static str, Guest)> {
    let invalid = "(data (i32.const 16384) \"\\ff\\fe\")";
    vec![
        ("unknown enum", saying(9, "code", "message")),
        ("unknown variant", passing("(i32.store8 (i32.const 8196) (i32.const 7))")),
        ("neither answer nor error", passing("(i32.store8 (i32.const 8192) (i32.const 2))")),
        ("invalid UTF-8", finding("(i32.const 16384)", "(i32.const 2)").functions(invalid)),
        ("pointer outside memory", finding("(i32.const -256)", "(i32.const 16)")),
        ("answer outside memory", body("(i32.const -16)")),
        ("answer out of line", body("(i32.const 8193)")),
        ("finding without a message", finding("(i32.const 256)", "(i32.const 0)")),
        ("skipped without a word", passing("(i32.store8 (i32.const 8196) (i32.const 1))")),
    ]
}

fn asking() -> Vec<(&'static str, Guest)> {
    let everything = format!("{NONE} {NONE} {NONE} {NONE} (i32.const 0) (i32.const 0)");
    let count = format!("(drop (call $count {everything}))");
    let latest = format!("(call $latest {everything} (i32.const 32768))");
    vec![
        ("environment that was not read", counting("dev", DIGEST)),
        ("digest that is none", counting("staging", "sha256:latest")),
        ("questions without end", body(&forever(&count)).imports(COUNT)),
        ("record without a time", passing(&latest).imports(LATEST)),
    ]
}
