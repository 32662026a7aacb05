//! Comments, words and strings.

use super::{Last, PolicyFault, Scanner};
use crate::engine::rego::nesting::MAX_IMPORTS;

impl Scanner<'_> {
    /// Comments may be of any width.
    pub(super) fn comment(&mut self) -> Result<(), PolicyFault> {
        while self.characters.peek().is_some_and(|&next| next != '\n') {
            self.next()?;
        }
        self.column = 1;
        Ok(())
    }

    pub(super) fn word(&mut self, first: char, first_on_line: bool) -> Result<(), PolicyFault> {
        let mut word = String::from(first);
        while let Some(&next) = self.characters.peek() {
            if !(next.is_alphanumeric() || next == '_') {
                break;
            }
            self.next()?;
            if word.len() < 16 {
                word.push(next);
            }
        }
        match word.as_str() {
            "in" if self.last == Last::Term => {
                self.last = Last::Operator;
                self.chain(|level| &mut level.chain)?;
            }
            "some" | "every" | "not" | "with" if self.last != Last::Dot => {
                self.term(first_on_line);
                self.query();
                self.last = Last::Start;
            }
            "import" if first_on_line => self.import()?,
            _ => self.term(first_on_line),
        }
        Ok(())
    }

    fn import(&mut self) -> Result<(), PolicyFault> {
        self.term(true);
        self.imports += 1;
        if self.imports <= MAX_IMPORTS {
            return Ok(());
        }
        Err(self.fault(
            "too_many_imports",
            format!("the policy has more than {MAX_IMPORTS} imports"),
            "split it into several files",
        ))
    }

    pub(super) fn string(&mut self, first_on_line: bool) -> Result<(), PolicyFault> {
        self.term(first_on_line);
        loop {
            match self.characters.peek() {
                // A string ends on its line; the parser reports one that does not.
                None | Some('\n') => return Ok(()),
                Some(_) => {}
            }
            match self.next()? {
                Some('\\') if self.characters.peek().is_some_and(|&next| next != '\n') => {
                    self.next()?;
                }
                Some('"') | None => return Ok(()),
                Some(character) => self.column += width(character),
            }
        }
    }

    pub(super) fn raw_string(&mut self, first_on_line: bool) -> Result<(), PolicyFault> {
        self.term(first_on_line);
        while let Some(character) = self.next()? {
            if character == '`' {
                break;
            }
            self.wide()?;
        }
        Ok(())
    }
}

/// How many columns more than one regorus counts for a character of a string: it counts bytes there.
fn width(character: char) -> u32 {
    u32::try_from(character.len_utf8()).unwrap_or(4).saturating_sub(1)
}
