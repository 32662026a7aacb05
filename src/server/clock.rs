//! The clock, as the composition root hands it in.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the instant it is now.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
