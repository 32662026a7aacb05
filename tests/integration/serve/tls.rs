//! Which certificate is shown, when it is replaced, and who is let in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use holdpoint::server::certificate::{CertificateFiles, Certificates};
use holdpoint::server::self_signed;
use jiff::Timestamp;
use rustls::version::{TLS12, TLS13};

use super::client::{Client, LONG, Served, get, limits};
use super::pki::{Authority, Issued, Mount};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rotation_is_noticed_and_no_handshake_fails() {
    let authority = Authority::new();
    let mut mount = Mount::new(&authority.server(1), None);
    let certificates = Certificates::load(mount.files()).unwrap();
    let served = Served::start(Some(certificates.clone()), limits()).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let watching = tokio::spawn(certificates.clone().watch(stopped));
    let callers = Callers::start(&authority, &served);

    let client = Client::trusting(&authority.pem());
    for serial in 2..=21 {
        let issued = authority.server(serial);
        mount.swap(&issued.chain, &issued.key, None);
        let swapped = Instant::now();
        while client.serial(served.address).await.unwrap() != serial {
            // Well below the interval at which files are looked at anyway.
            assert!(swapped.elapsed() < Duration::from_secs(8), "rotation {serial} is not noticed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    let (calls, failures) = callers.stop().await;
    assert!(calls > 20, "{calls}");
    assert_eq!(failures, Vec::<String>::new());
    let status = certificates.status();
    assert_eq!((status.reloads, status.failures, status.last_failure), (20, 0, None));
    assert!(status.served_is_on_disk);
    assert_eq!(served.connections.handshake_failures(), 0);
    stop.send(()).unwrap();
    tokio::time::timeout(LONG, watching).await.unwrap().unwrap();
}

/// Clients that connect all the time.
struct Callers {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Callers {
    fn start(authority: &Authority, served: &Served) -> Self {
        let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let one = |_| {
            let (stop, calls) = (Arc::clone(&stop), Arc::clone(&calls));
            let (pem, address) = (authority.pem(), served.address);
            tokio::spawn(async move {
                let mut failures = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    // A client of its own: it must not resume a session.
                    failures.extend(Client::trusting(&pem).serial(address).await.err());
                    calls.fetch_add(1, Ordering::Relaxed);
                }
                failures
            })
        };
        let tasks = (0..3).map(one).collect();
        Self { stop, calls, tasks }
    }

    async fn stop(self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let mut failures = Vec::new();
        for task in self.tasks {
            failures.extend(task.await.unwrap());
        }
        (self.calls.load(Ordering::Relaxed), failures)
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_not_shown() {
    let authority = Authority::new();
    let (first, other) = (authority.server(1), authority.server(2));
    let nothing = String::new();
    let cut: String = other.chain.chars().take(300).collect();
    let not_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
    let huge = "#".repeat((1 << 20) + 1);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n".to_owned();
    let cases = [
        ("no certificate", &nothing, &other.key, "it holds no certificate"),
        ("a key as the certificate", &other.key, &other.key, "it holds no certificate"),
        ("half a certificate", &cut, &other.key, "tls.crt` cannot be used"),
        ("no DER", &not_der, &other.key, "tls.crt` cannot be used"),
        ("a huge file", &huge, &other.key, "it is larger than 1048576 bytes"),
        ("no key", &other.chain, &nothing, "tls.key` cannot be used"),
        (
            "an encrypted key",
            &other.chain,
            &encrypted,
            "hint: it has to hold a private key in PEM that is not encrypted",
        ),
        ("the key of another", &other.chain, &first.key, "is not the key of the certificate"),
    ];
    let mut mount = Mount::new(&first, None);
    let certificates = Certificates::load(mount.files()).unwrap();
    let served = Served::start(Some(certificates.clone()), limits()).await;
    let client = Client::trusting(&authority.pem());
    for (failures, (case, chain, key, wanted)) in (1..).zip(cases) {
        mount.swap(chain, key, None);
        let error = certificates.reload_if_changed().unwrap_err().to_string();
        assert!(error.contains(wanted) && error.contains("\nhint: "), "{case}: {error}");
        let status = certificates.status();
        assert_eq!(status.last_failure.as_ref(), Some(&error), "{case}");
        assert_eq!((status.failures, status.reloads, status.served_is_on_disk), (failures, 0, false), "{case}");
        assert_eq!(client.serial(served.address).await, Ok(1), "{case}");
        assert_eq!(
            Certificates::load(mount.files()).err().unwrap().to_string(),
            error,
            "{case}: not at the start either"
        );
    }
    mount.swap(&other.chain, &other.key, None);
    assert!(certificates.reload_if_changed().unwrap());
    assert!(!certificates.reload_if_changed().unwrap(), "nothing is new");
    let status = certificates.status();
    assert_eq!((status.reloads, status.served_is_on_disk, status.last_failure), (1, true, None));
    assert_eq!(client.serial(served.address).await, Ok(2));
}

#[test]
fn a_file_that_is_missing_is_named() {
    let mount = Mount::new(&Authority::new().server(1), None);
    let gone = mount.path("gone");
    let cases = [
        ("certificate", CertificateFiles { certificate: gone.clone(), ..mount.files() }),
        ("key of the certificate", CertificateFiles { key: gone.clone(), ..mount.files() }),
        ("client CA", CertificateFiles { client_ca: Some(gone.clone()), ..mount.files() }),
    ];
    for (what, files) in cases {
        let error = Certificates::load(files).err().unwrap().to_string();
        assert!(error.starts_with(&format!("the {what} `{}` cannot be read: ", gone.display())), "{error}");
    }
}

#[tokio::test]
async fn tls_1_2_is_spoken_on_request() {
    let authority = Authority::new();
    let mount = Mount::new(&authority.server(1), None);
    for (minimum_1_2, version, wanted) in
        [(false, &TLS13, Ok(1)), (false, &TLS12, Err(())), (true, &TLS13, Ok(1)), (true, &TLS12, Ok(1))]
    {
        let certificates = Certificates::load(CertificateFiles { minimum_1_2, ..mount.files() }).unwrap();
        let served = Served::start(Some(certificates), limits()).await;
        let client = Client::new(&authority.pem(), &[version], None);
        let serial = client.serial(served.address).await;
        assert!(serial.as_ref().err().is_none_or(|error| error.contains("ProtocolVersion")), "{serial:?}");
        assert_eq!(serial.map_err(|_alert| ()), wanted, "{minimum_1_2} {version:?}");
    }
}

#[tokio::test]
async fn the_protocol_is_http_1_1() {
    let authority = Authority::new();
    let mount = Mount::new(&authority.server(1), None);
    let served = Served::start(Some(Certificates::load(mount.files()).unwrap()), limits()).await;
    for (offered, wanted) in [
        (vec!["h2", "http/1.1"], Ok(Some(b"http/1.1".to_vec()))),
        (vec![], Ok(None)),
        (vec!["h2"], Err("received fatal alert: NoApplicationProtocol".to_owned())),
    ] {
        let client = Client::trusting(&authority.pem()).speaking(&offered);
        let agreed = client.connect(served.address).await;
        let agreed = agreed.map(|stream| stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec));
        assert_eq!(agreed, wanted, "{offered:?}");
    }
}

/// What it is, which names are let in, the certificate that it shows, and the serial number that it sees or why not.
type Caller = (&'static str, &'static [&'static str], Option<Issued>, Result<u64, &'static str>);

#[tokio::test]
async fn clients_are_let_in_by_authority_and_name() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let mount = Mount::new(&authority.server(1), Some(&authority.pem()));
    let anyone: &[&str] = &[];
    let named: &'static [&str] = &["kube-apiserver", "api.example.com", "spiffe://cluster/apiserver", "10.0.0.1"];
    let cases: [Caller; 10] = [
        ("no certificate", anyone, None, Err("CertificateRequired")),
        ("of another authority", anyone, Some(stranger.client("kube-apiserver", &[])), Err("")),
        ("any name", anyone, Some(authority.client("somebody", &[])), Ok(1)),
        ("no certificate, with names", named, None, Err("CertificateRequired")),
        ("the right name of another authority", named, Some(stranger.client("kube-apiserver", &[])), Err("")),
        ("common name", named, Some(authority.client("kube-apiserver", &[])), Ok(1)),
        ("DNS name", named, Some(authority.client("x", &["other.example.com", "API.example.com"])), Ok(1)),
        ("IP address", named, Some(authority.client("x", &["10.0.0.1"])), Ok(1)),
        ("another name", named, Some(authority.client("kube-scheduler", &["api.example.org"])), Err("AccessDenied")),
        ("part of a name", named, Some(authority.client("not-kube-apiserver", &["example.com"])), Err("AccessDenied")),
    ];
    for (case, names, shown, wanted) in cases {
        for minimum_1_2 in [false, true] {
            let files = CertificateFiles {
                client_ca: Some(mount.path("ca.crt")),
                client_names: names.iter().map(|name| (*name).to_owned()).collect(),
                minimum_1_2,
                ..mount.files()
            };
            let served = Served::start(Some(Certificates::load(files).unwrap()), limits()).await;
            let version = if minimum_1_2 { &TLS12 } else { &TLS13 };
            let serial = Client::new(&authority.pem(), &[version], shown.as_ref()).serial(served.address).await;
            match wanted {
                Ok(wanted) => assert_eq!(serial, Ok(wanted), "{case}"),
                Err(wanted) => assert!(serial.as_ref().unwrap_err().contains(wanted), "{case}: {serial:?}"),
            }
            assert_eq!(served.connections.handshake_failures(), u64::from(wanted.is_err()), "{case}");
        }
    }
}

#[tokio::test]
async fn authorities_of_clients_are_replaced_too() {
    let (authority, before, after) = (Authority::new(), Authority::new(), Authority::new());
    let issued = authority.server(1);
    let mut mount = Mount::new(&issued, Some(&before.pem()));
    let files = CertificateFiles { client_ca: Some(mount.path("ca.crt")), ..mount.files() };
    let certificates = Certificates::load(files).unwrap();
    let served = Served::start(Some(certificates.clone()), limits()).await;
    let old = Client::new(&authority.pem(), &[&TLS13], Some(&before.client("a", &[])));
    let new = Client::new(&authority.pem(), &[&TLS13], Some(&after.client("a", &[])));
    assert_eq!(old.serial(served.address).await, Ok(1));
    assert!(new.serial(served.address).await.is_err());

    mount.swap(&issued.chain, &issued.key, Some("no certificate"));
    let error = certificates.reload_if_changed().unwrap_err().to_string();
    assert!(error.contains("the client CA `") && error.contains("it holds no certificate"), "{error}");
    assert_eq!(old.serial(served.address).await, Ok(1));

    mount.swap(&issued.chain, &issued.key, Some(&after.pem()));
    assert!(certificates.reload_if_changed().unwrap());
    // The session of the first call must not be resumed: its authority is gone.
    assert!(old.serial(served.address).await.is_err());
    assert_eq!(new.serial(served.address).await, Ok(1));
}

#[tokio::test]
async fn a_certificate_can_be_made_for_names_and_addresses() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let names = ["localhost", "127.0.0.1", "::1", "holdpoint.gate.svc"].map(str::to_owned);
    let made = self_signed::make(&names, now).unwrap();
    let (_, leaf) = x509_parser::parse_x509_certificate(&made.chain[0]).unwrap();
    let validity = [leaf.validity().not_before, leaf.validity().not_after].map(|at| at.timestamp() - now.as_second());
    assert_eq!(validity, [-3600, 365 * 24 * 3600]);
    let certificates = Certificates::from_memory(&made).unwrap();
    assert_eq!(certificates.status().not_after.as_second(), now.as_second() + 365 * 24 * 3600);
    assert!(!certificates.reload_if_changed().unwrap());
    assert!(certificates.status().served_is_on_disk);

    // With a certificate that is good by the clock of this machine, reqwest and rustls accept it.
    let made = self_signed::make(&names, holdpoint::app::now()).unwrap();
    let served = Served::start(Some(Certificates::from_memory(&made).unwrap()), limits()).await;
    let mut stream = Client::trusting(&made.ca_pem).connect(served.address).await.unwrap();
    assert!(get(&mut stream, "/").await.unwrap().starts_with("HTTP/1.1 200 OK"));
    let root = reqwest::Certificate::from_pem(made.ca_pem.as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{}/", served.address.port());
        assert_eq!(client.get(url).send().await.unwrap().status(), 200, "{host}");
    }
}

#[test]
fn a_certificate_needs_names() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let cases: [(&[&str], Timestamp, &str); 4] = [
        (&[], now, "a certificate needs a name"),
        (&["naïve.example"], now, "no certificate can be made for `naïve.example`"),
        (&["a"], Timestamp::UNIX_EPOCH, "the clock says 1970-01-01T00:00:00Z"),
        (&["a"], Timestamp::MAX, "the clock says 9999-12-"),
    ];
    for (names, now, wanted) in cases {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let error = self_signed::make(&names, now).err().unwrap().to_string();
        assert!(error.contains(wanted) && error.contains("\nhint: "), "{error}");
    }
}
