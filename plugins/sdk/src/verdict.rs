//! Building what a rule says.

use crate::{Effect, Finding, Metadata, Timestamp, Verdict};

impl Finding {
    /// It must not be deployed, and waiting does not help. `code` is stable and machine-readable (`ticket-missing`);
    /// `message` is one sentence for people, without markup.
    #[must_use]
    pub fn deny(code: &str, message: impl Into<String>) -> Self {
        Self::new(Effect::Deny, code, message)
    }

    /// It must not be deployed yet. Say when it ends, if that is known, with [`Finding::opens_at`].
    #[must_use]
    pub fn hold(code: &str, message: impl Into<String>) -> Self {
        Self::new(Effect::Hold, code, message)
    }

    /// Something worth saying, which changes nothing.
    #[must_use]
    pub fn warn(code: &str, message: impl Into<String>) -> Self {
        Self::new(Effect::Warn, code, message)
    }

    fn new(effect: Effect, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { effect, code, message, remediation: None, records: Vec::new(), opens_at: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn remediation(mut self, remediation: impl Into<String>) -> Self {
        self.remediation = Some(remediation.into());
        self
    }

    /// A record that it rests on, by its id. Once for each.
    #[must_use]
    pub fn record(mut self, id: impl Into<String>) -> Self {
        self.records.push(id.into());
        self
    }

    /// When a hold ends by itself.
    #[must_use]
    pub const fn opens_at(mut self, at: Timestamp) -> Self {
        self.opens_at = Some(at);
        self
    }
}

impl Verdict {
    /// The rule applies and nothing speaks against it.
    #[must_use]
    pub const fn pass() -> Self {
        Self::Evaluated(Vec::new())
    }

    /// The rule does not apply to this request, and why.
    #[must_use]
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }

    /// The findings; none for a rule that was skipped.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Evaluated(findings) => findings,
            Self::Skipped(_) => &[],
        }
    }
}

impl From<Finding> for Verdict {
    fn from(finding: Finding) -> Self {
        Self::Evaluated(vec![finding])
    }
}

impl From<Vec<Finding>> for Verdict {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Evaluated(findings)
    }
}

impl FromIterator<Finding> for Verdict {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        Self::Evaluated(findings.into_iter().collect())
    }
}

impl Metadata {
    /// A plugin's name (lower-case, with hyphens), its semantic version, and a title of one line.
    #[must_use]
    pub fn new(name: &str, version: &str, title: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            title: title.to_owned(),
            description: String::new(),
            parameters_schema: None,
            documentation_url: None,
        }
    }

    /// What the rule does, in as many sentences as it takes.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        description.clone_into(&mut self.description);
        self
    }

    /// The JSON Schema (2020-12) of the parameters, as JSON text. holdpoint checks every configuration against it and
    /// fills in its defaults.
    #[must_use]
    pub fn parameters_schema(mut self, schema: &str) -> Self {
        self.parameters_schema = Some(schema.to_owned());
        self
    }

    /// Where to read more.
    #[must_use]
    pub fn documentation_url(mut self, url: &str) -> Self {
        self.documentation_url = Some(url.to_owned());
        self
    }
}
