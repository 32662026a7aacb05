//! Whether a cluster's webhook configurations let anything past holdpoint, or make an outage of it.
//!
//! Pure: the configurations come as the API server has them, and the time is given.

mod coverage;
mod selectors;
mod trust;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::doctor::{Caller, Fault, Harm, Report};

use super::settings::AdmissionSettings;
use super::webhook::{Configuration, Webhook, configurations};

/// The longest that an API server should wait, in seconds: longer waits pile up in it.
const LONGEST_TIMEOUT: i64 = 10;
/// The shortest, in seconds: a digest that the records do not have yet is looked up once before it is refused.
const SHORTEST_TIMEOUT: i64 = 3;

/// What the webhooks are held against.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The instant it is.
    pub now: Timestamp,
    /// What the server's configuration says of admission, when it is known.
    pub settings: Option<&'a AdmissionSettings>,
}

/// Looks at the `ValidatingWebhookConfiguration`s among these objects. Others are passed over.
///
/// # Errors
/// One that does not have the form that the API gives it.
pub fn examine(objects: &[Value], circumstances: &Circumstances<'_>) -> Result<Report, String> {
    let configurations = configurations(objects)?;
    let calls: Vec<Call<'_>> = configurations.iter().flat_map(calls).collect();
    let mut faults = if calls.is_empty() { vec![nobody_calls()] } else { Vec::new() };
    for call in &calls {
        let mut notes = Notes { call, faults: &mut faults };
        coverage::check(&mut notes, circumstances.settings);
        selectors::check(&mut notes, circumstances.settings, &calls);
        trust::check(&mut notes, circumstances.now);
        check_call(&mut notes, circumstances.settings);
    }
    faults.extend(several(&calls));
    faults.sort_by_key(|fault| fault.harm);
    let callers = calls.iter().map(Call::caller).collect();
    Ok(Report { callers, faults })
}

/// A webhook that calls holdpoint, with its configuration.
struct Call<'a> {
    configuration: &'a Configuration,
    webhook: &'a Webhook,
    path: &'a str,
}

impl Call<'_> {
    fn caller(&self) -> Caller {
        Caller {
            configuration: self.configuration.metadata.name.clone(),
            webhook: self.webhook.name.clone(),
            path: self.path.to_owned(),
        }
    }
}

fn calls(configuration: &Configuration) -> impl Iterator<Item = Call<'_>> {
    configuration.of_holdpoint().map(|webhook| Call { configuration, webhook, path: webhook.client_config.path() })
}

/// Faults of one webhook, under collection.
struct Notes<'a> {
    call: &'a Call<'a>,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Notes<'a> {
    const fn webhook(&self) -> &'a Webhook {
        self.call.webhook
    }

    fn add(&mut self, harm: Harm, code: &'static str, message: impl Into<String>, remediation: impl Into<String>) {
        self.faults.push(Fault {
            harm,
            code,
            configuration: self.call.configuration.metadata.name.clone(),
            webhook: self.call.webhook.name.clone(),
            message: message.into(),
            remediation: remediation.into(),
        });
    }
}

fn nobody_calls() -> Fault {
    Fault {
        harm: Harm::Hole,
        code: "nobody_calls",
        configuration: String::new(),
        webhook: String::new(),
        message: "no ValidatingWebhookConfiguration calls holdpoint: nothing is judged".to_owned(),
        remediation: "install the chart; a configuration of your own is found by the label \
                      `app.kubernetes.io/part-of: holdpoint`"
            .to_owned(),
    }
}

/// What the call itself says: what becomes of failures, how long it may take, where it goes.
fn check_call(notes: &mut Notes<'_>, settings: Option<&AdmissionSettings>) {
    let webhook = notes.webhook();
    if webhook.failure_policy == "Ignore" {
        notes.add(
            Harm::Hole,
            "failure_policy",
            "`failurePolicy: Ignore` admits everything while holdpoint does not answer, and whoever can slow it down decides when",
            "set `failurePolicy: Fail`",
        );
    }
    match webhook.timeout_seconds {
        longer if longer > LONGEST_TIMEOUT => notes.add(
            Harm::Outage,
            "timeout_long",
            format!("the API server waits up to {longer} s for an answer, and so does every client"),
            format!("set `timeoutSeconds: {LONGEST_TIMEOUT}` or less"),
        ),
        shorter if shorter < SHORTEST_TIMEOUT => notes.add(
            Harm::Outage,
            "timeout_short",
            format!("in {shorter} s a digest that was recorded a moment ago cannot be looked up"),
            format!("set `timeoutSeconds` from {SHORTEST_TIMEOUT} to {LONGEST_TIMEOUT}"),
        ),
        _ => {}
    }
    if !webhook.admission_review_versions.iter().any(|version| version == "v1") {
        notes.add(
            Harm::Outage,
            "review_version",
            "`admissionReviewVersions` does not have `v1`, the one that holdpoint speaks",
            "set `admissionReviewVersions: [v1]`",
        );
    }
    check_path(notes, settings);
}

/// Every path but these is answered with 404, which is a failed call.
fn check_path(notes: &mut Notes<'_>, settings: Option<&AdmissionSettings>) {
    let path = notes.call.path;
    let profile = path.strip_prefix("/validate/").filter(|name| !name.is_empty() && !name.contains('/'));
    match (profile, settings) {
        (None, _) if path != "/validate" => notes.add(
            Harm::Outage,
            "path_unknown",
            format!("it calls `{path}`, where holdpoint has nothing"),
            "call `/validate`, or `/validate/NAME` with the name of a profile",
        ),
        (Some(name), Some(settings)) if !settings.profiles.contains_key(name) => notes.add(
            Harm::Outage,
            "profile_unknown",
            format!("it calls `{path}`, and the configuration has no profile `{name}`"),
            "add it to `admission.profiles`, or call `/validate`",
        ),
        _ => {}
    }
}

/// Webhooks that are called for the same requests.
fn several(calls: &[Call<'_>]) -> Option<Fault> {
    let wide: Vec<&Call<'_>> = calls.iter().filter(|call| selectors::is_wide(call.webhook)).collect();
    let [first, second, ..] = wide.as_slice() else { return None };
    let Caller { configuration, webhook, path } = second.caller();
    let other = first.caller();
    Some(Fault {
        harm: Harm::Weakness,
        code: "several_webhooks",
        message: format!(
            "it calls `{path}` for the namespaces that `{}` of `{}` calls `{}` for: each request is judged more than \
             once, and of two refusals the user sees one",
            other.webhook, other.configuration, other.path
        ),
        remediation: "remove one, or give each a `namespaceSelector` of its own".to_owned(),
        configuration,
        webhook,
    })
}

#[cfg(test)]
mod tests;
