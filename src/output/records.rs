//! Deployment records as a table, JSON or CSV.

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde::Serialize;

use crate::domain::record::DeploymentRecord;

use super::escape::{self, NAME_LIMIT};
use super::layout::BOLD;
use super::{Style, json};

/// How records are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RecordFormat {
    /// For people.
    #[default]
    Table,
    /// For programs: `{"records": […]}`. A listing, which is no snapshot; `--output` writes one.
    Json,
    /// For spreadsheets: one line of names, then one record a line.
    Csv,
}

/// The records in this format and in this order, ending in one line break. The style counts for the table only.
#[must_use]
pub fn render(records: &[DeploymentRecord], format: RecordFormat, style: Style) -> String {
    let output = match format {
        RecordFormat::Table => escape::inert(&table(records, style)),
        RecordFormat::Json => json::render(&List { records }),
        RecordFormat::Csv => escape::inert(&csv(records)),
    };
    super::ended(&output)
}

/// A snapshot source must not read it: it says neither which filters it was made with nor what is missing. So its key is
/// not the one of a snapshot.
#[derive(Serialize)]
struct List<'a> {
    records: &'a [DeploymentRecord],
}

/// How much of a record a table shows, from all to the least, as the terminal allows. JSON and CSV have everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Everything,
    ShortDigest,
    ShortName,
    DateWithoutTime,
    NoLastSeen,
}

const DETAILS: [Detail; 5] =
    [Detail::Everything, Detail::ShortDigest, Detail::ShortName, Detail::DateWithoutTime, Detail::NoLastSeen];
const GAP: u16 = 2;

fn table(records: &[DeploymentRecord], style: Style) -> String {
    if records.is_empty() {
        return "no deployment records".to_owned();
    }
    let mut tables = DETAILS.iter().map(|detail| build(records, *detail));
    let mut table =
        tables.find(|table| columns(table) <= style.width).unwrap_or_else(|| build(records, Detail::NoLastSeen));
    // A width that no terminal has means: do not wrap.
    if let Ok(width) = u16::try_from(style.width) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    let lines = table.lines().enumerate().map(|(number, line)| match line.trim_end() {
        line if number == 0 && style.color => format!("{BOLD}{line}{BOLD:#}\n"),
        line => format!("{line}\n"),
    });
    lines.collect()
}

/// How wide the table is when nothing is wrapped.
fn columns(table: &Table) -> usize {
    let widths = table.column_max_content_widths();
    let gaps = usize::from(GAP) * widths.len().saturating_sub(1);
    widths.into_iter().map(usize::from).sum::<usize>() + gaps
}

fn build(records: &[DeploymentRecord], detail: Detail) -> Table {
    let mut header = vec!["ENVIRONMENT", "DEPLOYMENT", "ARTIFACT", "DIGEST", "STATUS", "SINCE (UTC)"];
    header.extend((detail < Detail::NoLastSeen).then_some("LAST SEEN (UTC)"));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table.add_rows(records.iter().map(|record| row(record, detail)));
    let last = table.column_count().saturating_sub(1);
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if number == last { 0 } else { GAP }));
    }
    table
}

fn row(record: &DeploymentRecord, detail: Detail) -> Vec<String> {
    let artifact = &record.artifact;
    let name =
        if detail < Detail::ShortName { &*artifact.name } else { artifact.name.rsplit('/').next().unwrap_or_default() };
    let (name, version) = (cell(name), cell(&artifact.version));
    let digest = match artifact.digest {
        Some(digest) if detail < Detail::ShortDigest => digest.to_string(),
        Some(digest) => digest.short(),
        None if artifact.digest_text.is_empty() => "no digest".to_owned(),
        None => cell(&artifact.digest_text),
    };
    let mut row = vec![
        cell(&record.environment_name),
        cell(&record.deployment_name),
        if version.is_empty() { name } else { format!("{name}:{version}") },
        digest,
        cell(record.status.as_str()),
        time(record.created_at, detail),
    ];
    row.extend((detail < Detail::NoLastSeen).then(|| time(record.last_seen_at, detail)));
    row
}

fn time(time: Option<Timestamp>, detail: Detail) -> String {
    let format = if detail < Detail::DateWithoutTime { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" };
    time.map_or_else(|| "unknown".to_owned(), |time| time.strftime(format).to_string())
}

fn cell(text: &str) -> String {
    escape::line(text, NAME_LIMIT)
}

const CSV_HEADER: [&str; 16] = [
    "id",
    "environment_id",
    "environment_name",
    "deployment_name",
    "artifact_id",
    "artifact_kind",
    "artifact_name",
    "artifact_digest",
    "artifact_version",
    "status",
    "created_at",
    "updated_at",
    "last_seen_at",
    "logical_environment_name",
    "tags",
    "runtime_risks",
];

/// The longest CSV cell, in characters: the most that common spreadsheets take.
const CELL_LIMIT: usize = 32_000;

fn csv(records: &[DeploymentRecord]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut written = writer.write_record(CSV_HEADER);
    for record in records {
        written = written.and_then(|()| writer.write_record(fields(record)));
    }
    let bytes = written
        .map_err(|error| error.to_string())
        .and_then(|()| writer.into_inner().map_err(|error| error.to_string()));
    match bytes {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("the records could not be written: {error}"),
    }
}

fn fields(record: &DeploymentRecord) -> [String; 16] {
    let artifact = &record.artifact;
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    let details = record.details.as_deref();
    let logical = details.and_then(|details| details.logical_environment_name.as_deref());
    let tags = details.and_then(|details| details.tags.as_ref());
    let risks = details.and_then(|details| details.runtime_risks.as_ref());
    [
        field(&record.id),
        field(&record.environment_id),
        field(&record.environment_name),
        field(&record.deployment_name),
        field(&record.artifact_id),
        field(artifact.kind.as_str()),
        field(&artifact.name),
        field(&artifact.digest_text),
        field(&artifact.version),
        field(record.status.as_str()),
        time(record.created_at),
        time(record.updated_at),
        time(record.last_seen_at),
        field(logical.unwrap_or_default()),
        tags.map(compact).unwrap_or_default(),
        risks.map(compact).unwrap_or_default(),
    ]
}

fn field(text: &str) -> String {
    escape::spreadsheet_cell(&escape::line(text, CELL_LIMIT))
}

/// Labels and risks as JSON, since a cell holds one value.
fn compact(value: &impl Serialize) -> String {
    field(&serde_json::to_string(value).unwrap_or_default())
}
