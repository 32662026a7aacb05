//! Addresses of policies in OCI registries: `oci://registry/repository:tag@sha256:…`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::digest::Digest;
use super::reference::{self, ReferenceError};

/// What marks an address where a path could stand.
pub const SCHEME: &str = "oci://";

/// A repository in a registry, and what in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryReference {
    /// The host, with its port: `ghcr.io`, `localhost:5000`.
    pub registry: String,
    /// The name below it: `acme/policies`.
    pub repository: String,
    /// The tag. Beside a digest it decides nothing.
    pub tag: Option<String>,
    /// What exactly.
    pub digest: Option<Digest>,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RepositoryError {
    /// A user name or a password, as in a URL. The text is not repeated.
    #[error("it holds a user name or a password")]
    Credentials,
    /// The registry is left out: policies come from nowhere by default.
    #[error("`{0}` names no registry")]
    NoRegistry(String),
    /// A part of it is malformed.
    #[error(transparent)]
    Malformed(#[from] ReferenceError),
}

impl RepositoryError {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Credentials => "credentials are read from Docker's configuration: run `docker login`",
            Self::NoRegistry(_) | Self::Malformed(_) => "write `oci://registry/repository@sha256:…`",
        }
    }
}

impl FromStr for RepositoryReference {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<Self, RepositoryError> {
        let text = text.strip_prefix(SCHEME).unwrap_or(text);
        let (named, digest) = match text.split_once('@') {
            Some((_, digest)) if !digest.starts_with("sha") => return Err(RepositoryError::Credentials),
            Some((named, digest)) => (named, Some(reference::parse_digest(digest)?)),
            None => (text, None),
        };
        let (name, tag) = reference::split_tag(named);
        if let Some(tag) = tag {
            reference::check_tag(tag)?;
        }
        let normal = reference::normalise_name(name)?;
        let same = |(registry, _): &(&str, &str)| name.starts_with(registry);
        let (registry, repository) =
            normal.split_once('/').filter(same).ok_or_else(|| RepositoryError::NoRegistry(name.to_owned()))?;
        let tag = tag.map(str::to_owned);
        Ok(Self { registry: registry.to_owned(), repository: repository.to_owned(), tag, digest })
    }
}

/// Without the scheme.
impl fmt::Display for RepositoryReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        self.digest.map_or(Ok(()), |digest| write!(formatter, "@{digest}"))
    }
}

impl RepositoryReference {
    /// Whether the registry is on this machine, so that nobody reads along without TLS.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = match self.registry.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => self.registry.as_str(),
        };
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The same repository, by digest and nothing else.
    #[must_use]
    pub fn pinned(&self, digest: Digest) -> Self {
        Self { tag: None, digest: Some(digest), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::RepositoryReference;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read_or_refused() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let pinned = format!("ghcr.io/acme/policies@{digest}");
        let cases = [
            (format!("oci://{pinned}"), Ok(pinned.as_str())),
            ("oci://localhost:5000/policies:v1".to_owned(), Ok("localhost:5000/policies:v1")),
            ("[::1]:5000/a/b:v1".to_owned(), Ok("[::1]:5000/a/b:v1")),
            ("docker.io/acme/policies:v1".to_owned(), Ok("docker.io/acme/policies:v1")),
            ("acme/policies:v1".to_owned(), Err("`acme/policies` names no registry")),
            ("oci://user:pass@ghcr.io/acme/policies".to_owned(), Err("it holds a user name or a password")),
            (
                "oci://ghcr.io/Acme:v1".to_owned(),
                Err("`Acme` is not a part of an image name: it must be in lower case"),
            ),
            (
                "ghcr.io/a@sha512:00".to_owned(),
                Err(
                    "`sha512:00` is not a digest: the algorithm is `sha512`; only `sha256`, in lower case, is supported",
                ),
            ),
        ];
        for (text, expected) in cases {
            let read = text.parse::<RepositoryReference>();
            let shown = read.map(|read| read.to_string()).map_err(|error| error.to_string());
            assert_eq!(shown.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_local() {
        let cases = [
            ("localhost/a", true),
            ("localhost:5000/a", true),
            ("127.0.0.1:5000/a", true),
            ("[::1]/a", true),
            ("[::1]:5000/a", true),
            ("localhost.example.com/a", false),
            ("127.example.com/a", false),
            ("10.0.0.1:5000/a", false),
        ];
        for (text, local) in cases {
            assert_eq!(text.parse::<RepositoryReference>().unwrap().is_local(), local, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "\\PC{0,60}|[a-z]{1,5}\\.[a-z]{2}(:[0-9]{2,4})?/[a-z/]{1,9}(:[a-z.]{1,5})?") {
            if let Ok(read) = text.parse::<RepositoryReference>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
