//! From the body of a request to a review.

use super::{Review, Unreadable};

/// Reads a review.
pub(super) fn review(body: &[u8]) -> Result<Review, Unreadable> {
    Err(Unreadable { uid: None, message: String::new() })
}
