//! Some time has to lie between two deployments.

use holdpoint_plugin::{Filter, Finding, Host, Input, Json, Metadata, Records as _, Rule, Verdict};
use serde::Deserialize;

const MINUTE: u64 = 60_000;

/// What the configuration may set. A misspelt parameter is an error and not a looser rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    #[serde(default = "half_an_hour")]
    minutes: u64,
}

const fn half_an_hour() -> u64 {
    30
}

/// The rule.
pub struct TimeBetween;

impl Rule for TimeBetween {
    type Parameters = Json<Parameters>;

    fn metadata() -> Metadata {
        Metadata::new("{{name}}", env!("CARGO_PKG_VERSION"), "Time between deployments")
            .description("Some minutes have to lie between two deployments to the same environment.")
            .parameters_schema(include_str!("../parameters.schema.json"))
    }

    // What the schema cannot say, in a sentence for each fault.
    fn check_parameters(parameters: &Json<Parameters>) -> Result<(), Vec<String>> {
        let minutes = parameters.minutes;
        if (1..=1440).contains(&minutes) { Ok(()) } else { Err(vec![format!("minutes: {minutes} is not from 1 to 1440")]) }
    }

    // An error says that the rule could not decide; an objection is a finding.
    fn evaluate(input: &Input<Json<Parameters>>, host: &impl Host) -> Result<Verdict, String> {
        let (request, minutes) = (&input.request, input.parameters.minutes);
        let (environment, name) = (&request.environment, &request.deployment_name);
        if name.is_empty() {
            let finding = Finding::deny("deployment-name-missing", "the request names no deployment");
            return Ok(finding.remediation("name the deployment in the request").into());
        }
        let filter = Filter::new().environment(environment).deployment_name(name);
        let Some(last) = host.records().latest(&filter) else { return Ok(Verdict::pass()) };
        let opens_at = last.created_at + minutes * MINUTE;
        if last.artifact.digest == request.artifact.digest || opens_at <= input.as_of {
            return Ok(Verdict::pass());
        }
        let ago = input.as_of.saturating_sub(last.created_at) / MINUTE;
        let message = format!(
            "{name} in {environment} was changed {ago} minutes ago, and {minutes} have to lie between two deployments"
        );
        let finding = Finding::hold("too-soon", message).remediation("ask again when the hold opens");
        Ok(finding.record(last.id).opens_at(opens_at).into())
    }
}

holdpoint_plugin::export!(TimeBetween);

#[cfg(test)]
mod tests {
    use super::TimeBetween;
    use holdpoint_plugin::testing::{self, DIGEST, TestHost, at, check_metadata, check_parameters, input};
    use holdpoint_plugin::{DeploymentRecord, Effect, Finding, Json, Rule as _};

    fn deployed(digest: &str, since: &str) -> DeploymentRecord {
        let mut record = testing::record("record-1", "production", since);
        record.artifact.digest = digest.to_owned();
        record
    }

    fn ask(records: Vec<DeploymentRecord>, deployment_name: &str) -> Vec<Finding> {
        let mut input = input("production", Json(super::Parameters { minutes: 30 }));
        input.request.deployment_name = deployment_name.to_owned();
        let host = TestHost { records, ..TestHost::default() };
        TimeBetween::evaluate(&input, &host).unwrap().findings().to_vec()
    }

    #[test]
    fn it_passes() {
        for records in [
            vec![],
            vec![deployed("sha256:old", "2026-11-20T11:30:00Z")],
            vec![deployed(DIGEST, "2026-11-20T11:50:00Z")],
        ] {
            assert_eq!(ask(records, "storefront"), []);
        }
    }

    #[test]
    fn it_holds_until_the_time_is_over() {
        let findings = ask(vec![deployed("sha256:old", "2026-11-20T11:50:00Z")], "storefront");
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!((finding.effect, finding.opens_at), (Effect::Hold, Some(at("2026-11-20T12:20:00Z"))));
        assert_eq!(finding.records, ["record-1"]);
    }

    #[test]
    fn a_request_without_a_deployment_name_is_denied() {
        assert_eq!(ask(vec![], "")[0].effect, Effect::Deny);
    }

    #[test]
    fn parameters_and_metadata() {
        check_metadata::<TimeBetween>().unwrap();
        for (json, good) in [("{}", true), (r#"{"minutes": 5}"#, true), (r#"{"minutes": 0}"#, false), (r#"{"minute": 5}"#, false)] {
            assert_eq!(check_parameters::<TimeBetween>(json).is_ok(), good, "{json}");
        }
    }
}
