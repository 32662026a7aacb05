//! `holdpoint policy test`.

mod watch;

use anyhow::bail;

use crate::app::{self, TestOptions};
use crate::cli::policy::test::TestArgs;
use crate::commands::write;
use crate::domain::policy_test::TestReport;
use crate::exit::Exit;
use crate::output::Style;
use crate::output::policy_tests::{self, CoverageFormat, TestFormat};

/// Runs the tests, and writes what came of them.
///
/// # Errors
/// Wrong usage, policies that cannot be loaded, nothing to test, or output that cannot be written.
pub fn execute(args: &TestArgs, style: Style) -> anyhow::Result<Exit> {
    let coverage = CoverageReport::new(args)?;
    if args.watch {
        let owned = args.clone();
        return watch::run(&args.paths, move || once(&owned, coverage.as_ref(), style));
    }
    once(args, coverage.as_ref(), style)
}

fn once(args: &TestArgs, coverage: Option<&CoverageReport>, style: Style) -> anyhow::Result<Exit> {
    let options =
        TestOptions { only: args.run.clone(), timeout: args.timeout, as_of: args.as_of, coverage: coverage.is_some() };
    let report = app::test_policies(&args.paths, &options)?;
    write_report(args, &report, coverage, style)?;
    Ok(if report.is_good(args.threshold) { Exit::Allow } else { Exit::Deny })
}

/// How coverage is reported, and where.
struct CoverageReport {
    format: CoverageFormat,
    file: Option<write::Destination>,
}

impl CoverageReport {
    /// None when nobody asked for it.
    fn new(args: &TestArgs) -> anyhow::Result<Option<Self>> {
        if args.coverage.is_none() && args.threshold.is_none() {
            return Ok(None);
        }
        let format = args.coverage.unwrap_or_default();
        let file = args.coverage_output.as_deref().map(write::Destination::find).transpose()?;
        if file.is_none() && args.coverage.is_some() && args.format != TestFormat::Text {
            bail!(
                "results and coverage cannot both be written to standard output as documents\n\
                 hint: write the coverage to a file with `--coverage-output`"
            );
        }
        Ok(Some(Self { format, file }))
    }
}

fn write_report(
    args: &TestArgs,
    report: &TestReport,
    coverage: Option<&CoverageReport>,
    style: Style,
) -> anyhow::Result<()> {
    let results = policy_tests::render(report, args.format, args.verbose, style);
    let (Some(wanted), Some(measured)) = (coverage, &report.coverage) else { return write::to_stdout(&results) };
    let of = |format, style| policy_tests::render_coverage(measured, format, args.threshold, style);
    match (&wanted.file, wanted.format, args.format) {
        (Some(file), format, _) => {
            file.write(of(format, Style { color: false, ..style }).as_bytes())?;
            write::to_stdout(&results)
        }
        (None, CoverageFormat::Text, TestFormat::Text) => {
            write::to_stdout(&format!("{results}\n{}", of(CoverageFormat::Text, style)))
        }
        // Only the threshold asked for it: the document stays alone on standard output.
        (None, CoverageFormat::Text, _) => {
            write::to_stderr(&of(CoverageFormat::Text, Style { color: false, ..style }))?;
            write::to_stdout(&results)
        }
        (None, format, _) => {
            let results = policy_tests::render(report, args.format, args.verbose, Style { color: false, ..style });
            write::to_stderr(&results)?;
            write::to_stdout(&of(format, style))
        }
    }
}
