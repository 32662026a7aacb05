//! Why policies or plugins cannot be loaded.

use std::error::Error;
use std::fmt::{self, Debug, Display};

/// A fault that says what to do about it.
pub trait Hinted: Display {
    /// What to do about it.
    fn hint(&self) -> &str;
}

/// Everything that is wrong with the policies or the plugins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError<F>(pub Vec<F>);

impl<F: Hinted> Display for LoadError<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{fault}\nhint: {}", fault.hint())?;
        }
        Ok(())
    }
}

impl<F: Hinted + Debug> Error for LoadError<F> {}
