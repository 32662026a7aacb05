//! Lines of text for a terminal: measured in columns, wrapped, indented, coloured.

use anstyle::{AnsiColor, Style as Paint};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Style;

const NARROWEST: usize = 40;

/// Not emphasised at all.
pub(super) const PLAIN: Paint = Paint::new();
/// Headings and titles.
pub(super) const BOLD: Paint = Paint::new().bold();
/// What few readers need.
pub(super) const DIM: Paint = Paint::new().dimmed();
/// Good news.
pub(super) const GREEN: Paint = AnsiColor::Green.on_default();
/// In the way.
pub(super) const RED: Paint = AnsiColor::Red.on_default();
/// Look at it.
pub(super) const YELLOW: Paint = AnsiColor::Yellow.on_default();
/// Not known.
pub(super) const MAGENTA: Paint = AnsiColor::Magenta.on_default();
/// What to do.
pub(super) const CYAN: Paint = AnsiColor::Cyan.on_default();

/// Text in one colour.
pub(super) type Span = (Paint, String);

/// Lines under construction. What it is given is escaped already.
pub(super) struct Page {
    style: Style,
    output: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { style: Style { width: style.width.max(NARROWEST), ..style }, output: String::new() }
    }

    pub(super) const fn width(&self) -> usize {
        self.style.width
    }

    pub(super) fn finish(self) -> String {
        self.output
    }

    pub(super) fn blank(&mut self) {
        self.output.push('\n');
    }

    /// One line of spans, not wrapped.
    pub(super) fn line(&mut self, indent: usize, spans: &[Span]) {
        self.output.push_str(&" ".repeat(indent));
        let last = spans.iter().rposition(|(_, text)| !text.trim_end().is_empty());
        for (position, (paint, text)) in spans.iter().enumerate().take(last.map_or(0, |last| last + 1)) {
            // The last span loses its padding, so that no line ends with a space.
            let text = if Some(position) == last { text.trim_end() } else { text };
            if self.style.color && *paint != PLAIN && !text.is_empty() {
                self.output.extend([&paint.render().to_string(), text, &paint.render_reset().to_string()]);
            } else {
                self.output.push_str(text);
            }
        }
        self.output.push('\n');
    }

    /// A lead, and text that is wrapped beside it, `lead_width` columns in.
    pub(super) fn beside(&mut self, indent: usize, lead: &Span, lead_width: usize, text: &str, paint: Paint) {
        let room = self.style.width.saturating_sub(indent + lead_width);
        for (number, line) in wrap(text, room).into_iter().enumerate() {
            let (lead_paint, lead) = if number == 0 { lead.clone() } else { (PLAIN, String::new()) };
            let lead = if line.is_empty() { lead } else { pad(&lead, lead_width) };
            let indent = if lead.is_empty() && line.is_empty() { 0 } else { indent };
            self.line(indent, &[(lead_paint, lead), (paint, line)]);
        }
    }

    /// Text that is wrapped.
    pub(super) fn wrapped(&mut self, indent: usize, text: &str, paint: Paint) {
        self.beside(indent, &(PLAIN, String::new()), 0, text, paint);
    }
}

/// How many columns the text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// The text, with spaces behind it up to this many columns.
pub(super) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// The text in lines of at most `width` columns (at least 8): broken at spaces, and within a word that is longer than
/// a line. Its own line breaks and the indentation of its lines stay.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let indent: String = line.chars().take_while(|character| *character == ' ').take(width / 2).collect();
        let mut current = indent;
        let mut has_word = false;
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let gap = usize::from(has_word);
            if has_word && columns(&current) + gap + columns(word) > width {
                lines.push(std::mem::take(&mut current));
            } else if has_word {
                current.push(' ');
            }
            has_word = true;
            push_word(&mut lines, &mut current, word, width);
        }
        lines.push(current.trim_end().to_owned());
    }
    lines
}

/// Appends a word, in pieces when a line is too short for it.
fn push_word(lines: &mut Vec<String>, current: &mut String, word: &str, width: usize) {
    let mut used = columns(current);
    if used + columns(word) <= width {
        current.push_str(word);
        return;
    }
    for character in word.chars() {
        let needed = character.width().unwrap_or(0);
        if used + needed > width {
            lines.push(std::mem::take(current).trim_end().to_owned());
            used = 0;
        }
        current.push(character);
        used += needed;
    }
}

#[cfg(test)]
mod tests {
    use super::{columns, wrap};
    use proptest::prelude::*;

    #[test]
    fn text_is_wrapped_at_spaces_and_in_long_words() {
        let cases = [
            ("one two three", 8, vec!["one two", "three"]),
            ("12345678", 8, vec!["12345678"]),
            ("123456789 a", 8, vec!["12345678", "9 a"]),
            ("a 123456789", 8, vec!["a", "12345678", "9"]),
            ("日本語日本語", 8, vec!["日本語日", "本語"]),
            ("one\n\n  two", 20, vec!["one", "", "  two"]),
            ("", 20, vec![""]),
        ];
        for (text, width, expected) in cases {
            assert_eq!(wrap(text, width), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(text in "\\PC{0,200}", width in 8_usize..80) {
            let lines = wrap(&text, width);
            for line in &lines {
                // Sequences of characters can be narrower or wider together than apart, by one column each.
                let apart: usize = line.chars().map(|c| columns(&c.to_string())).sum();
                prop_assert!(apart.min(columns(line)) <= width, "{line:?}");
            }
            let squeeze = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
