//! `policy bundle`: packs policies as OPA reads them.

use std::fmt::Write as _;

use crate::app::pack::{self, Packing};
use crate::app::policies;
use crate::bundle::{Algorithm, Signer};
use crate::cli::policy::bundle::{BundleArgs, SigningArgs};
use crate::commands::write::{self, Destination};
use crate::exit::Exit;
use crate::output::{Style, escape};

/// Packs, writes the bundle, and lists what is in it.
///
/// # Errors
/// Policies that cannot be loaded; a key that cannot sign; a file that cannot be written.
pub fn execute(args: &BundleArgs, _style: Style) -> anyhow::Result<Exit> {
    let destination = Destination::find(&args.output)?;
    let packing = Packing {
        paths: &args.paths,
        revision: args.revision.clone().unwrap_or_default(),
        roots: (!args.root.is_empty()).then(|| args.root.clone()),
        with_tests: args.with_tests,
    };
    let mut bundle = pack::pack(&packing)?;
    if let Some(signer) = signer(&args.signing)? {
        bundle.sign(&signer)?;
    }
    let packed = bundle.pack()?;
    destination.write(&packed)?;
    let mut text = format!("{}  {}\n", crate::bundle::digest(&packed), args.output.display());
    for (name, bytes) in bundle.files() {
        writeln!(text, "{:>9}  {}", bytes.len(), escape::line(name, 200))?;
    }
    write::to_stdout(&text)?;
    Ok(Exit::Allow)
}

fn signer(args: &SigningArgs) -> anyhow::Result<Option<Signer>> {
    let (Some(path), Some(algorithm)) = (&args.sign, Algorithm::named(&args.algorithm)) else { return Ok(None) };
    let key = policies::read_key(path, algorithm)?;
    Ok(Some(Signer::new(&key, algorithm, args.key_id.clone(), args.scope.clone())?))
}
