//! What a rule may ask holdpoint for.

#[cfg(feature = "http")]
use crate::http::Http;
use crate::{Level, Records};

/// What a rule may ask for while it is evaluated. Tests answer with [`crate::testing::TestHost`].
pub trait Host {
    /// The records of the decision's snapshot.
    fn records(&self) -> &(impl Records + ?Sized);

    /// Writes one line to the evaluation's log, which explanations show. Lines and bytes are bounded.
    fn log(&self, level: Level, message: &str);

    /// Requests to the hosts that the configuration grants.
    #[cfg(feature = "http")]
    fn http(&self) -> &impl Http;

    /// The value of a secret, or none where the configuration does not grant it. holdpoint blackens it in logs and
    /// findings.
    #[cfg(feature = "secrets")]
    fn secret(&self, name: &str) -> Option<String>;
}
