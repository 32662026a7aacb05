//! Plugins that send requests, as text.
//!
//! One says what came of its last request as a warning: `200 the body's beginning`, or as something that holds:
//! `error 06`, the number of the error's kind in `wasi:http/types`.

use super::guest::{Guest, component_beyond, text};
use super::hostile::{COUNT, LOG};

/// The requests of a plugin. What is not given is the simplest.
#[derive(Clone)]
pub(super) struct Asking {
    /// Whether by https.
    pub(super) secure: bool,
    /// Host and port.
    pub(super) authority: String,
    pub(super) path: &'static str,
    /// The number of the method's kind: 0 is GET, 2 is POST, 5 is CONNECT.
    pub(super) method: usize,
    pub(super) header: Option<(&'static str, &'static str)>,
    /// How often.
    pub(super) times: usize,
    /// KiB of the body.
    pub(super) body: usize,
    /// Whether also when it is asked what it is.
    pub(super) early: bool,
}

/// Where results of functions are put, and where the message is made.
const RESULT: usize = 40_960;
const MESSAGE: usize = 49_152;

const IMPORTS: &str = r#"
  (import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.0" "[method]fields.append" (func $append (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[constructor]outgoing-request" (func $request (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-method" (func $set-method (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-scheme" (func $set-scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-authority" (func $set-authority (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-path-with-query" (func $set-path (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.body" (func $body (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-body.write" (func $write (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
  (import "wasi:http/outgoing-handler@0.2.0" "handle" (func $handle (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]future-incoming-response.subscribe" (func $subscribe (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]future-incoming-response.get" (func $get (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-response.status" (func $status (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-response.consume" (func $consume (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-body.stream" (func $stream (param i32 i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
  (import "wasi:io/streams@0.2.0" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush" (func $put (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop-output (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
"#;

impl Asking {
    /// A plugin that asks this host once, by http.
    pub(super) fn of(authority: impl Into<String>) -> Self {
        let authority = authority.into();
        Self { secure: false, authority, path: "/", method: 0, header: None, times: 1, body: 0, early: false }
    }

    pub(super) fn component(&self) -> Vec<u8> {
        let describe = if self.early { "(drop (call $ask)) (i32.const 0)" } else { "(i32.const 0)" };
        let functions = format!("{}\n{SAY}\n{}", self.texts(), self.ask(&text(0, &self.authority).1));
        let guest = Guest::default().imports(IMPORTS).functions(&functions).describe(describe);
        beyond(&guest.evaluate("(call $ask)"), "asking")
    }

    fn texts(&self) -> String {
        let (name, value) = self.header.unwrap_or_default();
        [&self.authority, self.path, name, value, "answer"]
            .into_iter()
            .enumerate()
            .map(|(slot, said)| text(slot, said).0)
            .collect()
    }

    /// Sends the requests to the host and port that these operands point to, and makes an answer of what came of the last.
    #[expect(clippy::too_many_lines, reason = "one function of the guest, as it runs")]
    fn ask(&self, authority: &str) -> String {
        let (name, value) = self.header.unwrap_or_default();
        let operands = |slot, said: &str| text(slot, said).1;
        let path = operands(1, self.path);
        let header = format!(
            "(call $append (local.get $fields) {} {} (i32.const {RESULT}))",
            operands(2, name),
            operands(3, value)
        );
        format!(
            r"(func $ask (result i32)
    (local $fields i32) (local $request i32) (local $future i32) (local $body i32) (local $out i32) (local $left i32)
    (local $response i32) (local $in i32) (local $at i32) (local $more i32) (local $wait i32)
    (local.set $left (i32.const {times}))
    (loop $again
      (local.set $fields (call $fields))
      {header}
      (local.set $request (call $request (local.get $fields)))
      (drop (call $set-method (local.get $request) (i32.const {method}) (i32.const 0) (i32.const 0)))
      (drop (call $set-scheme (local.get $request) (i32.const 1) (i32.const {secure}) (i32.const 0) (i32.const 0)))
      (drop (call $set-authority (local.get $request) (i32.const 1) {authority}))
      (drop (call $set-path (local.get $request) (i32.const 1) {path}))
      (call $body (local.get $request) (i32.const {RESULT}))
      (local.set $body (i32.load (i32.const {own4})))
      (call $handle (local.get $request) (i32.const 0) (i32.const 0) (i32.const {RESULT}))
      (if (i32.load8_u (i32.const {RESULT})) (then (return (call $error (i32.load8_u (i32.const {own8}))))))
      (local.set $future (i32.load (i32.const {own8})))
      (call $write (local.get $body) (i32.const {RESULT}))
      (local.set $out (i32.load (i32.const {own4})))
      (local.set $more (i32.const {body}))
      (block $written
        (loop $writing
          (br_if $written (i32.eqz (local.get $more)))
          (call $put (local.get $out) (i32.const 65536) (i32.const 1024) (i32.const {RESULT}))
          (local.set $more (i32.sub (local.get $more) (i32.const 1)))
          (br $writing)))
      (call $drop-output (local.get $out))
      (call $finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const {RESULT}))
      (local.set $wait (call $subscribe (local.get $future)))
      (call $block (local.get $wait))
      (call $drop-pollable (local.get $wait))
      (call $get (local.get $future) (i32.const {RESULT}))
      (if (i32.load8_u (i32.const {inner})) (then (return (call $error (i32.load8_u (i32.const {value}))))))
      (local.set $response (i32.load (i32.const {value})))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (call $digits (i32.const {MESSAGE}) (i32.const 3) (call $status (local.get $response)))
    (i32.store8 (i32.const {space}) (i32.const 32))
    (local.set $at (i32.const {after_space}))
    (call $consume (local.get $response) (i32.const {RESULT}))
    (call $stream (i32.load (i32.const {own4})) (i32.const {RESULT}))
    (local.set $in (i32.load (i32.const {own4})))
    (block $end
      (loop $reading
        (call $read (local.get $in) (i64.const 100) (i32.const {RESULT}))
        (br_if $end (i32.load8_u (i32.const {RESULT})))
        (br_if $reading (i32.gt_u (local.get $at) (i32.const {full})))
        (memory.copy (local.get $at) (i32.load (i32.const {own4})) (i32.load (i32.const {own8})))
        (local.set $at (i32.add (local.get $at) (i32.load (i32.const {own8}))))
        (br $reading)))
    (call $find (i32.const 2) {code} (i32.const {MESSAGE}) (i32.sub (local.get $at) (i32.const {MESSAGE}))))",
            times = self.times,
            method = self.method,
            secure = usize::from(self.secure),
            body = self.body,
            header = if self.header.is_some() { &header } else { "" },
            own4 = RESULT + 4,
            own8 = RESULT + 8,
            inner = RESULT + 16,
            value = RESULT + 24,
            space = MESSAGE + 3,
            after_space = MESSAGE + 4,
            full = MESSAGE + 500,
            code = operands(4, "answer"),
        )
    }
}

/// Writes numbers, and says which error there was.
const SAY: &str = r#"
  (data (i32.const 49152) "error 00")
  (func $digits (param $at i32) (param $count i32) (param $number i32)
    (loop $next
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (i32.store8 (i32.add (local.get $at) (local.get $count)) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
      (br_if $next (local.get $count))))
  (func $error (param $number i32) (result i32)
    (call $digits (i32.const 49158) (i32.const 2) (local.get $number))
    (call $find (i32.const 1) (i32.const 49152) (i32.const 5) (i32.const 49152) (i32.const 8)))
"#;

/// A plugin that waits for an hour by the clock.
pub(super) fn waiting() -> Vec<u8> {
    let body = "(call $block (call $after (i64.const 3600000000000))) (i32.const 8192)";
    beyond(&Guest::default().imports(IMPORTS).evaluate(body), "asking")
}

/// A plugin that asks for its arguments beside requests.
pub(super) fn reaching() -> Vec<u8> {
    let environment =
        r#"(import "wasi:cli/environment@0.2.0" "get-arguments" (func $arguments (param i32)))"#.to_owned() + IMPORTS;
    beyond(&Guest::default().imports(&environment), "reaching")
}

/// The secret `TOKEN`: `$secret` asks for it, `$value` and `$length` are where it is then.
fn secret() -> String {
    let (data, name) = text(6, "TOKEN");
    format!(
        "{data}
  (func $secret (call $get-secret {name} (i32.const {RESULT})))
  (func $value (result i32) (i32.load (i32.const {})))
  (func $length (result i32) (i32.load (i32.const {})))",
        RESULT + 4,
        RESULT + 8
    )
}

const GET: &str = r#"(import "holdpoint:plugin/secrets@0.1.0" "get" (func $get-secret (param i32 i32 i32)))"#;

/// A plugin that knows its secret `TOKEN` when it is asked what it is and when it evaluates, and then does this.
fn leaking(describe: &str, evaluate: &str) -> Vec<u8> {
    let guest = Guest::default()
        .imports(&format!("{GET}{LOG}{COUNT}"))
        .functions(&format!("{}{}", text(7, "said").0, secret()))
        .describe(&format!("(call $secret) {describe} (i32.const 0)"))
        .evaluate(&format!("(call $secret) {evaluate}"));
    beyond(&guest, "secretive")
}

/// The operands of a text that is no secret.
fn said() -> String {
    text(7, "said").1
}

/// A plugin that says its secret `TOKEN` wherever it can: in its log, in a finding, and when it is asked what it is.
pub(super) fn secretive() -> Vec<u8> {
    // The title is the third pair of the description: its address is at 16.
    let describe = "(i32.store (i32.const 16) (call $value)) (i32.store (i32.const 20) (call $length))";
    let log = "(call $log (i32.const 1) (call $value) (call $length))";
    leaking(describe, &format!("{log} (call $find (i32.const 2) {} (call $value) (call $length))", said()))
}

/// Plugins that say their secret `TOKEN` where it is least expected, by where that is.
pub(super) fn indiscreet() -> Vec<(&'static str, Vec<u8>)> {
    let value = "(call $value) (call $length)";
    let at = |address: usize| {
        let length = address + 4;
        format!("(i32.store (i32.const {address}) (call $value)) (i32.store (i32.const {length}) (call $length))")
    };
    let count = |before: usize, after: usize| {
        let absent = |fields: usize| "(i32.const 0)".repeat(fields * 3);
        format!(
            "(drop (call $count {} (i32.const 1) {value} {} (i32.const 0) (i32.const 0))) (i32.const 8192)",
            absent(before),
            absent(after)
        )
    };
    let evaluating = |evaluate: &str| leaking("", evaluate);
    vec![
        ("the code of a finding", evaluating(&format!("(call $find (i32.const 0) {value} {})", said()))),
        (
            "why it does not apply",
            evaluating(&format!("(i32.store8 (i32.const 8196) (i32.const 1)) {} (i32.const 8192)", at(8200))),
        ),
        (
            "an error of its own",
            evaluating(&format!("(i32.store8 (i32.const 8192) (i32.const 1)) {} (i32.const 8192)", at(8196))),
        ),
        ("the words before a trap", evaluating(&format!("(call $log (i32.const 3) {value}) (unreachable)"))),
        ("the environment of a question", evaluating(&count(0, 3))),
        ("the digest of a question", evaluating(&count(3, 0))),
        ("the host of a request", betraying()),
        ("its name", leaking(&at(0), "(i32.const 8192)")),
        ("its version", leaking(&at(8), "(i32.const 8192)")),
    ]
}

/// A plugin that asks the host whose name is its secret.
fn betraying() -> Vec<u8> {
    let asking = Asking { secure: true, ..Asking::of("a.example") };
    let functions = format!("{}\n{SAY}\n{}\n{}", asking.texts(), asking.ask("(call $value) (call $length)"), secret());
    let guest = Guest::default().imports(&format!("{GET}{IMPORTS}")).functions(&functions);
    beyond(&guest.evaluate("(call $secret) (call $ask)"), "betraying")
}

fn beyond(guest: &Guest, world: &str) -> Vec<u8> {
    component_beyond(&guest.text(), Some(include_str!("asking.wit")), world)
}
