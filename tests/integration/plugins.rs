//! Plugins: custom rules as WebAssembly components.

mod asking;
#[cfg(unix)]
mod code;
mod configuration;
mod evaluate;
mod guest;
mod http;
mod secrets;
