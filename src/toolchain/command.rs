//! Running one command of a toolchain.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::domain::hinted::HintedError;

use super::Project;

/// A program, and how to get it.
pub(super) struct Tool {
    program: OsString,
    install: &'static str,
    /// What to do when it fails, beyond reading what it said.
    on_failure: &'static str,
}

/// What to do when a command fails.
const READ_IT: &str = "what it printed says why";

impl Tool {
    /// One that is found by its name.
    pub(super) fn named(name: &str, install: &'static str) -> Self {
        Self { program: name.into(), install, on_failure: READ_IT }
    }

    /// One that is kept in one of these folders of the project, or of a folder above it, or else found by its name.
    pub(super) fn beside(project: &Path, folders: &[&str], name: &str, install: &'static str) -> Self {
        let places = project.ancestors().flat_map(|above| folders.iter().map(move |folder| above.join(folder)));
        let names = executables(name);
        let found = places.flat_map(|folder| names.iter().map(move |name| folder.join(name)).collect::<Vec<_>>());
        let program =
            found.into_iter().find(|path| path.is_file()).map_or_else(|| name.into(), PathBuf::into_os_string);
        Self { program, install, on_failure: READ_IT }
    }

    /// The same, with a hint of its own for when it fails.
    pub(super) const fn with_hint(mut self, on_failure: &'static str) -> Self {
        self.on_failure = on_failure;
        self
    }

    /// The command, to be run in the folder of the project. Its standard output goes to standard error: that of
    /// holdpoint is for what was built.
    pub(super) fn command<A: AsRef<OsStr>>(
        &self,
        project: &Project<'_>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(project.folder).stdin(Stdio::null()).stdout(io::stderr());
        command
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When the program is not there, or it fails.
    pub(super) fn run(&self, project: &Project<'_>, command: &mut Command) -> Result<(), HintedError> {
        (project.announce)(&shown(command));
        let status = command.status().map_err(|error| self.unstartable(&error))?;
        self.check(status)
    }

    /// Runs it to its end, and returns what it prints on standard output.
    ///
    /// # Errors
    /// As [`Tool::run`].
    pub(super) fn read(&self, project: &Project<'_>, command: &mut Command) -> Result<Vec<u8>, HintedError> {
        (project.announce)(&shown(command));
        let output = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| self.unstartable(&error))?;
        self.check(output.status).map(|()| output.stdout)
    }

    fn name(&self) -> String {
        Path::new(&self.program).file_name().unwrap_or(&self.program).to_string_lossy().into_owned()
    }

    fn check(&self, status: ExitStatus) -> Result<(), HintedError> {
        if status.success() {
            return Ok(());
        }
        Err(HintedError::new(format!("`{}` failed ({status})", self.name()), self.on_failure))
    }

    fn unstartable(&self, error: &io::Error) -> HintedError {
        let name = self.name();
        if error.kind() == ErrorKind::NotFound {
            HintedError::new(format!("`{name}` is not installed"), self.install)
        } else {
            HintedError::new(format!("`{name}` cannot be started: {error}"), self.install)
        }
    }
}

#[cfg(windows)]
fn executables(name: &str) -> Vec<String> {
    vec![format!("{name}.exe"), format!("{name}.cmd")]
}

#[cfg(not(windows))]
fn executables(name: &str) -> Vec<String> {
    vec![name.to_owned()]
}

/// The command as a person would type it: variables, the program's name, arguments in quotes where they need them.
fn shown(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), quoted(&value?.to_string_lossy()))));
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| quoted(&argument.to_string_lossy()));
    variables.chain([name]).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "-_=./:,+@".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { format!("'{text}'") }
}
