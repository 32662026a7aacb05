//! Which version of Rego a file is written in.
//!
//! A file that is not valid v1 may be v0. But v0 takes `if`, `contains`, `every` and `in` for plain names unless they
//! are imported: `ok if { … }` is then a rule `ok` that is always true, beside a rule named `if`. One old line in a new
//! policy would make its conditions vanish, so a file that uses such a word is only read as v0 when it imports it.

const KEYWORDS: [&str; 4] = ["if", "contains", "every", "in"];

/// The first keyword of v1 that the file uses without importing it, as no v0 file should.
pub(super) fn unimported_keyword(text: &str) -> Option<&'static str> {
    let code = without_strings_and_comments(text);
    let imports: Vec<&str> =
        code.lines().filter_map(|line| line.trim().strip_prefix("import ")).map(str::trim).collect();
    let imported = |keyword: &str| {
        let names = |import: &&str| match import.strip_prefix("future.keywords") {
            Some("") => true,
            Some(rest) => rest.strip_prefix('.') == Some(keyword),
            None => *import == "rego.v1",
        };
        imports.iter().any(names)
    };
    KEYWORDS.into_iter().find(|keyword| !imported(keyword) && uses(&code, keyword))
}

/// Whether the word stands alone: not as a field after a dot, and not as the built-in function `contains(…)`.
fn uses(code: &str, keyword: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(keyword).any(|(start, word)| {
        let before = code.get(..start).and_then(|before| before.chars().next_back());
        let after = start.checked_add(word.len()).and_then(|end| code.get(end..)).unwrap_or_default();
        let alone = !before.is_some_and(|character| is_word(character) || character == '.')
            && !after.chars().next().is_some_and(is_word);
        alone && !(keyword == "contains" && after.trim_start().starts_with('('))
    })
}

/// The text with strings emptied and comments removed. Line breaks stay.
pub(super) fn without_strings_and_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '#' => {
                characters.by_ref().find(|character| *character == '\n');
                code.push('\n');
            }
            '`' => {
                characters.by_ref().find(|character| *character == '`');
                code.push_str("\"\"");
            }
            '"' => {
                skip_string(&mut characters);
                code.push_str("\"\"");
            }
            other => code.push(other),
        }
    }
    code
}

fn skip_string(characters: &mut std::str::Chars<'_>) {
    while let Some(character) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '"' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unimported_keyword;

    #[test]
    fn words_of_v1_are_found_where_they_are_keywords() {
        for (text, expected) in [
            ("package p\ndeny[msg] { msg := \"if\" }", None),
            ("package p\nok if { true }\ndeny[msg] { not ok }", Some("if")),
            ("package p\nimport future.keywords.in\nok if { true }", Some("if")),
            ("package p\nimport future.keywords\nok if { true }", None),
            ("package p\nimport future.keywords.if\nok if { true }", None),
            ("package p\nimport rego.v1\nok if { true }", None),
            ("package p\ndeny contains \"x\" { true }", Some("contains")),
            ("package p\ndeny[m] { contains (input.a, \"x\"); m := `in every if` } # if", None),
            ("package p\ndeny[m] { some x in input.xs; m := x }", Some("in")),
            ("package p\ndeny[m] { input.in == \"\\\" if\"; m := input.if }", None),
            ("package p\nimport data.future.keywords\ndeny[m] { every x in xs { x } }", Some("every")),
            ("package p\nnotify[iffy] { iffy := inner }", None),
        ] {
            assert_eq!(unimported_keyword(text), expected, "{text}");
        }
    }
}
