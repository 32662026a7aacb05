//! `--require-vsa`: the earlier decision that is asked for beside the rules.

use std::path::{Path, PathBuf};

use anyhow::bail;
use jiff::SignedDuration;

use crate::app;
use crate::cli::check::CheckArgs;
use crate::commands::context::read_bounded;
use crate::domain::attestation::earlier::{self, Requirement};
use crate::domain::decision::Decision;
use crate::domain::request::Request;

/// Bytes of the file: `gh` prints what proves each summary, too.
const LARGEST_FILE: u64 = 16 << 20;

/// Where the earlier decision is, and how old it may be.
pub(super) struct Earlier {
    path: PathBuf,
    longest: SignedDuration,
}

impl Earlier {
    /// What the command line asks for.
    ///
    /// # Errors
    /// An age that no instant has.
    pub(super) fn of(args: &CheckArgs) -> anyhow::Result<Option<Self>> {
        let longest = SignedDuration::try_from(args.vsa_max_age)?;
        Ok(args.require_vsa.clone().map(|path| Self { path, longest }))
    }

    /// Adds to the decision whether the same was decided before. The file is read anew for each: while somebody waits,
    /// another door may write it.
    pub(super) fn require(&self, decision: &mut Decision) {
        let requirement = Requirement { clock: app::now(), longest: self.longest };
        let finding = requirement.judge(&read(&self.path), decision);
        decision.require(finding);
    }
}

fn read(path: &Path) -> Result<Vec<earlier::Summary>, String> {
    let text = read_bounded(path, LARGEST_FILE).map_err(|error| format!("`{}`: {error:#}", path.display()))?;
    earlier::read(&text).map_err(|why| format!("`{}`: {why}", path.display()))
}

/// Checks that summaries can be written: they say where the artifact is fetched from.
///
/// # Errors
/// An artifact that is known by its digest alone.
pub(super) fn named(args: &CheckArgs, requests: &[Request]) -> anyhow::Result<()> {
    let nameless = requests.iter().find(|request| request.artifact.name.is_empty());
    match nameless {
        Some(request) if args.vsa.is_some() => bail!(
            "`--vsa` needs the name of `{}`: a summary says where the artifact is fetched from\nhint: write \
             `registry/repository@sha256:…`",
            request.artifact.reference
        ),
        _ => Ok(()),
    }
}
