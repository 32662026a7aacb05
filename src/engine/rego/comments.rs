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
