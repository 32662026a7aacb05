//! Deployment protection rules of GitHub: from what GitHub sends to what it is told, as values. What sends and keeps
//! them is in `server::github_app`.
//!
//! A run that wants to deploy to an environment waits until the GitHub App of that environment says whether it may.
//! What GitHub sends is signed ([`signature`]) and names the run ([`event`]) and where to answer ([`callback`]). It does
//! not name an artifact: that is found by a [`template`] over what the deployment says, or over one made before it
//! ([`lookup`]).

pub mod api;
pub mod callback;
pub mod comment;
pub mod event;
pub mod lookup;
pub mod outcome;
pub mod plan;
pub mod question;
pub mod settings;
pub mod signature;
pub mod template;
