//! From a core module, which compilers make, to a component of the contract that asks for nothing beyond it.
//!
//! A module says by a custom section which world it was made for; one without is taken for the contract's. Imports of
//! WASI preview 1, which the runtimes of languages have whether a rule needs them or not, are answered inside the
//! component by an adapter that imports nothing.

mod outline;

use std::panic::{AssertUnwindSafe, catch_unwind};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

use crate::domain::hinted::HintedError;

use outline::Outline;

/// The contract, as WIT.
pub const CONTRACT: &str = include_str!("../plugins/wit/plugin.wit");
/// The world of the contract that plugins are built against.
pub const WORLD: &str = "plugin";

/// The adapter as text; it is assembled in less than a millisecond.
const ADAPTER: &str = include_str!("../plugins/adapter/pure-wasip1.wat");
/// The module whose functions the adapter has.
const ADAPTED: &str = "wasi_snapshot_preview1";
/// What begins the names of the contract's interfaces.
const CONTRACT_PREFIX: &str = "holdpoint:plugin/";

/// Makes a component of a core module.
///
/// # Errors
/// When it is none, lacks what the contract exports, or imports what neither the contract nor the adapter has.
pub fn wrap(core: &[u8]) -> Result<Vec<u8>, HintedError> {
    let outline = Outline::read(core)?;
    // The encoder expects what compilers make. A module that surprises it must not end the program.
    let encoded = catch_unwind(AssertUnwindSafe(|| encode(core, &outline)));
    encoded.unwrap_or_else(|_panic| {
        Err(HintedError::new(
            "the module cannot be made a component: the encoder gave up on it",
            "build it again with a current toolchain",
        ))
    })
}

fn encode(core: &[u8], outline: &Outline) -> Result<Vec<u8>, HintedError> {
    let module = if outline.names_its_world { core.to_vec() } else { with_world(core, outline)? };
    let adapter = wat::parse_str(ADAPTER).map_err(|error| ours("the adapter", &error))?;
    let encoder = ComponentEncoder::default().validate(true).module(&module);
    encoder
        .and_then(|encoder| encoder.adapter(ADAPTED, &adapter))
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| outline.fault().unwrap_or_else(|| unknown(&format!("{error:#}"))))
}

/// The module with the section that names the contract's world, which plain compilers do not write.
fn with_world(core: &[u8], outline: &Outline) -> Result<Vec<u8>, HintedError> {
    if let Some(fault) = outline.fault() {
        return Err(fault);
    }
    let (resolve, world) = world(outline).map_err(|error| ours("the contract", &error))?;
    let mut module = core.to_vec();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .map_err(|error| unknown(&format!("{error:#}")))?;
    Ok(module)
}

/// The contract's world, and its interface of secrets when the module imports that.
fn world(outline: &Outline) -> Result<(Resolve, WorldId), impl std::fmt::Display + use<>> {
    let mut resolve = Resolve::default();
    let secrets = if outline.imports_secrets() { "import secrets;" } else { "" };
    let text = format!("{CONTRACT}\nworld wrapped {{ include {WORLD}; {secrets} }}\n");
    let package = resolve.push_str("plugin.wit", &text)?;
    resolve.select_world(&[package], Some("wrapped")).map(|world| (resolve, world))
}

/// A part of holdpoint that does not work: a test keeps this from happening.
fn ours(what: &str, error: &impl std::fmt::Display) -> HintedError {
    HintedError::new(format!("{what} of this holdpoint cannot be read: {error:#}"), "report this defect of holdpoint")
}

fn unknown(error: &str) -> HintedError {
    let line = error.split_whitespace().collect::<Vec<_>>().join(" ");
    HintedError::new(
        format!("the module cannot be made a component: {line}"),
        "build it for the world `plugin` of plugins/wit/plugin.wit",
    )
}
