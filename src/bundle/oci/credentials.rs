//! Credentials for a registry, from Docker's configuration.

use std::io;
use std::path::Path;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use secrecy::SecretString;
use tokio::sync::oneshot;

use crate::domain::hinted::HintedError;
use crate::source::file;

/// Bytes of the configuration.
const LARGEST: u64 = 1 << 20;
/// How long a credential helper may take; it may ask a keyring that asks a user.
const HELPER_TIMEOUT: Duration = Duration::from_secs(20);
/// How Docker names its own registry in its configuration.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// What a registry is told. Nothing shows the secrets.
#[derive(Debug)]
pub(super) enum Credentials {
    /// Nothing: many registries let anyone read.
    Anonymous,
    /// A user name and its password or token.
    Password { user: String, password: SecretString },
    /// A token that is exchanged for others.
    Identity(SecretString),
}

/// The credentials for this registry in `config.json` of this folder. Helpers that it names are asked, which are
/// programs on this machine.
pub(super) async fn find(folder: Option<&Path>, registry: &str) -> Result<Credentials, HintedError> {
    let Some(folder) = folder else { return Ok(Credentials::Anonymous) };
    let path = folder.join("config.json");
    let config = match file::read(&path, LARGEST) {
        Ok(config) => config,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Credentials::Anonymous),
        Err(error) => {
            let message = format!("Docker's configuration `{}` cannot be read: {error}", path.display());
            return Err(HintedError::new(message, "check its permissions, or name another folder in `DOCKER_CONFIG`"));
        }
    };
    let server = if registry == "docker.io" { DOCKER_HUB } else { registry }.to_owned();
    let (sender, receiver) = oneshot::channel();
    // A thread of its own: one that hangs in a helper would keep the runtime from ending.
    std::thread::spawn(move || {
        // Nobody listens any more when it took too long.
        drop(sender.send(docker_credential::get_credential_from_reader(config.as_slice(), &server)));
    });
    match tokio::time::timeout(HELPER_TIMEOUT, receiver).await {
        Ok(Ok(found)) => read(found, registry, &path),
        _late => {
            let message = format!("the credential helper for `{registry}` did not answer within {HELPER_TIMEOUT:?}");
            Err(HintedError::new(message, format!("see `{}`; `docker login {registry}` may help", path.display())))
        }
    }
}

fn read(
    found: Result<DockerCredential, CredentialRetrievalError>,
    registry: &str,
    path: &Path,
) -> Result<Credentials, HintedError> {
    let why = match found {
        Ok(DockerCredential::IdentityToken(token)) => return Ok(Credentials::Identity(token.into())),
        Ok(DockerCredential::UsernamePassword(user, password)) if user.is_empty() && password.is_empty() => {
            return Ok(Credentials::Anonymous);
        }
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            return Ok(Credentials::Password { user, password: password.into() });
        }
        Err(CredentialRetrievalError::NoCredentialConfigured) => return Ok(Credentials::Anonymous),
        // The words are those of Docker's own helpers. What a helper prints is not shown: it deals in secrets.
        Err(CredentialRetrievalError::HelperFailure { helper, stdout, stderr }) => {
            if format!("{stdout}{stderr}").contains("credentials not found") {
                return Ok(Credentials::Anonymous);
            }
            format!("the credential helper `{helper}` failed")
        }
        Err(CredentialRetrievalError::HelperCommunicationError) => {
            "the credential helper cannot be run, or does not listen".to_owned()
        }
        Err(CredentialRetrievalError::MalformedHelperResponse) => {
            "the credential helper answered something else than credentials".to_owned()
        }
        Err(_configuration) => "what Docker's configuration holds for it cannot be read".to_owned(),
    };
    let message = format!("no credentials for `{registry}`: {why}");
    Err(HintedError::new(message, format!("run `docker login {registry}`, or mend `{}`", path.display())))
}
