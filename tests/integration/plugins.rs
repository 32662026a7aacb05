//! Plugins: custom rules as WebAssembly components.

#[cfg(unix)]
mod code;
mod evaluate;
mod guest;
