//! Characters that act on a terminal, or cannot be seen, made visible.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::LINE_LIMIT;

/// Whether a terminal acts on the character, or a reader cannot see it: controls (C0, DEL, C1), bidirectional
/// controls, zero-width and other ignorable characters, tags, variation selectors and noncharacters.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || is_noncharacter(character)
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// `U+FFFE` and its like: no XML document may hold the two of the first plane.
const fn is_noncharacter(character: char) -> bool {
    matches!(character, '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}' | '\u{1fffe}' | '\u{1ffff}')
        || matches!(character, '\u{2fffe}' | '\u{2ffff}' | '\u{3fffe}' | '\u{3ffff}' | '\u{4fffe}' | '\u{4ffff}')
        || matches!(character, '\u{5fffe}' | '\u{5ffff}' | '\u{6fffe}' | '\u{6ffff}' | '\u{7fffe}' | '\u{7ffff}')
        || matches!(character, '\u{8fffe}' | '\u{8ffff}' | '\u{9fffe}' | '\u{9ffff}' | '\u{afffe}' | '\u{affff}')
        || matches!(character, '\u{bfffe}' | '\u{bffff}' | '\u{cfffe}' | '\u{cffff}' | '\u{dfffe}' | '\u{dffff}')
        || matches!(character, '\u{efffe}' | '\u{effff}' | '\u{ffffe}' | '\u{fffff}' | '\u{10fffe}' | '\u{10ffff}')
}

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

/// Appends the text with its hidden characters as `\u{…}`.
///
/// The two selectors that choose how an emoji looks stay, but only behind a character that can be one. Behind `#` or
/// `:` they could hide the beginning of a command from [`super::inert`] and not from the runner.
fn push_visible(output: &mut String, text: &str) {
    let mut previous = ' ';
    for character in text.chars() {
        let chooses_emoji = matches!(character, '\u{fe0e}' | '\u{fe0f}') && !previous.is_ascii();
        if is_hidden(character) && !chooses_emoji {
            // Writing to a text cannot fail.
            let _written = write!(output, "\\u{{{:x}}}", u32::from(character));
        } else {
            output.push(character);
        }
        previous = character;
    }
}

#[cfg(test)]
mod tests {
    use super::{is_hidden, line, paragraph};
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
