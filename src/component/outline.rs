//! What a core module imports and exports, and what of that keeps it from being a plugin.

use std::collections::BTreeSet;

use wasmparser::{BinaryReaderError, Parser, Payload};

use crate::domain::hinted::HintedError;

use super::{ADAPTED, CONTRACT_PREFIX};

/// What every plain module for the contract exports: the functions of the rule by their whole names, the memory, and
/// the function that the host gets room in it from.
const EXPORTS: [&str; 5] = [
    "holdpoint:plugin/rule@0.1.0#describe",
    "holdpoint:plugin/rule@0.1.0#check-parameters",
    "holdpoint:plugin/rule@0.1.0#evaluate",
    "memory",
    "cabi_realloc",
];
/// The interfaces of the contract that a plain module may import.
const INTERFACES: [&str; 3] = ["log@0.1.0", "records@0.1.0", "secrets@0.1.0"];
/// The most names that a message repeats.
const MOST_NAMES: usize = 5;

/// A core module, seen from outside.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// It has the section that says which world it was made for.
    pub(super) names_its_world: bool,
    /// Module and name.
    imports: BTreeSet<(String, String)>,
    exports: BTreeSet<String>,
}

impl Outline {
    /// Reads a core module.
    ///
    /// # Errors
    /// When it is none, or damaged.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, HintedError> {
        check_kind(bytes)?;
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(|error| damaged(&error))? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(|error| damaged(&error))?;
                        outline.imports.insert((import.module.to_owned(), import.name.to_owned()));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        outline.exports.insert(export.map_err(|error| damaged(&error))?.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if section.name().starts_with("component-type") => {
                    outline.names_its_world = true;
                }
                _ => {}
            }
        }
        Ok(outline)
    }

    pub(super) fn imports_secrets(&self) -> bool {
        self.imports.iter().any(|(module, _)| module == "holdpoint:plugin/secrets@0.1.0")
    }

    /// What keeps it from being a plugin, as far as names tell.
    pub(super) fn fault(&self) -> Option<HintedError> {
        self.foreign().or_else(|| self.missing())
    }

    /// Imports that nothing gives. A module that names its world may import what that world does.
    fn foreign(&self) -> Option<HintedError> {
        let is_given = |module: &str| {
            let of_contract =
                module.strip_prefix(CONTRACT_PREFIX).is_some_and(|interface| INTERFACES.contains(&interface));
            module == ADAPTED || of_contract || (self.names_its_world && module.contains([':', '|']))
        };
        let foreign = self.imports.iter().filter(|(module, _)| !is_given(module));
        let names = listed(foreign.map(|(module, name)| format!("{module}.{name}")))?;
        Some(HintedError::new(
            format!("it imports {names}, which neither the contract nor the adapter for WASI preview 1 has"),
            "build it for `wasm32-unknown-unknown` or `wasip1`, without the features that import these",
        ))
    }

    fn missing(&self) -> Option<HintedError> {
        // Newer generators write other names for the same things.
        if self.exports.iter().any(|name| name.starts_with("cm32p2")) {
            return None;
        }
        let names =
            listed(EXPORTS.iter().filter(|name| !self.exports.contains(**name)).map(|name| (*name).to_owned()))?;
        let hint = if self.exports.contains("_start") {
            "it is built as a program: build it as a library (Go: `-buildmode=c-shared`; C: `-mexec-model=reactor`)"
        } else {
            "build it for the world `plugin` of plugins/wit/plugin.wit: bindings export these"
        };
        Some(HintedError::new(format!("it does not export {names}"), hint))
    }
}

/// The first names in backticks, and how many more there are; none when there are none.
fn listed(names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.collect();
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    if let Some(more @ 1..) = names.len().checked_sub(MOST_NAMES) {
        shown.push(format!("{more} more"));
    }
    (!shown.is_empty()).then(|| shown.join(", "))
}

fn check_kind(bytes: &[u8]) -> Result<(), HintedError> {
    if Parser::is_core_wasm(bytes) {
        return Ok(());
    }
    let (what, hint) = if Parser::is_component(bytes) {
        ("it is a component already", "look at it with `holdpoint plugin inspect FILE`")
    } else if bytes.is_empty() {
        ("the file is empty", "build the module again")
    } else {
        ("it is not a core module of WebAssembly", "name the `.wasm` file that the compiler wrote")
    };
    Err(HintedError::new(what, hint))
}

fn damaged(error: &BinaryReaderError) -> HintedError {
    HintedError::new(format!("the file is damaged: {}", error.message()), "build the module again")
}
