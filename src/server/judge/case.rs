//! What all images of a review have in common.

use std::time::Instant;

use jiff::Timestamp;

use crate::admission::placement::Place;
use crate::admission::question::Asking;
use crate::admission::review::Review;
use crate::domain::request::{Request, RequestedArtifact};
use crate::server::readmission::Ticket;

/// One review, as far as it is the same for each of its images.
pub(super) struct Case {
    pub(super) namespace: String,
    pub(super) dry_run: bool,
    /// The instant it is.
    pub(super) now: Timestamp,
    /// The instant that is asked about: the second it is, so that equal requests can share a decision.
    pub(super) as_of: Timestamp,
    pub(super) asked: Instant,
    pub(super) deadline: Instant,
    pub(super) ticket: Ticket,
    asking: Asking,
}

impl Case {
    pub(super) fn new(review: &Review, place: Place, now: Timestamp, ticket: Ticket, deadline: Instant) -> Self {
        Self {
            asking: Asking::new(review, place),
            namespace: review.namespace.clone(),
            dry_run: review.dry_run,
            now,
            as_of: Timestamp::from_second(now.as_second()).unwrap_or(now),
            asked: Instant::now(),
            deadline,
            ticket,
        }
    }

    /// Where its images would go.
    pub(super) const fn place(&self) -> &Place {
        self.asking.place()
    }

    /// What the gate is asked about this artifact.
    pub(super) fn request(&self, artifact: RequestedArtifact) -> Request {
        self.asking.request(artifact)
    }
}
