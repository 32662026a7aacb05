//! Reading the records that a decision needs, from every source that has them.
