//! From records and rules to a decision.
