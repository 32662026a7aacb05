//! The parameters of a rule.

/// What parameters can be read into.
pub trait Parameters: Sized {
    /// Reads the JSON text of the parameters. holdpoint has checked it against the rule's schema, and has filled in the
    /// schema's defaults.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(json: &str) -> Result<Self, String>;
}

/// None.
impl Parameters for () {
    fn read(json: &str) -> Result<Self, String> {
        let mut rest = json.chars().filter(|character| !character.is_ascii_whitespace());
        if rest.by_ref().eq("{}".chars()) { Ok(()) } else { Err("this rule has no parameters".to_owned()) }
    }
}

/// The text itself.
impl Parameters for String {
    fn read(json: &str) -> Result<Self, String> {
        Ok(json.to_owned())
    }
}

/// Parameters that serde reads. Use `#[serde(deny_unknown_fields)]`: a misspelt limit must not be no limit.
#[cfg(feature = "json")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

#[cfg(feature = "json")]
impl<T: serde::de::DeserializeOwned> Parameters for Json<T> {
    fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map(Json).map_err(|error| error.to_string())
    }
}

#[cfg(feature = "json")]
impl<T> std::ops::Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn a_rule_without_parameters_takes_none() {
        for (json, fits) in [("{}", true), (" {\n} ", true), (r#"{"limit": 1}"#, false), ("[]", false), ("", false)] {
            assert_eq!(<()>::read(json).is_ok(), fits, "{json:?}");
        }
    }

    #[cfg(feature = "json")]
    #[test]
    fn parameters_are_read_into_a_struct() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Limits {
            least: u32,
        }
        assert_eq!(super::Json::<Limits>::read(r#"{"least": 2}"#).map(|read| read.0), Ok(Limits { least: 2 }));
        let why = super::Json::<Limits>::read(r#"{"leest": 2}"#).map(|read| read.0);
        assert!(why.as_ref().is_err_and(|why| why.contains("unknown field `leest`")), "{why:?}");
    }
}
