//! Tokens: the App proves itself with its private key, and gets a token for one repository that lasts an hour.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::SecretString;
use serde::Serialize;

/// GitHub's clock may be behind ours: the proof is good from so long ago on.
const BEFORE: i64 = 60;
/// GitHub takes no proof that lasts longer than ten minutes.
const AFTER: i64 = 9 * 60;
/// A token is not used when it ends so soon.
const LEAST_LEFT: SignedDuration = SignedDuration::from_mins(2);
/// Tokens in memory. When there are more, those that have ended are dropped, and then all.
const MOST: usize = 10_000;

/// What the App proves itself with.
pub struct AppKey {
    /// The client id of the App, or its number.
    pub issuer: String,
    /// Its private key.
    pub key: EncodingKey,
}

impl fmt::Debug for AppKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the key of the App {}", self.issuer)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

impl AppKey {
    /// Reads a private key in PEM.
    ///
    /// # Errors
    /// What is no RSA key.
    pub fn new(issuer: String, pem: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        let app = Self { issuer, key: EncodingKey::from_rsa_pem(pem)? };
        // A key that cannot sign is noticed now, and not when the first deployment waits.
        app.proof(Timestamp::UNIX_EPOCH)?;
        Ok(app)
    }

    /// What proves that it is the App, for some minutes.
    pub(super) fn proof(&self, now: Timestamp) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let now = now.as_second();
        let claims = Claims { iat: now.saturating_sub(BEFORE), exp: now.saturating_add(AFTER), iss: &self.issuer };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key).map(SecretString::from)
    }
}

/// Whose token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holder {
    pub(super) installation: u64,
    pub(super) repository: u64,
}

/// A token.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: Arc<SecretString>,
    pub(super) expires_at: Timestamp,
}

impl Token {
    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        self.expires_at.duration_since(now) > LEAST_LEFT
    }
}

/// The token of one holder. Who finds none makes one, and others wait for it meanwhile.
pub(super) type Place = Arc<tokio::sync::Mutex<Option<Token>>>;

/// The tokens that are good, as far as anybody knows.
#[derive(Default)]
pub(super) struct Tokens(Mutex<BTreeMap<Holder, Place>>);

impl Tokens {
    pub(super) fn place(&self, holder: Holder, now: Timestamp) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST && !places.contains_key(&holder) {
            let is_used = |place: &Place| place.try_lock().map_or(true, |token| is_good(token.as_ref(), now));
            places.retain(|_, place| is_used(place));
            if places.len() >= MOST {
                places.clear();
            }
        }
        Arc::clone(places.entry(holder).or_default())
    }
}

fn is_good(token: Option<&Token>, now: Timestamp) -> bool {
    token.is_some_and(|token| token.is_good(now))
}
