//! What each format may do with text in it, and no more.

use holdpoint::domain::decision::Decisions;
use holdpoint::output::escape;

/// What holds for every output of every text.
pub(crate) fn assert_harmless(output: &str, context: &str) {
    let acts = |character: &char| {
        escape::is_hidden(*character) && *character != '\n' && !('\u{fe0e}'..='\u{fe0f}').contains(character)
    };
    assert_eq!(output.chars().find(acts), None, "{context}");
    for command in ["##[", "##vso[", "##teamcity["] {
        assert!(!output.contains(command), "{context}");
    }
    assert!(output.ends_with('\n'), "{context}");
}

pub(crate) fn assert_no_command(output: &str, context: &str) {
    let command = output.lines().find(|line| line.trim_start().starts_with("::"));
    assert_eq!(command, None, "{context}");
}

pub(crate) fn check_text(output: &str, context: &str) {
    assert_no_command(output, context);
    assert!(output.starts_with("✗ deny: "), "{context}");
    assert!(output.lines().all(|line| line.trim_end() == line), "{context}:\n{output}");
}

pub(crate) fn check_json(output: &str, decisions: &Decisions, context: &str) {
    assert_no_command(output, context);
    let value: serde_json::Value = serde_json::from_str(output).unwrap();
    assert_eq!(value, serde_json::to_value(decisions).unwrap(), "{context}");
}

/// A line without its code spans, by the rule that a span ends with as many backticks as it began with.
fn without_code(line: &str) -> String {
    let mut output = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let before = &rest[..start];
        let escaped = before.chars().rev().take_while(|character| *character == '\\').count() % 2 == 1;
        output.push_str(before);
        if escaped {
            output.push('`');
            rest = &rest[start + 1..];
            continue;
        }
        let fence = rest[start..].chars().take_while(|character| *character == '`').count();
        rest = &rest[start + fence..];
        let mut from = 0;
        let end = loop {
            let next = rest[from..].find('`').map(|next| from + next).expect("every code span ends on its line");
            let run = rest[next..].chars().take_while(|character| *character == '`').count();
            if run == fence {
                break next + run;
            }
            from = next + run;
        };
        rest = &rest[end..];
    }
    output.push_str(rest);
    output
}

/// A line with `·` for each backslash and the sign that it takes literally.
fn without_escapes(line: &str) -> String {
    let mut output = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            characters.next();
            output.push('·');
        } else {
            output.push(character);
        }
    }
    output
}

/// The output without its blocks of code, of which each ends where it should.
fn without_blocks(output: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in output.lines() {
        match line {
            "```yaml" if !inside => inside = true,
            "```" if inside => inside = false,
            _ if inside => assert!(line.starts_with(|first: char| first.is_ascii_lowercase()), "{line}"),
            _ => kept.extend([line, "\n"]),
        }
    }
    assert!(!inside);
    kept
}

pub(crate) fn check_markdown(output: &str, context: &str) {
    assert_no_command(output, context);
    assert!(output.len() <= 1024 * 1024, "{context}");
    for line in without_blocks(output).lines() {
        let mut markup = without_escapes(&without_code(line));
        for own in ["<br>", "<code>", "</code>", "&#124;", "<span>@</span>", "<span>#</span>", "<sub>", "</sub>"] {
            markup = markup.replace(own, "");
        }
        let markup = markup.strip_prefix("> [!WARNING]").unwrap_or(&markup);
        assert!(!markup.contains(['<', '@', '[', ']']), "{context}: {line}");
        assert!(!markup.contains("://") && !markup.contains("www."), "{context}: {line}");
        assert!(!markup.trim_start_matches('#').contains('#'), "{context}: {line}");
        if line.starts_with('|') {
            assert_eq!(line.matches('|').count(), 6, "{context}: {line}");
        } else {
            let known = ["", "## ", "### ", "**", "- `", "<sub>", "> **", "> [!WARNING]"];
            assert!(known.iter().any(|start| line.starts_with(start)), "{context}: {line}");
        }
    }
}

/// A workflow command as the runner reads it.
fn parse_command(line: &str) -> (String, Vec<(String, String)>, String) {
    let (head, data) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (name, properties) = head.split_once(' ').unwrap();
    let decode = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
    let properties = properties.split(',').map(|property| {
        let (key, value) = property.split_once('=').unwrap();
        (key.to_owned(), decode(value).replace("%25", "%"))
    });
    (name.to_owned(), properties.collect(), data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"))
}

pub(crate) fn check_github(output: &str, context: &str) {
    let commands: Vec<_> = output.lines().map(parse_command).collect();
    // The verdict, three that block, the overrides, one that is overridden, two and one that warn, four of a dry run.
    let names: Vec<&str> = commands.iter().map(|(name, _, _)| name.as_str()).collect();
    let levels = ["notice", "error", "warning"].map(|level| names.iter().filter(|name| **name == level).count());
    assert_eq!((levels, names[0]), ([5, 3, 7], "notice"), "{context}: {names:?}");
    for (_, properties, data) in commands {
        let keys: Vec<&str> = properties.iter().map(|(key, _)| key.as_str()).collect();
        assert!([&["title"][..], &["file", "line", "title"]].contains(&&keys[..]), "{context}: {keys:?}");
        assert!(!data.contains('\r'), "{context}");
    }
}

pub(crate) fn check_github_output(output: &str, context: &str) {
    assert_no_command(output, context);
    let outputs = crate::check::reports::outputs(output);
    let names: Vec<&str> = outputs.keys().map(String::as_str).collect();
    assert_eq!(names, ["opens-at", "policies-digest", "reason", "records-digest", "verdict"], "{context}");
    assert_eq!((&*outputs["verdict"], &*outputs["opens-at"]), ("deny", ""), "{context}");
    assert!(!outputs["reason"].contains('\n') && outputs["reason"].chars().count() <= 1_024, "{context}");
}

pub(crate) fn check_junit(output: &str, context: &str) {
    assert_no_command(output, context);
    let report = quick_junit::Report::deserialize_from_str(output).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!((report.tests, report.failures, report.errors), (20, 3, 1), "{context}");
}

pub(crate) fn check_sarif(output: &str, context: &str) {
    assert_no_command(output, context);
    let log: serde_json::Value = serde_json::from_str(output).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 13, "{context}");
    for result in results {
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()) && !uri.contains(['?', '#']), "{context}: {uri}");
        assert!(!uri.contains(':') || uri.starts_with("file:///"), "{context}: {uri}");
        assert_eq!(location["region"]["startLine"], 1, "{context}");
        assert!(!result["message"]["text"].as_str().unwrap().replace("\\](", "").contains("]("), "{context}");
    }
}

pub(crate) fn check_tap(output: &str, context: &str) {
    assert_no_command(output, context);
    let mut lines = output.lines();
    assert_eq!((lines.next(), lines.next()), (Some("TAP version 14"), Some("1..20")), "{context}");
    let (mut points, mut failures) = (0, 0);
    for line in lines {
        if line.starts_with("  ") {
            assert!(["  ---", "  ..."].contains(&line) || line.contains(": \""), "{context}: {line}");
            continue;
        }
        if line.starts_with("# ") {
            continue;
        }
        points += 1;
        let result = line.strip_prefix("not ").unwrap_or(line);
        failures += usize::from(result.len() < line.len());
        assert!(result.starts_with(&format!("ok {points} - ")), "{context}: {line}");
        let directive = line.replace("\\\\", "").replace("\\#", "");
        assert_eq!(directive.matches('#').count(), directive.matches(" # SKIP").count(), "{context}: {line}");
    }
    assert_eq!((points, failures), (20, 4), "{context}");
}
