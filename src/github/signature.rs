//! `X-Hub-Signature-256`: proof that GitHub sent a body, and that it is as it was sent.

use std::fmt;

use aws_lc_rs::hmac;

const PREFIX: &str = "sha256=";

/// The secrets that GitHub may have signed with: while one is replaced, there are two.
pub struct Secrets(Vec<hmac::Key>);

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} secrets", self.0.len())
    }
}

impl Secrets {
    /// Keeps them in a form that is not printed.
    #[must_use]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self(secrets.into_iter().map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret)).collect())
    }

    /// Whether the header is the signature of this body by one of the secrets. How long it takes does not depend on how
    /// much of a signature is right.
    #[must_use]
    pub fn verify(&self, header: &str, body: &[u8]) -> bool {
        let Some(signature) = header.strip_prefix(PREFIX).and_then(bytes) else { return false };
        self.0.iter().any(|key| hmac::verify(key, body, &signature).is_ok())
    }
}

/// 64 lower-case hex digits.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)?.checked_mul(16)?.checked_add(digit(*low)?)?;
    }
    Some(bytes)
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use crate::domain::digest::Digest;
    use aws_lc_rs::hmac;
    use proptest::prelude::*;

    /// The example of GitHub's documentation.
    const SECRET: &[u8] = b"It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn only_what_a_secret_signed_is_good() {
        let secrets = Secrets::new([SECRET]);
        assert!(secrets.verify(SIGNATURE, BODY));
        assert!(Secrets::new([b"new".as_slice(), SECRET]).verify(SIGNATURE, BODY));
        assert!(!Secrets::new([b"new".as_slice()]).verify(SIGNATURE, BODY));
        assert!(!Secrets::new([]).verify(SIGNATURE, BODY));
        for other in [
            "",
            "sha256=",
            "sha1=757107ea0eb2509fc211221cce984b8a37570b6d",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1700",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18",
            "sha256=é57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1",
        ] {
            assert!(!secrets.verify(other, BODY), "{other}");
        }
        assert!(!secrets.verify(SIGNATURE, b"Hello, World"));
        assert_eq!(format!("{secrets:?}"), "1 secrets");
    }

    proptest! {
        #[test]
        fn any_body_is_proved_by_its_own_signature_alone(body in any::<Vec<u8>>(), other in any::<Vec<u8>>()) {
            let secrets = Secrets::new([SECRET]);
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), &body);
            let tag: [u8; 32] = tag.as_ref().try_into().unwrap();
            let header = Digest::from_bytes(tag).to_string().replace(':', "=");
            prop_assert!(secrets.verify(&header, &body));
            prop_assert_eq!(secrets.verify(&header, &other), body == other);
        }
    }
}
