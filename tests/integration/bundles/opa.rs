//! OPA reads what holdpoint packs and signs, and the other way round. Runs where `opa` is on the path.

use std::path::Path;
use std::process::Command;

use super::{Workspace, denies};

/// What `opa` prints, or `None` where there is no `opa`.
fn opa(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("opa").args(arguments).current_dir(folder).output().ok()?;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn opa_and_holdpoint_read_each_other() {
    let workspace = Workspace::new();
    let folder = workspace.path();
    if opa(folder, &["version"]).is_none() {
        return;
    }
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    workspace.write("key.pem", key.serialize_pem());
    workspace.write("public.pem", key.public_key_pem());
    workspace.bundle(&["-o", "ours.tar.gz", "--revision", "r1", "--sign", "key.pem", "--algorithm", "ES256"]);
    let value = opa(folder, &["eval", "-b", "ours.tar.gz", "--format", "raw", "data.gate.window.deny"]);
    assert_eq!(value.unwrap().trim(), r#"["frozen"]"#);
    let verify = ["--verification-key", "public.pem", "--signing-alg", "ES256", "-o", "out.tar.gz"];
    opa(folder, &[&["build", "-b", "ours.tar.gz"], &verify[..]].concat());
    workspace.write("policies/gate/window/window_test.rego", "package gate.window_test\nimport rego.v1\n");
    workspace.write("policies/tables/more/data.yaml", "a: 1.0\nb: 0x10\nc: [yes, ~, 1e3, '\u{2028}<']\n");
    opa(&folder.join("policies"), &["sign", "--signing-key", "../key.pem", "--signing-alg", "ES256", "--bundle", "."]);
    let packed =
        Command::new("tar").args(["czf", "../theirs.tar.gz", "."]).current_dir(folder.join("policies")).status();
    assert!(packed.unwrap().success());
    let run = workspace.check("{bundle: theirs.tar.gz, verify: {key_file: public.pem, algorithm: ES256}}", &[]);
    assert!(denies(&run), "{run:?}");
}
