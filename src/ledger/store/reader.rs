//! Reading the ledger as it was at one moment.

use super::Store;
use super::list;
use super::session::{Row, Session, Value};
use super::stored::time;
use crate::ledger::error::LedgerError;
use crate::ledger::filter::{Filter, LedgerEnvironment, Listed, ListedEnvironments, Page};

/// One moment of a ledger: all that it answers belongs together.
pub struct Reader {
    session: Session,
}

impl Store {
    /// The ledger as it is now, for several questions.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn read(&self) -> Result<Reader, LedgerError> {
        Ok(Reader { session: self.backend.read().await? })
    }
}

impl Reader {
    /// A page of records.
    ///
    /// # Errors
    /// A filter that makes no sense; a store that cannot be read or is damaged.
    pub async fn list(&mut self, filter: &Filter, page: Page) -> Result<Listed, LedgerError> {
        filter.check()?;
        list::list(&mut self.session, filter, page).await
    }

    /// What the lists of a filter are known by until something changes in what they are about; `None` where nothing has
    /// been recorded.
    ///
    /// # Errors
    /// A filter that makes no sense; a store that cannot be read.
    pub async fn revision(&mut self, filter: &Filter) -> Result<Option<String>, LedgerError> {
        filter.check()?;
        let row = match &filter.environment_name {
            None => self.session.row("SELECT revision FROM ledger", &[]).await?,
            Some(name) => {
                let sql = "SELECT revision FROM ledger_environment WHERE name = $1";
                self.session.row(sql, &[Value::Text(name)]).await?
            }
        };
        row.map(|row| row.get(0)).transpose()
    }

    /// A page of the environments whose names contain a text, in upper or lower case.
    ///
    /// # Errors
    /// A store that cannot be read or is damaged.
    pub async fn environments(&mut self, query: Option<&str>, page: Page) -> Result<ListedEnvironments, LedgerError> {
        let pattern = query.map(containing);
        let pattern = Value::OptionalText(pattern.as_deref());
        let total = self
            .session
            .number(
                "SELECT COUNT(*) FROM ledger_environment WHERE $1 IS NULL OR LOWER(name) LIKE LOWER($1) ESCAPE '!'",
                &[pattern],
            )
            .await?;
        let limits = [i64::from(page.size), i64::try_from(page.offset()).unwrap_or(i64::MAX)].map(Value::Integer);
        let rows = self
            .session
            .rows(
                "SELECT uuid, name, created_at, updated_at FROM ledger_environment \
                 WHERE $1 IS NULL OR LOWER(name) LIKE LOWER($1) ESCAPE '!' ORDER BY id LIMIT $2 OFFSET $3",
                &[&[pattern][..], &limits].concat(),
            )
            .await?;
        let environments = rows.iter().map(environment).collect::<Result<_, _>>()?;
        Ok(ListedEnvironments { environments, total_count: u64::try_from(total).unwrap_or_default() })
    }

    /// The environment with this id.
    ///
    /// # Errors
    /// A store that cannot be read or is damaged.
    pub async fn environment(&mut self, id: &str) -> Result<Option<LedgerEnvironment>, LedgerError> {
        let sql = "SELECT uuid, name, created_at, updated_at FROM ledger_environment WHERE uuid = $1";
        self.session.row(sql, &[Value::Text(id)]).await?.as_ref().map(environment).transpose()
    }

    /// Ends reading.
    ///
    /// # Errors
    /// When what was read may not be one moment, as that of a file that could not be locked: then nothing of it counts.
    pub async fn finish(self) -> Result<(), LedgerError> {
        let origin = self.session.origin();
        self.session.commit().await?;
        origin.check_still()
    }
}

/// What `LIKE` takes for texts that contain this one.
fn containing(text: &str) -> String {
    let literal = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{literal}%")
}

fn environment(row: &Row) -> Result<LedgerEnvironment, LedgerError> {
    Ok(LedgerEnvironment {
        id: row.get::<String>(0)?.into(),
        name: row.get::<String>(1)?.into(),
        created_at: time(row.get(2)?)?,
        updated_at: time(row.get(3)?)?,
    })
}
