//! Built-in functions that run away, panic, differ from OPA or cannot be repeated, replaced by extensions.
//!
//! A built-in of regorus is never interrupted by the time limit. An extension of the same name takes its place (after
//! functions of the policies), stays mockable with `with`, and its error always stops the evaluation. Here each one
//! checks what the call would cost and then calls the original. A panic of the original is an error.
//!
//! | built-in | what was seen in regorus 0.14.1 | here |
//! | --- | --- | --- |
//! | `time.now_ns` | the machine's clock: a decision could not be replayed | the instant of [`at_instant`] |
//! | `http.send`, `opa.runtime`, `rand.intn`, `uuid.rfc4122` | undefined, or another answer each time | error |
//! | `numbers.range`, `numbers.range_step` | 1e8 elements: 16 s, 2.4 GB; a negative count overflows | 10,000 elements |
//! | `net.cidr_expand` | `/8`: 12 s, 1.2 GB | 4,096 addresses |
//! | `graph.reachable_paths` | 10 connected nodes: 14 s; a long path overflows the stack (abort) | 10,000 steps, 256 deep |
//! | `strings.count` | panics on `""`; counts overlapping matches, unlike OPA | error; as OPA |
//! | `strings.replace_n` | replaces what it just wrote, unlike OPA | as OPA, 1 MiB |
//! | `object.subset` | panics when the second array is empty | true; 10,000,000 comparisons |
//! | `time.format`, `time.parse_ns`, `time.parse_duration_ns` | panic on text that is not ASCII | error |
//! | `time.*` with the zone `Local` | the machine's zone | error |
//! | `time.add_date` | undefined for 29 February plus a year, so that `not` turns true | error |
//! | `units.parse`, `units.parse_bytes` | `"1e999999999"` never ends | 64 characters, exponent of 3 digits |
//! | `json.filter`, `json.remove` | a path of 200,000 parts overflows the stack (abort) | 64 parts, 1,000 paths |
//! | `json.patch` | each `copy` of the root doubles the document | 100 operations, 8 copies, size of 1 MiB |
//! | `bits.*`, `product`, `format_int` | numbers of millions of digits; undefined for some of 1e300 | 4,096 bits |
//! | `sprintf` | a width of 1e8: 0.8 s, 200 MB; panics on digits that are not ASCII | width of 1,024; 1 MiB |
//! | `concat`, `replace`, `regex.replace`, `json.marshal*`, `yaml.marshal` | 400 MB of text | 1 MiB |
//! | `indexof`, `indexof_n`, `trim*`, `strings.any_*_match` | time of the product of both lengths | 64 Mi steps |
//! | `regex.*` | `\d`, `\w`, `\s` and `\b` are of Unicode, unlike OPA | as OPA, but for `regex.template_match` |
//! | `regex.*`, `glob.*` | compiling and matching are never interrupted | pattern of 1,024 bytes, text of 64 KiB |
//! | `regex.template_match` | panics when the value is shorter than the literal | false |
//! | `object.union_n` | time to the square: 5,000 objects 1.2 s | 2,000,000 keys copied |
//! | `array.concat` | doubling | 1,000,000 elements |
//! | `json.unmarshal`, `yaml.unmarshal`, `*.is_valid` | deep YAML 0.7 s | 1 MiB; YAML 64 KiB |
//! | `base64*`, `hex.*`, `urlquery.*`, `split`, `upper`, `lower`, `to_number`, `semver.*` | linear | 1 MiB of text |
//!
//! An argument of the wrong type is still the original's to report. A replaced built-in that would be undefined is an
//! error, so that `not` never turns it into true; `json.patch`, whose failure is undefined in OPA too, is the exception.

mod cost;
mod delegate;
mod patterns;
mod text;

use regorus::{Engine, Value};
use std::cell::Cell;

use cost::Check;

/// Built-ins that are always an error, with the reason.
pub(crate) const FORBIDDEN: &[(&str, &str)] = &[
    ("http.send", "policies have no network; a plugin can be granted one"),
    ("net.lookup_ip_addr", "policies have no network; a plugin can be granted one"),
    ("opa.runtime", "a decision may not depend on the machine it is made on"),
    ("rand.intn", "a decision must be repeatable"),
    ("uuid.rfc4122", "a decision must be repeatable"),
    ("rego.metadata.rule", "it is not available; METADATA is read when the policy is loaded"),
    ("rego.metadata.chain", "it is not available; METADATA is read when the policy is loaded"),
    ("rego.parse_module", "it is not available"),
];

thread_local! {
    /// The instant of the decision that this thread evaluates, in nanoseconds since 1970.
    static INSTANT: Cell<Option<i64>> = const { Cell::new(None) };
}

/// Evaluates with `time.now_ns()` answering `as_of`, in nanoseconds since 1970.
///
/// The instant belongs to the thread, so that engines and their clones need no clock of their own. Outside of this,
/// `time.now_ns()` is an error.
pub(crate) fn at_instant<T>(as_of: i64, evaluate: impl FnOnce() -> T) -> T {
    struct Restore(Option<i64>);
    impl Drop for Restore {
        fn drop(&mut self) {
            INSTANT.set(self.0);
        }
    }
    let _restore = Restore(INSTANT.replace(Some(as_of)));
    evaluate()
}

/// Puts the guarded built-ins into an engine; clones of the engine keep them.
///
/// # Errors
/// When the engine already has an extension of one of the names, or regorus has no built-in that a guard calls.
pub(crate) fn install(engine: &mut Engine) -> anyhow::Result<()> {
    engine.add_extension("time.now_ns".to_owned(), 0, Box::new(|_| now()))?;
    for &(name, reason) in FORBIDDEN {
        let Some(arguments) = arguments_of_forbidden(name) else { continue };
        let refuse = move |_| Err(anyhow::anyhow!("`{name}` is not allowed: {reason}"));
        engine.add_extension(name.to_owned(), arguments, Box::new(refuse))?;
    }
    for &(name, check) in cost::CHECKS {
        let original = delegate::Original::find(name)?;
        let guarded = move |arguments: Vec<Value>| guarded(name, check, original, &arguments);
        engine.add_extension(name.to_owned(), original.arguments, Box::new(guarded))?;
    }
    Ok(())
}

/// Only those that regorus could have; the others are unknown functions.
fn arguments_of_forbidden(name: &str) -> Option<u8> {
    match name {
        "http.send" | "net.lookup_ip_addr" | "uuid.rfc4122" => Some(1),
        "opa.runtime" => Some(0),
        "rand.intn" => Some(2),
        _ => None,
    }
}

fn now() -> anyhow::Result<Value> {
    INSTANT.get().map(Value::from).ok_or_else(|| anyhow::anyhow!("`time.now_ns` has no instant outside of a decision"))
}

fn guarded(name: &str, check: Check, original: delegate::Original, arguments: &[Value]) -> anyhow::Result<Value> {
    let refused = |reason: String| anyhow::anyhow!("`{name}`: {reason}");
    match check(arguments).map_err(refused)? {
        Some(value) => Ok(value),
        None => match original.call(name, patterns::rewritten(name, arguments).as_deref().unwrap_or(arguments))? {
            Value::Undefined if name != "json.patch" => Err(refused("it has no value for these arguments".to_owned())),
            value => Ok(value),
        },
    }
}

#[cfg(test)]
mod tests;
