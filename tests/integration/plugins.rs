//! Plugins: custom rules as WebAssembly components.

mod abuse;
mod configuration;
mod evaluate;
mod guest;
mod library;
mod misfit;
mod same;
