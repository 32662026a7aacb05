//! `ledger token`.

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::super::write;
use super::now;
use super::place::open;
use crate::cli::ledger::{ScopeArg, TokenCommand};
use crate::ledger::store::Access;
use crate::ledger::token::Scope;
use crate::output::escape;

pub(super) async fn execute(command: &TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create { name, scope, expires_in, place } => {
            let scope = match scope {
                ScopeArg::Read => Scope::Read,
                ScopeArg::Write => Scope::Write,
            };
            let store = open(place, Access::Create).await?;
            let expires_at = now().checked_add(*expires_in).context("it would expire too late")?;
            let issued = store.issue_token(name, scope, Some(expires_at), now()).await?;
            store.close().await;
            write::to_stdout(&format!("{}\n", issued.token.expose_secret()))
        }
        TokenCommand::List { place } => {
            let store = open(place, Access::ReadOnly).await?;
            let tokens = store.tokens().await?;
            store.close().await;
            let lines = tokens.iter().map(|token| {
                let name = escape::line(&token.name, escape::NAME_LIMIT);
                let expires = token.expires_at.map_or_else(|| "never".to_owned(), |time| time.to_string());
                format!("{name} {} expires {expires}\n", token.scope)
            });
            write::to_stdout(&escape::inert(&lines.collect::<String>()))
        }
        TokenCommand::Revoke { name, place } => {
            let store = open(place, Access::ReadWrite).await?;
            let revoked = store.revoke_token(name).await?;
            store.close().await;
            write::to_stdout(&escape::inert(&format!("revoked {}\n", escape::line(&revoked.name, escape::NAME_LIMIT))))
        }
    }
}
