//! Tags of images, as registries resolve them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::policies;
use crate::bundle::oci::{Access, resolve_tag};
use crate::domain::reference::image_name;
use crate::domain::repository::{RepositoryError, RepositoryReference};
use crate::gate::source::BoxFuture;
use crate::server::judge::tags::{ResolveTag, Resolved};

/// How long a registry may take. Whoever asks waits no longer than the review's deadline.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Registries, with the credentials of Docker's configuration.
struct Registries {
    access: Access,
    /// What may be asked.
    address: fn(&str) -> Result<RepositoryReference, String>,
}

impl ResolveTag for Registries {
    fn resolve<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<Resolved, String>> {
        Box::pin(async move {
            let image = resolve_tag(&(self.address)(reference)?, &self.access).await.map_err(|error| error.message)?;
            Ok(Resolved { digest: image.digest, platforms: image.platforms })
        })
    }
}

/// A resolver that asks the registries of images that somebody deploys.
#[must_use]
pub fn resolver() -> Arc<dyn ResolveTag> {
    registries(address)
}

/// A resolver that asks the registries that the configuration names, wherever they are.
#[must_use]
pub fn configured() -> Arc<dyn ResolveTag> {
    registries(|reference| reference.parse().map_err(|error: RepositoryError| error.to_string()))
}

fn registries(address: fn(&str) -> Result<RepositoryReference, String>) -> Arc<dyn ResolveTag> {
    Arc::new(Registries { access: Access { timeout: TIMEOUT, ..policies::access() }, address })
}

/// Where an image's tag is asked about. Whoever deploys chooses the registry: it must be a name, and so neither this
/// machine nor an address beside it.
fn address(reference: &str) -> Result<RepositoryReference, String> {
    let name = image_name(reference).map_err(|error| error.to_string())?;
    let tag = reference.rsplit('/').next().and_then(|last| last.split_once(':')).map_or("latest", |(_name, tag)| tag);
    let address: RepositoryReference = format!("{name}:{tag}").parse().map_err(|error| format!("{error}"))?;
    let host = address.registry.rsplit_once(':').map_or(address.registry.as_str(), |(host, _port)| host);
    let is_number =
        host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() || host.ends_with(|end: char| end.is_ascii_digit());
    if address.is_local() || is_number || !host.contains('.') {
        return Err(format!("the registry `{}` is no host name with a dot", address.registry));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn images_are_asked_about_at_their_registries() {
        let cases = [
            ("nginx", Ok("docker.io/library/nginx:latest")),
            ("nginx:1.27", Ok("docker.io/library/nginx:1.27")),
            ("ghcr.io/acme/storefront:v1", Ok("ghcr.io/acme/storefront:v1")),
            ("registry.example.com:5000/app", Ok("registry.example.com:5000/app:latest")),
            ("localhost:8080/a:b", Err("localhost:8080")),
            ("127.0.0.1/a:b", Err("127.0.0.1")),
            ("169.254.169.254/a:b", Err("169.254.169.254")),
            ("127.1:80/a", Err("127.1:80")),
            ("[::1]:80/a", Err("[::1]:80")),
            ("internal:5000/a", Err("internal:5000")),
        ];
        for (reference, expected) in cases {
            let expected = expected
                .map(str::to_owned)
                .map_err(|registry| format!("the registry `{registry}` is no host name with a dot"));
            assert_eq!(address(reference).map(|address| address.to_string()), expected, "{reference}");
        }
    }
}
