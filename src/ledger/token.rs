//! Bearer tokens: who may read the ledger over HTTP, and who may write.

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;

/// How each token begins, so that scanners for secrets know it.
pub const PREFIX: &str = "hpl_";

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Read records and environments.
    Read,
    /// Read, and record.
    Write,
}

impl Scope {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        [Self::Read, Self::Write].into_iter().find(|scope| scope.as_str() == text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What is known of a token; the token itself is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Its id.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends to be valid.
    pub expires_at: Option<Timestamp>,
}

impl TokenInfo {
    /// Whether it is not valid any more.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

/// A new token. This is the only time that it is seen.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: SecretString,
    /// What is known of it from now on.
    pub info: TokenInfo,
}

/// A new token: 256 random bits.
pub(super) fn random() -> Option<SecretString> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    let digest = Digest::from_bytes(bytes).to_string();
    let (_algorithm, hexadecimal) = digest.split_once(':')?;
    Some(SecretString::from(format!("{PREFIX}{hexadecimal}")))
}

/// What is kept of a token. It has more randomness than can be tried, so a plain hash hides it, and looking a hash up
/// tells nothing of the token by how long it takes.
pub(super) fn hash(token: &SecretString) -> String {
    Digest::from_bytes(Sha256::digest(token.expose_secret()).into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::{PREFIX, hash, random};
    use secrecy::{ExposeSecret as _, SecretString};

    #[test]
    fn tokens_differ_and_show_nothing() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(one.expose_secret().len(), PREFIX.len() + 64);
        assert!(one.expose_secret().starts_with(PREFIX));
        assert!(!format!("{one:?}").contains(PREFIX));
    }

    #[test]
    fn the_hash_is_that_of_the_whole_token() {
        let expected = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash(&SecretString::from("abc")), expected);
    }
}
