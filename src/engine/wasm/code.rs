//! From a component to code that runs.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::PluginSpec;
use super::fault::PluginFault;

/// Where compiled code comes from.
#[derive(Clone, Debug, Default)]
pub struct Code {}

impl Code {
    /// The compiled component.
    pub(super) fn component(&self, engine: &Engine, spec: &PluginSpec) -> Result<Component, PluginFault> {
        Component::from_binary(engine, &spec.bytes).map_err(|error| {
            PluginFault::new(
                format!("the component cannot be compiled: {error:#}"),
                "build the plugin again, or fetch it again",
            )
        })
    }
}
