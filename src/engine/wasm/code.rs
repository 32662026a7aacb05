//! From a component to code that runs: from the cache, or compiled in a child process.

mod cache;
mod child;
mod compiler;
mod key;

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::domain::plugin::LARGEST_COMPONENT;

use super::PluginSpec;
use super::fault::PluginFault;
use cache::Cache;
use key::Key;

pub use compiler::{compile, confine};

/// Where compiled code comes from.
#[derive(Clone, Debug)]
pub struct Code {
    /// The program that compiles: holdpoint itself, started as `compile-plugin`.
    program: PathBuf,
    cache: Cache,
    limits: Limits,
    announce: Announce,
}

/// What compiling one component may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time of all processors together. It does not run out earlier on a busy machine.
    pub processor: Duration,
    /// Time on the wall.
    pub wall: Duration,
    /// Address space, in bytes. Of it the compiler uses about a third.
    pub memory: u64,
}

impl Default for Limits {
    /// Three times what a component of 18 MB with a Python interpreter takes.
    fn default() -> Self {
        Self { processor: Duration::from_mins(1), wall: Duration::from_mins(5), memory: 4 << 30 }
    }
}

/// Called with a plugin's name when compiling it takes longer than a moment. What it returns is dropped when that is over.
pub type Announcing = dyn Fn(&str) -> Box<dyn Any> + Send + Sync;

/// Who is told that a plugin is being compiled.
#[derive(Clone)]
pub struct Announce(pub Arc<Announcing>);

impl Default for Announce {
    fn default() -> Self {
        Self(Arc::new(|_plugin| Box::new(())))
    }
}

impl fmt::Debug for Announce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Announce")
    }
}

impl Code {
    /// Code that this program compiles and that is kept in this folder, which must be the user's alone. Without a folder
    /// it is compiled each time.
    #[must_use]
    pub fn new(program: PathBuf, folder: Option<PathBuf>) -> Self {
        Self { program, cache: Cache(folder), limits: Limits::default(), announce: Announce::default() }
    }

    /// The same with other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same with somebody to tell of long work.
    #[must_use]
    pub fn announce(self, announce: Announce) -> Self {
        Self { announce, ..self }
    }

    /// The compiled component.
    pub(super) fn component(&self, engine: &Engine, spec: &PluginSpec) -> Result<Component, PluginFault> {
        let key = Key::new(engine, spec.component.digest());
        if let Some(kept) = self.cache.get(&key) {
            match runnable(engine, kept.code()) {
                Ok(component) => return Ok(component),
                Err(_misfit) => self.cache.discard(&key),
            }
        }
        check_size(&spec.component)?;
        let announce = || (self.announce.0)(&spec.name);
        let code = child::compile(&self.program, &key.settings, &spec.component, self.limits, announce)?;
        let component = runnable(engine, &code).map_err(|error| {
            PluginFault::new(
                format!("its compiled code cannot be used: {error:#}"),
                "run the same holdpoint throughout",
            )
        })?;
        self.cache.put(&key, &code);
        Ok(component)
    }
}

fn check_size(component: &[u8]) -> Result<(), PluginFault> {
    if u64::try_from(component.len()).is_ok_and(|length| length <= LARGEST_COMPONENT) {
        return Ok(());
    }
    Err(PluginFault::new(
        format!("it has {} bytes, and a component may have {LARGEST_COMPONENT}", component.len()),
        "leave out what it does not need, or use a language that compiles to less",
    ))
}

/// Code that can run.
#[expect(
    unsafe_code,
    reason = "the engine runs compiled code as it is; the only place where holdpoint vouches for something"
)]
fn runnable(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes must be what this engine's compiler made, unchanged. They came out of a child process that is this
    // program, through a pipe that nobody else has, or from a file that only this user can have written and whose SHA-256,
    // over these very bytes, is the one it was written with. The engine itself checks its version and settings. Bytes that
    // were checked are what is run: a file that is mapped could still change.
    unsafe { Component::deserialize(engine, code) }
}
