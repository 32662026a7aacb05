//! Errors that say what to do about them.

use thiserror::Error;

/// Why something cannot be done or used. `Display` is the message and the hint, on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}\nhint: {hint}")]
pub struct HintedError {
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl HintedError {
    /// An error with its hint.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}
