//! Writing errors. Text in them comes from records, servers, policies and configurations: it is made harmless here.

use std::io::Write as _;

use crate::output::escape;

/// Says what went wrong. When nobody can be told, the exit code still tells.
pub fn error(text: &str) {
    write(&format!("error: {text}"));
}

/// Writes the text as a paragraph that neither a terminal nor a CI runner obeys.
pub fn write(text: &str) {
    drop(writeln!(anstream::stderr().lock(), "{}", harmless(text)));
}

/// The text as it is shown.
#[must_use]
pub fn harmless(text: &str) -> String {
    escape::inert(&escape::paragraph(text, escape::MESSAGE_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn nothing_is_obeyed() {
        let text = "error: \u{1b}[31m\r::error::a\n  ::stop-commands::x\n##vso[task.setvariable]b ##[error]c\u{202e}";
        insta::assert_snapshot!(harmless(text), @r"
        error: \u{1b}[31m
        : :error::a
          : :stop-commands::x
        # #vso[task.setvariable]b # #[error]c\u{202e}
        ");
    }
}
