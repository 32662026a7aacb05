//! `completions` and `man`: for shells and readers of manuals.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  holdpoint completions bash > /etc/bash_completion.d/holdpoint
  holdpoint completions zsh > \"${fpath[1]}/_holdpoint\"
  holdpoint completions fish > ~/.config/fish/completions/holdpoint.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  holdpoint man | man -l -
  holdpoint man --output /usr/local/share/man/man1";

/// Arguments of `completions`.
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Args, Debug)]
#[command(after_help = MAN_EXAMPLES)]
pub struct ManArgs {
    /// Write a page for each command into this folder, instead of the first page to standard output.
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}
