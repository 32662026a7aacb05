//! Signatures that hold, and those that only look so.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::super::sign::Signer;
use super::{Algorithm, SIGNATURES, Verifier};

const SECRET: &[u8] = b"secret";

fn files() -> BTreeMap<String, Vec<u8>> {
    let files =
        [(".manifest", r#"{"revision":"r1"}"#), ("a/data.json", r#"{"b": 1.0}"#), ("a/b.rego", "package a.b\n")];
    files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect()
}

fn named(algorithm: &str) -> Algorithm {
    Algorithm::named(algorithm).unwrap()
}

fn verifier(key_id: Option<&str>, scope: Option<&str>) -> Verifier {
    Verifier::new(SECRET, named("HS256"), key_id.map(str::to_owned), scope.map(str::to_owned)).unwrap()
}

fn sign(key_id: Option<&str>, scope: Option<&str>) -> Vec<u8> {
    let signer = Signer::new(SECRET, named("HS256"), key_id.map(str::to_owned), scope.map(str::to_owned)).unwrap();
    signer.sign(&files()).unwrap()
}

/// A signature over what `change` makes of the honest statement.
fn forged(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let signed: Value = serde_json::from_slice(&sign(None, None)).unwrap();
    let token = signed["signatures"][0].as_str().unwrap();
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let mut payload: Value = serde_json::from_slice(&payload).unwrap();
    change(&mut payload);
    let token = jsonwebtoken::encode(&Header::default(), &payload, &EncodingKey::from_secret(SECRET)).unwrap();
    serde_json::to_vec(&json!({"signatures": [token]})).unwrap()
}

fn complaint(signatures: &[u8], files: &BTreeMap<String, Vec<u8>>) -> String {
    verifier(None, None).verify(signatures, files).err().map(|error| error.message).unwrap_or_default()
}

#[test]
fn exactly_the_signed_files_pass() {
    let signed = sign(None, None);
    assert_eq!(complaint(&signed, &files()), "");
    let mut with_itself = files();
    with_itself.insert(SIGNATURES.to_owned(), signed.clone());
    assert_eq!(complaint(&signed, &with_itself), "");
    let mut spaced = files();
    spaced.insert("a/data.json".to_owned(), b"{ \"b\" :1.0}".to_vec());
    assert_eq!(complaint(&signed, &spaced), "", "documents are signed by their meaning");
    for (name, content, wanted) in [
        ("a/b.rego", Some("package a.b"), "is for another content of `a/b.rego`"),
        ("a/data.json", Some(r#"{"b": 1}"#), "is for another content of `a/data.json`"),
        ("a/b.rego", None, "is for a file `a/b.rego`, which the bundle does not have"),
        ("README.md", Some("x"), "does not cover the file `README.md`"),
    ] {
        let mut changed = files();
        match content {
            Some(content) => drop(changed.insert(name.to_owned(), content.as_bytes().to_vec())),
            None => drop(changed.remove(name)),
        }
        assert_eq!(complaint(&signed, &changed), format!("its signature {wanted}"));
    }
}

#[test]
fn statements_that_say_too_little_are_refused() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 6] = [
        (|payload| payload["files"][0]["algorithm"] = json!("MD5"), "with `MD5`, which is not of the SHA-2 family"),
        (|payload| payload["files"][0]["algorithm"] = json!(""), "which is not of the SHA-2 family"),
        (|payload| payload["files"][0]["hash"] = json!(""), "another content"),
        (|payload| payload["files"][1] = payload["files"][0].clone(), "twice"),
        (|payload| payload["files"] = json!([]), "does not cover"),
        (|payload| payload["scope"] = json!("write"), "has the scope `write`, and `` is configured"),
    ];
    for (change, wanted) in cases {
        let found = complaint(&forged(change), &files());
        assert!(found.contains(wanted), "{wanted}: {found}");
    }
}

#[test]
fn the_configured_algorithm_alone_counts() {
    let payload = URL_SAFE_NO_PAD.encode(r#"{"files":[]}"#);
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"None"}"#, r#"{"typ":"JWT"}"#] {
        let token = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header));
        let signatures = serde_json::to_vec(&json!({"signatures": [token]})).unwrap();
        assert!(complaint(&signatures, &BTreeMap::new()).contains("is not of the configured key"), "{header}");
    }
    // The public key of a pair is no secret: whoever has it could sign with it as if it were one.
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let public = pair.public_key_pem();
    let confused = Signer::new(public.as_bytes(), named("HS256"), None, None).unwrap().sign(&files()).unwrap();
    let verifier = Verifier::new(public.as_bytes(), named("ES256"), None, None).unwrap();
    let error = verifier.verify(&confused, &files()).unwrap_err();
    assert!(error.message.contains("is not of the configured key"), "{error}");
    let honest = Signer::new(pair.serialize_pem().as_bytes(), named("ES256"), None, None).unwrap();
    assert_eq!(verifier.verify(&honest.sign(&files()).unwrap(), &files()), Ok(()));
    for name in ["none", "EdDSA", "rs256", ""] {
        assert_eq!(Algorithm::named(name), None, "{name}");
    }
}

#[test]
fn keys_and_scopes_are_those_that_are_configured() {
    let cases = [
        (Some("k1"), Some("read"), Some("k1"), Some("read"), true),
        (Some("k1"), None, None, None, true),
        (None, None, Some("k1"), None, true),
        (Some("k2"), None, Some("k1"), None, false),
        (None, Some("read"), None, None, false),
        (None, None, None, Some("read"), false),
    ];
    for (signed_id, signed_scope, key_id, scope, passes) in cases {
        let verified = verifier(key_id, scope).verify(&sign(signed_id, signed_scope), &files());
        assert_eq!(verified.is_ok(), passes, "{signed_id:?} {signed_scope:?} {key_id:?} {scope:?}: {verified:?}");
    }
    let other = Verifier::new(b"other", named("HS256"), None, None).unwrap();
    assert!(other.verify(&sign(None, None), &files()).is_err());
}

#[test]
fn one_signature_of_a_known_form_is_read() {
    let one: Value = serde_json::from_slice(&sign(None, None)).unwrap();
    let token = &one["signatures"][0];
    let cases = [
        (json!({"signatures": []}), "should be one, and is 0"),
        (json!({"signatures": [token, token]}), "should be one, and is 2"),
        (json!({"signatures": [token], "plugin": "x"}), "not of the form"),
        (json!({}), "not of the form"),
        (json!({"signatures": ["a.b.c"]}), "not of the configured key"),
    ];
    for (signatures, wanted) in cases {
        let found = complaint(&serde_json::to_vec(&signatures).unwrap(), &files());
        assert!(found.contains(wanted), "{signatures}: {found}");
    }
}

#[test]
fn a_key_that_cannot_be_used_is_refused() {
    for (key, algorithm) in [(&b""[..], "HS256"), (b"no pem", "RS256"), (b"no pem", "ES256"), (b"", "PS256")] {
        assert!(Verifier::new(key, named(algorithm), None, None).is_err(), "{algorithm}");
        assert!(Signer::new(key, named(algorithm), None, None).is_err(), "{algorithm}");
    }
    let shown = format!("{:?}", verifier(None, None));
    assert!(!shown.contains("secret") && !shown.contains("115"), "{shown}");
}
