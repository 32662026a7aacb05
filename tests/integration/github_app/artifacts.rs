//! What is deployed: several artifacts, and digests that are found by the commit.

use serde_json::{Value, json};

use super::fake::Fake;
use super::program::{App, BAD, OPEN, STAGED, UNKNOWN, event, of, project, records};
use crate::support::registry::{Guard, Registry};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_deployment_of_the_commit_names_the_digest() {
    let fake = Fake::start().await;
    let github = "  lookup: {environment: build, task: image}\n  reject_without_artifact: 1s";
    let project = project(&fake, github, OPEN, "");
    let made = |id: u64, task: &str, sha: &str, payload: Value| json!({"id": id, "sha": sha, "environment": "build", "task": task, "payload": payload});
    fake.github().deployments = vec![
        made(1, "image", SHA, of(BAD)),
        made(2, "image", SHA, of(STAGED)),
        made(3, "other", SHA, of(BAD)),
        made(4, "image", &SHA.replace('0', "1"), of(BAD)),
    ];
    let server = App::start(project.path(), &[]).await;
    // What the run itself says counts for nothing then.
    server.deliver("d1", &event(&fake, 1, &of(BAD))).await;
    server.until("it is approved", || fake.states(1) == ["approved"]).await;
    fake.github().deployments.clear();
    server.deliver("d2", &event(&fake, 2, &of(STAGED))).await;
    server.until("it is rejected", || !fake.states(2).is_empty()).await;
    assert_eq!(fake.states(2), ["rejected"]);
    assert!(fake.reports(2)[0].contains("has no deployment to `build`"), "{:?}", fake.reports(2));
    assert_eq!(fake.github().faults, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_artifact_of_a_list_has_to_be_allowed() {
    let fake = Fake::start().await;
    let github = "  artifact: 'ghcr.io/{repository}/{payload/images/*/name}@{payload/images/*/digest}'";
    let project = project(&fake, github, OPEN, "");
    let server = App::start(project.path(), &[]).await;
    let image = |name: &str, digest: &str| json!({"name": name, "digest": digest});
    let both = |other: &str| json!({"images": [image("api", STAGED), image("web", other)]});
    let many: Vec<Value> = (0..=256).map(|number| image("api", &format!("sha256:{number:064x}"))).collect();
    let payloads = [both(STAGED), both(UNKNOWN), both(BAD), json!({"images": []}), json!({"images": many})];
    for (run, payload) in (1..).zip(&payloads) {
        assert_eq!(server.deliver(&format!("d{run}"), &event(&fake, run, payload)).await.0, 202);
    }
    server.until("all are told", || (1..=5).all(|run| !fake.reviews(run).is_empty())).await;
    assert_eq!(fake.states(1), ["approved"]);
    let held = fake.reports(2).remove(0);
    assert!(held.starts_with("**hold**: `ghcr.io/acme/shop/web@sha256:2222"), "{held}");
    assert!(held.contains("**allow**: `ghcr.io/acme/shop/api@sha256:1111"), "{held}");
    assert_eq!(fake.states(3), ["rejected"]);
    let denied = &fake.reviews(3)[0].comment;
    assert!(denied.starts_with("**deny**: `ghcr.io/acme/shop/web@sha256:dddd"), "{denied}");
    assert!(fake.reports(4)[0].contains("`/images` of the payload is an empty list"), "{:?}", fake.reports(4));
    assert!(fake.reports(5)[0].contains("there are more than 256 artifacts"), "{:?}", fake.reports(5));
    // The one that was held is in staging now, and both go on together.
    std::fs::write(project.path().join("records.json"), records(&[STAGED, UNKNOWN])).unwrap();
    server.until("the hold opens", || fake.states(2) == ["approved"]).await;
}

/// The registry is asked again at each look, with credentials of its own and never with GitHub's token.
#[test]
fn registries_know_the_digests_of_a_commit() {
    let registry = Registry::start(Guard::Bearer);
    let api = registry.manifest("acme/shop/api", &format!("sha-{SHA}"), &[]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let fake = Fake::start().await;
        let address = registry.address();
        let images = format!("['{address}/{{repository}}/api', '{address}/{{owner}}/shop/web']");
        let github = format!("  artifacts: {images}\n  lookup: {{tag: 'sha-{{sha}}'}}");
        let project = project(&fake, &github, OPEN, "");
        std::fs::write(project.path().join("records.json"), records(&[&api])).unwrap();
        std::fs::create_dir(project.path().join(".docker")).unwrap();
        let login = json!({"auths": {address: {"auth": "dXNlcjpwYXNzd29yZA=="}}}).to_string();
        std::fs::write(project.path().join(".docker/config.json"), login).unwrap();
        let server = App::start(project.path(), &[]).await;
        // What the payload says counts for nothing.
        server.deliver("d1", &event(&fake, 1, &of(BAD))).await;
        server.until("the missing one is told", || !fake.reports(1).is_empty()).await;
        let report = fake.reports(1).remove(0);
        let missing =
            format!("no artifact was found, because the digest of `{address}/acme/shop/web:sha-{SHA}` is not");
        assert!(report.contains(&missing), "{report}");
        // The other layers make another digest.
        let layer = registry.blob("acme/shop/web", "application/vnd.oci.image.layer.v1.tar", "web", b"web");
        let web = registry.manifest("acme/shop/web", &format!("sha-{SHA}"), &[layer]);
        server.deliver("d2", &event(&fake, 2, &of(BAD))).await;
        server.until("one of both is held", || !fake.reports(2).is_empty()).await;
        let report = fake.reports(2).remove(0);
        assert!(report.starts_with("**hold**") && report.contains(&format!("acme/shop/web@{web}")), "{report}");
        assert!(report.contains(&format!("**allow**: `{address}/acme/shop/api@{api}`")), "{report}");
        std::fs::write(project.path().join("records.json"), records(&[&api, &web])).unwrap();
        server.until("both are approved", || [1, 2].iter().all(|run| fake.states(*run) == ["approved"])).await;
        assert_eq!(fake.github().faults, Vec::<String>::new());
    });
    let leaked =
        registry.seen().into_iter().find(|one| one.authorization.as_ref().is_some_and(|it| it.contains("ghs_")));
    assert!(leaked.is_none(), "{leaked:?}");
}
