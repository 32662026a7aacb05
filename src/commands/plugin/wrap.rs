//! `plugin wrap`: a component of a core module.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::app::plugins;
use crate::cli::plugin::wrap::WrapArgs;
use crate::commands::write::Destination;
use crate::component;
use crate::exit::Exit;
use crate::output::Style;

use super::made;

/// Makes the component, looks at it as `plugin inspect` does, and writes it.
///
/// # Errors
/// A module that cannot be made a component, a component that cannot be used, or a file that cannot be written.
pub fn execute(args: &WrapArgs, style: Style) -> anyhow::Result<Exit> {
    let path = args.output.clone().unwrap_or_else(|| beside(&args.core));
    let destination = Destination::find(&path)?;
    let core = plugins::read(&args.core)?;
    let component = component::wrap(&core).with_context(|| format!("`{}` cannot be wrapped", args.core.display()))?;
    let examination = plugins::examine(&super::name_of(&path), component.clone())?;
    destination.write(&component)?;
    made::tell(&path, &examination, style)
}

/// `rule.component.wasm` for `rule.wasm`.
fn beside(core: &Path) -> PathBuf {
    core.with_extension("component.wasm")
}
