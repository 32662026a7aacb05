//! A decision as a SLSA Verification Summary Attestation: the predicate, for a tool that signs.
//!
//! Source: <https://slsa.dev/spec/v1.2/verification_summary>. The specification has no fields for what a promotion adds,
//! and lets producers add such whose names are URIs: there is one, [`EXTENSION`].

pub mod earlier;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::decision::Decision;
use super::digest::Digest;
use super::finding::Finding;
use super::overrides::OverrideReport;
use super::request::RequestedArtifact;
use super::verdict::Verdict;

/// The type of the predicate.
pub const PREDICATE_TYPE: &str = "https://slsa.dev/verification_summary/v1";
/// Who verifies, whatever its version.
pub const VERIFIER: &str = "https://holdpoint.dev/check@v1";
/// The name of the field that is holdpoint's own.
pub const EXTENSION: &str = "https://holdpoint.dev/decision/v1";

/// The predicate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate<'a> {
    verifier: Verifier<'a>,
    time_verified: Timestamp,
    resource_uri: String,
    policy: Resource,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input_attestations: Vec<Resource>,
    verification_result: &'static str,
    verified_levels: [String; 1],
    #[serde(rename = "https://holdpoint.dev/decision/v1")]
    extension: Extension<'a>,
}

#[derive(Serialize)]
struct Verifier<'a> {
    id: &'static str,
    version: BTreeMap<String, &'a str>,
}

/// A resource that is known by its digest.
#[derive(Serialize)]
struct Resource {
    uri: String,
    digest: Sha256,
}

/// A digest as in-toto writes it.
struct Sha256(Digest);

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("sha256", hex(self.0))])
    }
}

/// What a promotion adds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extension<'a> {
    decision: &'a str,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    opens_at: Option<Timestamp>,
    environment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_name: Option<&'a str>,
    intent: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records_observed_at: Option<Timestamp>,
    input_digest: Sha256,
    rules: Vec<RuleResult<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<Exception<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleResult<'a> {
    rule: &'a str,
    enforcement: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    overridden_by: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exception<'a> {
    id: &'a str,
    actor: &'a str,
    reason: &'a str,
    expires_at: Timestamp,
}

impl<'a> Predicate<'a> {
    /// The summary of a decision; none when the artifact has no name, since a summary says where it is fetched from.
    #[must_use]
    pub fn of(decision: &'a Decision) -> Option<Self> {
        let environment = &decision.request.environment;
        let allowed = decision.verdict == Verdict::Allow;
        Some(Self {
            verifier: Verifier { id: VERIFIER, version: versions(decision) },
            time_verified: decision.as_of,
            resource_uri: resource_uri(&decision.request.artifact)?,
            policy: Resource { uri: policy_uri(environment), digest: Sha256(decision.policies_digest) },
            input_attestations: inputs(decision),
            verification_result: if allowed { "PASSED" } else { "FAILED" },
            verified_levels: [if allowed { level(environment) } else { "FAILED".to_owned() }],
            extension: extension(decision),
        })
    }
}

fn versions(decision: &Decision) -> BTreeMap<String, &str> {
    let plugins = decision.plugins.iter().map(|plugin| (format!("plugin:{}", plugin.name), plugin.version.as_str()));
    plugins.chain([("holdpoint".to_owned(), decision.holdpoint_version)]).collect()
}

/// Where the artifact is fetched from.
#[must_use]
pub fn resource_uri(artifact: &RequestedArtifact) -> Option<String> {
    (!artifact.name.is_empty()).then(|| format!("oci://{}@{}", artifact.name, artifact.digest))
}

/// The policies, for this environment: a summary for staging says nothing of production.
#[must_use]
pub fn policy_uri(environment: &str) -> String {
    format!("https://holdpoint.dev/policies#environment={}", encoded(environment))
}

/// What an allow for this environment is called among the levels of SLSA.
#[must_use]
pub fn level(environment: &str) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    format!("PROMOTION_ALLOWED_{}", environment.chars().map(word).collect::<String>())
}

/// The records, by source. All or none are listed: a list that is there must be whole.
fn inputs(decision: &Decision) -> Vec<Resource> {
    let sources = decision.snapshot.sources.iter().map(|source| {
        let uri = format!("https://holdpoint.dev/records#source={}", encoded(&source.name));
        Some(Resource { uri, digest: Sha256(source.digest?) })
    });
    sources.collect::<Option<_>>().unwrap_or_default()
}

fn extension(decision: &Decision) -> Extension<'_> {
    let request = &decision.request;
    let observed = decision.snapshot.sources.iter().map(|source| source.observed_at).collect::<Option<Vec<_>>>();
    let used = decision.overrides.iter().filter(|report| report.used);
    Extension {
        decision: &decision.id,
        verdict: decision.verdict,
        opens_at: decision.opens_at,
        environment: &request.environment,
        deployment_name: request.deployment_name.as_deref(),
        intent: request.intent.as_str(),
        actor: request.actor.as_deref(),
        records_observed_at: observed.and_then(|times| times.into_iter().min()),
        input_digest: Sha256(decision.input_digest),
        rules: decision.findings.iter().map(rule_result).collect(),
        overrides: used.map(exception).collect(),
    }
}

fn rule_result(finding: &Finding) -> RuleResult<'_> {
    RuleResult {
        rule: &finding.rule,
        enforcement: finding.enforcement.as_str(),
        outcome: finding.outcome.as_str(),
        overridden_by: finding.overridden_by.as_deref(),
    }
}

fn exception(report: &OverrideReport) -> Exception<'_> {
    let exception = &report.exception;
    Exception {
        id: &exception.id,
        actor: &exception.actor,
        reason: &exception.reason,
        expires_at: exception.expires_at,
    }
}

/// The 64 digits alone.
fn hex(digest: Digest) -> String {
    digest.to_string().trim_start_matches("sha256:").to_owned()
}

/// Text as a part of a URI.
fn encoded(text: &str) -> String {
    let mut uri = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            uri.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _written = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
