//! Lists of what a filter selects: counted, and read from the nearer end.

use sqlx::AssertSqlSafe;

use super::list::Scope;
use super::session::{Session, Value};
use super::stored::{Stored, select_record};
use crate::domain::record::RecordStatus;
use crate::ledger::error::LedgerError;
use crate::ledger::filter::{Filter, Listed, Page};

/// The `WHERE` of a filter: fixed texts, joined; what was asked for is in the values.
#[derive(Default)]
struct Selection {
    conditions: Vec<String>,
    values: Vec<Owned>,
}

enum Owned {
    Text(String),
    Integer(i64),
}

impl Selection {
    /// Adds a condition that ends before its value.
    fn add(&mut self, condition: &str, value: Owned, end: &str) {
        self.values.push(value);
        self.conditions.push(format!("{condition} ${}{end}", self.values.len()));
    }

    fn of(filter: &Filter, scope: &Scope) -> Self {
        let mut selection = Self::default();
        // A `+` keeps the database from looking through a whole environment for what another index finds at once.
        let is_rare = filter.digest.is_some() || filter.updated_since.is_some();
        match scope {
            Scope::Environment(id) if is_rare => selection.add("+r.environment =", Owned::Integer(*id), ""),
            Scope::Environment(id) => selection.add("r.environment =", Owned::Integer(*id), ""),
            Scope::Slot(id) => selection.add("r.slot =", Owned::Integer(*id), ""),
            Scope::All | Scope::Nowhere => {}
        }
        let deployment = filter.deployment_name.as_ref().filter(|_| matches!(scope, Scope::All));
        if let Some(name) = deployment {
            let condition = "r.slot IN (SELECT id FROM ledger_slot WHERE name =";
            selection.add(condition, Owned::Text(name.clone()), ")");
        }
        if let Some(project) = &filter.project_name {
            selection.add("r.project =", Owned::Text(project.clone()), "");
        }
        if let Some(version) = &filter.project_version_name {
            selection.add("r.project_version =", Owned::Text(version.clone()), "");
        }
        if let Some(status) = &filter.status {
            selection.conditions.push(status_condition(status).to_owned());
        }
        if let Some(kind) = &filter.artifact_kind {
            let condition = "r.artifact IN (SELECT id FROM ledger_artifact WHERE kind =";
            selection.add(condition, Owned::Text(kind.as_str().to_owned()), ")");
        }
        if let Some(digest) = filter.digest {
            let condition = "r.artifact IN (SELECT id FROM ledger_artifact WHERE digest =";
            selection.add(condition, Owned::Text(digest.to_string()), ")");
        }
        if let Some(since) = filter.updated_since {
            selection.add("r.updated_at >=", Owned::Integer(since.as_microsecond()), "");
        }
        selection
    }

    fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }

    fn values(&self, more: &[i64]) -> Vec<Value<'_>> {
        let own = self.values.iter().map(|value| match value {
            Owned::Text(text) => Value::Text(text),
            Owned::Integer(number) => Value::Integer(*number),
        });
        own.chain(more.iter().copied().map(Value::Integer)).collect()
    }
}

/// As texts of their own, so that the index of what is deployed can be used.
const fn status_condition(status: &RecordStatus) -> &'static str {
    match status {
        RecordStatus::Deployed => "r.status = 'DEPLOYED'",
        RecordStatus::Superseded => "r.status = 'SUPERSEDED'",
        RecordStatus::Decommissioned => "r.status = 'DECOMMISSIONED'",
        RecordStatus::Other(_) => "1 = 0",
    }
}

/// A part of a list, perhaps counted from its end.
struct Window {
    limit: i64,
    offset: i64,
    backwards: bool,
}

impl Window {
    fn of(total: i64, page: Page) -> Option<Self> {
        let offset = i64::try_from(page.offset()).ok().filter(|offset| *offset < total)?;
        let limit = i64::from(page.size).min(total.saturating_sub(offset));
        let behind = total.saturating_sub(offset).saturating_sub(limit);
        let backwards = behind < offset;
        Some(Self { limit, offset: if backwards { behind } else { offset }, backwards })
    }
}

pub(super) async fn list(
    session: &mut Session,
    filter: &Filter,
    scope: &Scope,
    page: Page,
) -> Result<Listed, LedgerError> {
    if matches!(scope, Scope::Nowhere) {
        return Ok(Listed::default());
    }
    let selection = Selection::of(filter, scope);
    let condition = selection.condition();
    let counted = if filter.full_history { "COUNT(*)" } else { "COUNT(DISTINCT r.slot)" };
    let count = format!("SELECT {counted} FROM ledger_record r WHERE {condition}");
    let total = session.number(AssertSqlSafe(count), &selection.values(&[])).await?;
    let mut listed = Listed { total_count: u64::try_from(total).unwrap_or_default(), records: Vec::new() };
    let Some(window) = Window::of(total, page) else { return Ok(listed) };
    let sql = sql(filter, &condition, selection.values.len(), window.backwards);
    let rows = session.rows(AssertSqlSafe(sql), &selection.values(&[window.limit, window.offset])).await?;
    if i64::try_from(rows.len()).ok() != Some(window.limit) {
        return Err(LedgerError::damaged("records are missing"));
    }
    let records = rows.iter().map(|row| Stored::read(row).map(|stored| stored.record));
    listed.records = records.collect::<Result<_, _>>()?;
    if window.backwards {
        listed.records.reverse();
    }
    Ok(listed)
}

fn sql(filter: &Filter, condition: &str, values: usize, backwards: bool) -> String {
    let order = if backwards { "ASC" } else { "DESC" };
    let (limit, offset) = (values.saturating_add(1), values.saturating_add(2));
    let window = format!("{order} LIMIT ${limit} OFFSET ${offset}");
    // The page is chosen before names are looked up, which would be done for all that is passed over.
    let (chosen, by) = if filter.full_history { ("r.sequence", "sequence") } else { ("MAX(r.sequence)", "slot") };
    let group = if filter.full_history { "" } else { "GROUP BY r.slot" };
    let inner = format!("SELECT {chosen} FROM ledger_record r WHERE {condition} {group} ORDER BY r.{by} {window}");
    format!("{} WHERE r.sequence IN ({inner}) ORDER BY r.{by} {order}", select_record!(""))
}
