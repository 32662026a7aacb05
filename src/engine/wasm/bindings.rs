//! The contract's types and imports, from `plugins/wit`.

wasmtime::component::bindgen!({
    inline: "
        package holdpoint:host;
        /// Everything that a plugin may import from the contract, and the types of what it exports.
        world host {
            import holdpoint:plugin/types@0.1.0;
            import holdpoint:plugin/log@0.1.0;
            import holdpoint:plugin/records@0.1.0;
            import holdpoint:plugin/secrets@0.1.0;
        }
    ",
    path: "plugins/wit",
    world: "holdpoint:host/host",
    imports: { default: trappable },
});

pub(super) use self::holdpoint::plugin::{log, records, secrets, types};
