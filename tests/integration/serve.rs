//! The server: records in memory, what is remembered, judging.

mod judge;
mod readmission;
mod records;
mod world;
