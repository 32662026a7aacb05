//! What came of making decisions again, as text or JSON.

use clap::ValueEnum;
use serde::Serialize;

use crate::domain::replay::{Difference, Replay};

use super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use super::layout::{BOLD, CYAN, DIM, GREEN, PLAIN, Page, RED};
use super::{Style, json, phrase};

/// The name of the document's form.
const SCHEMA: &str = "holdpoint.replay/v1";
const INDENT: usize = 2;
const LABEL_WIDTH: usize = 17;

/// How a replay is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReplayFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: `holdpoint.replay/v1`.
    Json,
}

/// The replays in this format, ending in one line break. The style counts for [`ReplayFormat::Text`] only.
#[must_use]
pub fn render(replays: &[Replay], format: ReplayFormat, style: Style) -> String {
    let output = match format {
        ReplayFormat::Text => escape::inert(&text(replays, style)),
        ReplayFormat::Json => document(replays),
    };
    super::ended(&output)
}

fn document(replays: &[Replay]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        same: bool,
        replays: &'a [Replay],
    }
    let same = replays.iter().all(|replay| replay.differences.is_empty());
    json::render(&Document { schema: SCHEMA, same, replays })
}

fn text(replays: &[Replay], style: Style) -> String {
    let mut page = Page::new(style);
    for (number, replay) in replays.iter().enumerate() {
        if number > 0 {
            page.blank();
        }
        one(&mut page, replay);
    }
    page.finish()
}

fn one(page: &mut Page, replay: &Replay) {
    let (paint, lead, headline) = if replay.differences.is_empty() {
        (GREEN, "✓ ", format!("same: {}", replay.recorded))
    } else if replay.recorded == replay.replayed {
        (RED, "✗ ", format!("the verdict is the same, {}, and not all it rests on", replay.recorded))
    } else {
        (RED, "✗ ", format!("another verdict: {} then, {} now", replay.recorded, replay.replayed))
    };
    page.beside(0, &(paint.bold(), lead.to_owned()), 2, &headline, BOLD);
    let environment = escape::line(&replay.environment, NAME_LIMIT);
    let asked = format!("{} to {environment}, as of {}", replay.artifact.short(), phrase::instant(replay.as_of));
    let version = escape::line(&replay.recorded_version, NAME_LIMIT);
    let id = escape::line(&replay.id, NAME_LIMIT);
    for (label, text) in [("Asked", asked), ("Decision", format!("{id}, by holdpoint {version}"))] {
        page.beside(INDENT, &(DIM, label.to_owned()), LABEL_WIDTH, &text, DIM);
    }
    for difference in &replay.differences {
        differs(page, difference);
    }
}

fn differs(page: &mut Page, difference: &Difference) {
    page.line(INDENT, &[(BOLD, difference.what.replace('_', " "))]);
    for (label, text) in [("then", &difference.recorded), ("now", &difference.replayed)] {
        let text = escape::paragraph(text, MESSAGE_LIMIT);
        let text = if text.is_empty() { "nothing".to_owned() } else { text };
        page.beside(2 * INDENT, &(CYAN, label.to_owned()), 6, &text, PLAIN);
    }
}
