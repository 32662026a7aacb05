//! Verdicts and how they combine.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The answer to a request. Ordered by how much it blocks: the greatest of several is their combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every rule that applies was evaluated and none denies or holds.
    Allow,
    /// A rule will pass later by itself.
    Hold,
    /// It could not be decided.
    Undecided,
    /// A rule denies; waiting does not help.
    Deny,
}

impl Verdict {
    /// The word used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Hold => "hold",
            Self::Undecided => "undecided",
            Self::Deny => "deny",
        }
    }

    /// What `holdpoint check` exits with. 2 is wrong usage or configuration: no verdict.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Allow => 0,
            Self::Deny => 1,
            Self::Undecided => 3,
            Self::Hold => 4,
        }
    }

    /// What it says of `subject` ("this artifact") and the environment, which are escaped already.
    #[must_use]
    pub fn sentence(self, subject: &str, environment: &str) -> String {
        match self {
            Self::Allow => format!("{subject} may be deployed to {environment}"),
            Self::Hold => format!("{subject} may not be deployed to {environment} yet"),
            Self::Undecided => format!("it could not be decided whether {subject} may be deployed to {environment}"),
            Self::Deny => format!("{subject} may not be deployed to {environment}"),
        }
    }

    /// The combination of several verdicts: deny > undecided > hold > allow. Of none, it is undecided.
    #[must_use]
    pub fn combine(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Undecided)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;
    use proptest::prelude::*;

    fn any_verdict() -> impl Strategy<Value = Verdict> {
        prop::sample::select(vec![Verdict::Allow, Verdict::Hold, Verdict::Undecided, Verdict::Deny])
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        assert_eq!(Verdict::combine([]), Verdict::Undecided);
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_more_never_opens(mut verdicts in prop::collection::vec(any_verdict(), 1..8), one in any_verdict()) {
            let combined = Verdict::combine(verdicts.clone());
            verdicts.reverse();
            prop_assert_eq!(Verdict::combine(verdicts.clone()), combined);
            verdicts.push(one);
            prop_assert!(Verdict::combine(verdicts) >= combined);
        }

        #[test]
        fn allow_needs_all_to_allow(verdicts in prop::collection::vec(any_verdict(), 1..8)) {
            let all = verdicts.iter().all(|verdict| *verdict == Verdict::Allow);
            prop_assert_eq!(Verdict::combine(verdicts) == Verdict::Allow, all);
        }
    }
}
