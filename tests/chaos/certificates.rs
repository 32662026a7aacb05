//! Certificates that are replaced while reviews come in.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::load::{Load, expect, only};
use super::world::{STAGED, UNKNOWN, project, ready, source};
use crate::serve::client::{Client, LONG};
use crate::serve::pki::{Authority, Mount};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_certificates_are_replaced_and_no_review_fails() {
    let authority = Authority::new();
    let mut mount = Mount::new(&authority.server(1), None);
    let source = source().await;
    let tls = format!(
        ", tls: {{certificate: \"{}\", key: \"{}\"}}",
        mount.path("tls.crt").display(),
        mount.path("tls.key").display()
    );
    let project = project(&source, &tls);
    let server = ready(project.path()).await;
    let client = Client::trusting(&authority.pem());
    let load = Load::start(&only(server.reviews()), Some(&client));
    let began = Instant::now();
    for serial in 2..=21 {
        let issued = authority.server(serial);
        mount.swap(&issued.chain, &issued.key, None);
        sleep(Duration::from_millis(50)).await;
    }
    while client.shown(server.reviews()).await != Ok(21) {
        assert!(began.elapsed() < LONG, "the last certificate is not served: {}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
    server.becomes("/readyz", "[+] certificate ok").await;
    let asked = load.end().await;
    let ended = Instant::now();
    expect("while certificates change", &asked, STAGED, began, ended, &[200]);
    expect("while certificates change", &asked, UNKNOWN, began, ended, &[403]);
}
