//! What a component is, read from its outside before anything is compiled: so that errors name the version, the missing
//! grant or the wrong kind of file in words.

use std::collections::BTreeSet;

use wasmparser::{Encoding, Parser, Payload};

use crate::domain::grant::Need;

use super::fault::{PluginFault, cut};

/// The package of the contract.
pub(super) const CONTRACT: &str = "holdpoint:plugin";
/// The versions of the contract that this host speaks, without the last number.
const SPOKEN: [&str; 1] = ["0.1"];
/// The interface that a plugin exports.
const RULE: &str = "rule";
/// Imports that a message names.
const MOST_NAMED: usize = 10;
/// What any plugin may import from the contract.
const FREE: [&str; 3] = ["types", "log", "records"];

/// A component, seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The version of the contract that its rule is built for, such as `0.1.0`.
    pub contract: String,
    /// The name of the interface it exports, such as `holdpoint:plugin/rule@0.1.0`.
    pub export: String,
    /// The interfaces it imports, in order.
    pub imports: BTreeSet<String>,
}

/// Reads the outside of a component.
///
/// # Errors
/// When it is no component, exports no rule, or one of a contract that this host does not speak.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, PluginFault> {
    check_kind(bytes)?;
    let (imports, exports) = outside(bytes)?;
    let prefix = format!("{CONTRACT}/{RULE}@");
    let Some((export, contract)) = exports.iter().find_map(|name| Some((name, name.strip_prefix(&prefix)?))) else {
        return Err(PluginFault::new(
            format!("it is a component and exports no `{CONTRACT}/{RULE}`"),
            "build it against the world `plugin` of plugins/wit/plugin.wit",
        ));
    };
    for name in [export].into_iter().chain(&imports) {
        check_version(name)?;
    }
    Ok(Inspection { contract: contract.to_owned(), export: export.clone(), imports })
}

/// Says what the file is if it is no component.
fn check_kind(bytes: &[u8]) -> Result<(), PluginFault> {
    if bytes.is_empty() {
        return Err(PluginFault::new("the file is empty", "build the plugin again, or fetch it again"));
    }
    if Parser::is_component(bytes) {
        return Ok(());
    }
    if Parser::is_core_wasm(bytes) {
        return Err(PluginFault::new(
            "it is a core module, and a plugin is a component",
            "make a component of it with `holdpoint plugin wrap FILE`",
        ));
    }
    let start: String = String::from_utf8_lossy(bytes.get(..16).unwrap_or(bytes)).escape_debug().collect();
    let hint = if bytes.starts_with(b"<") {
        "it looks like a web page: fetch the file itself"
    } else {
        "name the `.wasm` file of the plugin"
    };
    Err(PluginFault::new(format!("it is not WebAssembly: it starts with `{start}`"), hint))
}

/// The names of what the component imports and exports.
fn outside(bytes: &[u8]) -> Result<(BTreeSet<String>, BTreeSet<String>), PluginFault> {
    let damaged = |error: wasmparser::BinaryReaderError| {
        PluginFault::new(
            format!("the file is damaged: {}", error.message()),
            "build the plugin again, or fetch it again",
        )
    };
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version { encoding: Encoding::Component | Encoding::Module, .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    imports.insert(import.map_err(damaged)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    exports.insert(export.map_err(damaged)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

/// The interface and version of a name of the contract: `rule` and `0.1.0`.
fn of_contract(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(CONTRACT)?.strip_prefix('/')?.split_once('@')
}

fn check_version(name: &str) -> Result<(), PluginFault> {
    let Some((_, version)) = of_contract(name) else { return Ok(()) };
    let line = version.rsplit_once('.').map_or(version, |(line, _)| line);
    if SPOKEN.contains(&line) {
        return Ok(());
    }
    Err(PluginFault::new(
        format!(
            "it is built for version {} of the contract, and this holdpoint speaks {}",
            cut(version),
            SPOKEN.join(" and ")
        ),
        "use a holdpoint that speaks it, or build the plugin for a version that this one speaks",
    ))
}

impl Inspection {
    /// What has to be granted for it to run.
    ///
    /// # Errors
    /// Imports that no grant gives.
    pub fn needs(&self) -> Result<BTreeSet<Need>, PluginFault> {
        let mut needs = BTreeSet::new();
        let mut foreign = Vec::new();
        let http = self.imports.iter().any(|name| name.starts_with("wasi:http/"));
        for name in &self.imports {
            match of_contract(name) {
                Some((interface, _)) if FREE.contains(&interface) => {}
                Some(("secrets", _)) => drop(needs.insert(Need::Secrets)),
                None if http && goes_with_http(name) => drop(needs.insert(Need::Http)),
                _ => foreign.push(format!("`{}`", cut(name))),
            }
        }
        if foreign.is_empty() {
            return Ok(needs);
        }
        let more = foreign.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = foreign.into_iter().take(MOST_NAMED).collect::<Vec<_>>().join(", ");
        Err(PluginFault::new(
            format!("it imports {named}{more}, which no plugin is given"),
            "build it without WASI: `holdpoint plugin build` does so for Rust, Go, JavaScript and Python, and `holdpoint plugin wrap` for a core module",
        ))
    }
}

/// Interfaces that requests over http need, and nothing else: no sockets, files, environment or wall clock.
fn goes_with_http(name: &str) -> bool {
    let interface = name.split_once('@').map_or(name, |(interface, _)| interface);
    matches!(
        interface,
        "wasi:http/types"
            | "wasi:http/outgoing-handler"
            | "wasi:io/error"
            | "wasi:io/poll"
            | "wasi:io/streams"
            | "wasi:clocks/monotonic-clock"
    )
}
