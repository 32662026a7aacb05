//! Plugins: custom rules as WebAssembly components.

mod cases;
mod configuration;
mod evaluate;
mod guest;
mod shared;
