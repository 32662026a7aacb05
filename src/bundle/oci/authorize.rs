//! What a registry wants to see, by its own challenge: nothing, the password, or a token for it.
//!
//! Credentials go to the registry, or to the place that its challenge names for tokens, over TLS; to nobody else.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use crate::domain::hinted::HintedError;

use super::credentials::Credentials;
use super::http::{Answer, Http};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes of an answer with a token.
const LARGEST: u64 = 1 << 20;

/// What goes with each request to the registry.
pub(super) enum Authorization {
    Nothing,
    Basic { user: String, password: SecretString },
    Bearer(SecretString),
}

impl Authorization {
    /// The header, marked so that nothing shows it.
    pub(super) fn header(&self) -> Result<Option<HeaderValue>, HintedError> {
        let text = match self {
            Self::Nothing => return Ok(None),
            Self::Basic { user, password } => basic(user, password),
            Self::Bearer(token) => format!("Bearer {}", token.expose_secret()),
        };
        sensitive(&text).map(Some)
    }
}

fn basic(user: &str, password: &SecretString) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose_secret())))
}

fn sensitive(text: &str) -> Result<HeaderValue, HintedError> {
    let mut value = HeaderValue::from_str(text).map_err(|_error| {
        HintedError::new("the registry's token cannot be sent: it holds control characters", "ask who runs it")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Asks the registry what it wants and gets it, for `pull` or `pull,push` in this repository.
pub(super) async fn authorize(
    http: &Http,
    base: &Url,
    repository: &str,
    actions: &str,
    credentials: Credentials,
) -> Result<Authorization, HintedError> {
    let answer = http.exchange(|client| client.get(base.clone()), base, LARGEST).await?;
    if answer.status != StatusCode::UNAUTHORIZED {
        return Ok(Authorization::Nothing);
    }
    match (challenge(&answer.headers), credentials) {
        (Some(Challenge::Bearer { realm, service }), credentials) => {
            let realm = realm_of(&realm, base)?;
            let scope = format!("repository:{repository}:{actions}");
            token(http, &realm, service.as_deref(), &scope, credentials).await.map(Authorization::Bearer)
        }
        (Some(Challenge::Basic), Credentials::Password { user, password }) => {
            Ok(Authorization::Basic { user, password })
        }
        (_, Credentials::Anonymous) => Err(unauthorized(base)),
        _ => Err(HintedError::new(
            format!("`{}` asks for credentials in a way that is not known", base.host_str().unwrap_or_default()),
            "holdpoint knows `Basic` and `Bearer`",
        )),
    }
}

/// The place for tokens: never without TLS, but where the registry itself is reached so.
fn realm_of(realm: &str, base: &Url) -> Result<Url, HintedError> {
    let url = Url::parse(realm).ok().filter(|url| url.host().is_some());
    let url = url.filter(|url| url.username().is_empty() && (url.scheme() == "https" || url.scheme() == base.scheme()));
    url.ok_or_else(|| {
        let message =
            format!("`{}` names a place for tokens that is no `https` address", base.host_str().unwrap_or_default());
        HintedError::new(message, "ask who runs the registry; no credentials were sent")
    })
}

async fn token(
    http: &Http,
    realm: &Url,
    service: Option<&str>,
    scope: &str,
    credentials: Credentials,
) -> Result<SecretString, HintedError> {
    let service = service.unwrap_or_default();
    let anonymous = matches!(credentials, Credentials::Anonymous);
    let answer = match credentials {
        Credentials::Identity(identity) => {
            let form = refresh_form(service, scope, &identity);
            let kind = "application/x-www-form-urlencoded";
            http.exchange(|client| client.post(realm.clone()).header("content-type", kind).body(form), realm, LARGEST)
                .await?
        }
        Credentials::Password { user, password } => {
            let authorization = sensitive(&basic(&user, &password))?;
            let url = with_query(realm, service, scope);
            http.exchange(|client| client.get(url).header(AUTHORIZATION, authorization), realm, LARGEST).await?
        }
        Credentials::Anonymous => {
            let url = with_query(realm, service, scope);
            http.exchange(|client| client.get(url), realm, LARGEST).await?
        }
    };
    read_token(&answer).ok_or_else(|| {
        let place = realm.host_str().unwrap_or_default();
        if anonymous && answer.status.is_client_error() {
            return unauthorized(realm);
        }
        let message = format!("`{place}` gave no token for `{scope}`: it answered {}", answer.status);
        HintedError::new(message, "run `docker login` again, with an account that may do this")
    })
}

fn refresh_form(service: &str, scope: &str, identity: &SecretString) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token").append_pair("client_id", "holdpoint");
    form.append_pair("service", service).append_pair("scope", scope);
    form.append_pair("refresh_token", identity.expose_secret()).finish()
}

fn with_query(realm: &Url, service: &str, scope: &str) -> Url {
    let mut url = realm.clone();
    url.query_pairs_mut().append_pair("service", service).append_pair("scope", scope);
    url
}

fn read_token(answer: &Answer) -> Option<SecretString> {
    #[derive(Deserialize)]
    struct Token {
        token: Option<String>,
        access_token: Option<String>,
    }
    let Token { token, access_token } =
        serde_json::from_slice(&answer.body).ok().filter(|_| answer.status.is_success())?;
    let visible = |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    token.or(access_token).filter(visible).map(SecretString::from)
}

/// The registry lets nobody in without credentials, and there are none.
pub(super) fn unauthorized(place: &Url) -> HintedError {
    let host = place.host_str().unwrap_or_default();
    HintedError::new(
        format!("`{host}` does not let this be done without credentials, or not with these"),
        format!("run `docker login {host}`, with an account that may do this"),
    )
}

#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

/// The challenge that is understood; `Bearer` before `Basic`, as registries that offer both mean it.
fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let mut found: Vec<Challenge> = texts.filter_map(read_challenge).collect();
    found.sort_by_key(|challenge| *challenge == Challenge::Basic);
    found.into_iter().next()
}

fn read_challenge(text: &str) -> Option<Challenge> {
    let (scheme, parameters) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let parameter = |wanted: &str| {
        parameters_of(parameters)
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value)
    };
    Some(Challenge::Bearer { realm: parameter("realm")?, service: parameter("service") })
}

/// `name="value"` with commas between; a comma in quotes is part of the value.
fn parameters_of(text: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').map_or((after, ""), |(value, left)| (value.trim(), left)),
        };
        parameters.push((name.trim_matches([' ', ',']).to_owned(), value.to_owned()));
        rest = left;
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::{Challenge, read_challenge, realm_of};
    use proptest::prelude::*;
    use reqwest::Url;

    #[test]
    fn challenges_are_read() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        let cases = [
            (
                r#"Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a:pull,push""#,
                bearer("https://auth.example.com/token", Some("registry")),
            ),
            (r#"bearer service=x, realm="https://a/b?c=d""#, bearer("https://a/b?c=d", Some("x"))),
            (r#"Bearer realm="https://a"#, bearer("https://a", None)),
            ("Bearer", None),
            ("Basic realm=\"x\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            ("Negotiate", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_challenge(text), expected, "{text}");
        }
    }

    #[test]
    fn tokens_come_over_tls() {
        let (tls, plain) = (Url::parse("https://r.example/v2/").unwrap(), Url::parse("http://localhost/v2/").unwrap());
        assert!(realm_of("https://auth.example/token", &tls).is_ok());
        assert!(realm_of("http://localhost:1/token", &plain).is_ok());
        for realm in ["http://auth.example/token", "file:///etc/passwd", "", "/token", "https://user@auth.example/"] {
            assert!(realm_of(realm, &tls).is_err(), "{realm}");
        }
    }

    proptest! {
        #[test]
        fn any_challenge_is_read_or_not(text in "(Bearer )?[a-z=\", ]{0,40}") {
            if let Some(Challenge::Bearer { realm, .. }) = read_challenge(&text) {
                prop_assert!(text.contains(&realm));
            }
        }
    }
}
