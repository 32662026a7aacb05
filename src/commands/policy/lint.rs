//! `policy lint`: what is wrong with policies, in the chosen form.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::app;
use crate::cli::policy::lint::LintArgs;
use crate::commands::places;
use crate::commands::write::{self, Destination};
use crate::config::{Config, PolicySource};
use crate::domain::lint::{LintCode, LintReport, Severity};
use crate::domain::text::nearest;
use crate::exit::Exit;
use crate::output::Style;
use crate::output::lint::{self, LintFormat};

/// What `--explain` takes for every code.
const ALL: &str = "all";

/// Writes the findings; ends with 1 when one of them matters enough.
///
/// # Errors
/// Wrong usage, policies that cannot be read, or output that cannot be written.
pub fn execute(args: &LintArgs, style: Style) -> anyhow::Result<Exit> {
    if let Some(name) = &args.explain {
        write::to_stdout(&lint::explain(&codes(name)?))?;
        return Ok(Exit::Allow);
    }
    let destination = args.output.as_deref().map(Destination::find).transpose()?;
    let report = in_repository(app::lint(&paths(args)?)?, args.format);
    let style = if destination.is_some() { Style { color: false, ..style } } else { style };
    let text = lint::render(&report, args.format, style);
    match destination {
        Some(destination) => destination.write(text.as_bytes())?,
        None => write::to_stdout(&text)?,
    }
    let least = Severity::from(args.fail_on);
    let matters = report.findings.iter().any(|finding| finding.code.severity >= least);
    Ok(if matters { Exit::Deny } else { Exit::Allow })
}

fn paths(args: &LintArgs) -> anyhow::Result<Vec<PathBuf>> {
    if !args.paths.is_empty() {
        return Ok(args.paths.clone());
    }
    let path = |source| match source {
        PolicySource::Path(path) => Some(path),
        // What was packed is looked at where it is written.
        PolicySource::Bundle { .. } | PolicySource::Oci { .. } => None,
    };
    let paths: Vec<PathBuf> = Config::load(&args.config)?.policies.into_iter().filter_map(path).collect();
    if paths.is_empty() {
        bail!("`{}` names no files or folders in `policies`\nhint: name some here", args.config.display());
    }
    Ok(paths)
}

fn codes(name: &str) -> anyhow::Result<Vec<&'static LintCode>> {
    let found: Vec<&LintCode> = app::lint_codes().filter(|code| name == ALL || code.name == name).collect();
    if found.is_empty() {
        let near = nearest(name, app::lint_codes().map(|code| code.name));
        let hint =
            near.map_or_else(|| format!("`--explain {ALL}` has every one"), |near| format!("did you mean `{near}`?"));
        bail!("there is no finding `{name}`\nhint: {hint}");
    }
    Ok(found)
}

/// Names files by their paths in the repository, for the formats that code hosts read.
fn in_repository(mut report: LintReport, format: LintFormat) -> LintReport {
    if matches!(format, LintFormat::Github | LintFormat::Sarif) {
        let repository = places::Repository::find();
        for finding in &mut report.findings {
            finding.path = repository.path_of(Path::new(&finding.path));
        }
    }
    report
}
