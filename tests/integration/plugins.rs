//! Plugins: custom rules as WebAssembly components.

#[cfg(unix)]
mod code;
mod configuration;
mod evaluate;
mod guest;
