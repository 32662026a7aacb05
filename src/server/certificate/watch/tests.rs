use std::fs;
use std::time::Instant;

use rcgen::{CertificateParams, KeyPair};

use super::*;

/// Writes a certificate and its key, and links to them in another folder: nothing there tells of changes.
fn linked(elsewhere: &Path, here: &Path) -> CertificateFiles {
    write(elsewhere);
    for name in ["tls.crt", "tls.key"] {
        std::os::unix::fs::symlink(elsewhere.join(name), here.join(name)).unwrap();
    }
    CertificateFiles {
        certificate: here.join("tls.crt"),
        key: here.join("tls.key"),
        client_ca: None,
        client_names: Vec::new(),
        minimum_1_2: false,
    }
}

fn write(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    fs::write(folder.join("tls.crt"), certificate.pem()).unwrap();
    fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
}

#[tokio::test]
async fn a_change_that_nobody_tells_of_is_found_at_the_next_look() {
    let (elsewhere, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = linked(elsewhere.path(), here.path());
    let certificates = Certificates::load(files.clone()).unwrap();
    let found = async {
        let started = Instant::now();
        while certificates.status().reloads == 0 {
            assert!(started.elapsed() < Duration::from_secs(20), "the change is not found");
            sleep(Duration::from_millis(10)).await;
        }
    };
    write(elsewhere.path());
    watch(&certificates, &files, Duration::from_millis(20), found).await;
}

#[test]
fn the_folders_of_all_files_are_watched() {
    let files = CertificateFiles {
        certificate: PathBuf::from("/tls/tls.crt"),
        key: PathBuf::from("tls.key"),
        client_ca: Some(PathBuf::from("/ca/ca.crt")),
        client_names: Vec::new(),
        minimum_1_2: false,
    };
    assert_eq!(folders(&files), [".", "/ca", "/tls"].map(PathBuf::from).into());
}
