//! The child's side: limits itself, compiles, and is gone.

use std::io::Read;

use wasmtime::Engine;

use super::super::limits;
use super::{PluginFault, key};
use crate::domain::plugin::LARGEST_COMPONENT;

/// Compiles the component that `input` gives, for an engine with these settings.
///
/// # Errors
/// When the component is too large or not valid, and when this process compiles with other settings.
pub fn compile(input: impl Read, settings: &str) -> Result<Vec<u8>, PluginFault> {
    let failed = |what: String| PluginFault::new(what, "");
    let mut component = Vec::new();
    let read = input.take(LARGEST_COMPONENT.saturating_add(1)).read_to_end(&mut component);
    read.map_err(|error| failed(format!("the component cannot be read: {error}")))?;
    super::check_size(&component)?;
    let invalid = |error: wasmtime::Error| failed(format!("the component cannot be compiled: {error:#}"));
    let engine = Engine::new(&limits::config()).map_err(invalid)?;
    if key::settings(&engine) != settings {
        return Err(failed("another version of holdpoint was started to compile it".to_owned()));
    }
    engine.precompile_component(&component).map_err(invalid)
}

/// Limits the address space of this process, in bytes, and its processor time, in seconds. A lower limit that is in force
/// stays. Where the system has no such limits there are none, and only the parent's deadline holds.
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub fn confine(memory: u64, seconds: u64) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    for (resource, limit) in [(Resource::As, memory), (Resource::Cpu, seconds), (Resource::Core, 0)] {
        let known = getrlimit(resource).maximum;
        let limit = Some(known.map_or(limit, |known| known.min(limit)));
        setrlimit(resource, Rlimit { current: limit, maximum: known })?;
    }
    Ok(())
}

/// Limits nothing: only the parent's deadline holds.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn confine(_memory: u64, _seconds: u64) -> std::io::Result<()> {
    Ok(())
}
