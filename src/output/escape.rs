//! How untrusted text is made harmless, for every output, in one place.
//!
//! Names, messages, remediations, reasons and whole records come from people and machines that holdpoint does not
//! know. What each output must not let them do:
//!
//! | output | threat | answer |
//! | --- | --- | --- |
//! | terminal | control characters move the cursor, rewrite lines, set the title, make links (ESC, C0, C1, OSC 8) | [`line()`], [`paragraph`] show them as `\u{1b}` |
//! | terminal, browsers | bidirectional controls and invisible characters make a text read as another one | the same, `\u{202e}` |
//! | any | one text of a megabyte hides all others | [`line()`] and [`paragraph`] take a limit and say what they cut |
//! | any, printed in a CI job | `::error::` at the start of a line, `##[…]` and `##vso[…]` anywhere, are commands to the runner | [`inert`] for whole outputs, the JSON writer for JSON |
//! | GitHub annotations | a line break or `%0A` ends the command, `,` and `:` begin a new property | [`command_data`], [`command_property`] |
//! | Markdown | links, images, HTML, table cells, `@team` mentions, `#1` references | [`markdown`], [`markdown_code`] |
//! | TAP | `# SKIP` in a description turns a failure into a success | [`tap_description`] |
//! | CSV | a cell that starts with `=` is a formula to a spreadsheet | [`spreadsheet_cell`] |
//! | SARIF | `[text](link)` in a message is a link, a path is a URI | [`sarif_message`], [`uri`] |
//! | XML | markup | quick-junit escapes it; characters that XML cannot hold are visible by then |
//!
//! Nothing is removed without a trace: a reader sees that something was there.

mod formats;
mod visible;

pub use formats::{
    command_data, command_property, inert, markdown, markdown_code, sarif_message, spreadsheet_cell, tap_description,
    uri,
};
pub use visible::paragraph;

pub use crate::domain::text::{is_hidden, line};

/// The longest name, in characters, that an output shows whole.
pub const NAME_LIMIT: usize = 256;
/// The longest message or remediation, in characters, that an output shows whole.
pub const MESSAGE_LIMIT: usize = 4_000;
/// The most lines of one text that an output shows.
pub const LINE_LIMIT: usize = 60;
