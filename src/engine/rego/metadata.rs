//! METADATA comments: titles, severities and remediations beside the rules, as OPA reads them.
//!
//! regorus ignores comments, so they are read from the text. A block starts with `# METADATA` in the first column and
//! ends at the first line that is no comment; between is YAML. It belongs to the rule, or the package, that follows.

use super::comments;
use super::fault::PolicyFault;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The longest block, in lines, and in bytes.
const MAX_LINES: usize = 500;
const MAX_BYTES: usize = 64 * 1024;
/// The most blocks of one file.
const MAX_BLOCKS: usize = 2000;

/// Which records a policy looks at: `custom.records`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordsNeed {
    /// Any.
    All,
    /// Those that are related to its question, as [`crate::gate::source::Related`] describes them.
    Related,
}

/// What a block says, as far as holdpoint uses it. Absent keys are None; other keys are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Annotation {
    /// `title`
    pub title: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `custom.severity`
    pub severity: Option<String>,
    /// `custom.remediation`
    pub remediation: Option<String>,
    /// `custom.version`
    pub version: Option<String>,
    /// `custom.parameters`: the JSON Schema of the parameters, as it is written.
    pub parameters: Option<serde_json::Value>,
    /// `custom.records`
    pub records: Option<RecordsNeed>,
}

/// The annotations of one policy file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Of the package.
    pub package: Annotation,
    /// Of rules, by the line (from 1) on which the rule starts.
    pub rules: BTreeMap<u32, Annotation>,
}

/// Reads the annotations of a policy file.
///
/// # Errors
/// The first block that is no YAML object, has a text where another type is, an unknown scope, or is too long.
pub(crate) fn read(path: &str, text: &str) -> Result<Metadata, PolicyFault> {
    let mut metadata = Metadata::default();
    let mut lines = code_lines(text).peekable();
    let mut waiting: Vec<Block> = Vec::new();
    let mut blocks = 0;
    while let Some((number, line)) = lines.next() {
        if line.trim_end() == "# METADATA" {
            let mut block = Block { line: number, yaml: String::new(), lines: 0 };
            while let Some((_, comment)) = lines.next_if(|(_, line)| line.starts_with('#')) {
                block.push(comment);
            }
            blocks += 1;
            if block.lines > MAX_LINES || block.yaml.len() > MAX_BYTES || blocks > MAX_BLOCKS {
                return Err(fault(path, (number, 1), "the METADATA block is too long, or one of too many"));
            }
            waiting.push(block);
        } else if !(line.trim().is_empty() || line.trim_start().starts_with('#')) {
            let package = line.split_whitespace().next() == Some("package");
            for block in waiting.drain(..) {
                block.attach(path, package, number, &mut metadata)?;
            }
        }
    }
    Ok(metadata)
}

/// The annotations of packages, each with those of all its files; of what two of them say, the first file's counts.
/// `places` are the files and their packages.
///
/// # Errors
/// Every file that describes other parameters than an earlier one of its package.
pub(super) fn of_packages<'a>(
    places: impl Iterator<Item = (&'a str, Vec<String>)>,
    files: &BTreeMap<String, Metadata>,
) -> Result<BTreeMap<String, Annotation>, Vec<PolicyFault>> {
    let (mut packages, mut faults) = (BTreeMap::<String, Annotation>::new(), Vec::new());
    for (path, package) in places {
        let Some(said) = files.get(path).map(|metadata| &metadata.package) else { continue };
        let package = package.join(".");
        let earlier = packages.remove(&package).unwrap_or_default();
        if let (Some(first), Some(second)) = (&earlier.parameters, &said.parameters)
            && first != second
        {
            let message =
                format!("`custom.parameters` of the package `{package}` is written in another file too, and differs");
            let hint = "write it once, in the file that holds the rules";
            faults.push(PolicyFault::at(path, (0, 0), "metadata", message, hint));
        }
        packages.insert(package, earlier.or(said.clone()));
    }
    if faults.is_empty() { Ok(packages) } else { Err(faults) }
}

/// The lines with their numbers, without those that continue a raw string.
fn code_lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    comments::lines(text).filter(|line| !line.continues).map(|line| (line.number, line.text))
}

fn fault(path: &str, place: (u32, u32), message: &str) -> PolicyFault {
    let hint = "write YAML such as `# title: …` beneath `# METADATA`, or start the block differently";
    PolicyFault::at(path, place, "metadata", message, hint)
}

/// One block, as it stands.
struct Block {
    /// The line of `# METADATA`.
    line: u32,
    yaml: String,
    lines: usize,
}

#[derive(Deserialize, Default)]
struct Fields {
    #[serde(default)]
    scope: Option<Scope>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    custom: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Scope {
    Rule,
    Document,
    Package,
    Subpackages,
}

impl Block {
    fn push(&mut self, comment: &str) {
        let text = comment.strip_prefix('#').unwrap_or(comment);
        self.yaml.push_str(text.strip_prefix(' ').unwrap_or(text));
        self.yaml.push('\n');
        self.lines += 1;
    }

    fn attach(self, path: &str, package: bool, line: u32, metadata: &mut Metadata) -> Result<(), PolicyFault> {
        let fields: Fields = if self.yaml.trim().is_empty() {
            Fields::default()
        } else {
            serde_saphyr::from_str(&self.yaml).map_err(|error| {
                let place = error.location().map_or((0, 0), |location| (location.line(), location.column()));
                let within = |number: u64| u32::try_from(number).unwrap_or(0);
                // The block's YAML starts on the next line, two columns in.
                let place = (self.line.saturating_add(within(place.0)), within(place.1).saturating_add(2));
                let cause = error.without_snippet().to_string();
                // Its own place is counted from the start of the block.
                let cause = cause.lines().next().unwrap_or_default();
                let cause = cause.split_once(" at line ").map_or(cause, |(cause, _)| cause);
                fault(path, place, &format!("the METADATA block cannot be read: {cause}"))
            })?
        };
        let of_package = matches!(fields.scope, Some(Scope::Package | Scope::Subpackages));
        if of_package && !package {
            let message = "a METADATA block of scope `package` must stand before `package`";
            return Err(fault(path, (self.line, 1), message));
        }
        let records = fields.records().map_err(|value| {
            fault(path, (self.line, 1), &format!("`custom.records` is {value}; it can be `all` or `related`"))
        })?;
        let annotation = Annotation { records, ..fields.annotation() };
        if package {
            metadata.package = annotation.or(std::mem::take(&mut metadata.package));
        } else {
            let earlier = metadata.rules.remove(&line).unwrap_or_default();
            metadata.rules.insert(line, annotation.or(earlier));
        }
        Ok(())
    }
}

impl Fields {
    /// # Errors
    /// Another value, as it is written.
    fn records(&self) -> Result<Option<RecordsNeed>, String> {
        let read = |value: &serde_json::Value| RecordsNeed::deserialize(value).map_err(|_error| value.to_string());
        self.custom.get("records").map(read).transpose()
    }

    fn annotation(self) -> Annotation {
        let custom = |key: &str| match self.custom.get(key) {
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(serde_json::Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        Annotation {
            severity: custom("severity"),
            remediation: custom("remediation"),
            version: custom("version"),
            parameters: self.custom.get("parameters").cloned(),
            records: None,
            title: self.title,
            description: self.description,
        }
    }
}

impl Annotation {
    /// This one, with what it leaves out from another.
    #[must_use]
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            title: self.title.or(other.title),
            description: self.description.or(other.description),
            severity: self.severity.or(other.severity),
            remediation: self.remediation.or(other.remediation),
            version: self.version.or(other.version),
            parameters: self.parameters.or(other.parameters),
            records: [self.records, other.records]
                .into_iter()
                .flatten()
                .min_by_key(|need| *need == RecordsNeed::Related),
        }
    }
}

#[cfg(test)]
mod tests;
