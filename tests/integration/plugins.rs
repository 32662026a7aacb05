//! Plugins: custom rules as WebAssembly components.

mod evaluate;
mod guest;
