//! A catalogue for people.

use crate::domain::catalogue::{Catalogue, Listed, ListedEnvironment, ListedRule};
use crate::domain::rule::Enforcement;
use crate::output::Style;
use crate::output::layout::{BOLD, DIM, PLAIN, Page, YELLOW, columns, pad};

use super::{name_of, origin, origins, promotion, value, without_rules};

const INDENT: usize = 2;
const WIDEST_NAME: usize = 24;

pub(super) fn render(catalogue: &Catalogue, style: Style) -> String {
    let mut page = Page::new(style);
    page.line(0, &[(BOLD, "Promotion".to_owned())]);
    for line in promotion(catalogue) {
        page.wrapped(INDENT, &line, PLAIN);
    }
    for environment in &catalogue.environments {
        page.blank();
        one(&mut page, environment);
    }
    if !catalogue.unused.is_empty() {
        page.blank();
        page.line(0, &[(BOLD, "Policies and plugins that no rule names".to_owned())]);
        for listed in &catalogue.unused {
            page.wrapped(INDENT, &heading(listed, None), PLAIN);
            page.wrapped(INDENT * 2, &origin(listed), DIM);
        }
    }
    page.finish()
}

fn one(page: &mut Page, environment: &ListedEnvironment) {
    page.line(0, &[(BOLD, name_of(&environment.name))]);
    if let Some(meaning) = without_rules(environment) {
        page.beside(INDENT, &(YELLOW, "!".to_owned()), 2, &meaning, YELLOW);
    }
    for rule in &environment.rules {
        page.wrapped(INDENT, &heading(&rule.listed, Some(rule)), PLAIN);
        parameters(page, rule);
        page.wrapped(INDENT * 2, &origins(rule), DIM);
    }
}

fn heading(listed: &Listed, rule: Option<&ListedRule>) -> String {
    let id = rule.map_or(listed.name(), |rule| &rule.id);
    let mut tags = vec![name_of(id)];
    tags.extend(listed.severity().map(name_of));
    tags.extend(rule.map(|rule| match rule.enforcement {
        Enforcement::Enforce => "enforced".to_owned(),
        Enforcement::Warn => "warns only".to_owned(),
        Enforcement::DryRun => "dry run".to_owned(),
    }));
    tags.extend(listed.version().map(name_of));
    if listed.title() == id {
        tags.join(" · ")
    } else {
        format!("{} ({})", name_of(listed.title()), tags.join(" · "))
    }
}

fn parameters(page: &mut Page, rule: &ListedRule) {
    let names: Vec<String> = rule.parameters.iter().map(|parameter| name_of(&parameter.name)).collect();
    let width = names.iter().map(|name| columns(name)).max().unwrap_or(0).min(WIDEST_NAME);
    for (parameter, name) in rule.parameters.iter().zip(names) {
        let note = if parameter.default { " (default)" } else { "" };
        let paint = if parameter.default || parameter.value.is_none() { DIM } else { PLAIN };
        let text = format!("{}{note}", value(parameter));
        if columns(&name) > WIDEST_NAME {
            page.wrapped(INDENT * 2, &format!("{name}  {text}"), paint);
        } else {
            page.beside(INDENT * 2, &(paint, pad(&name, width)), width + 2, &text, paint);
        }
    }
}
