//! Reviews as API servers send them and as they never would, the images in objects, and answers.

mod answers;
mod conformance;
mod differential;
mod envelope;
