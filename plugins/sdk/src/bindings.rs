//! The contract in Rust, generated from `wit/plugin.wit`.
//!
//! The world here has every interface that a plugin may import. A component gets only those that its code calls.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "generated"
)]

wit_bindgen::generate!({
    inline: "
        package holdpoint:rust;
        world component {
            include holdpoint:plugin/plugin@0.1.0;
            import holdpoint:plugin/secrets@0.1.0;
        }
    ",
    path: "wit",
    world: "holdpoint:rust/component",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "holdpoint_plugin::bindings",
    additional_derives: [PartialEq, Eq],
});
