//! Faults while reviews come in: of the source, of certificates, of a replica.
//!
//! Each test runs the program itself, keeps asking it about three images, and looks at every answer: none may be a wrong
//! allow, and none may be missing where nothing gives cause for it.

mod certificates;
mod load;
mod replicas;
mod source;
mod world;
