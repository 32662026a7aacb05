//! From where plugins are kept to what the engine loads: reads and fetches components, and reads the secrets that they
//! are granted.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::policies;
use crate::bundle::oci::{self, Access, ComponentOutside};
use crate::config::{Config, PluginConfig, PluginSource, USUAL_PLUGIN_MEMORY};
use crate::domain::examination::Examination;
use crate::domain::origin::{Origin, OriginKind};
use crate::domain::plugin::LARGEST_COMPONENT;
use crate::domain::rule::{Enforcement, Rule, RuleKind};
use crate::engine::wasm::{self, Announce, Code, ComponentBytes, Hosts, PluginSpec, inspect};
use crate::source::file;

/// Time and memory of a plugin that is looked at: what a configuration gives one by default.
const USUAL: (Duration, u64) = (Duration::from_secs(1), USUAL_PLUGIN_MEMORY);

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
            location: None,
        });
    }
    (plugins, rules)
}

/// Where compiled plugins come from: the cache below the user's folder, or this program as a compiler.
///
/// # Errors
/// When this program cannot be found.
pub fn code(announce: Announce) -> anyhow::Result<Code> {
    let folder = policies::cache_folder().map(|folder| folder.join("plugins"));
    Ok(Code::new(this_program()?, folder).announce(announce))
}

/// On Linux by what runs, and not by its path: a program that was replaced meanwhile compiles otherwise, or not at all.
fn this_program() -> anyhow::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        return Ok(running.to_owned());
    }
    std::env::current_exe().context("this program, which compiles plugins, cannot be found")
}

/// Compiles a plugin in this process, after limiting it: address space in bytes, processor time in seconds.
///
/// # Errors
/// When the limits cannot be set, and when the component is too large or not valid.
pub fn compile(component: impl Read, settings: &str, memory: u64, seconds: u64) -> anyhow::Result<Vec<u8>> {
    wasm::confine(memory, seconds).context("the compiler cannot be limited")?;
    Ok(wasm::compile(component, settings)?)
}

/// What the engine loads for these plugins. Components that are not in the cache are fetched, unless `offline`.
///
/// # Errors
/// A component that cannot be read or fetched, or is another than configured; a secret that is not there.
pub fn specs(plugins: &[PluginConfig], folder: &Path, offline: bool) -> anyhow::Result<Vec<PluginSpec>> {
    let one = |plugin: &PluginConfig| {
        spec(plugin, folder, offline).with_context(|| format!("plugin `{}` cannot be used", plugin.name))
    };
    plugins.iter().map(one).collect()
}

fn spec(plugin: &PluginConfig, folder: &Path, offline: bool) -> anyhow::Result<PluginSpec> {
    let (bytes, origin) = component(plugin, offline)?;
    let secret = |(name, place): (&String, &_)| -> anyhow::Result<(String, SecretString)> {
        let value =
            super::secret(place, folder, name).with_context(|| format!("the secret `{name}` cannot be read"))?;
        Ok((name.clone(), value))
    };
    let secrets: BTreeMap<_, _> = plugin.secrets.iter().map(secret).collect::<anyhow::Result<_>>()?;
    let spec = PluginSpec {
        name: plugin.name.clone(),
        component: ComponentBytes::new(bytes),
        origin,
        http: Hosts::Granted(plugin.http.clone()),
        secrets: Arc::new(secrets),
        timeout: plugin.timeout,
        memory: plugin.memory,
    };
    check_digest(plugin, &spec)?;
    Ok(spec)
}

fn component(plugin: &PluginConfig, offline: bool) -> anyhow::Result<(Vec<u8>, Option<Origin>)> {
    let (address, allow_insecure) = match &plugin.source {
        PluginSource::File(path) => return Ok((read(path)?, None)),
        PluginSource::Oci { address, allow_insecure } => (address, *allow_insecure),
    };
    let access = Access { offline, allow_insecure, ..policies::access() };
    let pulled = policies::wait_for(oci::pull_component(address, plugin.sha256, &access))??;
    let origin = Origin {
        kind: OriginKind::Oci,
        name: address.to_string(),
        digest: pulled.manifest,
        revision: None,
        verified: plugin.sha256.is_some(),
    };
    Ok((pulled.bytes, Some(origin)))
}

/// What a component states of itself, for a registry.
///
/// # Errors
/// When it is no plugin that this holdpoint could load.
pub fn outside(bytes: &[u8]) -> anyhow::Result<ComponentOutside> {
    let refused = |fault: wasm::PluginFault| anyhow!("{fault}\nhint: {}", fault.hint);
    let inspection = inspect(bytes).map_err(refused)?;
    let needs = inspection.needs().map_err(refused)?;
    // One that needs grants fits no world that the contract names.
    let target = needs.is_empty().then(|| format!("holdpoint:plugin/plugin@{}", inspection.contract));
    Ok(ComponentOutside { exports: vec![inspection.export], imports: inspection.imports.into_iter().collect(), target })
}

/// Reads a component.
///
/// # Errors
/// When the file cannot be read or is larger than a component may be.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    file::read(path, LARGEST_COMPONENT).map_err(|error| {
        anyhow!("the component `{}` cannot be read: {error}\nhint: check the path and its permissions", path.display())
    })
}

/// Looks at a component under the usual limits, without granting it anything that leads anywhere.
///
/// # Errors
/// Everything that keeps it from being used.
pub fn examine(name: &str, component: Vec<u8>) -> anyhow::Result<Examination> {
    Ok(wasm::examine(name, &ComponentBytes::new(component), USUAL, &code(Announce::default())?)?)
}

fn check_digest(plugin: &PluginConfig, spec: &PluginSpec) -> anyhow::Result<()> {
    let digest = spec.component.digest();
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
