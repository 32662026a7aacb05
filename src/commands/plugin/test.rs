//! `holdpoint plugin test`.

use crate::app::plugin_tests::{self, PluginTestOptions};
use crate::cli::plugin::test::TestArgs;
use crate::commands::write;
use crate::exit::Exit;
use crate::output::{self, Style};

/// Runs the cases, and writes what came of them.
///
/// # Errors
/// Wrong usage, nothing to test, or output that cannot be written.
pub fn execute(args: &TestArgs, style: Style) -> anyhow::Result<Exit> {
    let options = PluginTestOptions {
        component: args.plugin.clone(),
        only: args.run.clone(),
        update: args.update,
        logs: args.verbose,
    };
    let report = plugin_tests::run(&args.paths, &options)?;
    write::to_stdout(&output::plugin_tests::render(&report, args.format, args.verbose, style))?;
    Ok(if report.is_good() { Exit::Allow } else { Exit::Deny })
}
