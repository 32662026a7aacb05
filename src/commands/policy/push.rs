//! `policy push`: puts policies into a registry.

use anyhow::{Context as _, anyhow};

use crate::app::pack::{self, Packing};
use crate::app::policies;
use crate::bundle::oci::{self, Access, Layout};
use crate::cli::policy::push::{LayoutArg, PushArgs};
use crate::commands::block_on;
use crate::commands::write;
use crate::domain::repository::RepositoryReference;
use crate::exit::Exit;
use crate::output::Style;

/// Pushes, and prints the address with the digest.
///
/// # Errors
/// Policies that cannot be loaded; an address without a tag; a registry that cannot be reached or refuses.
pub fn execute(args: &PushArgs, _style: Style) -> anyhow::Result<Exit> {
    let address = address(&args.address)?;
    let is_bundle = args.path.to_string_lossy();
    let bundle = if is_bundle.ends_with(".tar.gz") || is_bundle.ends_with(".tgz") {
        let read = policies::read_bundle(&args.path);
        read.with_context(|| format!("bundle `{}` cannot be used", args.path.display()))?.0
    } else {
        let paths = std::slice::from_ref(&args.path);
        pack::pack(&Packing { paths, revision: String::new(), roots: None, with_tests: false })?
    };
    let layout = match args.layout {
        LayoutArg::Bundle => Layout::Bundle,
        LayoutArg::Files => Layout::Files,
    };
    let access = Access { allow_insecure: args.plain_http, ..policies::access() };
    let digest = block_on(oci::push(&address, &bundle, layout, &access))?;
    let digest = digest.with_context(|| format!("cannot push to `oci://{address}`"))?;
    write::to_stdout(&format!("oci://{}\n", address.pinned(digest)))?;
    Ok(Exit::Allow)
}

/// The address of a command line.
pub(in crate::commands) fn address(text: &str) -> anyhow::Result<RepositoryReference> {
    text.parse().map_err(|error: crate::domain::repository::RepositoryError| {
        anyhow!("this is no address in a registry: {error}\nhint: {}", error.hint())
    })
}
