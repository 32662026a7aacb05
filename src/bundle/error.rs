//! What is wrong with a bundle or an artifact.

use thiserror::Error;

/// Why a bundle cannot be used. `Display` is the message and the hint, on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}\nhint: {hint}")]
pub struct BundleError {
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl BundleError {
    /// An error with its hint.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}
