//! Plugins: custom rules as WebAssembly components.

mod abuse;
mod asking;
mod case_requests;
mod cases;
#[cfg(unix)]
mod code;
mod configuration;
mod evaluate;
mod guest;
mod hostile;
mod http;
mod library;
mod misfit;
mod program;
mod same;
mod secrets;
mod shared;
mod tools;
