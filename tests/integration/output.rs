//! Every output of every kind of decision, and hostile text in every field of them.

mod fixture;
mod hostile;
mod snapshots;
