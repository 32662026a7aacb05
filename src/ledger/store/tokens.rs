//! Tokens, as the store keeps them.

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use super::Store;
use super::session::{Row, Value};
use super::stored::time;
use super::writing::Writing;
use crate::ledger::entry::check_name;
use crate::ledger::error::{LedgerError, LedgerErrorKind};
use crate::ledger::token::{self, IssuedToken, Scope, TokenInfo};

const UNAUTHORIZED: &str = "make one with `holdpoint ledger token create`";

impl Store {
    /// Makes a token. Its name must be free.
    ///
    /// # Errors
    /// A name that is taken or cannot be used, a time of expiry that has passed; a store that cannot be written.
    pub async fn issue_token(
        &self,
        name: &str,
        scope: Scope,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<IssuedToken, LedgerError> {
        check_name("token name", name)?;
        if expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(LedgerError::invalid("the token would have expired already", "give it a later time"));
        }
        let token = token::random().ok_or_else(|| {
            LedgerError::new(LedgerErrorKind::Failed, "there are no random numbers", "look at the system")
        })?;
        let hash = token::hash(&token);
        let info =
            TokenInfo { id: Uuid::new_v4().to_string(), name: name.to_owned(), scope, created_at: now, expires_at };
        let kept = info.clone();
        self.writer.write(move |writing| Box::pin(async move { insert(writing, &kept, &hash).await })).await?;
        Ok(IssuedToken { token, info })
    }

    /// All tokens, by name.
    ///
    /// # Errors
    /// A store that cannot be read or is damaged.
    pub async fn tokens(&self) -> Result<Vec<TokenInfo>, LedgerError> {
        let mut session = self.backend.read().await?;
        let sql = "SELECT id, name, scope, created_at, expires_at FROM ledger_token ORDER BY name";
        let tokens = session.rows(sql, &[]).await?.iter().map(read).collect::<Result<_, _>>()?;
        session.commit().await.map(|()| tokens)
    }

    /// Ends a token, by its name or its id, and returns what was known of it.
    ///
    /// # Errors
    /// A name that no token has; a store that cannot be written.
    pub async fn revoke_token(&self, name: &str) -> Result<TokenInfo, LedgerError> {
        let name = name.to_owned();
        self.writer.write(move |writing| Box::pin(async move { delete(writing, &name).await })).await
    }

    /// Whether a token may do this, and whose it is.
    ///
    /// # Errors
    /// A token that is unknown or has expired, or may not; a store that cannot be read.
    pub async fn authorize(
        &self,
        token: &SecretString,
        scope: Scope,
        now: Timestamp,
    ) -> Result<TokenInfo, LedgerError> {
        let refuse = |kind, message: &str, hint: &str| Err(LedgerError::new(kind, message, hint));
        let mut session = self.backend.read().await?;
        let sql = "SELECT id, name, scope, created_at, expires_at FROM ledger_token WHERE hash = $1";
        let found = session.row(sql, &[Value::Text(&token::hash(token))]).await?;
        session.commit().await?;
        let Some(row) = found else {
            return refuse(LedgerErrorKind::Unauthorized, "the token is not known", UNAUTHORIZED);
        };
        let info = read(&row)?;
        if info.is_expired(now) {
            return refuse(LedgerErrorKind::Unauthorized, "the token has expired", UNAUTHORIZED);
        }
        if info.scope < scope {
            let message = format!("the token may not {scope}");
            return refuse(LedgerErrorKind::Forbidden, &message, "use one with `--scope write`");
        }
        Ok(info)
    }
}

async fn insert(writing: &mut Writing, info: &TokenInfo, hash: &str) -> Result<(), LedgerError> {
    let taken = "SELECT COUNT(*) FROM ledger_token WHERE name = $1";
    if writing.session.number(taken, &[Value::Text(&info.name)]).await? > 0 {
        let message = format!("there is a token `{}` already", info.name);
        return Err(LedgerError::new(LedgerErrorKind::Conflict, message, "revoke it first, or choose another name"));
    }
    writing
        .session
        .execute(
            "INSERT INTO ledger_token (id, name, hash, scope, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                Value::Text(&info.id),
                Value::Text(&info.name),
                Value::Text(hash),
                Value::Text(info.scope.as_str()),
                Value::Integer(info.created_at.as_microsecond()),
                Value::OptionalInteger(info.expires_at.map(Timestamp::as_microsecond)),
            ],
        )
        .await
        .map(drop)
}

async fn delete(writing: &mut Writing, name: &str) -> Result<TokenInfo, LedgerError> {
    let values = [Value::Text(name)];
    let sql = "SELECT id, name, scope, created_at, expires_at FROM ledger_token WHERE name = $1 OR id = $1";
    let Some(row) = writing.session.row(sql, &values).await? else {
        let message = format!("there is no token `{}`", crate::domain::text::line(name, 80));
        return Err(LedgerError::new(LedgerErrorKind::NotFound, message, "see `holdpoint ledger token list`"));
    };
    let info = read(&row)?;
    writing.session.execute("DELETE FROM ledger_token WHERE id = $1", &[Value::Text(&info.id)]).await?;
    Ok(info)
}

fn read(row: &Row) -> Result<TokenInfo, LedgerError> {
    let scope = Scope::from_text(&row.get::<String>(2)?).ok_or_else(|| LedgerError::damaged("a scope is unknown"))?;
    Ok(TokenInfo {
        id: row.get(0)?,
        name: row.get(1)?,
        scope,
        created_at: time(row.get(3)?)?,
        expires_at: row.get::<Option<i64>>(4)?.map(time).transpose()?,
    })
}
