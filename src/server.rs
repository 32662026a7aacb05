//! Admission in a running server: records in memory, what is remembered, judging.

pub mod clock;
pub mod judge;
pub mod readmission;
pub mod records;
