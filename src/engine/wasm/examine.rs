//! A look at a component, for those who wrote it and those who are asked to trust it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::domain::examination::Examination;

use super::super::LoadError;
use super::plugin::Plugin;
use super::{Allocation, Code, ComponentBytes, Hosts, PluginFault, PluginSpec, runtime};

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
    let spec = PluginSpec {
        name: name.to_owned(),
        component: component.clone(),
        origin: None,
        http: Hosts::Staged(Arc::default()),
        secrets: Arc::new(BTreeMap::from([(String::new(), SecretString::default())])),
        timeout,
        memory,
    };
    let runtime = runtime(Allocation::OnDemand, memory)?;
    let plugin = Plugin::load(&spec, &runtime, code).map_err(|fault| LoadError(vec![fault.of(name)]))?;
    Ok(Examination {
        digest: component.digest(),
        bytes: component.len(),
        contract: plugin.inspection.contract,
        imports: plugin.inspection.imports.into_iter().collect(),
        needs: plugin.needs.into_iter().collect(),
        metadata: plugin.metadata,
    })
}
