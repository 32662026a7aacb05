//! Keeping the token out of messages.

use crate::gate::source::{Fetched, SourceError};

/// As much of the beginning of the token as gives it away: messages cut foreign text, and with it the token.
const TELLING: usize = 8;

/// The text with `***` for each occurrence of the token, or of its beginning where it was cut. Case does not count,
/// since host names are shown in lower case.
fn conceal(text: &str, token: &str) -> String {
    let telling = token.len().min(TELLING);
    let mut out = String::with_capacity(text.len());
    let mut characters = text.char_indices();
    while let Some((start, character)) = characters.next() {
        let rest = text.as_bytes().iter().skip(start);
        let same = rest.zip(token.as_bytes()).take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count();
        if telling == 0 || same < telling {
            out.push(character);
            continue;
        }
        out.push_str("***");
        // A token is ASCII, so each byte was a character.
        for _ in 1..same {
            characters.next();
        }
    }
    out
}

/// The error without the token.
pub(super) fn error(error: &SourceError, token: &str) -> SourceError {
    SourceError {
        kind: error.kind,
        message: conceal(&error.message, token),
        remediation: conceal(&error.remediation, token),
    }
}

/// What was read, with no token in its reasons.
pub(super) fn fetched(mut fetched: Fetched, token: &str) -> Fetched {
    for environment in &mut fetched.environments {
        environment.incomplete = environment.incomplete.take().map(|words| conceal(&words, token));
    }
    fetched
}

#[cfg(test)]
mod tests {
    use super::conceal;

    #[test]
    fn the_token_and_its_beginning_are_concealed() {
        let token = "eyJhbGciOi.e30.c2ln";
        let cases = [
            ("a eyJhbGciOi.e30.c2ln b", "a *** b"),
            ("eyJhbGciOi.e30.c2lneyJhbGciOi.e30.c2ln", "******"),
            ("cut eyJhbGciOi.e…", "cut ***…"),
            ("host eyjhbgcioi.e30.c2ln.example.com", "host ***.example.com"),
            ("eyeyJhbGciOi.e30.c2ln", "ey***"),
            ("eyJhbGc, é", "eyJhbGc, é"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(conceal(text, token), expected);
        }
        assert_eq!(conceal("a dev b", "dev"), "a *** b");
        assert_eq!(conceal("dev", ""), "dev");
    }
}
