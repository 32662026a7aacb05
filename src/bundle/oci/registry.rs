//! Reading from one repository of one registry.

use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::Access;
use super::authorize::{self, Authorization};
use super::credentials;
use super::http::{Answer, Http};
use crate::domain::digest::Digest;
use crate::domain::hinted::HintedError;
use crate::domain::repository::RepositoryReference;

/// Where Docker's own registry really is.
const DOCKER_HUB: &str = "index.docker.io";

/// A repository; nothing is asked until something is needed.
pub(super) struct Registry<'a> {
    http: Http,
    base: Url,
    address: &'a RepositoryReference,
    access: &'a Access,
    authorization: OnceCell<Authorization>,
}

impl<'a> Registry<'a> {
    pub(super) fn new(address: &'a RepositoryReference, access: &'a Access) -> Result<Self, HintedError> {
        let scheme = if is_plain(address, access) { "http" } else { "https" };
        let base = format!("{scheme}://{}/v2/", host(address));
        let base = Url::parse(&base).map_err(|error| {
            HintedError::new(format!("`{}` is no registry: {error}", address.registry), "correct its name")
        })?;
        Ok(Self { http: Http::new()?, base, address, access, authorization: OnceCell::new() })
    }

    /// The manifest of a tag or digest, as it came.
    pub(super) async fn manifest(&self, reference: &str, limit: u64) -> Result<Vec<u8>, HintedError> {
        self.manifest_as(reference, OCI_IMAGE_MEDIA_TYPE, limit).await
    }

    /// The manifest of a tag or digest, of one of these media types, as it came.
    pub(super) async fn manifest_as(&self, reference: &str, kinds: &str, limit: u64) -> Result<Vec<u8>, HintedError> {
        self.get(&format!("manifests/{reference}"), kinds, limit).await
    }

    /// The blob of this digest, as it came.
    pub(super) async fn blob(&self, digest: Digest, limit: u64) -> Result<Vec<u8>, HintedError> {
        self.get(&format!("blobs/{digest}"), "*/*", limit).await
    }

    async fn get(&self, path: &str, accept: &str, limit: u64) -> Result<Vec<u8>, HintedError> {
        if self.access.offline {
            return Err(HintedError::new(
                "it is not in the cache, and nothing may be fetched",
                "pull it where the registry can be reached, or leave `--offline` out",
            ));
        }
        let authorization = self.authorization("pull").await?.header()?;
        let url = self
            .base
            .join(&format!("{}/{path}", self.address.repository))
            .map_err(|error| HintedError::new(format!("`{}` is no address: {error}", self.address), "correct it"))?;
        let answer = self.http.get(url, accept, authorization.as_ref(), limit).await?;
        if answer.status == StatusCode::OK { Ok(answer.body) } else { Err(self.refusal(&answer)) }
    }

    /// What the registry wants to see; asked for once.
    pub(super) async fn authorization(&self, actions: &str) -> Result<&Authorization, HintedError> {
        let ask = async || {
            let credentials = credentials::find(self.access.docker_config.as_deref(), &self.address.registry).await?;
            authorize::authorize(&self.http, &self.base, &self.address.repository, actions, credentials).await
        };
        self.authorization.get_or_try_init(ask).await
    }

    fn refusal(&self, answer: &Answer) -> HintedError {
        let address = self.address;
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => authorize::unauthorized(&self.base),
            StatusCode::NOT_FOUND => HintedError::new(
                format!("the registry does not have `{address}`{}", said(answer)),
                "check the address; registries also answer so to those who may not see it: try `docker login`",
            ),
            status => HintedError::new(
                format!("the registry `{}` answered {status}{}", address.registry, said(answer)),
                "try again later",
            ),
        }
    }
}

/// The host of a registry.
pub(super) fn host(address: &RepositoryReference) -> &str {
    if address.registry == "docker.io" { DOCKER_HUB } else { &address.registry }
}

/// Without TLS only on this machine, or where that is allowed.
pub(super) fn is_plain(address: &RepositoryReference, access: &Access) -> bool {
    access.allow_insecure || address.is_local()
}

/// What a refusal says, in the form that registries share.
fn said(answer: &Answer) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        errors: Vec<Reason>,
    }
    #[derive(Deserialize)]
    struct Reason {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let refusal: Option<Refusal> = serde_json::from_slice(&answer.body).ok();
    let first = refusal.and_then(|refusal| refusal.errors.into_iter().next());
    let short = |text: String| text.chars().take(200).collect::<String>();
    first.map(|reason| format!(": {} ({})", short(reason.message), short(reason.code))).unwrap_or_default()
}
