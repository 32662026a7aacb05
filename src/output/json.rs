//! JSON that is safe to print: the same values, with characters that act on a terminal or a CI runner escaped.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};

use super::escape;

/// The value as JSON, two spaces a level.
///
/// A value that has no JSON form becomes a line that says so, which no reader takes for a document.
pub(super) fn render(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, SafeFormatter(PrettyFormatter::new()));
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("the document could not be written: {error}\n"),
    }
}

/// The text as a JSON string, quotes included.
pub(super) fn string(text: &str) -> String {
    render(&text)
}

/// Escapes within strings what readers of the raw document could be harmed by; parsers read the same values.
struct SafeFormatter<'a>(PrettyFormatter<'a>);

impl SafeFormatter<'_> {
    fn write_escaped<W: ?Sized + io::Write>(writer: &mut W, character: char) -> io::Result<()> {
        let mut units = [0_u16; 2];
        for unit in character.encode_utf16(&mut units) {
            write!(writer, "\\u{unit:04x}")?;
        }
        Ok(())
    }
}

impl Formatter for SafeFormatter<'_> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !fragment.contains("##") {
            return writer.write_all(fragment.as_bytes());
        }
        let mut previous = ' ';
        for character in fragment.chars() {
            // `##[` and `##vso[` are commands of CI runners wherever they stand.
            if escape::is_hidden(character) || (character == '#' && previous == '#') {
                Self::write_escaped(writer, character)?;
            } else {
                write!(writer, "{character}")?;
            }
            previous = character;
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::{render, string};
    use proptest::prelude::*;

    #[test]
    fn what_acts_on_a_reader_is_escaped() {
        assert_eq!(string("\u{9b}\u{202e}\u{e0041}\u{7f}"), "\"\\u009b\\u202e\\udb40\\udc41\\u007f\"");
        assert_eq!(string("###[error]"), "\"#\\u0023\\u0023[error]\"");
        assert_eq!(string("é \"日本\"\n"), "\"é \\\"日本\\\"\\n\"");
    }

    proptest! {
        #[test]
        fn parsers_read_what_was_written(texts: Vec<String>) {
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&render(&texts)).unwrap(), texts);
        }
    }
}
