//! A catalogue for a wiki or a comment.

use crate::domain::catalogue::{Catalogue, Listed, ListedEnvironment, ListedRule};
use crate::output::escape::{markdown, markdown_code};

use super::{name_of, origin, origins, promotion, value, without_rules};

pub(super) fn render(catalogue: &Catalogue) -> String {
    let mut lines = vec!["## Promotion".to_owned(), String::new()];
    lines.extend(promotion(catalogue).iter().map(|line| format!("- {}", markdown(line))));
    for environment in &catalogue.environments {
        lines.push(String::new());
        one(&mut lines, environment);
    }
    if !catalogue.unused.is_empty() {
        lines.extend([String::new(), "## Policies that no rule names".to_owned(), String::new()]);
        lines.extend(catalogue.unused.iter().map(unused));
    }
    lines.join("\n")
}

fn one(lines: &mut Vec<String>, environment: &ListedEnvironment) {
    lines.extend([format!("## {}", markdown(&name_of(&environment.name))), String::new()]);
    if let Some(meaning) = without_rules(environment) {
        lines.push(format!("> {}", markdown(&meaning)));
        lines.extend((!environment.rules.is_empty()).then(String::new));
    }
    if !environment.rules.is_empty() {
        lines.push("| Rule | Title | Severity | Enforcement | Parameters | Defined in |".to_owned());
        lines.push("| --- | --- | --- | --- | --- | --- |".to_owned());
        lines.extend(environment.rules.iter().map(row));
    }
}

fn row(rule: &ListedRule) -> String {
    let parameters = rule.parameters.iter().map(|parameter| {
        let note = if parameter.default { " (default)" } else { "" };
        let said = format!("{}: {}", name_of(&parameter.name), value(parameter));
        format!("{}{note}", markdown_code(&said))
    });
    let cells = [
        markdown_code(&name_of(&rule.id)),
        markdown(&name_of(rule.listed.title())),
        markdown(&rule.listed.severity().map(name_of).unwrap_or_default()),
        markdown_code(rule.enforcement.as_str()),
        parameters.collect::<Vec<_>>().join("<br>"),
        markdown_code(&origins(rule)),
    ];
    format!("| {} |", cells.join(" | "))
}

fn unused(listed: &Listed) -> String {
    let (name, title) = (listed.name(), listed.title());
    let title = if title == name { String::new() } else { format!(": {}", markdown(&name_of(title))) };
    format!("- {}{title} ({})", markdown_code(&name_of(name)), markdown_code(&origin(listed)))
}
