//! What a token says of itself. Nothing here is verified: it only makes a better message.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    exp: Option<serde_json::Number>,
}

/// When the token expires, if it is a JSON Web Token that says so.
pub(super) fn expiry(token: &str) -> Option<Timestamp> {
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    let exp = claims.exp?.to_string();
    let seconds = exp.split_once('.').map_or(exp.as_str(), |(whole, _)| whole);
    Timestamp::from_second(seconds.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::expiry;
    use base64::Engine as _;

    #[test]
    fn only_a_json_web_token_tells_its_expiry() {
        let token = |claims: &str| {
            let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
            format!("eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmF0dXJl")
        };
        let cases = [
            (token(r#"{"exp": 1767225600}"#), Some("2026-01-01T00:00:00Z")),
            (token(r#"{"exp": 1767225600.5, "aud": []}"#), Some("2026-01-01T00:00:00Z")),
            (token(r#"{"exp": 99999999999999999999}"#), None),
            (token(r#"{"exp": "soon"}"#), None),
            (token("{}"), None),
            (token("no json"), None),
            ("opaque".to_owned(), None),
            ("a.b.c".to_owned(), None),
        ];
        for (token, expected) in cases {
            assert_eq!(expiry(&token).map(|time| time.to_string()).as_deref(), expected, "{token}");
        }
    }
}
