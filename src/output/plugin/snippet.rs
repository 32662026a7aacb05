//! The lines of a configuration that use a plugin, to be pasted. Values are JSON, which YAML reads.

use std::path::Path;

use serde_json::Value;

use crate::domain::examination::{DescribedParameter, Examination};
use crate::domain::grant::Need;
use crate::domain::plugin::is_plugin_name;
use crate::output::{escape, json};

/// Characters of a description that a comment repeats.
const LONGEST_COMMENT: usize = 100;

/// The lines for the component in this file.
pub(super) fn of(file: &str, plugin: &Examination) -> Vec<String> {
    let name = name(file, &plugin.metadata.name);
    let mut lines = vec![
        "plugins:".to_owned(),
        format!("  {name}:"),
        format!("    path: {}", scalar(file)),
        format!("    sha256: {}", plugin.digest.to_string().trim_start_matches("sha256:")),
    ];
    if !plugin.needs.is_empty() {
        lines.push("    grants:".to_owned());
        lines.extend(plugin.needs.iter().map(|need| grant(*need).to_owned()));
    }
    lines.extend(["rules:".to_owned(), format!("  - plugin: {name}"), "    environments: [production]".to_owned()]);
    let parameters = plugin.parameters();
    if let Some(first) = parameters.first() {
        // Without a required one the key stays a comment as well: it would have no value.
        lines.push(if first.required { "    parameters:".to_owned() } else { "    # parameters:".to_owned() });
        lines.extend(parameters.iter().map(parameter));
    }
    lines
}

/// The plugin's own name if it may be one, or that of its file.
fn name(file: &str, own: &str) -> String {
    let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    [own, &stem].into_iter().find(|name| is_plugin_name(name)).unwrap_or("custom").to_owned()
}

/// The reader replaces what is in capitals.
const fn grant(need: Need) -> &'static str {
    match need {
        Need::Http => "      http: [HOST]",
        Need::Secrets => "      secrets: {NAME: {env: VARIABLE}}",
    }
}

fn parameter(parameter: &DescribedParameter) -> String {
    let mark = if parameter.required { "" } else { "# " };
    let value = flow(&parameter.example);
    let said = escape::line(&parameter.description, LONGEST_COMMENT);
    let comment = if said.trim().is_empty() { String::new() } else { format!("  # {}", said.trim()) };
    format!("      {mark}{}: {value}{comment}", scalar(&parameter.name))
}

/// A value on one line. Line breaks in JSON are between its values, never within a text.
fn flow(value: &Value) -> String {
    let text = json::render(value).lines().map(str::trim).collect::<Vec<_>>().join(" ");
    if text.len() <= escape::MESSAGE_LIMIT { text } else { "\"…\"".to_owned() }
}

/// A text as YAML takes it: as it is when nothing in it means anything, or else in quotes.
fn scalar(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-./".contains(character);
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/' || first == '.')
        && text.chars().all(is_plain)
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "." | ".inf" | ".nan"
        );
    if is_word { text.to_owned() } else { json::string(text) }
}
