//! What a plugin is, as text or JSON, with the lines that configure it.

mod snippet;

use clap::ValueEnum;
use serde::Serialize;

use crate::domain::examination::{DescribedParameter, Examination};
use crate::domain::grant::Need;

use super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use super::layout::{BOLD, DIM, PLAIN, Page, YELLOW, columns, pad};
use super::{Style, json};

/// The name of the JSON document's form.
const SCHEMA: &str = "holdpoint.plugin/v1";
const INDENT: usize = 2;
/// Columns of what stands before a fact.
const LABEL: usize = 15;
const WIDEST_NAME: usize = 24;
/// The most interfaces that are listed. The JSON document has all of them.
const MOST_IMPORTS: usize = 50;

/// How a description of a plugin is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PluginFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: `holdpoint.plugin/v1`.
    Json,
}

/// What is known of the plugin in this file, ending in one line break.
#[must_use]
pub fn render(file: &str, plugin: &Examination, format: PluginFormat, style: Style) -> String {
    let output = match format {
        PluginFormat::Text => escape::inert(&text(file, plugin, style)),
        PluginFormat::Json => json::render(&Document {
            schema: SCHEMA,
            file,
            examination: plugin,
            grants: plugin.needs.iter().map(|need| Grant { name: *need, line: need.line() }).collect(),
            parameters: plugin.parameters(),
            configuration: snippet::of(file, plugin).join("\n") + "\n",
        }),
    };
    format!("{}\n", output.trim_end_matches('\n'))
}

/// A plugin that was just written to this file: what it is called, how large it is, which one it is, and what it wants.
#[must_use]
pub fn made(file: &str, plugin: &Examination, style: Style) -> String {
    let mut page = Page::new(style);
    heading(&mut page, plugin);
    facts(&mut page, file, plugin);
    if !plugin.needs.is_empty() {
        let lines: Vec<_> = plugin.needs.iter().map(|need| need.line()).collect();
        fact(&mut page, "Needs", &lines.join(", "));
    }
    escape::inert(&page.finish())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    file: &'a str,
    #[serde(flatten)]
    examination: &'a Examination,
    grants: Vec<Grant>,
    parameters: Vec<DescribedParameter>,
    configuration: String,
}

#[derive(Serialize)]
struct Grant {
    name: Need,
    line: &'static str,
}

fn text(file: &str, plugin: &Examination, style: Style) -> String {
    let mut page = Page::new(style);
    heading(&mut page, plugin);
    let description = escape::paragraph(&plugin.metadata.description, MESSAGE_LIMIT);
    if !description.trim().is_empty() {
        page.wrapped(INDENT, &description, PLAIN);
    }
    page.blank();
    facts(&mut page, file, plugin);
    fact(&mut page, "Contract", &format!("holdpoint:plugin@{}", plugin.contract));
    if let Some(url) = &plugin.metadata.documentation_url {
        fact(&mut page, "Documentation", &escape::line(url, NAME_LIMIT));
    }
    imports(&mut page, plugin);
    needs(&mut page, plugin);
    parameters(&mut page, &plugin.parameters());
    page.blank();
    page.line(0, &[(BOLD, "Configuration".to_owned()), (DIM, "  # to paste".to_owned())]);
    for line in snippet::of(file, plugin) {
        page.line(0, &[(PLAIN, line)]);
    }
    page.finish()
}

fn heading(page: &mut Page, plugin: &Examination) {
    let [name, version, title] = [&plugin.metadata.name, &plugin.metadata.version, &plugin.metadata.title]
        .map(|text| escape::line(text, NAME_LIMIT));
    let title = if title.trim().is_empty() { String::new() } else { format!(": {title}") };
    page.line(0, &[(BOLD, format!("{name} {version}")), (PLAIN, title)]);
}

fn facts(page: &mut Page, file: &str, plugin: &Examination) {
    fact(page, "File", &escape::line(file, NAME_LIMIT));
    fact(page, "Size", &size(plugin.bytes));
    fact(page, "Digest", &plugin.digest.to_string());
}

fn fact(page: &mut Page, label: &str, text: &str) {
    page.line(INDENT, &[(DIM, pad(label, LABEL)), (PLAIN, text.to_owned())]);
}

/// `34.2 KiB (35021 bytes)`.
fn size(bytes: usize) -> String {
    let tenths = |unit: usize| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        ..=1023 => format!("{bytes} bytes"),
        1024..=1_048_575 => format!("{} KiB ({bytes} bytes)", tenths(1 << 10)),
        _ => format!("{} MiB ({bytes} bytes)", tenths(1 << 20)),
    }
}

fn imports(page: &mut Page, plugin: &Examination) {
    page.blank();
    page.line(0, &[(BOLD, "Imports".to_owned())]);
    for import in plugin.imports.iter().take(MOST_IMPORTS) {
        page.line(INDENT, &[(PLAIN, escape::line(import, NAME_LIMIT))]);
    }
    let more = plugin.imports.len().saturating_sub(MOST_IMPORTS);
    if more > 0 {
        page.line(INDENT, &[(DIM, format!("and {more} more"))]);
    }
    if plugin.imports.is_empty() {
        page.line(INDENT, &[(DIM, "nothing".to_owned())]);
    }
}

fn needs(page: &mut Page, plugin: &Examination) {
    page.blank();
    page.line(0, &[(BOLD, "Has to be granted".to_owned())]);
    for need in &plugin.needs {
        let what = format!("to {}", need.purpose());
        page.line(INDENT, &[(YELLOW, pad(&what, 28)), (PLAIN, need.line().to_owned())]);
    }
    if plugin.needs.is_empty() {
        page.line(INDENT, &[(DIM, "nothing".to_owned())]);
    }
}

fn parameters(page: &mut Page, parameters: &[DescribedParameter]) {
    page.blank();
    page.line(0, &[(BOLD, "Parameters".to_owned())]);
    let names: Vec<_> = parameters.iter().map(|parameter| escape::line(&parameter.name, NAME_LIMIT)).collect();
    let width = names.iter().map(|name| columns(name)).max().unwrap_or(0).min(WIDEST_NAME);
    for (parameter, name) in parameters.iter().zip(names) {
        let mut text = escape::line(&parameter.kind, NAME_LIMIT);
        if parameter.required {
            text.push_str(", required");
        }
        if let Some(default) = &parameter.default {
            text = format!("{text}, by default {}", escape::line(&default.to_string(), NAME_LIMIT));
        }
        if !parameter.description.is_empty() {
            text = format!("{text}\n{}", escape::paragraph(&parameter.description, MESSAGE_LIMIT));
        }
        page.beside(INDENT, &(PLAIN, pad(&name, width)), width + 2, &text, PLAIN);
    }
    if parameters.is_empty() {
        page.line(INDENT, &[(DIM, "none".to_owned())]);
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_told() {
        let cases = [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB (1024 bytes)"),
            (35_021, "34.2 KiB (35021 bytes)"),
            (18_400_000, "17.5 MiB (18400000 bytes)"),
        ];
        for (bytes, told) in cases {
            assert_eq!(size(bytes), told);
        }
    }
}
