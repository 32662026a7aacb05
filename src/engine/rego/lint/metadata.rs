//! What messages, lists and code scanning need to know of a policy.

use crate::engine::rego::fault::PolicyFault;
use crate::engine::rego::metadata::Annotation;

use super::context::{Context, PackageView};

const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<PolicyFault>) {
    for policy in context.policies() {
        if policy.annotation == Annotation::default() {
            let message = format!("the policy `{}` has no METADATA", policy.name);
            let hint = "write `# METADATA` above `package`, with `title`, `description` and `custom` beneath";
            faults.push(policy.fault("metadata_missing", message, hint));
        } else {
            incomplete(policy, faults);
            values(policy, faults);
        }
    }
}

fn incomplete(policy: &PackageView, faults: &mut Vec<PolicyFault>) {
    let annotation = &policy.annotation;
    let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let keys = [
        ("title", said(&annotation.title)),
        ("description", said(&annotation.description)),
        ("custom.severity", said(&annotation.severity)),
        ("custom.remediation", said(&annotation.remediation)),
        ("custom.version", said(&annotation.version)),
    ];
    let missing: Vec<&str> = keys.into_iter().filter(|(_, said)| !said).map(|(key, _)| key).collect();
    if !missing.is_empty() {
        let message = format!("the METADATA of `{}` has no `{}`", policy.name, missing.join("`, `"));
        faults.push(policy.fault("metadata_incomplete", message, "add what is missing to the block above `package`"));
    }
}

fn values(policy: &PackageView, faults: &mut Vec<PolicyFault>) {
    if let Some(severity) = policy.annotation.severity.as_deref().filter(|severity| !SEVERITIES.contains(severity)) {
        let message = format!("the severity `{severity}` is none of `{}`", SEVERITIES.join("`, `"));
        faults.push(policy.fault("metadata_value", message, "write one of them in `custom.severity`"));
    }
    if let Some(version) = policy.annotation.version.as_deref().filter(|version| !is_semantic(version)) {
        let message = format!("the version `{version}` is not a semantic one");
        faults.push(policy.fault("metadata_value", message, "write `custom.version` as `1.0.0`"));
    }
}

/// Source: <https://semver.org>, grammar of version 2.0.0.
fn is_semantic(version: &str) -> bool {
    let number = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
    };
    let identifier =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (rest, build) = version.split_once('+').map_or((version, None), |(rest, build)| (rest, Some(build)));
    let (core, early) = rest.split_once('-').map_or((rest, None), |(core, early)| (core, Some(early)));
    core.split('.').count() == 3
        && core.split('.').all(number)
        && early.is_none_or(|early| early.split('.').all(|part| identifier(part) && (!digits(part) || number(part))))
        && build.is_none_or(|build| build.split('.').all(identifier))
}

#[cfg(test)]
mod tests {
    use super::is_semantic;

    #[test]
    fn versions_are_semantic() {
        for good in ["0.0.0", "1.20.3", "1.0.0-alpha.1", "1.0.0-0.x-y", "1.0.0+build.01", "1.0.0-rc.1+5"] {
            assert!(is_semantic(good), "{good}");
        }
        for bad in
            ["", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0-a..b", "1.0.x"]
        {
            assert!(!is_semantic(bad), "{bad}");
        }
    }
}
