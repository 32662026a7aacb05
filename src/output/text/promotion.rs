//! The promotion map: environments one below the other, joined by arrows, with what runs in each.

use jiff::Timestamp;

use crate::domain::decision::Decision;
use crate::domain::promotion::{Slot, Stage};
use crate::output::escape::{self, NAME_LIMIT};
use crate::output::layout::{BOLD, DIM, MAGENTA, PLAIN, Page, columns, pad};
use crate::output::promotion::{LEGEND, MARK, notes, runs, since};

use super::block::{CELL_LIMIT, widths};
use super::{INDENT, section};

/// The most slots shown of one environment. The decision document has more.
const SLOT_LIMIT: usize = 12;
/// The line that leads to the next environment, or the room that it takes.
const LEAD_WIDTH: usize = 2;

/// The map; nothing when the decision has none.
pub(super) fn map(page: &mut Page, decision: &Decision) {
    let stages = &decision.promotion;
    if stages.is_empty() {
        return;
    }
    section(page, "Promotion");
    let shown: Vec<Vec<&Slot>> = stages.iter().map(|stage| stage.slots.iter().take(SLOT_LIMIT).collect()).collect();
    let columns = Columns::new(page, &shown, decision.as_of);
    for (number, (stage, slots)) in stages.iter().zip(&shown).enumerate() {
        let next = stages.get(number + 1);
        let before = number.checked_sub(1).and_then(|number| stages.get(number));
        heading(page, stage, before);
        let leads_on = next.is_some_and(|next| follows(next, stage));
        for slot in slots {
            columns.row(page, slot, leads_on);
        }
        footnotes(page, stage, leads_on);
        match next {
            Some(_) if leads_on => page.line(INDENT, &[(DIM, "↓".to_owned())]),
            Some(_) => page.blank(),
            None => {}
        }
    }
    if shown.iter().flatten().any(|slot| slot.requested) {
        page.line(INDENT, &[(DIM, LEGEND.to_owned())]);
    }
}

/// Whether a stage comes after this one and after no other, so that an arrow says it all.
fn follows(stage: &Stage, before: &Stage) -> bool {
    stage.after.as_slice() == [before.environment.as_str()]
}

fn heading(page: &mut Page, stage: &Stage, before: Option<&Stage>) {
    let name = escape::line(&stage.environment, NAME_LIMIT);
    let by_arrow = before.is_some_and(|before| follows(stage, before));
    if stage.after.is_empty() || by_arrow {
        return page.wrapped(INDENT, &name, BOLD);
    }
    let after: Vec<String> = stage.after.iter().map(|name| escape::line(name, NAME_LIMIT)).collect();
    page.wrapped(INDENT, &format!("{name}, after {}", after.join(" and ")), BOLD);
}

fn footnotes(page: &mut Page, stage: &Stage, leads_on: bool) {
    let unshown = stage.slots.len().saturating_sub(SLOT_LIMIT);
    for note in notes(stage, unshown) {
        let paint = if note.starts_with("not") { MAGENTA } else { DIM };
        let lead = if leads_on { "│" } else { "" };
        page.beside(INDENT, &(DIM, pad(lead, LEAD_WIDTH)), LEAD_WIDTH, &note, paint);
    }
}

/// The widths that all rows share.
struct Columns {
    widths: [usize; 4],
    as_of: Timestamp,
    /// A narrow terminal keeps the columns and loses the absolute time.
    short: bool,
}

impl Columns {
    fn new(page: &Page, slots: &[Vec<&Slot>], as_of: Timestamp) -> Self {
        let cells: Vec<[String; 4]> = slots.iter().flatten().map(|slot| cells(slot)).collect();
        let long = Self { widths: widths(&cells), as_of, short: false };
        let room = page.width().saturating_sub(INDENT + LEAD_WIDTH);
        let fits = slots.iter().flatten().all(|slot| columns(&long.text(slot)) <= room);
        Self { short: !fits, ..long }
    }

    fn row(&self, page: &mut Page, slot: &Slot, leads_on: bool) {
        let lead = if leads_on { "│" } else { "" };
        let paint = if slot.requested { PLAIN } else { DIM };
        let text = self.text(slot);
        let lead = (DIM, pad(lead, LEAD_WIDTH));
        if INDENT + LEAD_WIDTH + columns(&text) <= page.width() {
            page.line(INDENT, &[lead, (paint, text)]);
        } else {
            page.beside(INDENT, &lead, LEAD_WIDTH, &text, paint);
        }
    }

    fn text(&self, slot: &Slot) -> String {
        let cells = cells(slot);
        let names: String = cells.iter().zip(self.widths).map(|(cell, width)| pad(cell, width + 2)).collect();
        format!("{names}{}", since(slot, self.as_of, self.short))
    }
}

/// Target with its mark, deployment, digest, version.
fn cells(slot: &Slot) -> [String; 4] {
    let mark = if slot.requested { MARK } else { " " };
    let target = format!("{mark} {}", escape::line(&slot.target, CELL_LIMIT));
    let deployment = slot.deployment_name.as_deref().map(|name| escape::line(name, CELL_LIMIT)).unwrap_or_default();
    let [digest, version] = runs(slot, CELL_LIMIT);
    [target, deployment, digest, version]
}
