//! What each format takes for markup, taken literally.
//!
//! All but [`inert`] and [`uri`] expect text in which hidden characters are visible already.

use std::fmt::Write as _;

/// Commands that a CI runner takes from anywhere in a line: of GitHub, Azure and `TeamCity`.
const COMMANDS_ANYWHERE: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// A whole output with nothing in it that a CI runner takes for a command: two number signs or two colons that would
/// begin one are set apart by a space.
///
/// Source: `TryParseV2` and `TryParse` in
/// <https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs>.
#[must_use]
pub fn inert(output: &str) -> String {
    let mut text = output.to_owned();
    for command in COMMANDS_ANYWHERE {
        if text.contains(command) {
            text = text.replace(command, &command.replacen("##", "# #", 1));
        }
    }
    if !text.contains("::") {
        return text;
    }
    let lines = text
        .split_inclusive('\n')
        .map(|line| if line.trim_start().starts_with("::") { line.replacen("::", ": :", 1) } else { line.to_owned() });
    lines.collect()
}

/// The data of a GitHub workflow command, after its second `::`.
#[must_use]
pub fn command_data(text: &str) -> String {
    inert(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a GitHub workflow command.
#[must_use]
pub fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text within a line of Markdown: no HTML, link, mention or reference, and no markup but code between single
/// backticks; line breaks as `<br>`.
///
/// The caller writes something before it, since what begins a list or a heading is left as it is.
#[must_use]
pub fn markdown(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    let last = pieces.len() - 1;
    let is_code = |number: usize| number % 2 == 1;
    // Every second piece is code, if backticks come in pairs that do not touch.
    let paired = last.is_multiple_of(2)
        && pieces.iter().enumerate().all(|(number, piece)| {
            if is_code(number) {
                !piece.trim().is_empty() && !piece.contains('\n')
            } else {
                number == 0 || number == last || !piece.is_empty()
            }
        });
    if !paired {
        return markdown_literal(text);
    }
    let pieces = pieces.into_iter().enumerate();
    pieces.map(|(number, piece)| if is_code(number) { markdown_code(piece) } else { markdown_literal(piece) }).collect()
}

/// Mentions and references are found by GitHub after the Markdown is rendered, so a backslash does not stop them, and
/// an element around their sign does.
fn markdown_literal(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut previous = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => output.push_str("<br>"),
            '<' => output.push_str("&lt;"),
            '>' => output.push_str("&gt;"),
            '&' => output.push_str("&amp;"),
            '@' => output.push_str("<span>@</span>"),
            '#' => output.push_str("<span>#</span>"),
            // Parsers differ on `\\|` in a table, and agree on this.
            '|' => output.push_str("&#124;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '!' => output.extend(['\\', character]),
            // Bare links: `https://…` and `www.…`.
            ':' if characters.peek() == Some(&'/') => output.push_str("\\:"),
            '.' if matches!(previous, 'w' | 'W') => output.push_str("\\."),
            other => output.push(other),
        }
        previous = character;
    }
    output
}

/// Text as a code span of Markdown, within a table too; empty text stays empty.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    if text.contains('|') {
        // A table ends its cell at a pipe in code too, and code has no way to escape a backslash before it.
        return format!("<code>{}</code>", markdown_literal(text));
    }
    // A fence longer than any run of backticks inside.
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let inside = text.replace('\n', " ");
    let space = if inside.starts_with('`') || inside.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{inside}{space}{fence}")
}

/// The description of a TAP test point.
#[must_use]
pub fn tap_description(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#").replace('\n', " ")
}

/// A CSV cell that no spreadsheet takes for a formula.
#[must_use]
pub fn spreadsheet_cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']) || text.starts_with(['\t', '\r']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

/// A plain-text message of SARIF, in which `[text](link)` is a link unless its brackets are escaped.
#[must_use]
pub fn sarif_message(text: &str) -> String {
    if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text.to_owned() }
}

/// A path as a URI reference: percent-encoded, relative when the path is, `file:` when it is absolute.
#[must_use]
pub fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let drive = path.chars().nth(1) == Some(':') && path.chars().nth(2) == Some('/');
    let mut uri = match (path.starts_with('/'), drive) {
        (true, _) => "file://".to_owned(),
        (false, true) => "file:///".to_owned(),
        (false, false) => String::new(),
    };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~') {
            uri.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _written = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::{
        command_data, command_property, inert, markdown, markdown_code, sarif_message, spreadsheet_cell,
        tap_description, uri,
    };
    use proptest::prelude::*;

    #[test]
    fn each_format_takes_text_literally() {
        type Case = (fn(&str) -> String, &'static str, &'static str);
        let cases: [Case; 32] = [
            (inert, "::error::x\n  ::set-env name=A::b", ": :error::x\n  : :set-env name=A::b"),
            (inert, "a::b ##[error]x ###[x] ##vso[task.x] ##teamcity[x]", "a::b # #[error]x #"),
            (inert, "## heading\n", "## heading\n"),
            (command_data, "50%\r\n::error::", "50%25%0D%0A: :error::"),
            (command_data, "%0A::error::", "%250A::error::"),
            (command_property, "a:b,c=d\n", "a%3Ab%2Cc=d%0A"),
            (markdown, "a|b `c@d` [x](y) <b> **d** $e$", "a&#124;b `c@d` \\[x\\](y) &lt;b&gt; \\*\\*d\\*\\* \\$e\\$"),
            (markdown, "@team #12 &amp;\nnext", "<span>@</span>team <span>#</span>12 &amp;amp;<br>next"),
            (markdown, "https://x.example www.x.example", "https\\://x.example www\\.x.example"),
            (markdown, "![i](https://x)", "\\!\\[i\\](https\\://x)"),
            (markdown, "`a``b` and `", "\\`a\\`\\`b\\` and \\`"),
            (markdown, "`a``b`", "\\`a\\`\\`b\\`"),
            (markdown, "`one\ntwo`", "\\`one<br>two\\`"),
            (markdown_code, "", ""),
            (markdown_code, "a", "`a`"),
            (markdown_code, "a`b``c\n", "```a`b``c ```"),
            (markdown_code, "\\|@", "<code>\\\\&#124;<span>@</span></code>"),
            (markdown_code, "`", "`` ` ``"),
            (tap_description, "fails # SKIP \\# TODO\n", "fails \\# SKIP \\\\\\# TODO "),
            (spreadsheet_cell, "=1+1", "'=1+1"),
            (spreadsheet_cell, "+1", "'+1"),
            (spreadsheet_cell, "-1", "'-1"),
            (spreadsheet_cell, "@x", "'@x"),
            (spreadsheet_cell, " =x", "' =x"),
            (spreadsheet_cell, "\tx", "'\tx"),
            (spreadsheet_cell, "a=b", "a=b"),
            (sarif_message, "a[0] (b)", "a[0] (b)"),
            (sarif_message, "[a](b)", "\\[a\\](b)"),
            (uri, "policies/promotion rules/ü#.rego", "policies/promotion%20rules/%C3%BC%23.rego"),
            (uri, "/etc/p?q.rego", "file:///etc/p%3Fq.rego"),
            (uri, "C:\\policies\\a.rego", "file:///C%3A/policies/a.rego"),
            (uri, "./javascript:alert(1)", "javascript%3Aalert%281%29"),
        ];
        for (escape, text, expected) in cases {
            let escaped = escape(text);
            assert!(escaped.starts_with(expected), "{text:?} became {escaped:?}, not {expected:?}");
        }
    }

    proptest! {
        #[test]
        fn no_command_survives(text in "[#:\\[ a\n%,]{0,40}") {
            let inert = inert(&text);
            prop_assert!(!inert.contains("##["));
            prop_assert!(inert.lines().all(|line| !line.trim_start().starts_with("::")), "{inert:?}");
            prop_assert!(!command_data(&text).contains(['\n', '\r']));
            prop_assert!(!command_property(&text).contains([':', ',', '\n']));
        }

        #[test]
        fn a_uri_is_of_safe_characters(path in any::<String>()) {
            prop_assert!(uri(&path).bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
