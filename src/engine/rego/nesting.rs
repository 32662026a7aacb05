//! A scan of a policy's text before it is parsed.
//!
//! The parser of regorus cannot be interrupted, and some short texts keep it busy for hours or overflow its stack,
//! which ends the process. Measured with regorus 0.14.1 and `RUST_BACKTRACE=1`, which makes it 30 times slower (every
//! attempt of the parser that fails then takes a backtrace); the limits hold with it:
//!
//! | text | what the parser does | limit here |
//! | --- | --- | --- |
//! | `[[[[…`, `{{{{…`, `{"a":{"a":…` | twice the time with each level: 12 levels 0.2 s, 20 over a minute | [`MAX_LITERALS`], [`MAX_COST`] |
//! | the same with a long innermost list | the time of the list, doubled for each level | [`MAX_COST`] |
//! | `f(f(f(…`, `a[a[a[…`, `set(set(…` | stack overflow at a few thousand, even over several lines | [`MAX_NESTING`] |
//! | `- - - …`, `1+1+1…`, `x in y in y…` | stack overflow in the parser or in its tree at some thousand | [`MAX_CHAIN`] |
//! | `x[1][1][1]…` over several lines | time to the square, then stack overflow | [`MAX_CHAIN`] |
//! | thousands of imports | time to the square: 4,000 take 2.7 s | [`MAX_IMPORTS`] |
//! | thousands of rules of one name | evaluation to the square: 9,000 take 4 s | [`MAX_BYTES`], [`MAX_LINES`], the time limit |
//! | a NUL character | **the rest of the file is silently not read** | refused |
//! | a lone carriage return in a comment | an editor shows a new line, the parser a comment | refused |
//! | characters that change the direction of text | what is reviewed is not what is run | refused |

use super::fault::PolicyFault;

mod scan;

/// The largest text of one policy file, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// The most lines of one policy file.
pub(crate) const MAX_LINES: u32 = 20_000;
/// The widest line outside comments, in the columns of regorus (a tab is four).
pub(crate) const MAX_COLUMNS: u32 = 1024;
/// The deepest nesting of brackets of any kind.
pub(crate) const MAX_NESTING: usize = 24;
/// The deepest nesting of `[` and `{` that start a literal, a comprehension or a body.
pub(crate) const MAX_LITERALS: usize = 10;
/// The longest chain of operators, of unary minus, or of index brackets, without a separator.
pub(crate) const MAX_CHAIN: u32 = 128;
/// The most imports in one file.
pub(crate) const MAX_IMPORTS: u32 = 200;
/// The most work for the parser; a million take between one and four seconds without optimisation.
pub(crate) const MAX_COST: u64 = 4_000_000;

/// Refuses a text that could keep the parser busy, overflow its stack, or be read otherwise than it looks.
///
/// Reads the text once. Accepts texts with errors of syntax: those are the parser's to report.
///
/// # Errors
/// The first fault, with its place.
pub(crate) fn check(path: &str, text: &str) -> Result<(), PolicyFault> {
    if text.len() > MAX_BYTES {
        return Err(PolicyFault::at(
            path,
            (0, 0),
            "too_large",
            format!("the policy has {} bytes, and at most {MAX_BYTES} are read", text.len()),
            "split it, or move tables of values out of the policy into a rule's parameters",
        ));
    }
    scan::Scanner::new(path, text).run()
}

#[cfg(test)]
mod tests;
