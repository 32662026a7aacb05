//! `holdpoint doctor`: what is wrong with the way a cluster calls holdpoint.

use anyhow::anyhow;

use crate::admission::doctor::{self, Circumstances};
use crate::app;
use crate::cli::kubernetes::DoctorArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::output::{self, Style};

use super::{kubernetes, write};

/// Writes the report; ends with 1 when anything is wrong.
///
/// # Errors
/// A configuration, file or cluster that cannot be read, or output that cannot be written.
pub fn execute(args: &DoctorArgs, style: Style) -> anyhow::Result<Exit> {
    let config = args.config.as_deref().map(Config::load).transpose()?;
    let objects = kubernetes::read(&args.cluster, &["validatingwebhookconfigurations"])?;
    let circumstances =
        Circumstances { now: app::now(), settings: config.as_ref().and_then(|config| config.admission.as_ref()) };
    let report = doctor::examine(&objects, &circumstances).map_err(|why| anyhow!(why))?;
    write::to_stdout(&output::doctor::render(&report, args.format, style))?;
    Ok(if report.faults.is_empty() { Exit::Allow } else { Exit::Deny })
}
