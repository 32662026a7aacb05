//! The `holdpoint` program: reads the command line, runs the command, ends with its exit code.

use std::process::ExitCode;

use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _};
use holdpoint::cli::Cli;
use holdpoint::commands::{self, standard_error};
use holdpoint::{exit::Exit, telemetry};

/// The policy engine makes and drops many small values: with this allocator a decision takes a fifth less time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match read_command_line() {
        Ok(cli) => cli,
        Err(error) => return explain(&error).into(),
    };
    let _traces = match telemetry::start(cli.log_level, cli.log_format, cli.traces()) {
        Ok(traces) => traces,
        Err(error) => {
            standard_error::error(&format!("{error:#}"));
            return Exit::Usage.into();
        }
    };
    // A panic of the policy engine is caught and becomes a finding: it is logged like any other failure.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a part of holdpoint failed")));
    let exit = commands::run(cli).unwrap_or_else(|error| {
        standard_error::error(&format!("{error:#}"));
        Exit::Usage
    });
    exit.into()
}

fn read_command_line() -> Result<Cli, clap::Error> {
    let mut command = without_empty_variables(Cli::command());
    Cli::from_arg_matches(&command.clone().try_get_matches()?).map_err(|error| error.format(&mut command))
}

/// The command and all beneath it, each with its arguments.
fn without_empty_variables(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let command = command.mut_args(without_empty_variable);
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, without_empty_variables))
}

/// An environment variable that is set to nothing counts as not set: pipelines cannot take one away.
fn without_empty_variable(argument: Arg) -> Arg {
    let is_empty = argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if is_empty { argument.env(None::<&str>) } else { argument }
}

/// Prints help, the version, or what is wrong with the command line, which may quote text from outside.
fn explain(error: &clap::Error) -> Exit {
    let text = error.render().to_string();
    if error.use_stderr() && standard_error::harmless(&text) != text.trim_end() {
        standard_error::write(&text);
    } else {
        // When nobody can be told, the exit code still tells.
        drop(error.print());
    }
    if error.use_stderr() { Exit::Usage } else { Exit::Allow }
}
