//! `completions` and `man`: written from the definitions of the command line.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::cli::Cli;
use crate::cli::shell::{CompletionsArgs, ManArgs};
use crate::exit::Exit;

use super::write;

/// Prints the script that completes commands and options in a shell.
///
/// # Errors
/// When standard output cannot be written.
pub fn completions(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "holdpoint", &mut script);
    write::to_stdout(&String::from_utf8(script).context("the script is not UTF-8 text")?)?;
    Ok(Exit::Allow)
}

/// Prints the first page of the manual, or writes all of them into a folder, which is made when it is missing.
///
/// # Errors
/// When they cannot be written.
pub fn man(args: &ManArgs) -> anyhow::Result<Exit> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.output else {
        write::to_stdout(&page(&command)?)?;
        return Ok(Exit::Allow);
    };
    fs::create_dir_all(folder).with_context(|| format!("the folder `{}` cannot be created", folder.display()))?;
    let mut written = String::new();
    pages(&command, folder, &mut written)?;
    write::to_stdout(&written)?;
    Ok(Exit::Allow)
}

/// A page for the command and for each beneath it that is no secret.
fn pages(command: &Command, folder: &Path, written: &mut String) -> anyhow::Result<()> {
    let path = folder.join(Man::new(command.clone()).get_filename());
    write::to_file(&path, page(command)?.as_bytes())?;
    written.extend(["wrote ", &path.display().to_string(), "\n"]);
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.into_iter().try_for_each(|command| pages(command, folder, written))
}

fn page(command: &Command) -> anyhow::Result<String> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    String::from_utf8(page).context("the page is not UTF-8 text")
}
