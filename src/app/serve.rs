//! From a configuration to what answers reviews.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::bail;

use crate::admission::settings::{AdmissionSettings, Mode, Profile, Tags};
use crate::config::{Config, PluginConfig, PluginSource, PolicySource};
use crate::server::clock::Clock;
use crate::server::judge::{Judge, Parts};
use crate::server::readmission::Readmissions;
use crate::server::records::Records;
use crate::server::reload::Built;

use super::{Allocation, Changes, gate, now, tags};

/// What the command line says of a server's judge.
#[derive(Clone, Debug, Default)]
pub struct ServeChanges {
    /// Instead of the configured modes.
    pub mode: Option<Mode>,
    /// Fetch nothing from registries.
    pub offline: bool,
    /// Judge no reviews, whatever the configuration says.
    pub without_reviews: bool,
}

/// The clock of the server.
#[must_use]
pub fn clock() -> Clock {
    Arc::new(now)
}

/// What is remembered over restarts, as the configuration has it.
#[must_use]
pub fn readmissions(config: &Config) -> Arc<Readmissions> {
    let max_age = config.admission.as_ref().map(|admission| admission.readmit_max_age).unwrap_or_default();
    Readmissions::open(config.server.readmissions.clone(), max_age, clock())
}

/// Builds the judge of a configuration: loads policies and plugins, and reads tokens. No record is read yet.
///
/// # Errors
/// A configuration without `admission`, where reviews are judged, and everything that keeps a gate from being built.
pub fn judge(config: &Config, changes: &ServeChanges, readmissions: &Arc<Readmissions>) -> anyhow::Result<Built> {
    let settings = if changes.without_reviews { AdmissionSettings::default() } else { admission(config, changes)? };
    let settings = Arc::new(settings);
    let gate = Arc::new(gate(config, &Changes { offline: changes.offline, allocation: pool(), ..Changes::default() })?);
    let records = Records::new(
        Arc::clone(&gate),
        settings.environments().into_iter().map(str::to_owned).collect(),
        config.server.refresh,
        config.server.stale_after,
        clock(),
    );
    let tags = (settings.tags == Tags::Resolve).then(tags::resolver);
    let judge = Judge::new(Parts {
        gate,
        settings,
        records,
        readmissions: Arc::clone(readmissions),
        tags,
        clock: clock(),
        evaluations: cores(),
    });
    Ok(Built { judge, files: files(config) })
}

/// How many questions are evaluated at a time.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Places for the plugins of both doors, reviews and deployments, each of which asks that many at a time.
fn pool() -> Allocation {
    Allocation::Pooling { calls: u32::try_from(cores()).unwrap_or(u32::MAX).saturating_mul(2) }
}

fn admission(config: &Config, changes: &ServeChanges) -> anyhow::Result<AdmissionSettings> {
    let Some(admission) = &config.admission else {
        bail!(
            "`{}` has no `admission`, so nothing says what is judged\nhint: add it, or `github_app`; docs/admission.md \
             begins with one of five lines",
            config.path.display()
        );
    };
    refuse_http(config)?;
    Ok(in_mode(admission.clone(), changes.mode))
}

/// A plugin that waits for others makes the API server wait: that has to be wanted.
fn refuse_http(config: &Config) -> anyhow::Result<()> {
    let asks = |plugin: &&PluginConfig| !plugin.http.is_empty();
    match config.plugins.iter().find(asks) {
        Some(plugin) if !config.server.plugins_with_http => bail!(
            "plugin `{}` sends requests while an API server waits\nhint: set `server.plugins_with_http: allow` if they \
             are quick, or take its `http` grant away",
            plugin.name
        ),
        _ => Ok(()),
    }
}

/// The mode of the command line is that of everything.
fn in_mode(settings: AdmissionSettings, mode: Option<Mode>) -> AdmissionSettings {
    let Some(mode) = mode else { return settings };
    let profile = |(name, profile)| (name, Profile { mode: Some(mode), ..profile });
    AdmissionSettings { mode, profiles: settings.profiles.into_iter().map(profile).collect(), ..settings }
}

/// The files whose change makes another judge. Overrides are read whenever records are.
#[must_use]
pub fn files(config: &Config) -> Vec<PathBuf> {
    let policies = config.policies.iter().filter_map(|source| match source {
        PolicySource::Path(path) | PolicySource::Bundle { path, .. } => Some(path.clone()),
        PolicySource::Oci { .. } => None,
    });
    let plugins = config.plugins.iter().filter_map(|plugin| match &plugin.source {
        PluginSource::File(path) => Some(path.clone()),
        PluginSource::Oci { .. } => None,
    });
    std::iter::once(config.path.clone()).chain(policies).chain(plugins).collect()
}
