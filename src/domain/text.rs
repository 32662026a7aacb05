//! Text from outside: characters that act on a terminal, or cannot be seen, made visible; and names that were probably
//! mistyped.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The longest name that is compared with others, in characters: comparing takes time to the square.
const LONGEST_NAME: usize = 80;

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

/// The beginning of the text, with `…` for what is left out.
#[must_use]
pub fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The text with its hidden characters, line breaks too, as `\u{…}`.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    push_visible(&mut output, text);
    output
}

/// Appends the text with its hidden characters as `\u{…}`.
///
/// The two selectors that choose how an emoji looks stay, but only behind a character that can be one. Behind `#` or
/// `:` they could hide the beginning of a CI runner's command from those who look for it, and not from the runner.
pub fn push_visible(output: &mut String, text: &str) {
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

/// The text on one line: line breaks and tabs become a space, hidden characters `\u{…}`; at most `limit`
/// characters of it, and then `… (12 more characters)`.
#[must_use]
pub fn line(text: &str, limit: usize) -> String {
    let (kept, rest) = beginning(text, limit);
    let mut output = String::with_capacity(kept.len());
    for word in kept.split(['\n', '\r', '\t']).filter(|word| !word.is_empty()) {
        if !output.is_empty() {
            output.push(' ');
        }
        push_visible(&mut output, word);
    }
    push_remainder(&mut output, rest);
    output.trim().to_owned()
}

/// The first `limit` characters, and how many follow.
#[must_use]
pub fn beginning(text: &str, limit: usize) -> (Cow<'_, str>, usize) {
    if text.len() <= limit {
        return (Cow::Borrowed(text), 0);
    }
    let mut characters = text.chars();
    let kept: String = characters.by_ref().take(limit).collect();
    (Cow::Owned(kept), characters.count())
}

/// Appends how many characters were left out: `… (12 more characters)`.
pub fn push_remainder(output: &mut String, characters: usize) {
    match characters {
        0 => {}
        1 => output.push_str("… (1 more character)"),
        more => output.extend(["… (", &more.to_string(), " more characters)"]),
    }
}

/// The known name that is so like this one that it was probably meant; upper and lower case are alike.
///
/// A third of the characters may differ, and one of a short name. Of two that are equally near, the first in the
/// alphabet is meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().nth(LONGEST_NAME).is_some() {
        return None;
    }
    let lower = name.to_lowercase();
    let distance = |known: &'a str| (strsim::damerau_levenshtein(&lower, &known.to_lowercase()), known);
    let (distance, near) = known.into_iter().map(distance).min()?;
    let length = name.chars().count();
    (distance < length && distance <= (length / 3).max(1)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_a_like_name_is_nearest() {
        let known = ["staging", "production", "dev", "qa"];
        let cases = [
            ("prodution", Some("production")),
            ("Staging", Some("staging")),
            ("dve", Some("dev")),
            ("qa-europe", None),
            ("q", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
        assert_eq!(nearest("ba", ["aa", "bb"]), Some("aa"));
        assert_eq!(nearest(&"x".repeat(81), ["x"]), None);
    }
}
