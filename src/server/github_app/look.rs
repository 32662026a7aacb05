//! One look at a deployment: is it allowed now, and what is GitHub told?

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::GithubApp;
use super::client::{CallFault, State};
use super::find::Missing;
use super::store::Row;
use crate::domain::decision::Decisions;
use crate::domain::request::Request;
use crate::gate::Gate;
use crate::github::comment::comment;
use crate::github::event::Waiting;
use crate::github::outcome::Outcome;
use crate::github::plan::{self, MOST_REPORTS, Say};
use crate::output::escape;
use crate::server::metrics::GithubAnswer;

/// When a deployment is looked at again; none when it is answered.
pub(super) type Next = Option<Timestamp>;

impl GithubApp {
    /// Looks at a deployment, and tells GitHub. What fails is tried again.
    pub(super) async fn look(&self, row: &mut Row) -> Next {
        if row.progress.is_over(self.now()) {
            return self.answered(row, GithubAnswer::Expired);
        }
        match self.try_look(row).await {
            Ok(next) => {
                row.progress.failures = 0;
                next
            }
            Err(fault) => Some(self.call_again(row, &fault)),
        }
    }

    async fn try_look(&self, row: &mut Row) -> Result<Next, CallFault> {
        // First, so that what is decided is told at once.
        self.parts.client.prepare(&row.waiting).await?;
        let outcome = self.outcome(&row.waiting).await?;
        let now = self.now();
        row.progress.looked(&outcome);
        self.door.metrics.github.looked(&outcome);
        match plan::say(&outcome, &row.progress, &self.parts.settings, now) {
            Say::Approve => self.answer(row, &outcome, State::Approved).await,
            Say::Reject => self.answer(row, &outcome, State::Rejected).await,
            Say::Report => {
                self.report(row, &outcome).await?;
                self.wait(row, &outcome).await
            }
            Say::Nothing => self.wait(row, &outcome).await,
        }
    }

    /// What is final is told of what was decided, and of nothing that has come since.
    async fn answer(&self, row: &Row, outcome: &Outcome, state: State) -> Result<Next, CallFault> {
        let current = self.parts.store.is_current(row).await;
        if !current.map_err(|error| CallFault::Failed(error.to_string()))? {
            return Ok(Some(self.now()));
        }
        let answer = match self.parts.client.review(&row.waiting, Some(state), &comment(outcome, &row.waiting)).await {
            Ok(()) if state == State::Approved => GithubAnswer::Approved,
            Ok(()) => GithubAnswer::Rejected,
            // It was answered by somebody else, or by us in an answer that we did not hear back of.
            Err(CallFault::Nothing) if row.progress.is_settled(&self.parts.settings, self.now()) => {
                GithubAnswer::Elsewhere
            }
            Err(fault) => return Err(fault),
        };
        Ok(self.answered(row, answer))
    }

    async fn report(&self, row: &mut Row, outcome: &Outcome) -> Result<(), CallFault> {
        match self.parts.client.review(&row.waiting, None, &comment(outcome, &row.waiting)).await {
            Ok(()) => row.progress.reported(outcome, self.now()),
            // No more are taken, or nothing waits: whether it is the latter is asked below.
            Err(CallFault::Nothing) => row.progress.reports = MOST_REPORTS,
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    async fn wait(&self, row: &mut Row, outcome: &Outcome) -> Result<Next, CallFault> {
        let now = self.now();
        if row.progress.needs_check(now) {
            if self.parts.client.is_over(&row.waiting).await? {
                return Ok(self.answered(row, GithubAnswer::Ended));
            }
            row.progress.checked_at = now;
        }
        let next = plan::next_look(outcome, &row.progress, &self.parts.settings, now, fastrand::f64());
        tracing::debug!(run = row.waiting.run_id, verdict = %outcome.verdict(), %next, "a deployment goes on waiting");
        Ok(Some(next))
    }

    /// What is to be said of this run and environment. A call that fails is no outcome.
    async fn outcome(&self, waiting: &Waiting) -> Result<Outcome, CallFault> {
        let gate = Arc::clone(self.door.judge().gate());
        let name = self.parts.settings.environment(&waiting.environment);
        if gate.environments.get(name).is_none() {
            return Ok(Outcome::NoEnvironment(name.to_owned()));
        }
        match self.requests(waiting).await {
            Ok(requests) => Ok(self.decide(gate, name, requests).await.unwrap_or(Outcome::Failed)),
            Err(Missing::Why(why)) => Ok(Outcome::NoArtifact(why)),
            Err(Missing::Call(fault)) => Err(fault),
        }
    }

    /// Decides by records that are read now. `None` when a part of holdpoint failed.
    async fn decide(&self, gate: Arc<Gate>, environment: &str, requests: Vec<Request>) -> Option<Outcome> {
        let observation = self.observations.fresh(&gate, environment).await?;
        let _core = self.evaluations.acquire().await.ok()?;
        let as_of = self.now();
        let deciding = tokio::task::spawn_blocking(move || {
            let decide = |request| gate.decide(&observation, request, as_of);
            Decisions(requests.into_iter().map(decide).collect())
        });
        deciding.await.ok().map(Outcome::Decided)
    }

    /// Tells that it is over.
    fn answered(&self, row: &Row, answer: GithubAnswer) -> Next {
        self.door.metrics.github.answered(answer);
        let (repository, environment) = (line(&row.waiting.repository), line(&row.waiting.environment));
        let last_look = line(&row.progress.last);
        let (run, answer) = (row.waiting.run_id, answer.as_str());
        tracing::warn!(%repository, run, %environment, answer, ?last_look, "a deployment is answered");
        None
    }

    /// When to look again after a call that failed.
    fn call_again(&self, row: &mut Row, fault: &CallFault) -> Timestamp {
        row.progress.failures = row.progress.failures.saturating_add(1);
        self.door.metrics.github.failed(fault);
        let wait = match fault {
            CallFault::Limited(wait) => Some(*wait),
            CallFault::Nothing | CallFault::Failed(_) => None,
        };
        let repository = line(&row.waiting.repository);
        let (run, failures) = (row.waiting.run_id, row.progress.failures);
        tracing::warn!(%repository, run, failures, %fault, "GitHub could not be told, and will be");
        plan::next_call(&row.progress, wait, self.now(), fastrand::f64())
    }

    /// When to look again after a part of holdpoint failed.
    pub(super) fn after_crash(&self, row: &mut Row) -> Timestamp {
        row.progress.failures = row.progress.failures.saturating_add(1);
        plan::next_call(&row.progress, Some(Duration::from_secs(30)), self.now(), fastrand::f64())
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.door.parts.clock)()
    }
}

fn line(text: &str) -> String {
    escape::line(text, escape::NAME_LIMIT)
}
