//! From where plugins are kept to what the engine loads: reads components and the secrets that they are granted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::config::{Config, PluginConfig, PluginSource};
use crate::domain::examination::Examination;
use crate::domain::rule::{Enforcement, Rule, RuleKind};
use crate::engine::wasm::{self, Code, PluginSpec};
use crate::source::file;

/// The largest component, in bytes.
const LARGEST: u64 = 32 << 20;
/// Time and memory of a plugin that is looked at: what a configuration gives one by default.
const USUAL: (Duration, u64) = (Duration::from_secs(1), 64 << 20);

/// A component that the command line names: in place of a plugin of the configuration, or beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPlugin {
    /// The plugin's name.
    pub name: String,
    /// The component.
    pub path: PathBuf,
}

/// The plugins of the configuration with those of the command line, and the rules with one for each that is new: it is
/// enforced in every environment and has no parameters and no grants.
#[must_use]
pub fn changed(config: &Config, named: &[NamedPlugin]) -> (Vec<PluginConfig>, Vec<Rule>) {
    let (mut plugins, mut rules) = (config.plugins.clone(), config.rules.clone());
    for NamedPlugin { name, path } in named {
        let source = PluginSource::File(path.clone());
        if let Some(plugin) = plugins.iter_mut().find(|plugin| plugin.name == *name) {
            (plugin.source, plugin.sha256) = (source, None);
            continue;
        }
        plugins.push(PluginConfig::new(name.clone(), source, config.rule_timeout));
        let taken = rules.iter().filter(|rule| rule.kind.name() == name).count();
        rules.push(Rule {
            id: if taken == 0 { name.clone() } else { format!("{name}#{}", taken + 1) },
            kind: RuleKind::Plugin(name.clone()),
            environments: Vec::new(),
            parameters: Value::Object(Map::new()),
            enforcement: Enforcement::Enforce,
        });
    }
    (plugins, rules)
}

/// What the engine loads for these plugins.
///
/// # Errors
/// A component that cannot be read or is another than configured; a secret that is not there.
pub fn specs(plugins: &[PluginConfig], folder: &Path) -> anyhow::Result<Vec<PluginSpec>> {
    let one = |plugin: &PluginConfig| {
        spec(plugin, folder).with_context(|| format!("plugin `{}` cannot be used", plugin.name))
    };
    plugins.iter().map(one).collect()
}

fn spec(plugin: &PluginConfig, folder: &Path) -> anyhow::Result<PluginSpec> {
    let bytes = match &plugin.source {
        PluginSource::File(path) => read(path)?,
        PluginSource::Oci { address, .. } => return Err(anyhow!("`{address}` is in a registry")),
    };
    let secret = |(name, place): (&String, &_)| -> anyhow::Result<(String, SecretString)> {
        let value = super::token(place, folder).with_context(|| format!("the secret `{name}` cannot be read"))?;
        Ok((name.clone(), value))
    };
    let secrets: BTreeMap<_, _> = plugin.secrets.iter().map(secret).collect::<anyhow::Result<_>>()?;
    let spec = PluginSpec {
        name: plugin.name.clone(),
        bytes: bytes.into(),
        origin: None,
        http: plugin.http.clone(),
        secrets: Arc::new(secrets),
        timeout: plugin.timeout,
        memory: plugin.memory,
    };
    check_digest(plugin, &spec)?;
    Ok(spec)
}

/// Reads a component.
///
/// # Errors
/// When the file cannot be read or is larger than a component may be.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    file::read(path, LARGEST).map_err(|error| {
        anyhow!("the component `{}` cannot be read: {error}\nhint: check the path and its permissions", path.display())
    })
}

/// Looks at a component under the usual limits, without granting it anything that leads anywhere.
///
/// # Errors
/// Everything that keeps it from being used.
pub fn examine(name: &str, component: Vec<u8>) -> anyhow::Result<Examination> {
    Ok(wasm::examine(name, component.into(), USUAL, &Code::default())?)
}

fn check_digest(plugin: &PluginConfig, spec: &PluginSpec) -> anyhow::Result<()> {
    let digest = spec.digest();
    match plugin.sha256 {
        Some(expected) if expected == digest => Ok(()),
        Some(expected) => Err(anyhow!(
            "it is another component than the configuration names: {digest}, not {expected}\nhint: if you trust it, write \
             its digest as `sha256`"
        )),
        None => {
            tracing::warn!(plugin = plugin.name, %digest, "the configuration does not pin this plugin; write its digest as `sha256`");
            Ok(())
        }
    }
}
