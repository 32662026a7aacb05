//! Texts for people, with what acts on a terminal or cannot be seen made visible, and cut to a length.

use std::borrow::Cow;

use crate::domain::text::push_visible;

use super::LINE_LIMIT;

/// The text on one line: line breaks and tabs become a space, hidden characters `\u{…}`; at most `limit`
/// characters of it, and then `… (12 more characters)`.
#[must_use]
pub fn line(text: &str, limit: usize) -> String {
    let (kept, cut) = cut(text, limit);
    let mut output = String::with_capacity(kept.len());
    for word in kept.split(['\n', '\r', '\t']).filter(|word| !word.is_empty()) {
        if !output.is_empty() {
            output.push(' ');
        }
        push_visible(&mut output, word);
    }
    push_marker(&mut output, cut);
    output.trim().to_owned()
}

/// The text on its own lines: line breaks stay, tabs become four spaces, hidden characters `\u{…}`; at most `limit`
/// characters and [`LINE_LIMIT`] lines of it, and then a note of what was cut. No line ends with a space.
#[must_use]
pub fn paragraph(text: &str, limit: usize) -> String {
    let (kept, cut) = cut(text, limit);
    let unified = kept.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
    let mut lines = unified.trim_end().split('\n');
    let mut output = String::with_capacity(unified.len());
    for (number, text) in lines.by_ref().take(LINE_LIMIT).enumerate() {
        if number > 0 {
            output.push('\n');
        }
        push_visible(&mut output, text.trim_end());
    }
    let more = lines.count();
    if more > 0 {
        output.extend(["\n… (", &more.to_string(), " more lines)"]);
    }
    push_marker(&mut output, cut);
    output.trim_end().to_owned()
}

/// The first `limit` characters, and how many follow.
fn cut(text: &str, limit: usize) -> (Cow<'_, str>, usize) {
    if text.len() <= limit {
        return (Cow::Borrowed(text), 0);
    }
    let mut characters = text.chars();
    let kept: String = characters.by_ref().take(limit).collect();
    (Cow::Owned(kept), characters.count())
}

fn push_marker(output: &mut String, cut: usize) {
    match cut {
        0 => {}
        1 => output.push_str("… (1 more character)"),
        more => output.extend(["… (", &more.to_string(), " more characters)"]),
    }
}

#[cfg(test)]
mod tests {
    use super::{line, paragraph};
    use crate::domain::text::is_hidden;
    use proptest::prelude::*;

    #[test]
    fn hidden_characters_are_shown() {
        let cases = [
            ("plain, é, 日本, `code`", "plain, é, 日本, `code`"),
            ("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            ("\u{1b}]8;;https://evil.example\u{7}here", "\\u{1b}]8;;https://evil.example\\u{7}here"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("abc\u{202e}cba", "abc\\u{202e}cba"),
            ("a\u{200b}b\u{feff}c\u{ad}d", "a\\u{200b}b\\u{feff}c\\u{ad}d"),
            ("\0\u{7f}\u{8}", "\\u{0}\\u{7f}\\u{8}"),
            ("\u{e0041}\u{ffff}\u{10fffe}", "\\u{e0041}\\u{ffff}\\u{10fffe}"),
            ("⚠\u{fe0f} look", "⚠\u{fe0f} look"),
            ("#\u{fe0f}#[error]", "#\\u{fe0f}#[error]"),
            ("a\n\tb\r\n c", "a b  c"),
            (" \n ", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(line(text, 100), expected, "{text:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        assert_eq!(line("日本語", 3), "日本語");
        assert_eq!(line("日本語", 2), "日本… (1 more character)");
        assert_eq!(paragraph(&"x".repeat(1_000_000), 3), "xxx… (999997 more characters)");
        assert_eq!(paragraph(&"x\n".repeat(70), 1_000).lines().last(), Some("… (10 more lines)"));
    }

    #[test]
    fn paragraphs_keep_their_lines() {
        assert_eq!(paragraph("one  \r\n\ttwo\rthree\n\n", 100), "one\n    two\nthree");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>(), limit in 0_usize..200) {
            let one = line(&text, limit);
            prop_assert!(!one.chars().any(|character| is_hidden(character) && !('\u{fe0e}'..='\u{fe0f}').contains(&character)), "{one:?}");
            let many = paragraph(&text, limit);
            prop_assert!(many.lines().all(|text| text.trim_end() == text), "{many:?}");
            prop_assert!(one.chars().count() <= limit * 10 + 40);
        }
    }
}
