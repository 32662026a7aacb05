//! Records, from the host or from a list.

use std::cmp::Reverse;

use crate::{DeploymentRecord, DeploymentStatus, Filter};

/// The most records of one page.
pub const LARGEST_PAGE: u32 = 500;

/// The records of a decision's snapshot. A list of records answers as the host does, for tests.
pub trait Records {
    /// How many match.
    fn count(&self, filter: &Filter) -> u32;

    /// The newest that matches.
    fn latest(&self, filter: &Filter) -> Option<DeploymentRecord>;

    /// Those that match, newest first, from `offset` on. `limit` is cut to [`LARGEST_PAGE`].
    fn page(&self, filter: &Filter, offset: u32, limit: u32) -> Vec<DeploymentRecord>;

    /// All that match, newest first, read page by page as far as the iterator is used.
    fn all(&self, filter: &Filter) -> impl Iterator<Item = DeploymentRecord> {
        let mut offset = 0;
        let pages = std::iter::from_fn(move || {
            let page = self.page(filter, offset, LARGEST_PAGE);
            offset = offset.saturating_add(LARGEST_PAGE);
            Some(page).filter(|page| !page.is_empty())
        });
        pages.flatten()
    }
}

impl Records for [DeploymentRecord] {
    fn count(&self, filter: &Filter) -> u32 {
        let count = self.iter().filter(|record| filter.matches(record)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn latest(&self, filter: &Filter) -> Option<DeploymentRecord> {
        newest_first(self, filter).first().map(|record| (*record).clone())
    }

    fn page(&self, filter: &Filter, offset: u32, limit: u32) -> Vec<DeploymentRecord> {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let found = newest_first(self, filter).into_iter();
        found.skip(number(offset)).take(number(limit.min(LARGEST_PAGE))).cloned().collect()
    }
}

impl Records for Vec<DeploymentRecord> {
    fn count(&self, filter: &Filter) -> u32 {
        self.as_slice().count(filter)
    }

    fn latest(&self, filter: &Filter) -> Option<DeploymentRecord> {
        self.as_slice().latest(filter)
    }

    fn page(&self, filter: &Filter, offset: u32, limit: u32) -> Vec<DeploymentRecord> {
        self.as_slice().page(filter, offset, limit)
    }
}

fn newest_first<'a>(records: &'a [DeploymentRecord], filter: &Filter) -> Vec<&'a DeploymentRecord> {
    let mut found: Vec<_> = records.iter().filter(|record| filter.matches(record)).collect();
    found.sort_by_key(|record| newest_first_key(record));
    found
}

/// Records of the same instant stand as in the host: of two that say different things, the one that runs comes last.
fn newest_first_key(record: &DeploymentRecord) -> impl Ord + '_ {
    (
        (Reverse(record.created_at), Reverse(record.updated_at)),
        (record.last_seen_at.is_some(), Reverse(record.last_seen_at)),
        record.status == DeploymentStatus::Deployed,
        Reverse(record.id.as_str()),
    )
}

#[cfg(test)]
mod tests {
    use super::Records as _;
    use crate::testing::record;
    use crate::{DeploymentRecord, DeploymentStatus, Filter};

    fn ids(records: &[DeploymentRecord]) -> Vec<&str> {
        records.iter().map(|record| record.id.as_str()).collect()
    }

    #[test]
    fn a_list_answers_newest_first() {
        let mut withdrawn = record("withdrawn", "staging", "2026-11-20T09:00:00Z");
        withdrawn.status = DeploymentStatus::Decommissioned;
        let records = vec![
            record("old", "staging", "2026-11-19T09:00:00Z"),
            record("tie", "staging", "2026-11-20T09:00:00Z"),
            withdrawn,
            record("dev", "dev", "2026-11-20T10:00:00Z"),
        ];
        let staging = Filter::new().environment("staging");
        assert_eq!(records.count(&staging), 3);
        assert_eq!(records.latest(&staging).map(|record| record.id).as_deref(), Some("withdrawn"));
        assert_eq!(ids(&records.page(&staging, 1, 9)), ["tie", "old"]);
        assert_eq!(ids(&records.page(&Filter::new(), 0, 1)), ["dev"]);
        assert_eq!(records.latest(&staging.status(DeploymentStatus::Superseded)), None);
    }

    #[test]
    fn a_page_has_500_records_at_most_and_all_reads_on() {
        let many: Vec<_> = (0..1001).map(|id| record(&id.to_string(), "staging", "2026-11-20T09:00:00Z")).collect();
        assert_eq!(many.page(&Filter::new(), 0, u32::MAX).len(), 500);
        assert_eq!(many.page(&Filter::new(), 1000, 500).len(), 1);
        assert_eq!(many.all(&Filter::new()).count(), 1001);
    }
}
