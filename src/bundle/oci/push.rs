//! Writing to a registry.

use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;
use oci_client::secrets::RegistryAuth;
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret as _;

use super::super::digest;
use super::artifact::Parts;
use super::authorize::Authorization;
use super::registry::{self, Registry};
use super::{Access, http};
use crate::domain::digest::Digest;
use crate::domain::hinted::HintedError;
use crate::domain::repository::RepositoryReference;

/// Pushes the contents, then the manifest that names them: a reader never sees one without the other.
pub(super) async fn push(
    address: &RepositoryReference,
    compose: impl FnOnce() -> Result<Parts, HintedError>,
    access: &Access,
) -> Result<Digest, HintedError> {
    let (Some(tag), None) = (&address.tag, address.digest) else {
        return Err(HintedError::new(
            format!("`{address}` names no tag to push to"),
            "write `oci://registry/repository:tag`; the digest is printed",
        ));
    };
    let Parts { manifest, contents } = compose()?;
    let body = serde_json::to_vec(&manifest)
        .map_err(|error| HintedError::new(format!("the manifest cannot be written: {error}"), "report this"))?;
    let registry = Registry::new(address, access)?;
    let client = client(address, access)?;
    let image = Reference::with_tag(address.registry.clone(), address.repository.clone(), tag.clone());
    let authorization = match registry.authorization("pull,push").await? {
        Authorization::Nothing => RegistryAuth::Anonymous,
        Authorization::Basic { user, password } => {
            RegistryAuth::Basic(user.clone(), password.expose_secret().to_owned())
        }
        Authorization::Bearer(token) => RegistryAuth::Bearer(token.expose_secret().to_owned()),
    };
    client.store_auth_if_needed(image.resolve_registry(), &authorization).await;
    let failed = |error: OciDistributionError| failure(address, &error);
    for content in contents {
        let name = digest(&content).to_string();
        match client.push_blob(&image, content, &name).await {
            // Some registries take a blob and do not say where it is.
            Err(OciDistributionError::RegistryNoLocationError)
                if client.blob_exists(&image, &name).await.map_err(failed)? => {}
            pushed => drop(pushed.map_err(failed)?),
        }
    }
    let pushed = digest(&body);
    client.push_manifest_raw(&image, body, HeaderValue::from_static(OCI_IMAGE_MEDIA_TYPE)).await.map_err(failed)?;
    Ok(pushed)
}

fn client(address: &RepositoryReference, access: &Access) -> Result<Client, HintedError> {
    let plain = registry::is_plain(address, access);
    let config = ClientConfig {
        protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
        // Some registries take no chunks.
        use_monolithic_push: true,
        user_agent: concat!("holdpoint/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    };
    Client::try_from(config).map_err(|error| failure(address, &error))
}

fn failure(address: &RepositoryReference, error: &OciDistributionError) -> HintedError {
    let login = format!("run `docker login {}`, with an account that may push there", registry::host(address));
    let (why, hint) = match error {
        OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => {
            ("it does not let this be done with these credentials".to_owned(), login)
        }
        OciDistributionError::ServerError { code: code @ (401 | 403), .. } => (format!("it answered {code}"), login),
        OciDistributionError::ServerError { code, .. } => (format!("it answered {code}"), "try again later".to_owned()),
        OciDistributionError::RegistryError { envelope, .. } => {
            (envelope.to_string().chars().take(300).collect(), login)
        }
        other => (http::innermost(other), "check the address of the registry and the network".to_owned()),
    };
    HintedError::new(format!("the registry `{}` did not take it: {why}", address.registry), hint)
}
