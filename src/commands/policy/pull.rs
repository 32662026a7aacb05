//! `policy pull`: fetches policies from a registry.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::app::policies;
use crate::bundle::Bundle;
use crate::bundle::oci::{self, Access};
use crate::cli::policy::pull::PullArgs;
use crate::commands::block_on;
use crate::commands::write::{self, Destination};
use crate::exit::Exit;
use crate::output::Style;

use super::push::address;

/// Fetches, writes what was asked for, and prints the address with the digest.
///
/// # Errors
/// An artifact that cannot be fetched or holds no policies; a place that cannot be written.
pub fn execute(args: &PullArgs, _style: Style) -> anyhow::Result<Exit> {
    let address = address(&args.address)?;
    let is_file = |path: &&Path| [".tar.gz", ".tgz"].into_iter().any(|end| path.to_string_lossy().ends_with(end));
    let output = args.output.as_deref();
    let destination = output.filter(is_file).map(Destination::find).transpose()?;
    let folder = output.filter(|path| !is_file(path));
    if let Some(folder) = folder {
        refuse_unless_empty(folder)?;
    }
    let access = Access { offline: args.offline, allow_insecure: args.plain_http, ..policies::access() };
    let pulled = block_on(oci::pull(&address, &access))?;
    let pulled = pulled.with_context(|| format!("cannot pull `oci://{address}`"))?;
    if let Some(destination) = destination {
        // As it travelled: who recorded its digest finds it again.
        let packed = pulled.packed.map_or_else(|| pulled.bundle.pack(), Ok)?;
        destination.write(&packed)?;
    }
    if let Some(folder) = folder {
        unpack(&pulled.bundle, folder).with_context(|| format!("`{}` cannot be written", folder.display()))?;
    }
    write::to_stdout(&format!("oci://{}\n", address.pinned(pulled.digest)))?;
    Ok(Exit::Allow)
}

/// What lies in the folder would be loaded with what is written there.
fn refuse_unless_empty(folder: &Path) -> anyhow::Result<()> {
    match fs::read_dir(folder).map(Iterator::count) {
        Ok(0) => Ok(()),
        Ok(_) => bail!("the folder `{}` is not empty\nhint: name another, or empty it first", folder.display()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("`{}` cannot be written", folder.display())),
    }
}

/// Writes the files. Their names were checked when they were read: none leads out of the folder.
fn unpack(bundle: &Bundle, folder: &Path) -> io::Result<()> {
    for (name, bytes) in bundle.files() {
        let path = folder.join(name);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)?;
        }
        OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(bytes)?;
    }
    Ok(())
}
