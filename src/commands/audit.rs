//! `holdpoint audit`: what runs in a cluster and would not be let in now.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use crate::admission::audit::{self, Asked, By, Circumstances, Doors, Running, Use};
use crate::admission::refusal::Refusal;
use crate::admission::settings::AdmissionSettings;
use crate::app;
use crate::cli::kubernetes::AuditArgs;
use crate::config::Config;
use crate::domain::audit::{Audit, AuditLine, JudgedBy};
use crate::domain::decision::Decision;
use crate::domain::text::nearest;
use crate::domain::verdict::Verdict;
use crate::exit::Exit;
use crate::gate::Gate;
use crate::gate::observe::Observation;
use crate::output::{self, Style};

use super::{block_on, kubernetes, request, watcher, write};

/// What kubectl is asked for: everything of Kubernetes itself that runs artifacts.
const KINDS: &str = "pods,replicationcontrollers,deployments.apps,replicasets.apps,statefulsets.apps,daemonsets.apps,\
                     jobs.batch,cronjobs.batch";
/// What tells which webhooks, and so which profiles, an object is sent by.
const DOORS: &str = ",namespaces,validatingwebhookconfigurations.admissionregistration.k8s.io";

/// Writes the audit; ends with the worst verdict.
///
/// # Errors
/// Wrong usage or configuration, a file or cluster that cannot be read, or output that cannot be written.
pub fn execute(args: &AuditArgs, style: Style) -> anyhow::Result<Exit> {
    let config = Config::load(&args.config.config)?;
    let settings = settings(&config, args.profile.as_deref())?;
    let by_webhooks = args.profile.is_none() && !settings.profiles.is_empty();
    let kinds = settings.resources.iter().map(|resource| format!(",{}.{}", resource.kind, resource.group));
    let kinds = kinds.chain(by_webhooks.then(|| DOORS.to_owned()));
    let kinds: String = std::iter::once(KINDS.to_owned()).chain(kinds).collect();
    let scope = match &args.namespace {
        Some(namespace) => format!("--namespace={namespace}"),
        None => "--all-namespaces".to_owned(),
    };
    let objects = kubernetes::read(&args.cluster, &[&kinds, &scope])?;
    let doors = if by_webhooks { Doors::of(&objects).map_err(anyhow::Error::msg)? } else { None };
    let (by, judged_by) = match (args.profile.as_deref(), &doors) {
        (Some(name), _) => (By::Profile(name), JudgedBy::Profile),
        (None, Some(doors)) => (By::Webhooks(doors), JudgedBy::Webhooks),
        (None, None) if by_webhooks => (By::Settings, JudgedBy::SettingsWithoutWebhooks),
        (None, None) => (By::Settings, JudgedBy::Settings),
    };
    let circumstances = Circumstances { settings, by, running_digests: args.running_digests };
    let mut running = audit::gather(&objects, &circumstances).map_err(anyhow::Error::msg)?;
    if let Some(namespace) = &args.namespace {
        running.uses.retain(|one| one.namespace == *namespace);
    }
    let gate = app::gate(&config, &request::changes(&args.config, &args.policies)?)?;
    let audit = block_on(judge(&gate, running, judged_by))??;
    write::to_stdout(&output::audit::render(&audit, args.format, args.all, style))?;
    Ok(audit.verdict().into())
}

fn settings<'a>(config: &'a Config, profile: Option<&str>) -> anyhow::Result<&'a AdmissionSettings> {
    let Some(settings) = &config.admission else {
        bail!("`{}` has no `admission`\nhint: it says which namespaces go to which environment", config.path.display());
    };
    if let Some(name) = profile.filter(|name| !settings.profiles.contains_key(*name)) {
        let near = nearest(name, settings.profiles.keys().map(String::as_str));
        let hint = near.map_or_else(
            || "`admission.profiles` has their names".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        bail!("there is no profile `{name}` in `{}`\nhint: {hint}", config.path.display());
    }
    Ok(settings)
}

/// Reads the records of each environment once and decides every use by them, all at one instant.
async fn judge(gate: &Gate, running: Running, judged_by: JudgedBy) -> anyhow::Result<Audit> {
    let mut observations: BTreeMap<String, Observation> = BTreeMap::new();
    for one in &running.uses {
        if let Asked::Gate(request) = &one.asked
            && !observations.contains_key(&request.environment)
        {
            let observation = gate.observe(&request.environment, watcher()).await;
            let observation = observation.context("the environment is not configured")?;
            observations.insert(request.environment.clone(), observation);
        }
    }
    let as_of = app::now();
    let line = |one: Use| line(gate, &observations, as_of, one);
    let mut workloads = running.uses.into_iter().map(line).collect::<anyhow::Result<Vec<AuditLine>>>()?;
    // The order within a verdict stays that of the workloads.
    workloads.sort_by_key(|line| std::cmp::Reverse(line.verdict));
    Ok(Audit { as_of, judged_by, objects: running.objects, passed_over: running.passed_over, workloads })
}

fn line(
    gate: &Gate,
    observations: &BTreeMap<String, Observation>,
    as_of: Timestamp,
    one: Use,
) -> anyhow::Result<AuditLine> {
    let environment = one.place.as_ref().map(|place| place.environment.clone());
    let mut line = AuditLine {
        verdict: Verdict::Allow,
        namespace: one.namespace,
        kind: one.kind,
        name: one.name,
        objects: one.objects,
        profile: one.profile,
        environment,
        deployment_name: one.place.and_then(|place| place.deployment_name),
        image: one.image,
        digest_from: one.digest_from,
        opens_at: None,
        code: String::new(),
        message: String::new(),
        remediation: String::new(),
        decision: None,
    };
    match one.asked {
        Asked::Refused(Refusal { verdict, code, message, remediation }) => {
            Ok(AuditLine { verdict, code: code.to_owned(), message, remediation, ..line })
        }
        Asked::Gate(request) => {
            let observation = observations.get(&request.environment).context("its environment was not read")?;
            explain(&mut line, gate.decide(observation, *request, as_of));
            Ok(line)
        }
    }
}

/// What the decision says, and of its findings the one that weighs most.
fn explain(line: &mut AuditLine, decision: Decision) {
    let weighs_most =
        decision.findings.iter().filter(|finding| finding.blocks()).max_by_key(|finding| finding.verdict());
    if let Some(finding) = weighs_most {
        let message = if finding.message.trim().is_empty() { &finding.title } else { &finding.message };
        line.code.clone_from(&finding.code);
        line.message.clone_from(message);
        line.remediation.clone_from(&finding.remediation);
    }
    (line.verdict, line.opens_at, line.decision) = (decision.verdict, decision.opens_at, Some(decision.id));
}
