//! Where a decision is written: standard output or a file, and reports beside it.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::cli::check::CheckArgs;
use crate::commands::write::{self, Destination};
use crate::commands::{places, standard_error};
use crate::config::Config;
use crate::domain::decision::Decisions;
use crate::domain::verdict::Verdict;
use crate::exit::Exit;
use crate::output::{self, Format, Style, vsa};

/// All places that a decision goes to, looked at before it is made: a `--wait` may take long.
#[derive(Debug)]
pub(super) struct Reports {
    format: Format,
    /// Standard output when there is none.
    output: Option<Destination>,
    others: Vec<(Form, Destination)>,
}

/// What goes to a file beside the output, in the order of writing. What others take for an allow comes last: it is to say
/// so only when all the rest is where it should be.
#[derive(Clone, Copy, Debug)]
enum Form {
    Report(Format),
    /// Of the artifact with this number.
    Summary(usize),
    StepOutputs,
}

impl Form {
    const fn of(format: Format) -> Self {
        if matches!(format, Format::GithubOutput) { Self::StepOutputs } else { Self::Report(format) }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Report(_) => 0,
            Self::Summary(_) => 1,
            Self::StepOutputs => 2,
        }
    }
}

impl Reports {
    /// Finds out whether all can be written.
    ///
    /// # Errors
    /// The first that cannot, or one that is named twice.
    pub(super) fn find(args: &CheckArgs) -> anyhow::Result<Self> {
        let output = args.output.as_deref().map(|path| destination(Form::of(args.format), path)).transpose()?;
        let reports = args.report.iter().map(|report| (Form::of(report.format), report.path.clone()));
        let mut others: Vec<(Form, Destination)> = Vec::new();
        for (form, path) in reports.chain(summaries(args)) {
            let found = destination(form, &path)?;
            if output.iter().chain(others.iter().map(|(_, other)| other)).any(|other| other.is_same_file(&found)) {
                bail!(
                    "`{}` is named twice, and one would take the place of the other\nhint: give each a file of its own",
                    path.display()
                );
            }
            others.push((form, found));
        }
        others.sort_by_key(|(form, _)| form.rank());
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
        for (form, destination) in &self.others {
            // Without its outputs a step has no verdict, which is nothing that a later step takes for an allow.
            if form.rank() > 0 && verdict == Verdict::Allow && !is_whole {
                continue;
            }
            let text = match form {
                Form::Report(format) => text(*format, plain),
                Form::StepOutputs => text(Format::GithubOutput, plain),
                Form::Summary(number) => decisions.0.get(*number).and_then(vsa::render).unwrap_or_default(),
            };
            is_whole &= told(destination.write(text.as_bytes()));
        }
        if verdict == Verdict::Allow && !is_whole { Exit::Usage } else { verdict.into() }
    }
}

fn destination(form: Form, path: &Path) -> anyhow::Result<Destination> {
    if matches!(form, Form::StepOutputs) { Destination::find_to_append(path) } else { Destination::find(path) }
}

/// The file of each summary: of several artifacts, each has its number in its name.
fn summaries(args: &CheckArgs) -> Vec<(Form, PathBuf)> {
    let Some(path) = &args.vsa else { return Vec::new() };
    let several = args.artifacts.len() > 1;
    let numbered = |number: usize| if several { with_number(path, number + 1) } else { path.clone() };
    (0..args.artifacts.len()).map(|number| (Form::Summary(number), numbered(number))).collect()
}

/// `vsa-2.json` of `vsa.json`.
fn with_number(path: &Path, number: usize) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Whether it was written; if not, standard error says why.
fn told(written: anyhow::Result<()>) -> bool {
    written.inspect_err(|error| standard_error::error(&format!("{error:#}"))).is_ok()
}
