//! Registries, honest and not.

use std::fs;
use std::time::Duration;

use holdpoint::bundle::oci::{Access, resolve_tag};
use serde_json::json;

use super::{Run, Workspace, denies};
use crate::support::registry::{Guard, Registry, digest};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const POLICY_LAYER: &str = "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego";
const DATA_LAYER: &str = "application/vnd.cncf.openpolicyagent.data.layer.v1+json";
/// `user:password` for the registry at `{}`, as `docker login` writes it.
const DOCKER_CONFIG: &str = r#"{"auths": {"{}": {"auth": "dXNlcjpwYXNzd29yZA=="}}}"#;

/// Packs the policies and pushes them; the address with the digest.
fn push(workspace: &Workspace, registry: &Registry, more: &[&str]) -> String {
    workspace.bundle(&["-o", "bundle.tar.gz"]);
    let address = format!("oci://{}/acme/policies:v1", registry.address());
    let run = workspace.run(&[&["policy", "push", "bundle.tar.gz", &address], more].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout.trim().to_owned()
}

fn clear_cache(workspace: &Workspace) {
    fs::remove_dir_all(workspace.path().join(".cache")).unwrap();
}

fn refused(run: &Run, wanted: &str) {
    assert!(run.code == 2 && run.stderr.contains(wanted) && run.stderr.contains("hint: "), "{wanted}: {run:?}");
}

#[test]
fn both_layouts_go_there_and_back() {
    for layout in ["bundle", "files"] {
        let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Nobody));
        let pinned = push(&workspace, &registry, &["--layout", layout]);
        assert!(denies(&workspace.check(&pinned, &[])), "{layout}");
        let run = workspace.run(&["policy", "pull", &pinned, "-o", "pulled"]);
        assert_eq!((run.code, run.stdout.trim()), (0, pinned.as_str()), "{run:?}");
        for name in ["gate/window/window.rego", "tables/words/data.json"] {
            let read = |folder: &str| fs::read(workspace.path().join(folder).join(name)).unwrap();
            assert_eq!(read("pulled"), read("policies"), "{layout} {name}");
        }
        refused(&workspace.run(&["policy", "pull", &pinned, "-o", "pulled"]), "is not empty");
        assert_eq!(workspace.run(&["policy", "pull", &pinned, "-o", "again.tar.gz"]).code, 0);
        let packed = |name: &str| fs::read(workspace.path().join(name)).unwrap();
        assert_eq!(packed("again.tar.gz"), packed("bundle.tar.gz"), "{layout}");
    }
}

#[test]
fn a_registry_with_an_authority_of_its_own_is_reached_over_tls() {
    let workspace = Workspace::new();
    let (registry, tls) = Registry::start_tls(Guard::Bearer, "registry.example.test");
    workspace.write("authority.pem", &tls.authority);
    workspace.write(".docker/config.json", DOCKER_CONFIG.replace("{}", registry.address()));
    workspace.bundle(&["-o", "bundle.tar.gz"]);
    let authority = workspace.path().join("authority.pem");
    let proxy = ("HTTPS_PROXY", tls.proxy.as_str());
    let trusting = [proxy, ("SSL_CERT_FILE", authority.to_str().unwrap())];
    let push = ["policy", "push", "bundle.tar.gz", "oci://registry.example.test/acme/policies:v1"];

    // Without the authority nothing is sent but what TLS needs, and nothing is ever tried without TLS.
    refused(&workspace.run_with(&[proxy], &push), "registry.example.test");
    assert!(registry.seen().is_empty());
    let pushed = workspace.run_with(&trusting, &push);
    assert_eq!(pushed.code, 0, "{}", pushed.stderr);
    let pinned = pushed.stdout.trim();
    assert!(denies(&workspace.check_with(&trusting, pinned, &[])));
    clear_cache(&workspace);
    let pulled = workspace.run_with(&trusting, &["policy", "pull", pinned, "-o", "pulled.tar.gz"]);
    assert_eq!(pulled.code, 0, "{}", pulled.stderr);
    let read = |name: &str| fs::read(workspace.path().join(name)).unwrap();
    assert_eq!(read("pulled.tar.gz"), read("bundle.tar.gz"));
    // The certificate is for another name.
    let other = pinned.replace("registry.example", "other.example");
    clear_cache(&workspace);
    refused(&workspace.check_with(&trusting, &other, &[]), "other.example.test");
}

#[test]
fn what_conftest_pushes_is_read() {
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Nobody));
    let layers = [
        registry.blob("a", POLICY_LAYER, "policy/window.rego", super::POLICY.as_bytes()),
        registry.blob("a", DATA_LAYER, "data/words.json", br#"{"tables": {"words": {"why": "frozen"}}}"#),
    ];
    let pinned = registry.manifest("a", "v1", &layers);
    assert!(denies(&workspace.check(&format!("oci://{}/a@{pinned}", registry.address()), &[])));
}

#[test]
fn a_tag_is_followed_where_that_is_said_and_recorded() {
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Nobody));
    let pinned = push(&workspace, &registry, &[]);
    let entry = format!("{{oci: '{}/acme/policies:v1', allow_tag: true}}", registry.address());
    let first = workspace.check(&entry, &[]);
    assert!(denies(&first));
    assert!(pinned.ends_with(first.json()["policies"][0]["digest"].as_str().unwrap()));
    workspace.write("policies/tables/words/data.json", r#"{"why": "moved"}"#);
    let moved = push(&workspace, &registry, &[]);
    let second = workspace.check(&entry, &[]);
    assert_eq!(second.json()["findings"][0]["message"], "moved");
    assert!(moved.ends_with(second.json()["policies"][0]["digest"].as_str().unwrap()));
    assert!(denies(&workspace.check(&pinned, &[])), "the pin stays where it was");
    refused(&workspace.check(&entry, &["--offline"]), "nothing may be fetched");
}

#[test]
fn a_pin_in_the_cache_needs_no_registry() {
    let workspace = Workspace::new();
    let registry = Registry::start(Guard::Nobody);
    let pinned = push(&workspace, &registry, &[]);
    refused(&workspace.check(&pinned, &["--offline"]), "it is not in the cache, and nothing may be fetched");
    assert!(denies(&workspace.check(&pinned, &[])));
    let asked = registry.seen().len();
    assert!(denies(&workspace.check(&pinned, &[])) && denies(&workspace.check(&pinned, &["--offline"])));
    assert_eq!(registry.seen().len(), asked, "nothing was asked again");
    // Poison in the cache is found, and fetched anew.
    let cache = workspace.path().join(".cache/holdpoint/policies/sha256");
    for entry in fs::read_dir(&cache).unwrap() {
        fs::write(entry.unwrap().path(), "poison").unwrap();
    }
    refused(&workspace.check(&pinned, &["--offline"]), "it is not in the cache");
    assert!(denies(&workspace.check(&pinned, &[])));
    drop(registry);
    assert!(denies(&workspace.check(&pinned, &[])));
    clear_cache(&workspace);
    refused(&workspace.check(&pinned, &[]), "no connection to");
}

#[test]
fn what_is_not_itself_is_refused() {
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Nobody));
    workspace.bundle(&[]);
    let packed = fs::read(workspace.path().join("bundle.tar.gz")).unwrap();
    let check = |digest: &str| workspace.check(&format!("oci://{}/a@{digest}", registry.address()), &[]);

    let honest = registry.manifest("a", "v1", &[registry.blob("a", LAYER, "", &packed)]);
    registry.put(&format!("a/blobs/{}", digest(&packed)), vec![0; packed.len()]);
    refused(&check(&honest), "the registry's layer");
    registry.put(&format!("a/blobs/{}", digest(&packed)), [packed.as_slice(), b"more"].concat());
    refused(&check(&honest), "answered with more than");
    registry.put(&format!("a/manifests/{honest}"), "{}");
    clear_cache(&workspace);
    refused(&check(&honest), "the registry's manifest");

    let mut huge = registry.blob("a", LAYER, "", b"x");
    huge["size"] = json!(1_u64 << 40);
    refused(&check(&registry.manifest("a", "v2", &[huge])), "at most 16 MiB are fetched");
    let image = registry.blob("a", "application/vnd.docker.image.rootfs.diff.tar.gzip", "", b"x");
    refused(&check(&registry.manifest("a", "v3", &[image])), "which is none of policies");
    let outside = registry.blob("a", POLICY_LAYER, "../../policy.rego", b"package a");
    refused(&check(&registry.manifest("a", "v4", &[outside])), "leads out of the bundle");
    let nameless = registry.blob("a", POLICY_LAYER, "", b"package a");
    refused(&check(&registry.manifest("a", "v5", &[nameless])), "has no name");
    refused(&check(&registry.manifest("a", "v6", &[])), "it has no layers");
    let index = br#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}"#;
    registry.put(&format!("a/manifests/{}", digest(index)), index.as_slice());
    refused(&check(&digest(index)), "not that of one artifact");
    refused(&check(&digest(b"nothing")), "the registry does not have");
}

#[test]
fn credentials_go_to_their_registry_alone() {
    for (guard, header) in [(Guard::Basic, "Basic dXNlcjpwYXNzd29yZA=="), (Guard::Bearer, "Bearer t0ken")] {
        let (workspace, registry, storage) = (Workspace::new(), Registry::start(guard), Registry::start(Guard::Nobody));
        workspace.write(".docker/config.json", DOCKER_CONFIG.replace("{}", registry.address()));
        let pinned = push(&workspace, &registry, &[]);
        let packed = fs::read(workspace.path().join("bundle.tar.gz")).unwrap();
        let blob = format!("acme/policies/blobs/{}", digest(&packed));
        assert_eq!(registry.content(&blob).as_deref(), Some(packed.as_slice()));
        // The registry keeps its blobs elsewhere, as registries in clouds do.
        storage.put("storage", packed);
        registry.redirect(&blob, &format!("http://{}/v2/storage", storage.address()));
        assert!(denies(&workspace.check(&pinned, &[])), "{guard:?}");
        let authorized = |seen: &crate::support::registry::Seen| seen.authorization.as_deref() == Some(header);
        assert!(
            registry
                .seen()
                .iter()
                .filter(|seen| seen.path.contains("/blobs/sha256") && seen.method == "GET")
                .all(authorized)
        );
        assert_eq!(storage.seen().len(), 1);
        assert!(storage.seen().iter().all(|seen| seen.authorization.is_none()), "{:?}", storage.seen());

        clear_cache(&workspace);
        workspace.write(".docker/config.json", DOCKER_CONFIG.replace("{}", "other.example"));
        let run = workspace.check(&pinned, &[]);
        refused(&run, "docker login");
        assert!(!run.stderr.contains("dXNlcjpwYXNzd29yZA"), "{}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_credential_helper_is_asked() {
    use std::os::unix::fs::PermissionsExt as _;
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Basic));
    workspace.write(".docker/config.json", r#"{"credsStore": "test"}"#);
    let helper = |script: &str| {
        workspace.write("bin/docker-credential-test", format!("#!/bin/sh\n{script}\n"));
        let path = workspace.path().join("bin/docker-credential-test");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let pull = || {
        let address = format!("oci://{}/acme/policies:v1", registry.address());
        let path = format!("{}/bin:/usr/bin:/bin", workspace.path().display());
        let run = crate::support::cli::Holdpoint::new(&["policy", "pull", &address]);
        run.env("HOME", workspace.path().to_str().unwrap()).env("PATH", &path).run()
    };
    helper(r#"read -r server; printf '{"ServerURL": "%s", "Username": "user", "Secret": "password"}' "$server""#);
    refused(&pull(), "manifest unknown");
    helper("cat > /dev/null; echo 'hunter2 is wrong' >&2; exit 1");
    let failed = pull();
    refused(&failed, "the credential helper `docker-credential-test` failed");
    assert!(!failed.stderr.contains("hunter2"));
    helper("cat > /dev/null; echo 'credentials not found in native keychain'; exit 1");
    refused(&pull(), "without credentials");
    helper("cat > /dev/null; echo none");
    refused(&pull(), "something else than credentials");
}

#[test]
fn a_push_needs_a_tag_and_policies_that_load() {
    let (workspace, registry) = (Workspace::new(), Registry::start(Guard::Nobody));
    let push = |address: &str| workspace.run(&["policy", "push", "policies", address]);
    refused(&push(&format!("oci://{}/a", registry.address())), "names no tag");
    refused(&push(&format!("oci://{}/a@{}", registry.address(), digest(b""))), "names no tag");
    workspace.write("policies/broken.rego", "package broken\nx := f(1)\n");
    refused(&push(&format!("oci://{}/a:v1", registry.address())), "broken.rego");
    assert_eq!(registry.seen().len(), 0);
}

#[test]
fn a_tag_stands_for_what_the_registry_has_under_it() {
    let registry = Registry::start(Guard::Bearer);
    let index = json!({"schemaVersion": 2, "manifests": [
        {"digest": format!("sha256:{}", "a".repeat(64)), "platform": {"os": "linux", "architecture": "amd64"}},
    ]});
    registry.put("acme/app/manifests/v1", index.to_string());
    let folder = tempfile::tempdir().unwrap();
    let config = DOCKER_CONFIG.replacen("{}", registry.address(), 1);
    fs::write(folder.path().join("config.json"), config).unwrap();
    let access = Access {
        docker_config: Some(folder.path().to_owned()),
        cache: None,
        offline: false,
        allow_insecure: false,
        timeout: Duration::from_secs(20),
    };
    let resolve = |tag: &str| {
        let address = format!("{}/acme/app:{tag}", registry.address()).parse().unwrap();
        tokio::runtime::Runtime::new().unwrap().block_on(resolve_tag(&address, &access))
    };
    let image = resolve("v1").unwrap();
    assert_eq!(image.digest.to_string(), digest(index.to_string().as_bytes()));
    assert_eq!(image.platforms.len(), 1);
    assert!(resolve("v2").unwrap_err().to_string().contains("manifest unknown"));
}
