//! Plugins: custom rules as WebAssembly components.

mod asking;
mod evaluate;
mod guest;
mod http;
mod secrets;
