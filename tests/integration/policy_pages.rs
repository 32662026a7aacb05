//! The pages in `docs/policies/`: generated from what a policy says of itself and from its examples.
//!
//! `HOLDPOINT_WRITE_PAGES=1 cargo test policy_pages` writes them anew (`just generate` does).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::cli::root;

/// One policy of the library.
struct Policy {
    package: String,
    source: PathBuf,
    metadata: Value,
    /// By name, in the order in which they are shown.
    examples: Vec<(&'static str, Value)>,
}

#[test]
fn every_policy_has_its_page() {
    let policies = library();
    assert!(policies.len() >= 14, "found {} policies", policies.len());
    let mut pages: Vec<(String, String)> =
        policies.iter().map(|policy| (format!("{}.md", policy.package), page(policy))).collect();
    pages.push(("README.md".to_owned(), index(&policies)));
    let folder = root().join("docs/policies");
    if std::env::var_os("HOLDPOINT_WRITE_PAGES").is_some() {
        write(&folder, &pages);
    }
    let stale = |(name, text): &&(String, String)| fs::read_to_string(folder.join(name)).ok().as_ref() != Some(text);
    let stale: Vec<&String> = pages.iter().filter(stale).map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "not as generated: {stale:?}; run `just generate`");
    let kept = fs::read_dir(&folder).unwrap().count();
    assert_eq!(kept, pages.len(), "docs/policies has pages of policies that are gone");
}

#[test]
fn every_policy_says_what_it_is() {
    for policy in library() {
        let custom = &policy.metadata["custom"];
        for (key, value) in [
            ("title", &policy.metadata["title"]),
            ("description", &policy.metadata["description"]),
            ("severity", &custom["severity"]),
            ("version", &custom["version"]),
            ("remediation", &custom["remediation"]),
            ("parameters.type", &custom["parameters"]["type"]),
        ] {
            assert!(value.is_string(), "{}: `{key}` is {value}", policy.package);
        }
        let examples: Vec<&str> = policy.examples.iter().map(|(name, _)| *name).collect();
        assert!(
            examples.starts_with(&["allowed"]) && examples.ends_with(&["denied"]),
            "{}: {examples:?}",
            policy.package
        );
        for (name, example) in &policy.examples {
            for finding in example["expect"]["findings"].as_array().unwrap() {
                let code = finding["code"].as_str().unwrap();
                assert!(custom["codes"][code].is_string(), "{}: {name}: `{code}` is not among codes", policy.package);
            }
        }
    }
}

fn write(folder: &Path, pages: &[(String, String)]) {
    drop(fs::remove_dir_all(folder));
    fs::create_dir_all(folder).unwrap();
    for (name, text) in pages {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// The policies that rules can name: those with examples, in the order of their names.
fn library() -> Vec<Policy> {
    let mut policies = Vec::new();
    for group in folders(&root().join("policies")) {
        for folder in folders(&group).into_iter().filter(|folder| folder.join("examples").is_dir()) {
            policies.push(policy(&folder));
        }
    }
    policies
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn policy(folder: &Path) -> Policy {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let package = format!("{}.{}", name(folder.parent().unwrap()), name(folder));
    let source = folder.join(format!("{}.rego", name(folder)));
    let example = |name: &'static str| {
        let text = fs::read_to_string(folder.join(format!("examples/{name}.json"))).ok()?;
        Some((name, serde_json::from_str(&text).unwrap()))
    };
    Policy {
        metadata: metadata(&fs::read_to_string(&source).unwrap()),
        source: source.strip_prefix(root()).unwrap().to_owned(),
        examples: ["allowed", "held", "denied"].into_iter().filter_map(example).collect(),
        package,
    }
}

/// The first METADATA block of a policy.
fn metadata(text: &str) -> Value {
    let block = text.lines().skip_while(|line| *line != "# METADATA").skip(1).take_while(|line| line.starts_with('#'));
    let yaml: Vec<&str> = block.map(|line| line.trim_start_matches('#').strip_prefix(' ').unwrap()).collect();
    let yaml = yaml.join("\n");
    serde_saphyr::from_str(&yaml).unwrap()
}

fn index(policies: &[Policy]) -> String {
    let mut text = "# The policy library\n\nGenerated from the policies. What they have in common: [policies](../policies.md).\n\n\
                    | Policy | Title | Severity | What it demands |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for policy in policies {
        let first = description(policy).0;
        let (package, title) = (&policy.package, policy.metadata["title"].as_str().unwrap());
        let severity = policy.metadata["custom"]["severity"].as_str().unwrap();
        writeln!(text, "| [`{package}`]({package}.md) | {title} | {severity} | {} |", cell(first)).unwrap();
    }
    text
}

fn page(policy: &Policy) -> String {
    let custom = &policy.metadata["custom"];
    let (source, package) = (policy.source.display(), &policy.package);
    let (lead, rest) = description(policy);
    let rest = if rest.is_empty() { String::new() } else { format!("## How it decides\n\n{rest}\n\n") };
    let mut text = format!(
        "# {title}: `{package}`\n\n{lead}\n\n- Severity: {severity}\n- Version: {version}\n- When it objects: {remediation}\n- Source: \
         [{source}](../../{source})\n\n{rest}## Use\n\n```yaml\nrules:\n  - policy: {package}\n    environments: [production]\n",
        title = policy.metadata["title"].as_str().unwrap(),
        severity = custom["severity"].as_str().unwrap(),
        version = custom["version"].as_str().unwrap(),
        remediation = custom["remediation"].as_str().unwrap(),
    );
    let parameters = &policy.examples[0].1["parameters"];
    if parameters.as_object().is_some_and(|given| !given.is_empty()) {
        writeln!(text, "    parameters:{}", yaml(parameters, 6)).unwrap();
    }
    text += "```\n\n## Parameters\n\n";
    text += &all_tables(&custom["parameters"]);
    text += "\n## Codes\n\n| Code | Meaning |\n| --- | --- |\n";
    for (code, meaning) in custom["codes"].as_object().into_iter().flatten() {
        writeln!(text, "| `{code}` | {} |", cell(meaning.as_str().unwrap())).unwrap();
    }
    text += "\n## Examples\n";
    for (name, example) in &policy.examples {
        text += &example_text(policy, name, example);
    }
    text
}

/// The first sentence of a description, and the others.
fn description(policy: &Policy) -> (&str, &str) {
    let whole = policy.metadata["description"].as_str().unwrap().trim();
    whole.split_once(". ").map_or((whole, ""), |(lead, rest)| (whole.get(..=lead.len()).unwrap(), rest))
}

/// A value as it is written in a configuration, after the colon of its key.
fn yaml(value: &Value, indent: usize) -> String {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(fields) => fields
            .iter()
            .fold(String::new(), |text, (key, value)| format!("{text}\n{margin}{key}:{}", yaml(value, indent + 2))),
        Value::Array(items) if items.iter().any(Value::is_object) => items.iter().fold(String::new(), |text, item| {
            let item = yaml(item, indent + 2);
            format!("{text}\n{margin}- {}", item.trim_start())
        }),
        Value::Array(items) => {
            format!(
                " [{}]",
                items.iter().map(|item| yaml(item, 0).trim_start().to_owned()).collect::<Vec<_>>().join(", ")
            )
        }
        Value::String(text) if plain(text) => format!(" {text}"),
        other => format!(" {other}"),
    }
}

/// Whether a text needs no quotes in YAML, and is none of its numbers and dates.
fn plain(text: &str) -> bool {
    let letters = |letter: char| letter.is_ascii_alphanumeric() || " _-./%".contains(letter);
    let is_word = text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let is_duration =
        text.starts_with(|letter: char| letter.is_ascii_digit()) && text.ends_with(['s', 'm', 'h', 'd', '%']);
    text.chars().all(letters)
        && (is_word || is_duration)
        && !["true", "false", "yes", "no", "on", "off", "null"].contains(&text)
}

/// The parameters, and the fields of those that are lists of objects.
fn all_tables(schema: &Value) -> String {
    let mut text = parameters_table(schema, schema, "Parameter");
    let mut shapes: Vec<(Vec<String>, &Value)> = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let shape = resolved(schema, &property["items"]);
        if shape["properties"].is_object() {
            let name = format!("`{name}`");
            match shapes.iter_mut().find(|(_, known)| *known == shape) {
                Some((names, _)) => names.push(name),
                None => shapes.push((vec![name], shape)),
            }
        }
    }
    for (names, shape) in shapes {
        write!(text, "\nEach entry of {}:\n\n{}", names.join(" and "), parameters_table(schema, shape, "Key")).unwrap();
    }
    text
}

/// The schema that a reference leads to.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|path| root.pointer(path.trim_start_matches('#')));
    target.unwrap_or(schema)
}

fn parameters_table(root: &Value, schema: &Value, heading: &str) -> String {
    let Some(properties) = schema["properties"].as_object().filter(|properties| !properties.is_empty()) else {
        return "None.\n".to_owned();
    };
    let mut text = format!("| {heading} | Values | Default | Meaning |\n| --- | --- | --- | --- |\n");
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.contains(&name.into()));
    for (name, property) in properties {
        let default = match &property["default"] {
            Value::Null if required(name) => "required".to_owned(),
            Value::Null => String::new(),
            default => format!("`{}`", yaml(default, 0).trim_start()),
        };
        let description = property["description"].as_str().unwrap_or_default();
        writeln!(text, "| `{name}` | {} | {default} | {} |", cell(&values(root, property)), cell(description)).unwrap();
    }
    text
}

/// What a schema takes, in a few words.
fn values(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    if let Some(options) = schema["enum"].as_array() {
        return options.iter().map(|option| format!("`{}`", option.as_str().unwrap())).collect::<Vec<_>>().join(", ");
    }
    if let Some(option) = schema["const"].as_str() {
        return format!("`{option}`");
    }
    if let Some(fields) = schema["properties"].as_object() {
        return format!("{{{}}}", fields.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "));
    }
    if let Some(options) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return options.iter().map(|option| values(root, option)).collect::<Vec<_>>().join(" or ");
    }
    match schema["type"].as_str() {
        Some("array") => format!("list of {}", values(root, &schema["items"])),
        Some("integer") => "whole number".to_owned(),
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("string") if schema["format"] == "environment" => "environment".to_owned(),
        Some("string") => "text".to_owned(),
        Some(other) => other.to_owned(),
        None => String::new(),
    }
}

fn example_text(policy: &Policy, name: &str, example: &Value) -> String {
    let file = policy.source.parent().unwrap().join(format!("examples/{name}.json"));
    let expect = &example["expect"];
    let mut text = format!("\n### {}\n\n", example["title"].as_str().unwrap().trim_end_matches('.'));
    let verdict = expect["verdict"].as_str().unwrap();
    let opens = expect["opens_at"].as_str().map(|opens| format!(", opens at {opens}")).unwrap_or_default();
    writeln!(
        text,
        "`{}` on {}: **{verdict}**{opens}",
        example["request"]["environment"].as_str().unwrap(),
        example["as_of"].as_str().unwrap()
    )
    .unwrap();
    for finding in expect["findings"].as_array().unwrap() {
        let (code, message) = (finding["code"].as_str().unwrap(), finding["message"].as_str().unwrap());
        write!(text, "\n```text\n{code}: {message}\n```\n").unwrap();
    }
    write!(text, "\n[The whole example](../../{})\n", file.display()).unwrap();
    text
}

/// Text within a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
