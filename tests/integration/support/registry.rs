//! A registry, as the distribution specification has it, that can be told to misbehave.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode};
use holdpoint::domain::digest::Digest;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// What a registry asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Guard {
    #[default]
    Nobody,
    /// `user` with `password`.
    Basic,
    /// A token, which `user` with `password` gets.
    Bearer,
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
}

#[derive(Default)]
struct Shelf {
    guard: Guard,
    base: String,
    contents: BTreeMap<String, Vec<u8>>,
    redirects: BTreeMap<String, String>,
    seen: Vec<Seen>,
}

/// A registry on this machine; it ends with the value.
pub(crate) struct Registry {
    shelf: Arc<Mutex<Shelf>>,
    address: String,
    _runtime: Runtime,
}

/// What a client needs to reach a registry with TLS.
pub(crate) struct Tls {
    /// The authority's certificate, as PEM.
    pub(crate) authority: String,
    /// The proxy that leads to the registry, whatever name is asked for: no name service knows it.
    pub(crate) proxy: String,
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// The digest of a content, as registries write it.
pub(crate) fn digest(content: &[u8]) -> String {
    Digest::from_bytes(Sha256::digest(content).into()).to_string()
}

impl Registry {
    pub(crate) fn start(guard: Guard) -> Self {
        let runtime = runtime();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let base = format!("http://{address}");
        let shelf = Arc::new(Mutex::new(Shelf { guard, base, ..Shelf::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shelf));
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shelf, address, _runtime: runtime }
    }

    /// The same with TLS, with a certificate of an own authority for this name.
    pub(crate) fn start_tls(guard: Guard, name: &str) -> (Self, Tls) {
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = rcgen::CertifiedIssuer::self_signed(authority, rcgen::KeyPair::generate().unwrap()).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();

        let shelf = Arc::new(Mutex::new(Shelf { guard, base: format!("https://{name}"), ..Shelf::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shelf));
        let runtime = runtime();
        let config = axum_server::tls_rustls::RustlsConfig::from_pem(leaf.pem().into(), key.serialize_pem().into());
        let config = runtime.block_on(config).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let target = listener.local_addr().unwrap();
        let proxy = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let tls = Tls { authority: authority.pem(), proxy: format!("http://{}", proxy.local_addr().unwrap()) };
        runtime.spawn(async move {
            axum_server::from_tcp_rustls(listener, config).unwrap().serve(router.into_make_service()).await.unwrap();
        });
        runtime.spawn(lead(proxy, target));
        (Self { shelf, address: name.to_owned(), _runtime: runtime }, tls)
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Puts a content at this path below `/v2/`, whatever it is.
    pub(crate) fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.shelf.lock().unwrap().contents.insert(format!("/v2/{path}"), content.into());
    }

    /// Puts a blob of this repository where it belongs, and returns its descriptor.
    pub(crate) fn blob(&self, repository: &str, media_type: &str, title: &str, content: &[u8]) -> serde_json::Value {
        self.put(&format!("{repository}/blobs/{}", digest(content)), content);
        serde_json::json!({
            "mediaType": media_type, "digest": digest(content), "size": content.len(),
            "annotations": {"org.opencontainers.image.title": title},
        })
    }

    /// Puts a manifest of these layers under a tag and its digest, which is returned.
    pub(crate) fn manifest(&self, repository: &str, tag: &str, layers: &[serde_json::Value]) -> String {
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(b"{}"), "size": 2},
            "layers": layers,
        });
        let manifest = serde_json::to_vec(&manifest).unwrap();
        self.put(&format!("{repository}/manifests/{tag}"), manifest.clone());
        self.put(&format!("{repository}/manifests/{}", digest(&manifest)), manifest.clone());
        digest(&manifest)
    }

    /// Points from a path below `/v2/` to this address.
    pub(crate) fn redirect(&self, path: &str, target: &str) {
        self.shelf.lock().unwrap().redirects.insert(format!("/v2/{path}"), target.to_owned());
    }

    /// What is at this path below `/v2/`.
    pub(crate) fn content(&self, path: &str) -> Option<Vec<u8>> {
        self.shelf.lock().unwrap().contents.get(&format!("/v2/{path}")).cloned()
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shelf.lock().unwrap().seen.clone()
    }
}

/// A proxy that leads every `CONNECT` to one place.
async fn lead(proxy: TcpListener, target: SocketAddr) {
    while let Ok((mut client, _)) = proxy.accept().await {
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await?);
            }
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            copy_bidirectional(&mut client, &mut TcpStream::connect(target).await?).await
        });
    }
}

async fn answer(State(shelf): State<Arc<Mutex<Shelf>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let authorization = parts.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let path = parts.uri.path().to_owned();
    let mut shelf = shelf.lock().unwrap();
    let seen = Seen { method: parts.method.to_string(), path: path.clone(), authorization: authorization.clone() };
    shelf.seen.push(seen);
    // `user:password`
    let password = authorization.as_deref() == Some("Basic dXNlcjpwYXNzd29yZA==");
    if path == "/token" {
        let (status, text) = if password { (200, r#"{"token":"t0ken"}"#) } else { (401, "{}") };
        return respond(status, &[], text);
    }
    let (welcome, challenge) = match shelf.guard {
        Guard::Nobody => (true, String::new()),
        Guard::Basic => (password, "Basic realm=\"registry\"".to_owned()),
        Guard::Bearer => (
            authorization.as_deref() == Some("Bearer t0ken"),
            format!("Bearer realm=\"{}/token\",service=\"registry\"", shelf.base),
        ),
    };
    if !welcome {
        return respond(401, &[("www-authenticate", &challenge)], "{}");
    }
    serve(&mut shelf, &parts.method, &path, parts.uri.query().unwrap_or_default(), &body)
}

fn serve(shelf: &mut Shelf, method: &Method, path: &str, query: &str, body: &Bytes) -> Response<Body> {
    if let Some(target) = shelf.redirects.get(path) {
        return respond(307, &[("location", target)], "");
    }
    if path == "/v2/" {
        return respond(200, &[], "{}");
    }
    match *method {
        Method::POST => respond(202, &[("location", &format!("{path}session"))], ""),
        Method::PUT => {
            let place = match path.strip_suffix("uploads/session") {
                Some(blobs) => {
                    let digest = query.split('&').find_map(|pair| pair.strip_prefix("digest="));
                    format!("{blobs}{}", digest.unwrap().replace("%3A", ":"))
                }
                None => path.to_owned(),
            };
            if let Some((repository, _)) = place.split_once("/manifests/") {
                shelf.contents.insert(format!("{repository}/manifests/{}", digest(body)), body.to_vec());
            }
            shelf.contents.insert(place.clone(), body.to_vec());
            respond(201, &[("location", &place)], "")
        }
        _ => match shelf.contents.get(path) {
            Some(content) => respond(200, &[], content.clone()),
            None => respond(404, &[], r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#),
        },
    }
}

fn respond(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
    let response = headers.iter().fold(Response::builder(), |response, (name, value)| response.header(*name, *value));
    response.status(StatusCode::from_u16(status).unwrap()).body(body.into()).unwrap()
}
