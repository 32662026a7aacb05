//! The `holdpoint` program: reads the command line, runs the command, ends with its exit code.

use std::process::ExitCode;

use clap::Parser as _;
use holdpoint::cli::Cli;
use holdpoint::{commands, exit::Exit, output, telemetry};

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start(cli.log_level, cli.log_format);
    // A panic of the policy engine is caught and becomes a finding: it is logged like any other failure.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a part of holdpoint failed")));
    let exit = commands::run(cli).unwrap_or_else(|error| {
        let text = output::escape::paragraph(&format!("{error:#}"), output::escape::MESSAGE_LIMIT);
        anstream::eprintln!("error: {text}");
        Exit::Usage
    });
    exit.into()
}
