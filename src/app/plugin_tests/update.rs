//! `--update`: what came becomes what is expected. Only `expect` is replaced, so that everything else stays as it was
//! written, comments too.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::case::Format;
use super::reads_as;
use crate::domain::plugin_test::{CaseFinding, Said};

/// Writes what came into the file.
///
/// # Errors
/// When the file is written in a way in which `expect` cannot be replaced alone, or cannot be written.
pub(super) fn write(path: &Path, text: &str, said: &Said) -> anyhow::Result<()> {
    let said = &trimmed(said);
    let written = match Format::of(path) {
        Format::Yaml => in_yaml(text, said)?,
        Format::Json => in_json(text, said)?,
    };
    let Some(written) = written.filter(|written| reads_as(path, written, said)) else {
        bail!(
            "`expect` cannot be replaced without rewriting the file\nhint: write `expect:` at the start of a line, and \
             the case as one block, then run `--update` again"
        );
    };
    let part = path.with_extension(format!("{}.part", uuid::Uuid::new_v4()));
    let done = fs::write(&part, written).and_then(|()| fs::rename(&part, path));
    if done.is_err() {
        // Leaving the part behind is the lesser harm when it cannot be removed either.
        drop(fs::remove_file(&part));
    }
    done.with_context(|| format!("`{}` cannot be written", path.display()))
}

/// Without what goes without saying: no findings where nothing was evaluated.
fn trimmed(said: &Said) -> Said {
    let evaluated = said.skipped.is_none() && said.code.is_none();
    Said { findings: said.findings.clone().filter(|findings| evaluated || !findings.is_empty()), ..said.clone() }
}

/// With the lines from `expect:` to the next key replaced, or added at the end.
fn in_yaml(text: &str, said: &Said) -> anyhow::Result<Option<String>> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let start = lines.iter().position(|line| line.starts_with("expect:")).unwrap_or(lines.len());
    let continues = |line: &&str| line.trim().is_empty() || line.starts_with([' ', '\t']);
    let length = lines.iter().skip(start + 1).take_while(|line| continues(line)).count();
    let (before, rest) = lines.split_at(start);
    let rest: Vec<&str> = rest.iter().skip(1 + length).copied().collect();
    let mut written = before.concat();
    if !written.is_empty() && !written.ends_with('\n') {
        written.push('\n');
    }
    written.push_str(&block(said)?);
    written.push_str(&rest.concat());
    Ok(Some(written))
}

/// The expectation as a block of YAML. JSON's texts are YAML's too.
fn block(said: &Said) -> anyhow::Result<String> {
    let mut text = "expect:\n".to_owned();
    if let Some(verdict) = said.verdict {
        writeln!(text, "  verdict: {verdict}")?;
    }
    for (key, value) in [("skipped", &said.skipped), ("code", &said.code)] {
        if let Some(value) = value {
            writeln!(text, "  {key}: {}", serde_json::to_string(value)?)?;
        }
    }
    match said.findings.as_deref() {
        Some([]) => text.push_str("  findings: []\n"),
        Some(findings) => {
            text.push_str("  findings:\n");
            for finding in findings {
                text.push_str(&entry(finding)?);
            }
        }
        None => {}
    }
    if let Some(refused) = &said.parameters_refused {
        text.push_str("  parameters_refused:\n");
        for why in refused {
            writeln!(text, "    - {}", serde_json::to_string(why)?)?;
        }
    }
    Ok(text)
}

fn entry(finding: &CaseFinding) -> anyhow::Result<String> {
    let quoted = |text: &String| serde_json::to_string(text);
    let mut lines = Vec::new();
    if let Some(outcome) = finding.outcome {
        lines.push(format!("outcome: {}", outcome.as_str()));
    }
    lines.push(format!("code: {}", quoted(&finding.code)?));
    if let Some(message) = &finding.message {
        lines.push(format!("message: {}", quoted(message)?));
    }
    if let Some(opens_at) = finding.opens_at {
        lines.push(format!("opens_at: \"{opens_at}\""));
    }
    Ok(format!("    - {}\n", lines.join("\n      ")))
}

/// With the value of the top's key `expect` replaced, or the key added.
fn in_json(text: &str, said: &Said) -> anyhow::Result<Option<String>> {
    let pretty = serde_json::to_string_pretty(said)?.replace('\n', "\n  ");
    let Some((before, after)) = around_expect(text) else {
        let Some((before, _)) = text.rsplit_once('}') else { return Ok(None) };
        return Ok(Some(format!("{},\n  \"expect\": {pretty}\n}}\n", before.trim_end())));
    };
    Ok(Some(format!("{before}{pretty}{after}")))
}

/// What is before and after the value of `expect`. The text is known to be JSON.
fn around_expect(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut start = None;
    for (at, byte) in text.bytes().enumerate() {
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' if depth == 1 && start.is_none() && is_key(text.get(at..)?) => {
                let colon = at + text.get(at..)?.find(':')? + 1;
                start = Some(colon + text.get(colon..)?.len() - text.get(colon..)?.trim_start().len());
                in_text = true;
            }
            b'"' => in_text = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        // The value is a map, as every expectation is.
        if let Some(start) = start.filter(|start| byte == b'}' && depth == 1 && at >= *start) {
            return Some((text.get(..start)?, text.get(at + 1..)?));
        }
    }
    None
}

fn is_key(text: &str) -> bool {
    text.strip_prefix("\"expect\"").is_some_and(|rest| rest.trim_start().starts_with(':'))
}
