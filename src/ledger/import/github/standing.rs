//! Whether a deployment counts: only what has succeeded was ever there.

use jiff::Timestamp;

use super::export::Node;
use crate::domain::record::RecordStatus;

const SUCCESS: &str = "SUCCESS";

/// What is to be thought of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its artifact was there.
    Counts {
        /// What its state comes to.
        status: RecordStatus,
        /// When it last succeeded.
        since: Timestamp,
        /// When it became inactive after that, where that is known.
        ended: Option<Timestamp>,
    },
    /// It has not succeeded, or has failed, or cannot be told.
    Not {
        /// Why, in words that follow "deployments passed over:".
        reason: &'static str,
        /// When something of it may have come to be there; none means never.
        perhaps: Option<Timestamp>,
    },
}

/// What is to be thought of this one.
pub(super) fn of(node: &Node) -> Standing {
    let succeeded = last_success(node);
    // Later than it was: an artifact must not seem to have been there for longer.
    let latest = node.created_at.max(node.updated_at);
    match node.state.as_deref().unwrap_or_default() {
        "ACTIVE" | SUCCESS => {
            Standing::Counts { status: RecordStatus::Deployed, since: succeeded.unwrap_or(latest), ended: None }
        }
        "INACTIVE" => ended(node, RecordStatus::Superseded, succeeded, latest),
        "DESTROYED" => ended(node, RecordStatus::Decommissioned, succeeded, latest),
        "ERROR" | "FAILURE" => Standing::Not { reason: "they failed", perhaps: succeeded },
        "PENDING" | "QUEUED" | "IN_PROGRESS" | "WAITING" => {
            Standing::Not { reason: "they have not ended", perhaps: succeeded }
        }
        "ABANDONED" => Standing::Not { reason: "they were abandoned", perhaps: succeeded },
        _ => Standing::Not { reason: "their state is not known", perhaps: Some(latest) },
    }
}

fn ended(node: &Node, status: RecordStatus, succeeded: Option<Timestamp>, latest: Timestamp) -> Standing {
    match succeeded {
        Some(since) => Standing::Counts { status, since, ended: inactive_after(node, since) },
        None if node.statuses.page_info.has_next_page => {
            let reason = "they are inactive, and not all of their statuses are in the file";
            Standing::Not { reason, perhaps: Some(latest) }
        }
        None => Standing::Not { reason: "they are inactive and never succeeded", perhaps: None },
    }
}

fn last_success(node: &Node) -> Option<Timestamp> {
    let succeeded = node.statuses.nodes.iter().filter(|status| status.state == SUCCESS);
    succeeded.map(|status| status.created_at).max()
}

/// The first time that it was said to be inactive after it had last succeeded; none when that may be in another page.
fn inactive_after(node: &Node, since: Timestamp) -> Option<Timestamp> {
    if node.statuses.page_info.has_next_page {
        return None;
    }
    let inactive = node.statuses.nodes.iter().filter(|status| status.state == "INACTIVE");
    inactive.map(|status| status.created_at).filter(|at| *at >= since).min()
}
