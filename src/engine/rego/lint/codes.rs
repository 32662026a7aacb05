//! Every kind of finding, with the one name it has everywhere. `docs/lint.md` is made from this table.

use crate::domain::lint::LintCode;

mod advice;
mod refusals;

pub(super) use advice::ADVICE;
pub(super) use refusals::REFUSALS;

/// What stands in for a code that is not in the table: loading refuses the policy all the same.
const OTHER: &str = "policy_invalid";

/// All codes: what keeps a policy from being loaded, then what else is found.
pub(super) fn all() -> impl Iterator<Item = &'static LintCode> {
    REFUSALS.iter().chain(ADVICE)
}

/// The code of this name.
pub(super) fn find(name: &str) -> Option<&'static LintCode> {
    all().find(|code| code.name == name)
}

/// The code of a fault.
pub(super) fn of_fault(name: &str) -> Option<&'static LintCode> {
    find(name).or_else(|| find(OTHER))
}
