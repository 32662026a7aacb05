//! Image references, by the grammar of the OCI distribution specification.
//!
//! Source: <https://github.com/distribution/reference/blob/main/reference.go> (grammar and the rules that add
//! `docker.io` and `library/`).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::artifact::ArtifactKind;
use super::digest::{Digest, DigestError};

const DEFAULT_REGISTRY: &str = "docker.io";
const LEGACY_REGISTRY: &str = "index.docker.io";
const DEFAULT_NAMESPACE: &str = "library";
const CHART_SCHEME: &str = "oci://";
const NAME_LIMIT: usize = 255;
const TAG_LIMIT: usize = 128;

/// What a user names on the command line: a bare digest, or a reference that carries one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactReference {
    /// The reference as given.
    pub text: String,
    /// `CONTAINER_IMAGE`, or `HELM_CHART` for an `oci://` reference.
    pub kind: ArtifactKind,
    /// The normalised name (`docker.io/library/nginx`); `None` for a bare digest.
    pub name: Option<String>,
    /// The tag beside the digest. It tells the version and decides nothing.
    pub tag: Option<String>,
    /// What is judged.
    pub digest: Digest,
}

/// Why a text names no artifact that can be judged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// Nothing was given.
    #[error("the reference is empty")]
    Empty,
    /// A name without a digest: what a tag points to can change between the check and the deployment.
    #[error("`{0}` has no digest")]
    NoDigest(String),
    /// The digest part is malformed.
    #[error("`{text}` is not a digest: {error}")]
    Digest {
        /// The part after `@`, or the bare digest.
        text: String,
        /// What is wrong with it.
        error: DigestError,
    },
    /// The tag part is malformed.
    #[error("`{0}` is not a tag: it may have 128 letters, digits, `_`, `.` and `-`")]
    Tag(String),
    /// A part of the name is malformed.
    #[error("`{0}` is not a part of an image name: {1}")]
    Name(String, &'static str),
    /// The name is longer than registries accept.
    #[error("the name has {0} characters; at most 255 are allowed")]
    NameLength(usize),
}

impl ReferenceError {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoDigest(_) => {
                "name the digest, for example `ghcr.io/acme/storefront@sha256:…`; a tag can point elsewhere tomorrow"
            }
            Self::Digest { .. } => "a digest is `sha256:` and 64 lower-case hexadecimal digits",
            _ => "write `registry/repository@sha256:…` or a bare `sha256:…`",
        }
    }
}

impl FromStr for ArtifactReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if let Some(chart) = text.strip_prefix(CHART_SCHEME) {
            return parse(text, chart, ArtifactKind::HelmChart);
        }
        if is_bare_digest(text) {
            let digest = parse_digest(text)?;
            let (text, kind) = (text.to_owned(), ArtifactKind::ContainerImage);
            return Ok(Self { text, kind, name: None, tag: None, digest });
        }
        parse(text, text, ArtifactKind::ContainerImage)
    }
}

impl fmt::Display for ArtifactReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The normalised name in a reference, with a tag and a digest or without: `docker.io/library/nginx` for `nginx:1.27`.
/// That of a chart is without `oci://`.
///
/// # Errors
/// When a part of the reference is malformed, the tag and the digest too; and for a bare digest, which has no name.
pub fn image_name(text: &str) -> Result<String, ReferenceError> {
    if is_bare_digest(text) {
        return Err(ReferenceError::Name(text.to_owned(), "it is a digest"));
    }
    let reference = text.strip_prefix(CHART_SCHEME).unwrap_or(text);
    split(reference).map(|parts| parts.name)
}

/// The parts of a reference.
struct Parts {
    name: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

fn split(reference: &str) -> Result<Parts, ReferenceError> {
    let (named, digest) = match reference.split_once('@') {
        Some((named, digest)) => (named, Some(parse_digest(digest)?)),
        None => (reference, None),
    };
    let (name, tag) = split_tag(named);
    if let Some(tag) = tag {
        check_tag(tag)?;
    }
    Ok(Parts { name: normalise_name(name)?, tag: tag.map(str::to_owned), digest })
}

fn is_bare_digest(text: &str) -> bool {
    let Some((algorithm, _)) = text.split_once(':') else { return false };
    !text.contains(['/', '@']) && matches!(algorithm.to_ascii_lowercase().as_str(), "sha256" | "sha384" | "sha512")
}

fn parse(text: &str, reference: &str, kind: ArtifactKind) -> Result<ArtifactReference, ReferenceError> {
    let Parts { name, tag, digest } = split(reference)?;
    let digest = digest.ok_or_else(|| ReferenceError::NoDigest(text.to_owned()))?;
    Ok(ArtifactReference { text: text.to_owned(), kind, name: Some(name), tag, digest })
}

pub(super) fn parse_digest(text: &str) -> Result<Digest, ReferenceError> {
    text.parse().map_err(|error| ReferenceError::Digest { text: text.to_owned(), error })
}

/// A colon after the last slash starts the tag; one before it belongs to the registry's port.
pub(super) fn split_tag(named: &str) -> (&str, Option<&str>) {
    match named.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (named, None),
    }
}

pub(super) fn check_tag(tag: &str) -> Result<(), ReferenceError> {
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut characters = tag.chars();
    let valid = tag.len() <= TAG_LIMIT
        && characters.next().is_some_and(word)
        && characters.all(|character| word(character) || matches!(character, '.' | '-'));
    if valid { Ok(()) } else { Err(ReferenceError::Tag(tag.to_owned())) }
}

pub(super) fn normalise_name(name: &str) -> Result<String, ReferenceError> {
    let (registry, repository) = split_registry(name);
    check_registry(registry)?;
    for component in repository.split('/') {
        check_component(component)?;
    }
    let registry = if registry == LEGACY_REGISTRY { DEFAULT_REGISTRY } else { registry };
    let official = registry == DEFAULT_REGISTRY && !repository.contains('/');
    let namespace = if official { format!("{DEFAULT_NAMESPACE}/") } else { String::new() };
    let normalised = format!("{registry}/{namespace}{repository}");
    if normalised.len() > NAME_LIMIT {
        return Err(ReferenceError::NameLength(normalised.len()));
    }
    Ok(normalised)
}

/// The first component is a registry when it could not be a component of a repository: it has a dot, a port or
/// upper-case letters, or is `localhost`.
fn split_registry(name: &str) -> (&str, &str) {
    let is_registry = |first: &str| {
        first.contains(['.', ':']) || first == "localhost" || first.chars().any(|letter| letter.is_ascii_uppercase())
    };
    match name.split_once('/') {
        Some((first, rest)) if is_registry(first) => (first, rest),
        _ => (DEFAULT_REGISTRY, name),
    }
}

fn check_registry(registry: &str) -> Result<(), ReferenceError> {
    let refuse = |why| Err(ReferenceError::Name(registry.to_owned(), why));
    let (host, port) = match registry.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (registry, None),
    };
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit())) {
        return refuse("the port is not a number");
    }
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return if address.parse::<std::net::Ipv6Addr>().is_ok() { Ok(()) } else { refuse("it is no IPv6 address") };
    }
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if host.split('.').all(label) { Ok(()) } else { refuse("it is no host name") }
}

/// `[a-z0-9]+` runs joined by `.`, `_`, `__` or dashes.
fn check_component(component: &str) -> Result<(), ReferenceError> {
    let refuse = |why| Err(ReferenceError::Name(component.to_owned(), why));
    if component.is_empty() {
        return refuse("it is empty");
    }
    if component.chars().any(|letter| letter.is_ascii_uppercase()) {
        return refuse("it must be in lower case");
    }
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let edges = [component.bytes().next(), component.bytes().last()];
    if !edges.into_iter().flatten().all(alphanumeric) {
        return refuse("it must start and end with a letter or a digit");
    }
    let separators = component.split(|character: char| u8::try_from(character).is_ok_and(alphanumeric));
    let valid = |run: &str| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|byte| byte == b'-');
    if separators.into_iter().all(valid) {
        Ok(())
    } else {
        refuse("it may have letters, digits and single `.`, `_`, `__` or `-` between them")
    }
}

#[cfg(test)]
mod tests {
    use super::{ArtifactKind, ArtifactReference, ReferenceError};
    use proptest::prelude::*;

    fn digest() -> String {
        format!("sha256:{}", "ab".repeat(32))
    }

    #[test]
    fn names_are_normalised_and_the_digest_is_what_counts() {
        let cases = [
            ("nginx", "docker.io/library/nginx", None),
            ("nginx:1.27", "docker.io/library/nginx", Some("1.27")),
            ("index.docker.io/nginx", "docker.io/library/nginx", None),
            ("acme/storefront", "docker.io/acme/storefront", None),
            ("ghcr.io/acme/storefront:v1", "ghcr.io/acme/storefront", Some("v1")),
            ("localhost/app", "localhost/app", None),
            ("localhost:5000/app:v1", "localhost:5000/app", Some("v1")),
            ("[::1]:5000/a/b", "[::1]:5000/a/b", None),
            ("Registry/app", "Registry/app", None),
            ("ghcr.io/a__b/c---d.e_f", "ghcr.io/a__b/c---d.e_f", None),
        ];
        for (named, name, tag) in cases {
            let reference: ArtifactReference = format!("{named}@{}", digest()).parse().unwrap();
            assert_eq!(reference.name.as_deref(), Some(name), "{named}");
            assert_eq!(reference.tag.as_deref(), tag, "{named}");
            assert_eq!(reference.digest.to_string(), digest());
        }
    }

    #[test]
    fn a_bare_digest_and_a_chart_are_references() {
        let bare: ArtifactReference = digest().parse().unwrap();
        assert_eq!((bare.name, bare.kind), (None, ArtifactKind::ContainerImage));
        let chart: ArtifactReference = format!("oci://ghcr.io/acme/chart@{}", digest()).parse().unwrap();
        assert_eq!((chart.name.as_deref(), chart.kind), (Some("ghcr.io/acme/chart"), ArtifactKind::HelmChart));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (String::new(), "the reference is empty"),
            ("ghcr.io/acme/storefront:v1".to_owned(), "`ghcr.io/acme/storefront:v1` has no digest"),
            (
                "SHA256:ABC".to_owned(),
                "`SHA256:ABC` is not a digest: the algorithm is `SHA256`; only `sha256`, in lower case, is supported",
            ),
            (
                "a@sha256:abc".to_owned(),
                "`sha256:abc` is not a digest: it has 3 characters after `sha256:`, and needs 64",
            ),
            (format!("ghcr.io/Acme/x@{}", digest()), "`Acme` is not a part of an image name: it must be in lower case"),
            (format!("ghcr.io//x@{}", digest()), "`` is not a part of an image name: it is empty"),
            (
                format!("ghcr.io/a..b@{}", digest()),
                "`a..b` is not a part of an image name: it may have letters, digits and single `.`, `_`, `__` or `-` between them",
            ),
            (
                format!("ghcr.io:x/a@{}", digest()),
                "`ghcr.io:x` is not a part of an image name: the port is not a number",
            ),
            (format!("a:.bad@{}", digest()), "`.bad` is not a tag: it may have 128 letters, digits, `_`, `.` and `-`"),
            (format!("{}@{}", "a".repeat(300), digest()), "the name has 318 characters; at most 255 are allowed"),
            (format!("@{}", digest()), "`` is not a part of an image name: it is empty"),
        ];
        for (text, message) in cases {
            let error = text.parse::<ArtifactReference>().unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
            assert!(!error.hint().is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            match text.parse::<ArtifactReference>() {
                Ok(reference) => prop_assert!(text.ends_with(&reference.digest.to_string())),
                Err(error) => prop_assert!(error == ReferenceError::Empty || !error.to_string().is_empty()),
            }
        }

        #[test]
        fn a_normalised_name_stays_as_it_is(name in "[a-z0-9]{1,8}(\\.[a-z]{2,3})?(/[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?){0,3}") {
            let reference: ArtifactReference = format!("{name}@{}", digest()).parse().unwrap();
            let normalised = reference.name.unwrap();
            let again: ArtifactReference = format!("{normalised}@{}", digest()).parse().unwrap();
            prop_assert_eq!(again.name, Some(normalised));
        }
    }
}
