//! From a configuration to a GitHub App.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{Config, GithubAppConfig};
use crate::github::signature::Secrets;
use crate::server::github_app::Parts;
use crate::server::github_app::client::{AppKey, Client};
use crate::server::github_app::store::Store;
use crate::source::chainloop::authorities;

use super::{secret, serve, tags};

/// A shorter secret can be guessed.
const SHORTEST_SECRET: usize = 16;

/// Builds the GitHub App of a configuration: reads its secrets, and opens the file of what waits.
///
/// # Errors
/// A secret that is missing or no secret, a key that is none, a file that cannot be used.
pub async fn parts(config: &Config, app: &GithubAppConfig) -> anyhow::Result<Parts> {
    let folder = config.path.parent().unwrap_or(Path::new(""));
    Ok(Parts {
        settings: app.settings.clone(),
        secrets: secrets(app, folder)?,
        store: Store::open(&app.store).await.context("the deployments that wait cannot be kept")?,
        client: client(app, folder)?,
        tags: tags::configured(),
        most: app.most,
        evaluations: serve::cores(),
    })
}

fn secrets(app: &GithubAppConfig, folder: &Path) -> anyhow::Result<Secrets> {
    let read = app.webhook_secrets.iter().map(|source| secret(source, folder, "webhook_secrets"));
    let read = read.collect::<anyhow::Result<Vec<SecretString>>>()?;
    if read.iter().any(|secret| secret.expose_secret().len() < SHORTEST_SECRET) {
        bail!(
            "a secret of `github_app.webhook_secrets` is shorter than {SHORTEST_SECRET} characters\nhint: make a random \
             one, such as with `openssl rand -hex 32`, and set it in the App's settings too"
        );
    }
    Ok(Secrets::new(read.iter().map(|secret| secret.expose_secret().as_bytes())))
}

fn client(app: &GithubAppConfig, folder: &Path) -> anyhow::Result<Client> {
    let pem = secret(&app.private_key, folder, "private_key")?;
    let key = AppKey::new(app.client_id.clone(), pem.expose_secret().as_bytes()).map_err(|_may_hold_the_key| {
        anyhow!(
            "`github_app.private_key` is no RSA private key in PEM\nhint: use the file that GitHub lets you download \
             among the App's settings"
        )
    })?;
    Ok(Client::new(http(app)?, app.settings.api.clone(), key, serve::clock()))
}

/// Goes nowhere but where it is sent.
fn http(app: &GithubAppConfig) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("holdpoint/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(app.timeout.min(Duration::from_secs(10)))
        .timeout(app.timeout)
        .retry(reqwest::retry::never());
    if app.is_local() {
        builder = builder.no_proxy();
    }
    if let Some(path) = &app.ca_file {
        let trusted = authorities(path).map_err(|error| anyhow!("{error}\nhint: {}", error.remediation))?;
        builder = builder.tls_certs_merge(trusted);
    } else if app.settings.api.scheme() == "http" {
        builder = builder.tls_certs_only([]);
    }
    builder.build().context("secure connections to GitHub cannot be prepared")
}
