//! `policy lint`: what is wrong with policies, in the chosen form.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::app;
use crate::cli::policy::lint::LintArgs;
use crate::commands::places::Repository;
use crate::commands::request::policies_at;
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
    let report = in_repository(app::lint(&places(args)?)?, args.format);
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

fn places(args: &LintArgs) -> anyhow::Result<Vec<PolicySource>> {
    if !args.paths.is_empty() {
        // A path that is no text is no address either.
        let place = |path: &PathBuf| path.to_str().map_or_else(|| Ok(PolicySource::Path(path.clone())), policies_at);
        return args.paths.iter().map(place).collect();
    }
    let mut paths = Config::load(&args.config)?.policies;
    // What was packed is looked at where it is written, unless it is asked for.
    paths.retain(|source| matches!(source, PolicySource::Path(_)));
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
        let repository = Repository::find();
        for finding in &mut report.findings {
            finding.path = repository.path_of(Path::new(&finding.path));
        }
    }
    report
}
