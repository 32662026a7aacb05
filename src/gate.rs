//! The use case: read the records a request needs, evaluate the rules, combine what they say.
//!
//! The gate owns the traits that record sources and rule engines implement, so it knows neither HTTP nor Rego.

pub mod decide;
pub mod engine;
pub mod observe;
pub mod source;
