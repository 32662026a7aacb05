//! Whether what a plugin says of itself keeps to the contract.

use semver::Version;

use crate::domain::plugin::{PluginMetadata, is_plugin_name};

/// Characters of a name and of a version.
const LONGEST_NAME: usize = 64;
/// Characters of a title.
const LONGEST_TITLE: usize = 200;
/// Bytes of a description.
const LONGEST_DESCRIPTION: usize = 8 << 10;
/// Bytes of an address.
const LONGEST_URL: usize = 2 << 10;

/// Checks the texts: names and versions are compared and sorted by people and machines, so one of another form is
/// refused when the plugin is loaded, where its author sees it.
///
/// # Errors
/// The first that does not keep to it. Texts of the plugin are not repeated when they are too long.
pub(super) fn check(metadata: &PluginMetadata) -> Result<(), String> {
    let PluginMetadata { name, version, title, description, parameters: _, documentation_url } = metadata;
    if !is_plugin_name(name) {
        let why = format!("is no lower-case kebab-case of at most {LONGEST_NAME} letters, such as `change-ticket`");
        return Err(format!("its name{} {why}", repeated(name)));
    }
    if version.len() > LONGEST_NAME || Version::parse(version).is_err() {
        return Err(format!("its version{} is no semantic version, such as `1.2.3`", repeated(version)));
    }
    if title.chars().count() > LONGEST_TITLE || title.chars().any(char::is_control) {
        return Err(format!("its title is not one line of at most {LONGEST_TITLE} characters"));
    }
    let too_long = |what: &str, limit: usize| Err(format!("its {what} is longer than {limit} bytes"));
    if description.len() > LONGEST_DESCRIPTION {
        return too_long("description", LONGEST_DESCRIPTION);
    }
    if documentation_url.as_ref().is_some_and(|url| url.len() > LONGEST_URL) {
        return too_long("documentation-url", LONGEST_URL);
    }
    Ok(())
}

fn repeated(text: &str) -> String {
    if text.len() > LONGEST_NAME { String::new() } else { format!(" `{text}`") }
}

#[cfg(test)]
mod tests {
    use super::{PluginMetadata, check};

    fn named() -> PluginMetadata {
        PluginMetadata { name: "plugin".to_owned(), version: "1.2.3".to_owned(), ..Default::default() }
    }

    #[test]
    fn versions_are_semantic() {
        let checked = |version: &str| check(&PluginMetadata { version: version.to_owned(), ..named() });
        for good in ["0.0.0", "1.2.3", "10.20.30-beta.1", "1.0.0+a.07", "1.0.0--.x-y+-", "1.0.0-0.a"] {
            assert_eq!(checked(good), Ok(()), "{good}");
        }
        for bad in
            ["", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.x", "1.2.3-", "1.2.3+", "1.2.3-01", "1.2.3-a..b"]
        {
            assert_eq!(checked(bad), Err(format!("its version `{bad}` is no semantic version, such as `1.2.3`")));
        }
    }

    #[test]
    fn texts_are_bounded() {
        let metadata = named();
        assert_eq!(check(&metadata), Ok(()));
        let long = |bytes: usize| "x".repeat(bytes);
        let cases = [
            PluginMetadata { name: long(65), ..metadata.clone() },
            PluginMetadata { version: format!("1.2.3-{}", long(65)), ..metadata.clone() },
            PluginMetadata { title: long(201), ..metadata.clone() },
            PluginMetadata { title: "two\nlines".to_owned(), ..metadata.clone() },
            PluginMetadata { description: long(8193), ..metadata.clone() },
            PluginMetadata { documentation_url: Some(long(2049)), ..metadata },
        ];
        for case in cases {
            let why = check(&case).unwrap_err();
            assert!(why.len() < 150, "{why}");
        }
    }
}
