//! From text to the raw form, with the parser's errors in holdpoint's words.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{DuplicateKeyPolicy, Error, MessageFormatter as _, Options, UserMessageFormatter};

use super::error::{Problem, list, quote, suggest};
use super::located::{Located, Place};

/// Reads the text of a file that begins with its version, or says the first thing that keeps it from being read.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let of_another_version = if is_too_much(&error) { None } else { other_version(text) };
        of_another_version.unwrap_or_else(|| problem(&error))
    })
}

/// Whether the text asks for more than the bounds allow.
fn is_too_much(error: &Error) -> bool {
    matches!(
        innermost(error),
        Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
    )
}

/// Another version may have other keys: says so, rather than which keys are unknown.
fn other_version(text: &str) -> Option<Problem> {
    /// All keys but one are ignored.
    #[derive(Deserialize)]
    struct Probe {
        version: Located<u32>,
    }
    let probe: Probe = serde_saphyr::from_str_with_options(text, options()).ok()?;
    check_version(&probe.version).err()
}

/// Whether the file has the form that this holdpoint reads.
pub(crate) fn check_version(version: &Located<u32>) -> Result<(), Problem> {
    if version.value == 1 {
        return Ok(());
    }
    let problem = Problem::new(version.place, format!("version `{}` is not supported", version.value));
    Err(problem.hint("this holdpoint reads `version: 1`; a newer one may read more"))
}

/// Bounds that no honest configuration reaches, so that no text makes the parser run away.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 100_000,
            max_nodes: 50_000,
            max_depth: 64,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 10_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn problem(error: &Error) -> Problem {
    let place = error.location().map(Place::from).unwrap_or_default();
    let (message, hint) = match innermost(error) {
        Error::SerdeUnknownField { field, expected, .. } => {
            let hint = suggest(field, expected.iter().copied(), "the keys known here");
            (format!("unknown key {}", quote(field)), hint)
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("unknown value {}", quote(variant)), format!("use one of {}", list(expected)))
        }
        Error::SerdeMissingField { field, .. } => return missing(field, place),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("key {} is written twice in one map", quote(key)), "keep one of the two".to_owned())
        }
        Error::MultipleDocuments { .. } => (
            "the file holds more than one YAML document".to_owned(),
            "keep one, without a line `---` after it".to_owned(),
        ),
        _ if is_too_much(error) => (
            "the file is too large, nested too deeply, or repeats too much through aliases".to_owned(),
            "write it plainly, with fewer anchors and aliases".to_owned(),
        ),
        // Nothing at all, as in `policies:`, is no list either.
        other @ Error::Unexpected { expected: "sequence start", .. } => {
            (unreadable(other), "write each entry behind `- `, or all in `[ ]`; for none write `[]`".to_owned())
        }
        other => return Problem::new(place, unreadable(other)),
    };
    Problem::new(place, message).hint(hint)
}

fn missing(key: &str, place: Place) -> Problem {
    let message = format!("missing key {}", quote(key));
    // What is missing from the whole file is missing nowhere in particular.
    match key {
        "version" => Problem::new(Place::START, message).hint("add `version: 1`").without_line(),
        "sources" => Problem::new(Place::START, message).hint("add where records come from").without_line(),
        "environments" => Problem::new(Place::START, message).hint("add the stages of promotion").without_line(),
        _ => Problem::new(place, message),
    }
}

/// The error itself, without where aliases led to it.
fn innermost(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } | Error::WithSnippet { error: inner, .. } = error {
        error = inner;
    }
    error
}

/// A value of the wrong type, or text that is no YAML. A value may be a misplaced secret and is not repeated.
fn unreadable(error: &Error) -> String {
    let expected = match error {
        Error::Unexpected { expected, .. } => match *expected {
            "mapping start" => "a map",
            "sequence start" => "a list",
            "string scalar" => "text",
            other => other,
        },
        Error::NullIntoString { .. } => "text",
        Error::InvalidBooleanStrict { .. } => "`true` or `false`",
        Error::InvalidScalar { ty: "u32", .. } => "a whole number",
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => expected,
        other => return format!("not readable as YAML: {}", UserMessageFormatter.format_message(other)),
    };
    format!("wrong type: expected {expected}")
}
