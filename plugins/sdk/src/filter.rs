//! Building filters.

use crate::{DeploymentRecord, DeploymentStatus, Filter};

impl Default for Filter {
    fn default() -> Self {
        Self::new()
    }
}

impl Filter {
    /// A filter that every record matches.
    #[must_use]
    pub const fn new() -> Self {
        Self { environment: None, target: None, deployment_name: None, digest: None, status: None }
    }

    /// Only records of this environment. It has to be one of `Input::environments`.
    #[must_use]
    pub fn environment(mut self, name: &str) -> Self {
        self.environment = Some(name.to_owned());
        self
    }

    /// Only records of this target.
    #[must_use]
    pub fn target(mut self, name: &str) -> Self {
        self.target = Some(name.to_owned());
        self
    }

    /// Only records of this deployment.
    #[must_use]
    pub fn deployment_name(mut self, name: &str) -> Self {
        self.deployment_name = Some(name.to_owned());
        self
    }

    /// Only records of this digest: `sha256:` and 64 lower-case hex digits.
    #[must_use]
    pub fn digest(mut self, digest: &str) -> Self {
        self.digest = Some(digest.to_owned());
        self
    }

    /// Only records that stand so.
    #[must_use]
    pub const fn status(mut self, status: DeploymentStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Whether a record matches.
    #[must_use]
    pub fn matches(&self, record: &DeploymentRecord) -> bool {
        let same = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        same(&self.environment, &record.environment)
            && same(&self.target, &record.target)
            && same(&self.deployment_name, &record.deployment_name)
            && same(&self.digest, &record.artifact.digest)
            && self.status.is_none_or(|status| status == record.status)
    }
}
