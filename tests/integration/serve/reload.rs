//! Another configuration while the server runs: the new one is taken over when it is good, and only then.

use std::fs;

use rustix::process::Signal;

use super::process::{LOOSE, Program, STRICT, records};

const RELOADS: &str = "holdpoint_configuration_reloads_total";
const FAILED: &str = "holdpoint_configuration_reload_failed";

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_taken_over_and_broken_ones_are_not() {
    let program = Program::start(&[]).await;
    assert_eq!(program.ask(9).await.code, 403);
    // Without a signal: the files are looked at.
    program.write("policies/gate.rego", LOOSE);
    program.server.becomes("/metrics", &format!("{RELOADS} 1\n")).await;
    assert!(program.ask(9).await.allowed);

    program.write("policies/gate.rego", "package gate\ndeny contains {");
    program.server.signal(Signal::HUP);
    program.server.becomes("/metrics", &format!("{FAILED} 1\n")).await;
    assert!(program.ask(9).await.allowed, "the last good one goes on");
    assert!(program.server.log().contains("the last good one goes on") && program.server.log().contains("gate.rego"));
    assert_eq!(program.server.get("/readyz").await.0, 200);

    program.write("policies/gate.rego", STRICT);
    program.server.signal(Signal::HUP);
    program.server.becomes("/metrics", &format!("{FAILED} 0\n")).await;
    assert_eq!(program.ask(9).await.code, 403);
    assert!(program.ask(1).await.allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_gone_or_wrong_changes_nothing() {
    let program = Program::start(&[]).await;
    let good = fs::read_to_string(program.path("holdpoint.yaml")).unwrap();
    for bad in [
        None,
        Some("version: 2\n".to_owned()),
        Some(good.split("admission:").next().unwrap().to_owned()),
        Some(good.replace("policies: [policies]", "policies: [elsewhere]")),
    ] {
        match &bad {
            Some(text) => program.write("holdpoint.yaml", text),
            None => fs::remove_file(program.path("holdpoint.yaml")).unwrap(),
        }
        program.server.signal(Signal::HUP);
        program.server.becomes("/metrics", &format!("{FAILED} 1\n")).await;
        assert_eq!((program.ask(1).await.code, program.ask(9).await.code), (0, 403), "{bad:?}");
        program.write("holdpoint.yaml", &good);
        program.server.signal(Signal::HUP);
        program.server.becomes("/metrics", &format!("{FAILED} 0\n")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_not_given_away_for_a_configuration_that_has_none() {
    let program = Program::start(&[]).await;
    // Something is remembered: without records of its own, a new configuration would be called ready by that.
    assert!(program.ask(1).await.allowed);
    fs::remove_file(program.path("records.json")).unwrap();
    program.write("holdpoint.yaml", &(fs::read_to_string(program.path("holdpoint.yaml")).unwrap() + "# another\n"));
    program.server.signal(Signal::HUP);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    // The last good records are there still, and say so.
    assert_eq!((program.ask(1).await.code, program.ask(9).await.code), (0, 403));
    program.server.becomes("/metrics", &format!("{RELOADS} 0\n")).await;
    program.write("records.json", &records(&[1, 9]));
    program.server.becomes("/metrics", &format!("{RELOADS} 1\n")).await;
    assert!(program.ask(9).await.allowed);
}
