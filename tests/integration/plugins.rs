//! Plugins: custom rules as WebAssembly components.

mod configuration;
mod evaluate;
mod guest;
mod tools;
