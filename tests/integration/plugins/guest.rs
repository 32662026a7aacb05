//! Plugins as text: a core module that says what a test needs, made a component with the contract of `plugins/wit`.

use std::fmt::Write as _;

use crate::support::cli::root;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A plugin in the making. What is not given is the simplest that works: it passes.
pub(super) struct Guest {
    evaluate: String,
    describe: String,
    check_parameters: String,
    imports: String,
    functions: String,
    schema: Option<String>,
}

/// Where the parts of an answer are kept. Below 4096 are the parts of `describe`, from 65536 on is the heap.
const ANSWER: usize = 8192;
const TEXTS: usize = 16384;

impl Default for Guest {
    fn default() -> Self {
        Self {
            evaluate: format!("(i32.const {ANSWER})"),
            describe: "(i32.const 0)".to_owned(),
            check_parameters: "(i32.const 4096)".to_owned(),
            imports: String::new(),
            functions: String::new(),
            schema: None,
        }
    }
}

impl Guest {
    /// The body of `evaluate`, whose parameter `$input` points to the input. `$pass` is where the answer is that has no
    /// findings; `(call $find …)` makes one with a finding.
    pub(super) fn evaluate(mut self, body: &str) -> Self {
        body.clone_into(&mut self.evaluate);
        self
    }

    /// The body of `describe`.
    pub(super) fn describe(mut self, body: &str) -> Self {
        body.clone_into(&mut self.describe);
        self
    }

    /// The body of `check-parameters`, whose parameters are `$text` and `$length`.
    pub(super) fn check_parameters(mut self, body: &str) -> Self {
        body.clone_into(&mut self.check_parameters);
        self
    }

    /// Core imports, before everything else.
    pub(super) fn imports(mut self, imports: &str) -> Self {
        imports.clone_into(&mut self.imports);
        self
    }

    /// More functions and globals.
    pub(super) fn functions(mut self, functions: &str) -> Self {
        functions.clone_into(&mut self.functions);
        self
    }

    /// The JSON Schema of the parameters.
    pub(super) fn schema(mut self, schema: &str) -> Self {
        self.schema = Some(schema.to_owned());
        self
    }

    /// The core module as text.
    pub(super) fn text(&self) -> String {
        let Self { evaluate, describe, check_parameters, imports, functions, .. } = self;
        let data = self.data();
        format!(
            r#"(module
  {imports}
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.set $heap (i32.add (local.get $at) (local.get $new)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $fits (i32.ne (memory.grow (i32.add (i32.shr_u (local.get $new) (i32.const 16)) (i32.const 1))) (i32.const -1)))
      (unreachable))
    (local.get $at))
  ;; Makes the answer one finding: its effect, and the address and length of code and message.
  (func $find (param $effect i32) (param $code i32) (param $code_length i32) (param $text i32) (param $length i32) (result i32)
    (i32.store (i32.const {list}) (i32.const {finding}))
    (i32.store (i32.const {count}) (i32.const 1))
    (i32.store8 (i32.const {finding}) (local.get $effect))
    (i32.store (i32.const {code}) (local.get $code))
    (i32.store (i32.const {code_length}) (local.get $code_length))
    (i32.store (i32.const {message}) (local.get $text))
    (i32.store (i32.const {message_length}) (local.get $length))
    (i32.const {ANSWER}))
  {functions}
  (func (export "holdpoint:plugin/rule@0.1.0#describe") (result i32) {describe})
  (func (export "holdpoint:plugin/rule@0.1.0#check-parameters") (param $text i32) (param $length i32) (result i32) {check_parameters})
  (func (export "holdpoint:plugin/rule@0.1.0#evaluate") (param $input i32) (result i32) {evaluate})
{data})"#,
            list = ANSWER + 8,
            count = ANSWER + 12,
            finding = ANSWER + 16,
            code = ANSWER + 20,
            code_length = ANSWER + 24,
            message = ANSWER + 28,
            message_length = ANSWER + 32,
        )
    }

    /// The description: name, version, title, description, and the schema if there is one.
    fn data(&self) -> String {
        let mut data = String::new();
        let texts = ["test-plugin", "1.2.3", "A test's plugin", "Says what a test needs."];
        let mut at = 256;
        for (position, text) in texts.into_iter().chain(self.schema.as_deref()).enumerate() {
            // The schema is optional: its mark comes before its address.
            let pair = if position < 4 { position * 8 } else { 36 };
            put(&mut data, pair, &[at, text.len()].map(word).concat());
            put(&mut data, at, text.as_bytes());
            at += text.len();
        }
        if self.schema.is_some() {
            put(&mut data, 32, &[1]);
        }
        data
    }

    /// The component.
    pub(super) fn component(&self) -> Vec<u8> {
        component(&self.text(), "plugin")
    }
}

fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}

fn put(data: &mut String, at: usize, bytes: &[u8]) {
    let escaped = bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    });
    writeln!(data, "  (data (i32.const {at}) \"{escaped}\")").unwrap();
}

/// A text of the module's memory: the data segment, and the two operands that point to it. `slot` keeps them apart.
pub(super) fn text(slot: usize, text: &str) -> (String, String) {
    let at = TEXTS + slot * 1024;
    let mut data = String::new();
    put(&mut data, at, text.as_bytes());
    (data, format!("(i32.const {at}) (i32.const {})", text.len()))
}

/// A plugin that always says this one thing. `effect` is 0 for deny, 1 for hold, 2 for warn.
pub(super) fn saying(effect: usize, code: &str, message: &str) -> Guest {
    let ((code_data, code), (message_data, message)) = (text(0, code), text(1, message));
    let body = format!("(call $find (i32.const {effect}) {code} {message})");
    Guest::default().evaluate(&body).functions(&format!("{code_data}{message_data}"))
}

/// A core module as a component of this world of `plugins/wit`.
pub(super) fn component(text: &str, world: &str) -> Vec<u8> {
    component_beyond(text, None, world)
}

/// A core module as a component of this world, of these packages if there are any, which may use those of `plugins/wit`.
pub(super) fn component_beyond(text: &str, packages: Option<&str>, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_dir(root().join("plugins/wit")).unwrap();
    let package = packages.map_or(contract, |packages| resolve.push_str("more.wit", packages).unwrap());
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}
