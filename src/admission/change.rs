//! What of a review has to be judged.

use super::image::UsedImage;
use super::review::Review;
use super::settings::CustomResource;

/// What a review would bring about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These artifacts would run; at least one.
    Judge(Vec<UsedImage>),
    /// Nothing runs that does not run already.
    Passes {
        /// Why, for audit annotations and logs.
        reason: &'static str,
    },
    /// It cannot be told: undecided.
    Unknown {
        /// What is not understood, where, and what to do.
        message: String,
    },
}

/// What the review would bring about.
#[must_use]
pub fn change(review: &Review, resources: &[CustomResource]) -> Change {
    Change::Passes { reason: "" }
}
