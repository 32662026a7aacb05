//! The predicate of a Verification Summary Attestation, for a tool that signs.

use crate::domain::attestation::Predicate;
use crate::domain::decision::Decision;

use super::{ended, json};

/// The predicate as JSON; none when the decision is about an artifact without a name.
#[must_use]
pub fn render(decision: &Decision) -> Option<String> {
    Predicate::of(decision).map(|predicate| ended(&json::render(&predicate)))
}
