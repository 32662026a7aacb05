//! Where a workload goes: which environment, and under which deployment name.

mod name;

pub use name::of_workload as workload_name;

use super::object::Object;
use super::review::Review;
use super::settings::{AdmissionSettings, Mode, PlacementRule, Profile, TextSource};
use crate::domain::text::{is_hidden, line};

/// A deployment name is as long as a name in Kubernetes at most, in bytes.
const LONGEST_NAME: usize = 253;
/// What a message repeats of a text from outside, in characters.
const SHOWN: usize = 100;
/// How many environments a message lists.
const MOST_LISTED: usize = 10;

/// A place for artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The environment, by its name in the configuration.
    pub environment: String,
    /// The deployment name, when it is known; at most 253 bytes without hidden characters.
    pub deployment_name: Option<String>,
}

/// What the configuration says of a workload's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It goes there.
    At(Place),
    /// Nothing is judged in its namespace.
    Exempt {
        /// Why.
        reason: String,
    },
    /// The configuration has no place for it.
    Unmapped {
        /// What is missing; what to do follows on a line of its own.
        message: String,
    },
    /// The object names a place that it may not choose, or none where it has to.
    Refused {
        /// What is wrong.
        message: String,
        /// What to do.
        remediation: String,
    },
}

/// An object that says what it should not.
struct Refusal {
    message: String,
    remediation: String,
}

/// What placement looks at.
#[derive(Clone, Copy)]
struct Workload<'a> {
    namespace: &'a str,
    object: Object<'a>,
}

/// Where the workload of a review goes. `profile` is the name in the path that it came by.
///
/// What an object says of itself chooses among the allowed environments and never another one.
#[must_use]
pub fn place(settings: &AdmissionSettings, profile: Option<&str>, review: &Review) -> Placed {
    let workload = Workload { namespace: &review.namespace, object: review.subject() };
    if settings.exempt_namespaces.iter().any(|pattern| pattern.matches(workload.namespace)) {
        return Placed::Exempt { reason: format!("the configuration exempts {}", workload.of_namespace()) };
    }
    let found = match profile.map(|name| (name, settings.profiles.get(name))) {
        None => by_rules(&settings.placement, None, workload),
        Some((_, Some(profile))) => by_profile(settings, profile, workload),
        Some((name, None)) => {
            let message = format!("there is no profile `{}`", line(name, SHOWN));
            Err(Refusal { message, remediation: "name one of `admission.profiles` in the webhook's path".to_owned() })
        }
    };
    match found {
        Ok(Some(place)) => Placed::At(place),
        Ok(None) => Placed::Unmapped {
            message: format!(
                "no environment is configured for {}\nhint: add its namespace to `admission.workloads`",
                workload.of_namespace()
            ),
        },
        Err(Refusal { message, remediation }) => Placed::Refused { message, remediation },
    }
}

/// What an answer that comes by this path does with a verdict.
#[must_use]
pub fn mode(settings: &AdmissionSettings, profile: Option<&str>) -> Mode {
    profile.and_then(|name| settings.profiles.get(name)?.mode).unwrap_or(settings.mode)
}

fn by_profile(
    settings: &AdmissionSettings,
    profile: &Profile,
    workload: Workload<'_>,
) -> Result<Option<Place>, Refusal> {
    let deployment_name = profile.deployment_name.as_ref();
    match &profile.environment {
        Some(environment) => at(environment, deployment_name, workload).map(Some),
        None => by_rules(&settings.placement, deployment_name, workload),
    }
}

/// The place that the rules give; `deployment_name` goes before theirs.
fn by_rules(
    rules: &[PlacementRule],
    deployment_name: Option<&TextSource>,
    workload: Workload<'_>,
) -> Result<Option<Place>, Refusal> {
    let is_of = |rule: &&PlacementRule| rule.namespaces.iter().any(|pattern| pattern.matches(workload.namespace));
    for rule in rules.iter().filter(is_of) {
        if let Some(environment) = environment(rule, workload)? {
            return at(&environment, deployment_name.or(rule.deployment_name.as_ref()), workload).map(Some);
        }
    }
    Ok(None)
}

fn environment(rule: &PlacementRule, workload: Workload<'_>) -> Result<Option<String>, Refusal> {
    let said = workload.text(&rule.environment);
    let what = match &rule.environment {
        TextSource::Fixed(environment) => return Ok(Some(environment.clone())),
        // Whoever names a namespace is trusted to have another rule look at it.
        TextSource::Namespace { .. } | TextSource::ObjectName => {
            return Ok(said.filter(|environment| rule.allowed.contains(environment)));
        }
        TextSource::Label(key) => format!("label `{}`", line(key, SHOWN)),
        TextSource::Annotation(key) => format!("annotation `{}`", line(key, SHOWN)),
    };
    let message = match said.or_else(|| rule.default.clone()) {
        Some(environment) if rule.allowed.contains(&environment) => return Ok(Some(environment)),
        Some(other) => {
            format!("its {what} is `{}`, and {} may not go there", line(&other, SHOWN), workload.of_namespace())
        }
        None => format!("it has no {what}, which says what environment it goes to"),
    };
    let remediation =
        format!("set the {what} to {}, on the object itself and on its pod template", one_of(&rule.allowed));
    Err(Refusal { message, remediation })
}

fn at(environment: &str, deployment_name: Option<&TextSource>, workload: Workload<'_>) -> Result<Place, Refusal> {
    let deployment_name = deployment_name.and_then(|source| workload.text(source));
    let deployment_name = deployment_name.filter(|name| !name.is_empty());
    if let Some(name) = &deployment_name
        && (name.len() > LONGEST_NAME || name.chars().any(is_hidden))
    {
        let message = format!(
            "its deployment name `{}` is longer than {LONGEST_NAME} bytes or has hidden characters",
            line(name, SHOWN)
        );
        return Err(Refusal { message, remediation: "give it a plain name".to_owned() });
    }
    Ok(Place { environment: environment.to_owned(), deployment_name })
}

impl Workload<'_> {
    fn text(self, source: &TextSource) -> Option<String> {
        match source {
            TextSource::Fixed(text) => Some(text.clone()),
            TextSource::Namespace { before, after } => {
                let part = self.namespace.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                Some(part.to_owned())
            }
            TextSource::ObjectName => Some(name::of_workload(self.object)),
            TextSource::Label(key) => self.object.label(key).map(str::to_owned),
            TextSource::Annotation(key) => self.object.annotation(key).map(str::to_owned),
        }
    }

    fn of_namespace(self) -> String {
        match self.namespace {
            "" => "objects in no namespace".to_owned(),
            namespace => format!("workloads of namespace `{}`", line(namespace, SHOWN)),
        }
    }
}

fn one_of(environments: &[String]) -> String {
    let listed: Vec<_> = environments.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    let more = environments.len().saturating_sub(MOST_LISTED);
    match listed.as_slice() {
        [only] => only.clone(),
        _ if more > 0 => format!("one of {} and {more} more", listed.join(", ")),
        _ => format!("one of {}", listed.join(", ")),
    }
}

#[cfg(test)]
mod tests;
