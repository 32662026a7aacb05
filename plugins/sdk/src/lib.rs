//! Write rules for holdpoint in Rust, as WebAssembly components.
//!
//! A rule is a type that implements [`Rule`], and [`export!`] makes a component of the crate:
//!
//! ```
//! use holdpoint_plugin::{Filter, Finding, Host, Input, Metadata, Records, Rule, Verdict};
//!
//! struct SeenInStaging;
//!
//! impl Rule for SeenInStaging {
//!     type Parameters = ();
//!
//!     fn metadata() -> Metadata {
//!         Metadata::new("seen-in-staging", env!("CARGO_PKG_VERSION"), "The digest has been in staging")
//!     }
//!
//!     fn evaluate(input: &Input<()>, host: &impl Host) -> Result<Verdict, String> {
//!         let filter = Filter::new().environment("staging").digest(&input.request.artifact.digest);
//!         Ok(match host.records().latest(&filter) {
//!             Some(_) => Verdict::pass(),
//!             None => Finding::deny("never-in-staging", "staging has never had this digest").into(),
//!         })
//!     }
//! }
//!
//! holdpoint_plugin::export!(SeenInStaging);
//! ```
//!
//! The same code runs natively, so a rule is tested by `cargo test`: see [`testing`].
//!
//! A plugin has no clock (`Input::as_of` is the only one), no randomness, no files and no network. The features `http`
//! and `secrets` give what a configuration grants by name, and `json` reads parameters into a struct.
//! Without them a component imports `holdpoint:plugin/log` and, if it looks at records, `holdpoint:plugin/records`.

#[doc(hidden)]
pub mod bindings;
mod filter;
mod host;
#[cfg(feature = "http")]
pub mod http;
mod parameters;
mod records;
mod rule;
#[doc(hidden)]
pub mod run;
pub mod testing;
pub mod time;
mod verdict;

pub use bindings::holdpoint::plugin::log::Level;
pub use bindings::holdpoint::plugin::records::Filter;
pub use bindings::holdpoint::plugin::types::{
    Artifact, Attribute, DeploymentRecord, DeploymentStatus, Effect, Finding, Metadata, Request, Timestamp, Verdict,
};
pub use host::Host;
#[cfg(feature = "json")]
pub use parameters::Json;
pub use parameters::Parameters;
pub use records::{LARGEST_PAGE, Records};
pub use rule::{Input, Rule};

/// Makes a component of this crate: its rule is the type, which implements [`Rule`]. Once in a crate, whose
/// `crate-type` has `cdylib`. Natively it makes nothing: a linker of the machine refuses the names of a component's
/// exports.
#[macro_export]
macro_rules! export {
    ($rule:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, clippy::as_conversions, reason = "generated: the component's exports")]
        const _: () = {
            type Component = $crate::run::Component<$rule>;
    $crate::bindings::export_component!(Component with_types_in $crate::bindings);
        };
    };
}
