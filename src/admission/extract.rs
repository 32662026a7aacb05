//! Which artifacts an object uses.

use serde_json::Value;

use super::image::UsedImage;
use super::review::GroupVersionKind;
use super::settings::CustomResource;

/// What was found in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It uses none.
    Nothing,
    /// These, in the order in which they stand.
    Images(Vec<UsedImage>),
    /// It looks as if it used some, and nobody knows which: undecided, never skipped.
    Unknown {
        /// What is not understood, where, and what to do.
        message: String,
    },
}

/// The artifacts that an object of this kind uses.
#[must_use]
pub fn images(kind: &GroupVersionKind, object: &Value, resources: &[CustomResource]) -> Found {
    Found::Nothing
}
