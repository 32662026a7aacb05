//! Words for artifacts and for what is wrong with them, escaped and short.

use super::super::image::{Role, UsedImage};
use super::{Cause, JudgedImage, Outcome};
use crate::domain::decision::Decision;
use crate::domain::finding::Finding;
use crate::domain::instant::instant_from;
use crate::domain::reference::ArtifactReference;
use crate::domain::text::{cut, line};
use crate::domain::verdict::Verdict;

/// The longest name or reference that is shown whole, in characters.
pub(super) const NAME_LIMIT: usize = 300;
/// The longest text of a rule.
pub(super) const TEXT_LIMIT: usize = 300;

/// Something that is wrong with an artifact.
pub(super) struct Objection<'a> {
    /// A stable word.
    pub(super) code: &'a str,
    /// What is wrong. Untrusted.
    pub(super) message: &'a str,
    /// What to do; may be empty. Untrusted.
    pub(super) remediation: &'a str,
}

/// What is in the way of an artifact; nothing when it may pass.
pub(super) fn objections(outcome: &Outcome) -> Vec<Objection<'_>> {
    match outcome {
        Outcome::Decided(decision) if decision.verdict == Verdict::Allow => Vec::new(),
        Outcome::Decided(decision) => of_decision(decision),
        Outcome::Refused { code, message, remediation, .. } => vec![Objection { code, message, remediation }],
        Outcome::Readmitted { .. } | Outcome::Ignored { .. } => Vec::new(),
    }
}

/// What counts comes first: a rule that denies before one that holds.
fn of_decision(decision: &Decision) -> Vec<Objection<'_>> {
    let mut blocking: Vec<&Finding> = decision.findings.iter().filter(|finding| finding.blocks()).collect();
    blocking.sort_by_key(|finding| std::cmp::Reverse(finding.verdict()));
    if blocking.is_empty() {
        return vec![Objection { code: "unexplained", message: "no finding says why", remediation: "" }];
    }
    blocking.into_iter().map(of_finding).collect()
}

fn of_finding(finding: &Finding) -> Objection<'_> {
    let message = if finding.message.trim().is_empty() { &finding.title } else { &finding.message };
    Objection { code: &finding.code, message, remediation: &finding.remediation }
}

/// `deny`, or `hold until 2026-11-20 15:20 UTC (in 3 h 20 min)`.
pub(super) fn verdict(outcome: &Outcome) -> String {
    let opening = outcome.decision().and_then(|decision| Some((decision.opens_at?, decision.as_of)));
    match (outcome.verdict(), opening) {
        (Some(Verdict::Hold), Some((opens_at, as_of))) => format!("hold until {}", instant_from(opens_at, as_of)),
        (Some(verdict), _) => verdict.to_string(),
        (None, _) => "ignored".to_owned(),
    }
}

/// The last part of the name and the beginning of the digest: `storefront@0123456789ab`. What is no reference is cut.
pub(super) fn short(reference: &str) -> String {
    let Ok(ArtifactReference { name, digest, .. }) = reference.parse() else {
        return cut(&line(reference, NAME_LIMIT), 40);
    };
    let name = name.as_deref().and_then(|name| name.rsplit('/').next()).unwrap_or_default();
    cut(&format!("{name}@{}", digest.short()), 40)
}

/// What an artifact is used for: `container app`, `init container`, `custom /spec/image`.
pub(super) fn usage(image: &UsedImage) -> String {
    let role = image.role.as_str().replace('_', " ");
    let what = if image.role == Role::Custom { &image.place } else { &image.name };
    let what = line(what, NAME_LIMIT);
    if what.is_empty() { role } else { format!("{role} {}", cut(&what, 80)) }
}

/// What is wrong with an artifact, for machines.
pub(super) fn causes(judged: &JudgedImage) -> impl Iterator<Item = Cause> {
    objections(&judged.outcome).into_iter().map(|objection| Cause {
        reason: line(objection.code, NAME_LIMIT),
        message: line(objection.message, TEXT_LIMIT),
        field: line(&field(&judged.image.place), NAME_LIMIT),
    })
}

/// A JSON pointer as Kubernetes writes it: `spec.containers[0].image`.
fn field(pointer: &str) -> String {
    let mut field = String::new();
    for key in pointer.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()) {
            field.extend(["[", &key, "]"]);
        } else {
            let dot = if field.is_empty() { "" } else { "." };
            field.extend([dot, &key]);
        }
    }
    field
}

#[cfg(test)]
mod tests {
    use super::{field, short};

    #[test]
    fn fields_are_written_as_kubernetes_does() {
        let cases =
            [("/spec/containers/0/image", "spec.containers[0].image"), ("/spec/a~1b/~0c", "spec.a/b.~c"), ("", "")];
        for (pointer, expected) in cases {
            assert_eq!(field(pointer), expected);
        }
    }

    #[test]
    fn references_are_shortened() {
        let digest = format!("sha256:0123456789ab{}", "0".repeat(52));
        let long = format!("ghcr.io/{}@{digest}", "x".repeat(60));
        let cases = [
            (format!("ghcr.io/acme/storefront:v1@{digest}"), "storefront@0123456789ab".to_owned()),
            (digest, "@0123456789ab".to_owned()),
            (long, format!("{}…", "x".repeat(40))),
            ("nginx:1.27".to_owned(), "nginx:1.27".to_owned()),
            ("a\u{1b}\n".to_owned(), "a\\u{1b}".to_owned()),
            (String::new(), String::new()),
        ];
        for (reference, expected) in cases {
            assert_eq!(short(&reference), expected, "{reference:?}");
        }
    }
}
