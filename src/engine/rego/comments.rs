//! Comments of a policy's text. regorus drops them.

/// One line of a policy.
pub(super) struct Line<'text> {
    /// From 1.
    pub(super) number: u32,
    pub(super) text: &'text str,
    /// Whether it begins within a raw string.
    pub(super) continues: bool,
    /// Where the comment begins, in bytes, with its `#`.
    pub(super) comment: Option<usize>,
}

/// The lines of a policy, with what is a comment in them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut raw = false;
    (1..).zip(text.lines()).map(move |(number, text)| {
        let continues = raw;
        let comment = scan(text, &mut raw);
        Line { number, text, continues, comment }
    })
}

/// Where a comment begins in the line; `raw` says whether a raw string is open before it, and then after it.
fn scan(line: &str, raw: &mut bool) -> Option<usize> {
    let mut string = false;
    let mut characters = line.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '`' if !string => *raw = !*raw,
            '"' if !*raw => string = !string,
            '\\' if string => {
                characters.next();
            }
            '#' if !*raw && !string => return Some(position),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::lines;
    use proptest::prelude::*;

    #[test]
    fn comments_begin_outside_of_texts() {
        let text = "package p # one\nx := \"# \\\" #\" # two\ny := `\n# three\n` # four\n#five";
        let found: Vec<(u32, &str)> =
            lines(text).filter_map(|line| Some((line.number, line.text.get(line.comment?..)?))).collect();
        assert_eq!(found, [(1, "# one"), (2, "# two"), (5, "# four"), (6, "#five")]);
        let continues: Vec<u32> = lines(text).filter(|line| line.continues).map(|line| line.number).collect();
        assert_eq!(continues, [4, 5]);
    }

    proptest! {
        #[test]
        fn a_comment_begins_with_its_sign(text in "[a`\"\\\\#é\n]{0,60}") {
            for line in lines(&text) {
                let comment = line.comment.map(|start| line.text.get(start..).unwrap_or_default());
                prop_assert!(comment.is_none_or(|comment| comment.starts_with('#')));
            }
        }
    }
}
