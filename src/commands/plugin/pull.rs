//! `plugin pull`: fetches a component from a registry.

use anyhow::Context as _;

use crate::app::{plugins, policies};
use crate::bundle;
use crate::bundle::oci::{self, Access};
use crate::cli::plugin::pull::PullArgs;
use crate::commands::block_on;
use crate::commands::policy::push::address;
use crate::commands::write::{self, Destination};
use crate::domain::repository::RepositoryReference;
use crate::exit::Exit;

/// Fetches, writes what was asked for, and prints the lines of configuration that use it.
///
/// # Errors
/// An artifact that cannot be fetched or holds no plugin; a file that cannot be written.
pub fn execute(args: &PullArgs) -> anyhow::Result<Exit> {
    let address = address(&args.address)?;
    let destination = args.output.as_deref().map(Destination::find).transpose()?;
    let access = Access { offline: args.offline, allow_insecure: args.plain_http, ..policies::access() };
    let pulled = block_on(oci::pull_component(&address, None, &access))?;
    let pulled = pulled.with_context(|| format!("cannot pull `oci://{address}`"))?;
    plugins::outside(&pulled.bytes).with_context(|| format!("`oci://{address}` is no plugin"))?;
    if let Some(destination) = destination {
        destination.write(&pulled.bytes)?;
    }
    let (name, digest) = (name(&address), bundle::digest(&pulled.bytes));
    let pinned = address.pinned(pulled.manifest);
    let insecure = if args.plain_http { "\n    allow_insecure: true" } else { "" };
    write::to_stdout(&format!("plugins:\n  {name}:\n    oci: {pinned}\n    sha256: {digest}{insecure}\n"))?;
    Ok(Exit::Allow)
}

/// A name for the plugin: the last part of the repository, in lower-case kebab-case.
fn name(address: &RepositoryReference) -> String {
    let last = address.repository.rsplit('/').next().unwrap_or_default();
    let words = last.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
