//! Rego policies, by the interpreter of regorus.



pub mod fault;

pub mod nesting;
