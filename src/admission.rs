//! What a Kubernetes API server asks, and what it is told: reviews, the images in them, where they would run, answers.
//!
//! Pure: values in, values out. `server` does the input and output around it.

pub mod answer;
pub mod audit;
pub mod change;
pub mod doctor;
pub mod extract;
pub mod image;
pub mod listed;
pub mod object;
pub mod placement;
pub mod question;
pub mod refusal;
pub mod review;
pub mod scope;
pub mod settings;
mod webhook;
