//! The GitHub App: the real program before a GitHub that does what GitHub's documentation says.

mod answers;
mod artifacts;
mod events;
mod fake;
mod moods;
mod program;
mod restart;
