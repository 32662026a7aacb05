//! Finds what a run would deploy: by its deployments, by earlier ones of the commit, or by a tag at a registry.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::GithubApp;
use super::client::CallFault;
use crate::domain::request::Request;
use crate::github::event::{Deployment, Waiting};
use crate::github::lookup::{self, Earlier, Lookup};
use crate::github::question::{self, MOST_ARTIFACTS, Named};
use crate::github::template::{Facts, Template};

/// Why it is not known what would be deployed.
pub(super) enum Missing {
    /// Nothing says it: in words that follow "because", with texts from outside.
    Why(String),
    /// GitHub could not be asked.
    Call(CallFault),
}

impl From<String> for Missing {
    fn from(why: String) -> Self {
        Self::Why(why)
    }
}

impl From<CallFault> for Missing {
    fn from(fault: CallFault) -> Self {
        Self::Call(fault)
    }
}

/// What was asked already in this look: the jobs of a run have one commit, as a rule.
#[derive(Default)]
struct Asked<'w> {
    earlier: BTreeMap<&'w str, Vec<u8>>,
    /// Images by name and tag, with their digests.
    tagged: BTreeMap<String, String>,
}

impl GithubApp {
    /// What is asked about a run: a question for each artifact of its jobs, and at least one.
    pub(super) async fn requests(&self, waiting: &Waiting) -> Result<Vec<Request>, Missing> {
        let mut requests = Vec::new();
        let mut asked = Asked::default();
        for deployment in &waiting.deployments {
            for named in self.named(waiting, deployment, &mut asked).await? {
                let request = question::request(&self.parts.settings, waiting, deployment, named)?;
                if !requests.contains(&request) {
                    requests.push(request);
                }
                if requests.len() > MOST_ARTIFACTS {
                    return Err(question::too_many().into());
                }
            }
        }
        Ok(requests)
    }

    async fn named<'w>(
        &self,
        waiting: &Waiting,
        deployment: &'w Deployment,
        asked: &mut Asked<'w>,
    ) -> Result<Vec<Named>, Missing> {
        let settings = &self.parts.settings;
        let mut payload = deployment.payload.clone();
        if let Some(Lookup::Earlier(earlier)) = &settings.lookup {
            let listed = self.earlier(waiting, deployment, earlier, asked).await?;
            let newest = lookup::newest(listed, &deployment.sha, earlier).map_err(|error| error.to_string())?;
            payload = newest.ok_or_else(|| {
                let (sha, environment) = (&deployment.sha, &earlier.environment);
                format!("commit `{sha}` has no deployment to `{environment}` that could name it")
            })?;
        }
        let mut all = question::named(settings, waiting, deployment, &payload)?;
        if let Some(Lookup::Tag(tag)) = &settings.lookup {
            let facts = waiting.facts(deployment, &payload);
            self.resolve(tag, &facts, &mut all, asked).await?;
        }
        Ok(all)
    }

    async fn earlier<'a, 'w>(
        &self,
        waiting: &Waiting,
        deployment: &'w Deployment,
        earlier: &Earlier,
        asked: &'a mut Asked<'w>,
    ) -> Result<&'a [u8], CallFault> {
        Ok(match asked.earlier.entry(&deployment.sha) {
            Entry::Occupied(listed) => listed.into_mut(),
            Entry::Vacant(place) => {
                place.insert(self.parts.client.deployments(waiting, &deployment.sha, earlier).await?)
            }
        })
    }

    /// Puts the digests to the images that the registries have under the commit's tag now.
    async fn resolve(
        &self,
        tag: &Template,
        facts: &Facts<'_>,
        all: &mut [Named],
        asked: &mut Asked<'_>,
    ) -> Result<(), String> {
        let tag = tag.fill(facts)?;
        for named in all {
            let image = format!("{}:{tag}", named.artifact);
            let digest = if let Some(digest) = asked.tagged.get(&image) {
                digest.clone()
            } else {
                let resolved = self.parts.tags.resolve(&image).await;
                resolved.map_err(|why| format!("the digest of `{image}` is not known: {why}"))?.digest.to_string()
            };
            named.artifact = format!("{}@{digest}", named.artifact);
            asked.tagged.insert(image, digest);
        }
        Ok(())
    }
}
