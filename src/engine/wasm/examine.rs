//! A look at a component, for those who wrote it and those who are asked to trust it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::domain::examination::Examination;
use crate::domain::grant::{HostGrant, Need};

use super::super::LoadError;
use super::inspect::inspect;
use super::{Code, ComponentBytes, PluginFault, PluginSpec, WasmEngine};

/// Reads, compiles and links a component as it would be for a decision, under the same limits, and asks it what it is.
/// It is granted the kinds of things that it imports and none of them leads anywhere: it can be looked at before
/// anybody decided what to grant.
///
/// # Errors
/// Everything that keeps it from being used.
pub fn examine(
    name: &str,
    component: &ComponentBytes,
    (timeout, memory): (Duration, u64),
    code: &Code,
) -> Result<Examination, LoadError<PluginFault>> {
    let fault = |fault: PluginFault| LoadError(vec![fault.of(name)]);
    let inspection = inspect(component).map_err(fault)?;
    let needs = inspection.needs().map_err(fault)?;
    let has = |need: Need| needs.contains(&need);
    let secret = || (String::new(), SecretString::default());
    let spec = PluginSpec {
        name: name.to_owned(),
        component: component.clone(),
        origin: None,
        http: has(Need::Http).then(HostGrant::nowhere).into_iter().collect(),
        secrets: Arc::new(has(Need::Secrets).then(secret).into_iter().collect()),
        timeout,
        memory,
    };
    let engine = WasmEngine::load(std::slice::from_ref(&spec), &[], BTreeSet::new(), code)?;
    let metadata = engine.plugins.get(name).map(|plugin| plugin.metadata.clone()).unwrap_or_default();
    Ok(Examination {
        digest: component.digest(),
        bytes: component.len(),
        contract: inspection.contract,
        imports: inspection.imports.into_iter().collect(),
        needs: needs.into_iter().collect(),
        metadata,
    })
}
