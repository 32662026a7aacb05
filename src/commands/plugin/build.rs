//! `plugin build`: from a project to a component.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow};

use crate::app::plugins;
use crate::cli::plugin::build::BuildArgs;
use crate::commands::standard_error;
use crate::commands::write::Destination;
use crate::component;
use crate::domain::plugin::is_plugin_name;
use crate::exit::Exit;
use crate::output::Style;
use crate::toolchain::{self, Built, Project};

use super::made;

/// Builds, looks at the component as `plugin inspect` does, and writes it.
///
/// # Errors
/// A folder without a project, a tool that is missing or fails, a component that cannot be used, or a file that cannot
/// be written.
pub fn execute(args: &BuildArgs, style: Style) -> anyhow::Result<Exit> {
    let destination = args.output.as_deref().map(Destination::find).transpose()?;
    let folder = fs::canonicalize(&args.directory).map_err(|error| {
        let folder = args.directory.display();
        anyhow!("`{folder}` cannot be built: {error}\nhint: name the folder of a plugin's project")
    })?;
    let language = match args.language {
        Some(language) => language.into(),
        None => toolchain::language(&folder)?,
    };
    let built = toolchain::build(&Project {
        folder: &folder,
        language,
        arguments: &args.arguments,
        contract: component::CONTRACT,
        world: component::WORLD,
        announce: |command| standard_error::write(&format!("$ {command}")),
    })?;
    let component = match built {
        Built::Core(core) => component::wrap(&core).context("what was built is no plugin")?,
        Built::Component(component) => component,
    };
    let name = super::name_of(&folder);
    let examination = plugins::examine(&name, component.clone())?;
    let path = args.output.clone().unwrap_or_else(|| {
        let own = &examination.metadata.name;
        args.directory.join(Path::new(if is_plugin_name(own) { own } else { &name }).with_extension("wasm"))
    });
    match destination {
        Some(destination) => destination.write(&component)?,
        None => Destination::find(&path)?.write(&component)?,
    }
    made::tell(&path, &examination, style)
}
