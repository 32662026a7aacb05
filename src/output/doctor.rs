//! What is wrong with the way a cluster calls holdpoint, as text or JSON.

use anstyle::Style as Paint;
use clap::ValueEnum;
use serde::Serialize;

use crate::domain::doctor::{Caller, Fault, Harm, Report};

use super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use super::layout::{BOLD, CYAN, DIM, GREEN, PLAIN, Page, RED, YELLOW};
use super::{Style, json};

/// The name of the document's form.
const SCHEMA: &str = "holdpoint.doctor/v1";
const INDENT: usize = 2;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: `holdpoint.doctor/v1`.
    Json,
}

/// The report in this format, ending in one line break. The style counts for [`DoctorFormat::Text`] only.
#[must_use]
pub fn render(report: &Report, format: DoctorFormat, style: Style) -> String {
    let output = match format {
        DoctorFormat::Text => escape::inert(&text(report, style)),
        DoctorFormat::Json => document(report),
    };
    super::ended(&output)
}

fn document(report: &Report) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        #[serde(flatten)]
        report: &'a Report,
    }
    json::render(&Document { schema: SCHEMA, report })
}

fn text(report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    for caller in &report.callers {
        let Caller { configuration, webhook, path } = caller;
        let name = format!("{}/{}", shown(configuration), shown(webhook));
        page.line(0, &[(BOLD, name), (DIM, format!(" calls {}", shown(path)))]);
    }
    if !report.callers.is_empty() {
        page.blank();
    }
    for fault in &report.faults {
        one(&mut page, fault);
        page.blank();
    }
    page.line(0, &[tally(report)]);
    page.finish()
}

fn one(page: &mut Page, fault: &Fault) {
    let title = format!("{}[{}]", fault.harm.as_str(), fault.code);
    let place = [&fault.configuration, &fault.webhook].map(|name| shown(name)).join("/");
    let place = if place == "/" { String::new() } else { format!(" {place}") };
    page.line(0, &[(paint(fault.harm).bold(), title), (DIM, place)]);
    page.wrapped(INDENT, &escape::paragraph(&fault.message, MESSAGE_LIMIT), PLAIN);
    page.beside(INDENT, &(CYAN, "→".to_owned()), 2, &escape::paragraph(&fault.remediation, MESSAGE_LIMIT), CYAN);
}

const fn paint(harm: Harm) -> Paint {
    match harm {
        Harm::Hole => RED,
        Harm::Outage => YELLOW,
        Harm::Weakness => CYAN,
    }
}

fn shown(name: &str) -> String {
    escape::line(name, NAME_LIMIT)
}

/// How many faults of each harm there are, in words.
fn tally(report: &Report) -> (Paint, String) {
    let words = [
        (Harm::Hole, "hole", "holes"),
        (Harm::Outage, "way to an outage", "ways to an outage"),
        (Harm::Weakness, "weakness", "weaknesses"),
    ];
    let counts: Vec<String> = words
        .into_iter()
        .map(|(harm, one, more)| (report.faults.iter().filter(|fault| fault.harm == harm).count(), one, more))
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, more)| format!("{count} {}", if count == 1 { one } else { more }))
        .collect();
    if counts.is_empty() { (GREEN, "no faults".to_owned()) } else { (BOLD, counts.join(", ")) }
}
