//! Where GitHub wants its answer. A token goes there, so it is never where an event says, but where GitHub is.

use thiserror::Error;
use url::Url;

/// The longest name of an owner or a repository. GitHub's own limits are lower.
const LONGEST_NAME: usize = 100;

/// Why an address is not where GitHub takes its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CallbackError {
    /// It cannot be read.
    #[error("`deployment_callback_url` is no URL")]
    NoUrl,
    /// Another server.
    #[error("`deployment_callback_url` is not on the configured GitHub")]
    Elsewhere,
    /// Another path, or more than a path.
    #[error("`deployment_callback_url` is not the path of a deployment protection rule")]
    Path,
    /// The run of another repository.
    #[error("`deployment_callback_url` belongs to another repository than the event")]
    Repository,
}

/// The run that an address belongs to: `{api}/repos/{owner}/{name}/actions/runs/{run}/deployment_protection_rule`.
///
/// # Errors
/// An address elsewhere, with another path, or of another repository.
pub fn run_of(text: &str, api: &Url, repository: &str) -> Result<u64, CallbackError> {
    let url = Url::parse(text).map_err(|_not_repeated| CallbackError::NoUrl)?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if url.origin() != api.origin() || !url.origin().is_tuple() || has_user {
        return Err(CallbackError::Elsewhere);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(CallbackError::Path);
    }
    let base = api.path().trim_end_matches('/');
    let path =
        url.path().strip_prefix(base).and_then(|path| path.strip_prefix("/repos/")).ok_or(CallbackError::Path)?;
    let parts: Vec<&str> = path.split('/').collect();
    let [owner, name, "actions", "runs", run, "deployment_protection_rule"] = parts.as_slice() else {
        return Err(CallbackError::Path);
    };
    let run = number(run).ok_or(CallbackError::Path)?;
    let of_event = repository.split_once('/').filter(|_| is_repository(repository)).ok_or(CallbackError::Repository)?;
    if !owner.eq_ignore_ascii_case(of_event.0) || !name.eq_ignore_ascii_case(of_event.1) {
        return Err(CallbackError::Repository);
    }
    Ok(run)
}

/// An address of the API below a repository.
///
/// # Errors
/// None for a repository of [`is_repository`] and an API address with a host, which is what there is.
pub fn below(api: &Url, repository: &str, parts: &[&str]) -> Result<Url, CallbackError> {
    let (owner, name) = repository.split_once('/').ok_or(CallbackError::Repository)?;
    let mut url = api.clone();
    url.path_segments_mut()
        .map_err(|()| CallbackError::NoUrl)?
        .pop_if_empty()
        .extend(["repos", owner, name])
        .extend(parts);
    Ok(url)
}

/// Whether a text is `owner/name`, of the characters that GitHub has in them.
#[must_use]
pub fn is_repository(text: &str) -> bool {
    text.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name))
}

/// A part of a path that stays what it is.
pub(super) fn is_name(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(known) && !matches!(text, "." | "..")
}

/// A number above zero that `SQLite` can hold, without a sign or zeros before it.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number > 0 && i64::try_from(number).is_ok() && number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::CallbackError::{Elsewhere, NoUrl, Path, Repository};
    use super::{below, run_of};
    use proptest::prelude::*;
    use url::Url;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn an_answer_goes_to_github_or_nowhere() {
        let github = "https://api.github.com/";
        let server = "https://git.acme.example/api/v3";
        let path = "/repos/acme/shop/actions/runs/42/deployment_protection_rule";
        let at = |host: &str| format!("{host}{path}");
        let cases = [
            (github, at("https://api.github.com"), Ok(42)),
            (github, at("https://api.github.com:443"), Ok(42)),
            (github, at("https://API.GitHub.com"), Ok(42)),
            (server, at("https://git.acme.example/api/v3"), Ok(42)),
            (github, at("http://api.github.com"), Err(Elsewhere)),
            (github, at("https://api.github.com:8443"), Err(Elsewhere)),
            (github, at("https://api.github.com.evil.example"), Err(Elsewhere)),
            (github, at("https://api.github.com@evil.example"), Err(Elsewhere)),
            (github, at("https://me@api.github.com"), Err(Elsewhere)),
            (github, at("https://evil.example\\@api.github.com"), Err(Elsewhere)),
            (github, at("file://"), Err(Elsewhere)),
            (github, at("https://git.acme.example/api/v3"), Err(Elsewhere)),
            (server, at("https://git.acme.example"), Err(Path)),
            (server, at("https://git.acme.example/api/v30"), Err(Path)),
            (github, path.to_owned(), Err(NoUrl)),
            (github, format!("{}?to=1", at("https://api.github.com")), Err(Path)),
            (github, format!("{}#a", at("https://api.github.com")), Err(Path)),
            (github, format!("{}/", at("https://api.github.com")), Err(Path)),
            (github, at("https://api.github.com/api/v3"), Err(Path)),
            (github, at("https://api.github.com/.."), Ok(42)),
        ];
        for (api, text, expected) in cases {
            assert_eq!(run_of(&text, &url(api), "acme/shop"), expected, "{text}");
        }
        for repository in ["", "acme", "acme/", "acme/..", "acme/shop/x", "acme/sh op"] {
            assert_eq!(run_of(&at("https://api.github.com"), &url(github), repository), Err(Repository));
        }
    }

    #[test]
    fn an_answer_is_for_a_run_of_the_repository() {
        let cases = [
            ("ACME/Shop", "42", Ok(42)),
            ("acme/shop", "-1", Err(Path)),
            ("acme/shop", "0", Err(Path)),
            ("acme/shop", "042", Err(Path)),
            ("acme/shop", "+42", Err(Path)),
            ("acme/shop", "9223372036854775808", Err(Path)),
            ("acme/shop/../evil", "42", Err(Repository)),
            ("acme/evil", "42", Err(Repository)),
            ("acme/sh%6fp", "42", Err(Repository)),
            ("acme/shop/more", "42", Err(Path)),
        ];
        for (repository, run, expected) in cases {
            let path = format!("repos/{repository}/actions/runs/{run}/deployment_protection_rule");
            let text = format!("https://api.github.com/{path}");
            assert_eq!(run_of(&text, &url("https://api.github.com"), "acme/shop"), expected, "{text}");
        }
    }

    #[test]
    fn addresses_are_made_anew() {
        for api in ["https://git.acme.example/api/v3", "https://git.acme.example/api/v3/"] {
            let made = below(&url(api), "acme/shop", &["actions", "runs", "42"]).unwrap();
            assert_eq!(made.as_str(), "https://git.acme.example/api/v3/repos/acme/shop/actions/runs/42");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_on_github(
            host in "[a-z:/@.#?\\\\]{0,12}", part in "[a-z0-9/.%?#@-]{0,20}", run in "[0-9-]{0,21}",
        ) {
            let api = url("https://api.github.com");
            let texts = [
                format!("https://api.github.com{host}/repos/acme/shop/actions/runs/{run}/deployment_protection_rule"),
                format!("https://{host}api.github.com/repos/acme/shop/actions/runs/{run}/deployment_protection_rule"),
                format!("https://api.github.com/repos/{part}/actions/runs/{run}/deployment_protection_rule"),
                format!("https://api.github.com/repos/acme/shop{part}"),
            ];
            for text in texts {
                if let Ok(run) = run_of(&text, &api, "acme/shop") {
                    let parsed = url(&text);
                    prop_assert_eq!(parsed.host_str(), Some("api.github.com"));
                    let path = format!("/repos/acme/shop/actions/runs/{run}/deployment_protection_rule");
                    prop_assert_eq!(parsed.path(), path);
                    prop_assert!(parsed.username().is_empty());
                }
            }
        }
    }
}
