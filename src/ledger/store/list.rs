//! Lists of records. A page deep in a long list costs what the first one does: numbers without gaps make it a range.

use super::select;
use super::session::{Session, Value};
use super::stored::{Stored, select_record};
use crate::ledger::error::LedgerError;
use crate::ledger::filter::{Filter, Listed, Page};

/// The part of the ledger that a list is about, and how many records or slots it has.
pub(super) enum Scope {
    All,
    Environment(i64),
    Slot(i64),
    Nowhere,
}

/// How long a scope's lists are.
#[derive(Clone, Copy)]
struct Size {
    records: i64,
    slots: i64,
}

/// Numbers from the first to the last, both among them.
#[derive(Clone, Copy)]
struct Range {
    first: i64,
    last: i64,
}

pub(super) async fn list(session: &mut Session, filter: &Filter, page: Page) -> Result<Listed, LedgerError> {
    let (scope, size) = scope(session, filter).await?;
    if filter.selects() {
        return select::list(session, filter, &scope, page).await;
    }
    let total = if filter.full_history { size.records } else { size.slots };
    let range = newest_first(total, page);
    let rows = match (&scope, range) {
        (Scope::Nowhere, _) | (_, None) => Vec::new(),
        (_, Some(range)) => session.rows(sql(&scope, filter.full_history), &values(&scope, range)).await?,
    };
    if i64::try_from(rows.len()).ok() != Some(range.map_or(0, Range::length)) {
        return Err(LedgerError::damaged("records are missing"));
    }
    let records = rows.iter().map(|row| Stored::read(row).map(|stored| stored.record)).collect::<Result<_, _>>()?;
    Ok(Listed { records, total_count: u64::try_from(total).unwrap_or_default() })
}

/// Each with what makes SQL find it by one index: `number` and its like have no gaps.
const fn sql(scope: &Scope, full_history: bool) -> &'static str {
    match (scope, full_history) {
        (Scope::Environment(_), true) => {
            select_record!("WHERE r.number BETWEEN $1 AND $2 AND r.environment = $3 ORDER BY r.number DESC")
        }
        (Scope::Slot(_), true) => {
            select_record!("WHERE r.place BETWEEN $1 AND $2 AND r.slot = $3 ORDER BY r.place DESC")
        }
        (_, true) => select_record!("WHERE r.sequence BETWEEN $1 AND $2 ORDER BY r.sequence DESC"),
        (Scope::Environment(_), false) => select_record!(
            "WHERE r.sequence = s.latest AND r.place = s.records AND s.number BETWEEN $1 AND $2 \
             AND s.environment = $3 ORDER BY s.number DESC"
        ),
        (Scope::Slot(_), false) => {
            select_record!("WHERE r.sequence = s.latest AND r.place = s.records AND 1 BETWEEN $1 AND $2 AND s.id = $3")
        }
        (_, false) => select_record!(
            "WHERE r.sequence = s.latest AND r.place = s.records AND s.id BETWEEN $1 AND $2 ORDER BY s.id DESC"
        ),
    }
}

fn values(scope: &Scope, range: Range) -> Vec<Value<'static>> {
    let mut values = vec![Value::Integer(range.first), Value::Integer(range.last)];
    if let Scope::Environment(id) | Scope::Slot(id) = scope {
        values.push(Value::Integer(*id));
    }
    values
}

/// Finds what the list is about. Counts and the greatest numbers have to agree.
async fn scope(session: &mut Session, filter: &Filter) -> Result<(Scope, Size), LedgerError> {
    let (scope, row) = match (&filter.environment_name, &filter.deployment_name) {
        (None, _) => {
            let sql = "SELECT records, slots, (SELECT MAX(sequence) FROM ledger_record), \
                       (SELECT MAX(id) FROM ledger_slot) FROM ledger";
            (Scope::All, session.row(sql, &[]).await?)
        }
        (Some(environment), None) => {
            let sql = "SELECT e.records, e.slots, \
                       (SELECT MAX(number) FROM ledger_record WHERE environment = e.id), \
                       (SELECT MAX(number) FROM ledger_slot WHERE environment = e.id), e.id \
                       FROM ledger_environment e WHERE e.name = $1";
            let row = session.row(sql, &[Value::Text(environment)]).await?;
            (row.as_ref().map_or(Ok(Scope::Nowhere), |row| row.get(4).map(Scope::Environment))?, row)
        }
        (Some(environment), Some(deployment)) => {
            let sql = "SELECT s.records, CAST(1 AS BIGINT), (SELECT MAX(place) FROM ledger_record WHERE slot = s.id), \
                       CAST(1 AS BIGINT), s.id FROM ledger_environment e \
                       JOIN ledger_slot s ON s.environment = e.id WHERE e.name = $1 AND s.name = $2";
            let row = session.row(sql, &[Value::Text(environment), Value::Text(deployment)]).await?;
            (row.as_ref().map_or(Ok(Scope::Nowhere), |row| row.get(4).map(Scope::Slot))?, row)
        }
    };
    let Some(row) = row else { return Ok((Scope::Nowhere, Size { records: 0, slots: 0 })) };
    let size = Size { records: row.get(0)?, slots: row.get(1)? };
    let greatest = [row.get::<Option<i64>>(2)?, row.get::<Option<i64>>(3)?].map(Option::unwrap_or_default);
    if greatest == [size.records, size.slots] {
        Ok((scope, size))
    } else {
        Err(LedgerError::damaged("its counts do not fit its records"))
    }
}

/// The numbers of a page of a list that begins with the greatest; `None` for a page behind the end.
fn newest_first(total: i64, page: Page) -> Option<Range> {
    let offset = i64::try_from(page.offset()).ok()?;
    let last = total.checked_sub(offset).filter(|last| *last > 0)?;
    let first = last.saturating_sub(i64::from(page.size)).saturating_add(1).max(1);
    Some(Range { first, last })
}

impl Range {
    const fn length(self) -> i64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, newest_first};

    #[test]
    fn pages_are_ranges_from_the_end() {
        let cases = [
            (10, 1, 4, Some((7, 10))),
            (10, 2, 4, Some((3, 6))),
            (10, 3, 4, Some((1, 2))),
            (10, 4, 4, None),
            (10, 1, 100, Some((1, 10))),
            (0, 1, 4, None),
            (1, 1, 1, Some((1, 1))),
            (10, u64::MAX, u32::MAX, None),
        ];
        for (total, number, size, expected) in cases {
            let range = newest_first(total, Page { number, size }).map(|range| (range.first, range.last));
            assert_eq!(range, expected, "page {number} of {size} of {total}");
        }
    }
}
