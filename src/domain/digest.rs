//! Content digests, compared as parsed values and never as text.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

const PREFIX: &str = "sha256:";
const HEX_LENGTH: usize = 64;

/// A SHA-256 content digest, written `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

/// Why a text is no digest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DigestError {
    /// The text has no `algorithm:` part.
    #[error("it does not start with `sha256:`")]
    NoAlgorithm,
    /// Another algorithm than SHA-256, or `sha256` in upper case.
    #[error("the algorithm is `{0}`; only `sha256`, in lower case, is supported")]
    Algorithm(String),
    /// Too few or too many digits.
    #[error("it has {0} characters after `sha256:`, and needs 64")]
    Length(usize),
    /// Upper-case hexadecimal digits.
    #[error("its hexadecimal digits must be in lower case")]
    UpperCase,
    /// A character that is no hexadecimal digit.
    #[error("`{0}` is not a hexadecimal digit")]
    Character(char),
}

impl Digest {
    /// The digest with these 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hexadecimal digits, for tables where the whole digest would not fit.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().skip(PREFIX.len()).take(12).collect()
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hex) = text.split_once(':').ok_or(DigestError::NoAlgorithm)?;
        if algorithm != "sha256" {
            return Err(DigestError::Algorithm(algorithm.chars().take(32).collect()));
        }
        if hex.len() != HEX_LENGTH {
            return Err(DigestError::Length(hex.chars().count()));
        }
        let mut bytes = [0_u8; 32];
        let mut digits = hex.chars();
        for byte in &mut bytes {
            *byte = hex_pair(&mut digits)?;
        }
        Ok(Self(bytes))
    }
}

fn hex_pair(digits: &mut std::str::Chars<'_>) -> Result<u8, DigestError> {
    let mut value = 0_u8;
    for digit in digits.by_ref().take(2) {
        let nibble = match digit {
            '0'..='9' | 'a'..='f' => digit.to_digit(16).and_then(|nibble| u8::try_from(nibble).ok()),
            'A'..='F' => return Err(DigestError::UpperCase),
            _ => None,
        };
        value = (value << 4) | nibble.ok_or(DigestError::Character(digit))?;
    }
    Ok(value)
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(PREFIX)?;
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 0xf] {
                formatter.write_char(char::from_digit(u32::from(nibble), 16).unwrap_or('0'))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, DigestError};
    use proptest::prelude::*;

    #[test]
    fn only_lower_case_sha256_of_64_digits_is_a_digest() {
        let hex = "ab".repeat(32);
        let cases = [
            (format!("sha256:{hex}"), None),
            (format!("SHA256:{hex}"), Some(DigestError::Algorithm("SHA256".to_owned()))),
            (format!("sha512:{hex}"), Some(DigestError::Algorithm("sha512".to_owned()))),
            (format!("sha256:{}", hex.to_uppercase()), Some(DigestError::UpperCase)),
            ("SHA256:ABC".to_owned(), Some(DigestError::Algorithm("SHA256".to_owned()))),
            ("sha256:abc".to_owned(), Some(DigestError::Length(3))),
            (format!("sha256:{hex}0"), Some(DigestError::Length(65))),
            (format!("sha256:{}g", "a".repeat(63)), Some(DigestError::Character('g'))),
            (format!("sha256:{}", "é".repeat(32)), Some(DigestError::Character('é'))),
            (hex.clone(), Some(DigestError::NoAlgorithm)),
            (String::new(), Some(DigestError::NoAlgorithm)),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Digest>().err(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_digest_reads_back_what_it_writes(bytes: [u8; 32]) {
            let digest = Digest::from_bytes(bytes);
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            if let Ok(digest) = text.parse::<Digest>() {
                prop_assert_eq!(digest.to_string(), text);
            }
        }
    }
}
