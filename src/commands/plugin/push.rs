//! `plugin push`: puts a component into a registry.

use anyhow::Context as _;

use crate::app::{plugins, policies};
use crate::bundle::oci::{self, Access};
use crate::cli::plugin::push::PushArgs;
use crate::commands::policy::push::address;
use crate::commands::{block_on, write};
use crate::exit::Exit;

/// Pushes, and prints the address with the digest of the manifest.
///
/// # Errors
/// A file that is no plugin; an address without a tag; a registry that cannot be reached or refuses.
pub fn execute(args: &PushArgs) -> anyhow::Result<Exit> {
    let address = address(&args.address)?;
    let component = plugins::read(&args.file)?;
    let outside =
        plugins::outside(&component).with_context(|| format!("`{}` cannot be pushed", args.file.display()))?;
    let access = Access { allow_insecure: args.plain_http, ..policies::access() };
    let digest = block_on(oci::push_component(&address, &component, &outside, &access))?;
    let digest = digest.with_context(|| format!("cannot push to `oci://{address}`"))?;
    write::to_stdout(&format!("oci://{}\n", address.pinned(digest)))?;
    Ok(Exit::Allow)
}
