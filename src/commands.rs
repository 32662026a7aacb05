//! The commands: each takes its arguments, does its work, and returns how the program ends.

pub mod audit;
pub mod check;
pub mod context;
pub mod doctor;
pub mod github;
pub mod init;
pub mod kubernetes;
pub mod ledger;
pub mod new_files;
pub mod places;
pub mod plugin;
pub mod policy;
pub mod progress;
pub mod records;
pub mod replay;
pub mod request;
pub mod serve;
pub mod shell;
pub mod standard_error;
pub mod wait;
pub mod write;

use std::io::Write as _;
use std::sync::Arc;

use crate::cli::{Cli, Color, Command, CompilePluginArgs, SchemaArgs};
use crate::exit::Exit;
use crate::output::Style;

/// Columns when standard output is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Runs the command.
///
/// # Errors
/// Wrong usage or configuration, or output that cannot be written. A decision that goes wrong is no error: it is
/// `undecided`.
pub fn run(cli: Cli) -> anyhow::Result<Exit> {
    let style = style(cli.color);
    match cli.command {
        Command::Check(args) => check::execute(&args, style),
        // A list in a pipe is for programs: nothing is cut to a width.
        Command::Records(args) => {
            records::execute(&args, Style { width: progress::terminal_width().unwrap_or(usize::MAX), ..style })
        }
        Command::Init(args) => {
            let written = init::write(&args.directory)?;
            let lines: Vec<String> = written.iter().map(|path| format!("wrote {}\n", path.display())).collect();
            write::to_stdout(&lines.concat())?;
            Ok(Exit::Allow)
        }
        Command::Serve(args) => serve::execute(&args),
        Command::Policy(command) => policy::execute(&command, style),
        Command::Plugin(command) => plugin::execute(&command, style),
        Command::Ledger(command) => ledger::execute(&command, style),
        Command::Audit(args) => audit::execute(&args, style),
        Command::Doctor(args) => doctor::execute(&args, style),
        Command::Schema(args) => {
            write::to_stdout(&schema(&args)?)?;
            Ok(Exit::Allow)
        }
        Command::Replay(args) => replay::execute(&args, style),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
        Command::CompilePlugin(args) => compile_plugin(&args),
    }
}

fn compile_plugin(args: &CompilePluginArgs) -> anyhow::Result<Exit> {
    let code = crate::app::plugins::compile(std::io::stdin().lock(), &args.settings, args.memory, args.seconds)?;
    std::io::stdout().lock().write_all(&code)?;
    Ok(Exit::Allow)
}

fn schema(args: &SchemaArgs) -> anyhow::Result<String> {
    if args.ledger_api {
        return Ok(crate::ledger::api::document()?);
    }
    Ok(match (args.input, args.data) {
        (true, _) => crate::app::input_schema(),
        (false, true) => crate::app::data_schema(),
        (false, false) => crate::config::schema(),
    })
}

fn style(color: Color) -> Style {
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
    };
    Style { color, width: progress::terminal_width().unwrap_or(DEFAULT_WIDTH) }
}

/// Runs asynchronous work to its end on this thread.
fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    crate::app::policies::wait_for(work)
}

/// The watcher of long reads: a line on a terminal, nothing elsewhere.
fn watcher() -> Arc<progress::TerminalProgress> {
    Arc::new(progress::TerminalProgress::new())
}
