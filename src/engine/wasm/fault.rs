//! Why a plugin cannot be loaded, or could not decide, in words.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use thiserror::Error;
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};

use crate::domain::text;
use crate::engine::Hinted;
use crate::gate::engine::RuleError;

use super::host::State;
use super::limits::{MOST_BYTES_ACROSS, MOST_RESOURCES, OverLimit};

/// The longest text of the engine that a message repeats, in characters.
const LONGEST_RAW: usize = 200;

/// What is wrong with a plugin, or with a rule that names it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct PluginFault {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl PluginFault {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }

    /// The same, of the plugin with this name.
    pub(super) fn of(self, plugin: &str) -> Self {
        Self { message: format!("plugin `{plugin}`: {}", self.message), ..self }
    }
}

impl Hinted for PluginFault {
    fn hint(&self) -> &str {
        &self.hint
    }
}

/// Why a call came to nothing. The message continues the plugin's name: "took longer than 1s".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }

    /// Of an answer that is none.
    pub(super) fn of_answer(why: &str) -> Self {
        Self::new(
            "plugin_answer",
            format!("gave an answer that cannot be used: {why}"),
            "this is a defect of the plugin; report it to its authors",
        )
    }

    /// With every text changed by `redact`.
    pub(super) fn redacted(self, redact: impl Fn(&str) -> String) -> Self {
        Self { code: self.code, message: redact(&self.message), hint: redact(&self.hint) }
    }

    pub(super) fn into_rule_error(self, plugin: &str) -> RuleError {
        RuleError {
            code: self.code,
            message: format!("the plugin `{plugin}` {}", self.message),
            remediation: self.hint,
        }
    }

    /// While something was done with the plugin, which the message does not name.
    pub(super) fn into_fault(self, doing: &str) -> PluginFault {
        PluginFault::new(format!("{doing}, it {}", self.message), self.hint)
    }
}

/// Why a plugin is not told what it asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Refused {
    /// In words that continue "was stopped".
    #[error("{0}")]
    Records(String),
    /// The time of the call ended while the host looked for records.
    #[error("reading records took too long")]
    OutOfTime,
}

/// Does the work, and makes a panic of it a failure: a defect must not be more than `undecided`.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| of_panic(&*payload))
}

fn of_panic(payload: &(dyn Any + Send)) -> Failure {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    let hint = "this is a defect of holdpoint; please report it";
    Failure::new("plugin_error", format!("made holdpoint itself fail: {}", cut(text)), hint)
}

/// What a failed call of the engine means.
pub(super) fn of_call(error: &wasmtime::Error, state: &State) -> Failure {
    if let Some(over) = error.downcast_ref::<OverLimit>() {
        let hint = match over {
            OverLimit::Memory { .. } => {
                "give it more with `limits: {memory: …}` if it needs that, or ask its authors why it does"
            }
            OverLimit::Tables { .. } => "this is a defect of the plugin; report it to its authors",
        };
        return Failure::new("plugin_memory", format!("was stopped: {over}"), hint);
    }
    match error.downcast_ref::<Refused>() {
        Some(Refused::OutOfTime) => return of_timeout(state.deadline.limit),
        Some(Refused::Records(why)) => return of_refusal(&state.redacted(why)),
        None => {}
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => of_timeout(state.deadline.limit),
        Some(trap) => of_trap(*trap, error, state),
        None => of_host(error, state),
    }
}

pub(super) fn of_timeout(limit: Duration) -> Failure {
    let hint = "give it more time with `limits: {timeout: …}` if it needs that, or ask its authors why it does";
    Failure::new("plugin_timeout", format!("took longer than {limit:?}"), hint)
}

/// There was no place for it.
pub(super) fn of_waiting(limit: Duration) -> Failure {
    let hint = "ask again; if that happens often, let more plugins run at once";
    Failure::new("plugin_busy", format!("waited {limit:?} for others to end, and was not run"), hint)
}

fn of_refusal(why: &str) -> Failure {
    let hint = "correct the plugin's question, or the records";
    Failure::new("plugin_records", format!("was stopped: {}", cut(why)), hint)
}

fn of_trap(trap: Trap, error: &wasmtime::Error, state: &State) -> Failure {
    let hint = "this is a defect of the plugin; report it to its authors with what its log says";
    let what = match trap {
        Trap::UnreachableCodeReached => match state.log.last_error() {
            Some(last) => format!("stopped itself: {}", cut(last)),
            None => "stopped itself without a word; one built with the SDK would say why".to_owned(),
        },
        Trap::MemoryOutOfBounds | Trap::StackOverflow | Trap::HeapMisaligned | Trap::TableOutOfBounds => {
            format!("ran out of stack or reached outside its memory ({trap})")
        }
        other => format!("crashed ({other})"),
    };
    let place = error.downcast_ref::<WasmBacktrace>().and_then(|trace| trace.frames().first()?.func_name().map(cut));
    let place = place.map(|function| format!(", in `{function}`")).unwrap_or_default();
    Failure::new("plugin_trap", format!("{what}{place}"), hint)
}

/// An error of the host: it refused what the plugin asked for or answered.
fn of_host(error: &wasmtime::Error, state: &State) -> Failure {
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        let message = format!("held more than {MOST_RESOURCES} requests, answers and streams at once");
        return Failure::new("plugin_http", message, "this is a defect of the plugin; report it to its authors");
    }
    let raw = error.root_cause().to_string();
    if raw.contains("fuel allocated for hostcalls") {
        let message = format!("returned or logged more than {} MiB", MOST_BYTES_ACROSS >> 20);
        return Failure::new("plugin_answer", message, "this is a defect of the plugin; report it to its authors");
    }
    Failure::of_answer(&cut(&state.redacted(&raw)))
}

/// The text, as much of it as a message repeats.
pub(super) fn cut(text: &str) -> String {
    text::cut(text, LONGEST_RAW)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_RAW, caught, cut};

    #[test]
    fn a_panic_is_a_failure_with_its_words() {
        assert_eq!(caught(|| 7), Ok(7));
        let failure = caught(|| -> u8 { panic!("index {} is out of bounds", 9) }).unwrap_err();
        assert_eq!(failure.code, "plugin_error");
        assert_eq!(failure.message, "made holdpoint itself fail: index 9 is out of bounds");
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = cut(&"ü".repeat(LONGEST_RAW + 1));
        assert_eq!(long.chars().count(), LONGEST_RAW + 1);
        assert!(long.ends_with("ü…"));
    }
}
