//! Text from outside, made fit for a message.

/// The most characters of foreign text that a message shows.
const LIMIT: usize = 300;

/// The text on one line, without control or direction characters, cut to 300 characters.
pub(super) fn short(text: &str) -> String {
    cut(text, LIMIT)
}

/// As [`short`], for names.
pub(super) fn name(text: &str) -> String {
    cut(text, 100)
}

fn cut(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut left = limit;
    for character in text.trim().chars() {
        let escaped = hides(character).then(|| character.escape_default().to_string());
        let length = escaped.as_ref().map_or(1, String::len);
        if length > left {
            out.push('…');
            break;
        }
        left -= length;
        match escaped {
            Some(escaped) => out.push_str(&escaped),
            None => out.push(character),
        }
    }
    out
}

/// Whether a character can change how the rest of a line looks without being seen itself.
fn hides(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn foreign_text_is_shortened_and_made_visible() {
        let cases = [
            ("JWT token is missing ", "JWT token is missing"),
            ("a\nb\u{1b}[31m", "a\\nb\\u{1b}[31m"),
            ("\u{202e}evil\u{feff}", "\\u{202e}evil\\u{feff}"),
            ("é ✓", "é ✓"),
        ];
        for (text, expected) in cases {
            assert_eq!(short(text), expected);
        }
        assert_eq!(short(&"x".repeat(301)), format!("{}…", "x".repeat(300)));
        assert_eq!(short(&"\u{7}".repeat(1000)).chars().count(), 301);
    }
}
