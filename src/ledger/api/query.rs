//! The query of a request, read strictly: a filter that is misspelt and passed over would answer another question.

use std::collections::BTreeMap;
use std::str::FromStr;

use url::form_urlencoded;

use super::refusal::Refusal;
use crate::domain::text::nearest;

/// Characters of one value.
const LONGEST_VALUE: usize = 1024;

/// The parameters of a query, each there at most once.
#[derive(Debug)]
pub(super) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// Reads a query that may have these parameters, under their names or those in lower camel case.
    ///
    /// # Errors
    /// A parameter that is not known or there twice; text that no name has.
    pub(super) fn read(query: Option<&str>, known: &[&'static str]) -> Result<Self, Refusal> {
        let mut read = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let snake = snake_case(&key);
            let Some(name) = known.iter().find(|name| **name == snake) else { return Err(unknown(&snake, known)) };
            if value.chars().count() > LONGEST_VALUE {
                return Err(Refusal::invalid(&format!("`{name}` is longer than {LONGEST_VALUE} characters")));
            }
            // What is no UTF-8 was replaced while it was decoded.
            if value.contains(|character: char| character.is_control() || character == char::REPLACEMENT_CHARACTER) {
                return Err(Refusal::invalid(&format!("`{name}` has characters that no name has")));
            }
            if read.insert(*name, value.into_owned()).is_some() {
                return Err(Refusal::invalid(&format!("`{name}` is there twice")));
            }
        }
        Ok(Self(read))
    }

    /// Takes a text; an empty one is none.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|text| !text.is_empty())
    }

    /// Takes one of these words; the one that means "not given" counts as that.
    pub(super) fn word(
        &mut self,
        name: &str,
        unspecified: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, Refusal> {
        let Some(value) = self.0.remove(name).filter(|value| value != unspecified) else { return Ok(None) };
        let word = words.iter().find(|word| **word == value).copied();
        word.map(Some).ok_or_else(|| Refusal::invalid(&format!("`{name}` is one of {}", words.join(", "))))
    }

    /// Takes what is written as `T`; `form` says how that is.
    pub(super) fn parsed<T: FromStr>(&mut self, name: &str, form: &str) -> Result<Option<T>, Refusal> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        value.parse().map(Some).map_err(|_| Refusal::invalid(&format!("`{name}` is {form}")))
    }

    /// Takes a number from 1 on.
    pub(super) fn counting(&mut self, name: &str) -> Result<Option<u32>, Refusal> {
        let form = format!("a number from 1 to {}", i32::MAX);
        // As the API has it, 32 bits with a sign.
        let number: Option<i32> = self.parsed(name, &form)?;
        let number = number.map(|number| u32::try_from(number).ok().filter(|number| *number > 0));
        number.map(|number| number.ok_or_else(|| Refusal::invalid(&format!("`{name}` is {form}")))).transpose()
    }
}

/// `environmentName` is `environment_name`: servers of the API take both.
fn snake_case(key: &str) -> String {
    let mut snake = String::with_capacity(key.len() + 4);
    for character in key.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

fn unknown(key: &str, known: &[&'static str]) -> Refusal {
    let nearest = nearest(key, known.iter().copied()).map(|name| format!("; did you mean `{name}`?"));
    Refusal::invalid(&format!("there is no parameter `{key}`{}", nearest.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::Parameters;
    use proptest::prelude::*;

    const KNOWN: [&str; 3] = ["environment_name", "full_history", "pagination.page_size"];

    #[test]
    fn a_query_is_read_strictly() {
        let refused = [
            ("enviroment_name=a", "there is no parameter `enviroment_name`; did you mean `environment_name`?"),
            ("environment_name=a&environmentName=a", "`environment_name` is there twice"),
            ("environment_name=%ff", "`environment_name` has characters that no name has"),
            ("environment_name=a%00", "`environment_name` has characters that no name has"),
            ("=1", "there is no parameter ``"),
        ];
        for (query, expected) in refused {
            let refusal = Parameters::read(Some(query), &KNOWN).unwrap_err();
            assert!(format!("{refusal:?}").contains(expected), "{query}: {refusal:?}");
        }
        let mut read =
            Parameters::read(Some("environmentName=a%20b&pagination.pageSize=7&full_history="), &KNOWN).unwrap();
        assert_eq!(read.text("environment_name").as_deref(), Some("a b"));
        assert_eq!(read.counting("pagination.page_size").unwrap(), Some(7));
        assert!(read.parsed::<bool>("full_history", "true or false").is_err());
        for number in ["0", "-1", "2147483648", "1.0", "one", "+", "99999999999999999999"] {
            let mut read = Parameters::read(Some(&format!("pagination.page_size={number}")), &KNOWN).unwrap();
            assert!(read.counting("pagination.page_size").is_err(), "{number}");
        }
    }

    proptest! {
        #[test]
        fn no_query_breaks_it(query in "\\PC{0,60}|([a-zA-Z_.%0-9]{0,20}[=&]){0,6}") {
            drop(Parameters::read(Some(&query), &KNOWN));
        }
    }
}
