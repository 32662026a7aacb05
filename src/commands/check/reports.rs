//! Where a decision is written: standard output or a file, and reports beside it.

use anyhow::bail;

use crate::cli::check::CheckArgs;
use crate::commands::write::{self, Destination};
use crate::commands::{places, standard_error};
use crate::config::Config;
use crate::domain::decision::Decisions;
use crate::domain::verdict::Verdict;
use crate::exit::Exit;
use crate::output::{self, Format, Style};

/// All places that a decision goes to, looked at before it is made: a `--wait` may take long.
#[derive(Debug)]
pub(super) struct Reports {
    format: Format,
    /// Standard output when there is none.
    output: Option<Destination>,
    others: Vec<(Format, Destination)>,
}

impl Reports {
    /// Finds out whether all can be written.
    ///
    /// # Errors
    /// The first that cannot, or one that is named twice.
    pub(super) fn find(args: &CheckArgs) -> anyhow::Result<Self> {
        let output = args.output.as_deref().map(|path| destination(args.format, path)).transpose()?;
        let mut others = Vec::with_capacity(args.report.len());
        for report in &args.report {
            let found = destination(report.format, &report.path)?;
            if output.iter().chain(others.iter().map(|(_, other)| other)).any(|other| other.is_same_file(&found)) {
                bail!(
                    "`{}` is named twice, and one would take the place of the other\nhint: give each a file of its own",
                    report.path.display()
                );
            }
            others.push((report.format, found));
        }
        // What GitHub reads comes last: it is to say that an allow is one only when all the rest is where it should be.
        others.sort_by_key(|(format, _)| *format == Format::GithubOutput);
        Ok(Self { format: args.format, output, others })
    }

    /// Writes the decision everywhere. An allow that is not where it should be is none; any other verdict stands.
    pub(super) fn deliver(&self, decisions: &Decisions, config: &Config, style: Style) -> Exit {
        let verdict = decisions.verdict();
        let text = |format, style| {
            let decisions = places::in_repository(decisions.clone(), format, &config.path);
            output::render(&decisions, format, style)
        };
        let plain = Style { color: false, ..style };
        let mut is_whole = match &self.output {
            None => told(write::to_stdout(&text(self.format, style))),
            Some(destination) => {
                let text = text(self.format, plain);
                told(destination.write(text.as_bytes()).inspect_err(|_error| {
                    // The first failure is the one to tell.
                    drop(write::to_stdout(&text));
                }))
            }
        };
        for (format, destination) in &self.others {
            // Without these outputs a step has no verdict, which is nothing that a later step takes for an allow.
            if *format == Format::GithubOutput && verdict == Verdict::Allow && !is_whole {
                continue;
            }
            is_whole &= told(destination.write(text(*format, plain).as_bytes()));
        }
        if verdict == Verdict::Allow && !is_whole { Exit::Usage } else { verdict.into() }
    }
}

fn destination(format: Format, path: &std::path::Path) -> anyhow::Result<Destination> {
    if format == Format::GithubOutput { Destination::find_to_append(path) } else { Destination::find(path) }
}

/// Whether it was written; if not, standard error says why.
fn told(written: anyhow::Result<()>) -> bool {
    written.inspect_err(|error| standard_error::error(&format!("{error:#}"))).is_ok()
}
