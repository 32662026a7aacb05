//! Texts for people, with what acts on a terminal or cannot be seen made visible, and cut to a length.

use crate::domain::text::{beginning, push_remainder, push_visible};

use super::LINE_LIMIT;

/// The text on its own lines: line breaks stay, tabs become four spaces, hidden characters `\u{…}`; at most `limit`
/// characters and [`LINE_LIMIT`] lines of it, and then a note of what was cut. No line ends with a space.
#[must_use]
pub fn paragraph(text: &str, limit: usize) -> String {
    let (kept, rest) = beginning(text, limit);
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
    push_remainder(&mut output, rest);
    output.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::paragraph;
    use crate::domain::text::{is_hidden, line};
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
