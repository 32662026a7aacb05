//! The digests that signatures list, computed as OPA does.
//!
//! A file is hashed as it is. Documents (`data.json`, `data.yaml` and `.manifest`) are hashed by their meaning: their
//! keys sorted, without space, texts written as Go writes them; numbers stay as they were written.

mod canonical;

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};

use crate::domain::hinted::HintedError;

/// The name of the algorithm that holdpoint writes.
pub(super) const WRITTEN: &str = "SHA-256";

/// The digest of a file in hexadecimal digits. `None` when the algorithm is not one of the SHA-2 family: OPA also
/// knows MD5 and SHA-1, of which no file can be told by its digest any more.
pub(super) fn of_file(algorithm: &str, name: &str, bytes: &[u8]) -> Result<Option<String>, HintedError> {
    let content = match name.rsplit_once('/').map_or(name, |(_, base)| base) {
        "data.json" | ".manifest" => canonical::json(bytes).map_err(|why| unreadable(name, &why))?,
        "data.yaml" => canonical::yaml(bytes).map_err(|why| unreadable(name, &why))?,
        _ => bytes.to_vec(),
    };
    Ok(match algorithm {
        "SHA-224" => Some(hex(&Sha224::digest(content))),
        "SHA-256" => Some(hex(&Sha256::digest(content))),
        "SHA-384" => Some(hex(&Sha384::digest(content))),
        "SHA-512" => Some(hex(&Sha512::digest(content))),
        "SHA-512-224" => Some(hex(&Sha512_224::digest(content))),
        "SHA-512-256" => Some(hex(&Sha512_256::digest(content))),
        _ => None,
    })
}

fn unreadable(name: &str, why: &str) -> HintedError {
    HintedError::new(format!("its document `{name}` cannot be hashed: {why}"), "write it as plain JSON")
}

fn hex<A: sha2::digest::array::ArraySize>(digest: &sha2::digest::array::Array<u8, A>) -> String {
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}
