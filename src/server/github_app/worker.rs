//! Looks at deployments when their time has come, some at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep, timeout};

use super::GithubApp;
use super::look::Next;
use super::store::Row;
use crate::gate::Gate;
use crate::github::event::Key;
use crate::server::shutdown::Shutdown;

/// Deployments that are looked at at a time. GitHub asks for fewer than a hundred calls at a time.
const AT_A_TIME: usize = 16;
/// Nothing sleeps longer: the clock of the machine may be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// After the store could not be read.
const STORE_PAUSE: Duration = Duration::from_secs(2);
/// How long what was answered is remembered: longer than a run lives, which is 35 days.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(36 * 24);
const FORGET_EVERY: Duration = Duration::from_hours(1);

struct Worker {
    app: Arc<GithubApp>,
    tasks: JoinSet<()>,
    busy: HashMap<Id, Key>,
    /// The gate that was asked last.
    gate: Option<Arc<Gate>>,
    forgot: Option<Instant>,
}

/// Works until the server drains, and then ends what it has begun, for so long at most. What is left is done after the
/// next start.
pub async fn run(app: Arc<GithubApp>, mut shutdown: Shutdown, drain: Duration) {
    let mut worker = Worker { app, tasks: JoinSet::new(), busy: HashMap::new(), gate: None, forgot: None };
    loop {
        let pause = worker.begin().await;
        tokio::select! {
            () = shutdown.draining() => break,
            () = worker.app.arrived.notified() => {}
            () = worker.app.door.replaced.notified() => {}
            Some(ended) = worker.tasks.join_next_with_id() => {
                worker.busy.remove(&ended.map_or_else(|error| error.id(), |(id, ())| id));
            }
            () = sleep(pause) => {}
        }
    }
    let finish = async { while worker.tasks.join_next().await.is_some() {} };
    if timeout(drain, finish).await.is_err() {
        tracing::warn!("deployments are left for the next start: the time to finish is over");
    }
}

impl Worker {
    /// Begins with all that is due, as far as there are places. Returns how long nothing else will be due.
    async fn begin(&mut self) -> Duration {
        self.forget().await;
        self.wake().await;
        let now = self.app.now();
        let free = AT_A_TIME.saturating_sub(self.busy.len());
        if free == 0 {
            return LONGEST_SLEEP;
        }
        let due = match self.app.parts.store.due(now, AT_A_TIME).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "the deployments that wait cannot be read");
                self.app.door.github.saw(Err(error.to_string()));
                return STORE_PAUSE;
            }
        };
        let due: Vec<Row> = due.into_iter().filter(|row| !self.is_busy(row)).take(free).collect();
        for row in due {
            let key = row.key();
            let task = self.tasks.spawn(one(Arc::clone(&self.app), row));
            self.busy.insert(task.id(), key);
        }
        if self.busy.is_empty() {
            self.app.observations.forget();
        }
        self.count().await;
        self.pause(now).await
    }

    /// Until the next is due. What is due now and finds no place is begun when another ends.
    async fn pause(&self, now: Timestamp) -> Duration {
        match self.app.parts.store.next_after(now).await {
            Ok(Some(next)) => {
                let left = Duration::try_from(next.duration_since(self.app.now())).unwrap_or_default();
                left.saturating_add(Duration::from_millis(1)).min(LONGEST_SLEEP)
            }
            Ok(None) => LONGEST_SLEEP,
            Err(_) => STORE_PAUSE,
        }
    }

    fn is_busy(&self, row: &Row) -> bool {
        let key = row.key();
        self.busy.values().any(|busy| *busy == key)
    }

    /// After a start, and when another configuration is used, everything is looked at again: what was missing may be
    /// there.
    async fn wake(&mut self) {
        let gate = Arc::clone(self.app.door.judge().gate());
        if self.gate.as_ref().is_some_and(|last| Arc::ptr_eq(last, &gate)) {
            return;
        }
        match self.app.parts.store.wake(self.app.now()).await {
            Ok(()) => self.gate = Some(gate),
            Err(error) => tracing::error!(%error, "the deployments that wait cannot be looked at again yet"),
        }
    }

    async fn count(&self) {
        let waiting = self.app.parts.store.waiting().await;
        if let Ok(waiting) = waiting {
            self.app.door.metrics.github.waiting(waiting);
        }
        self.app.door.github.saw(waiting.map_err(|error| error.to_string()));
    }

    async fn forget(&mut self) {
        if self.forgot.is_some_and(|forgot| forgot.elapsed() < FORGET_EVERY) {
            return;
        }
        self.forgot = Some(Instant::now());
        let before = self.app.now().checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
        if let Err(error) = self.app.parts.store.forget(before).await {
            tracing::warn!(%error, "what was answered long ago cannot be forgotten");
        }
    }
}

/// Looks at one deployment, and keeps what came of it.
async fn one(app: Arc<GithubApp>, row: Row) {
    let (looking, mut seen) = (Arc::clone(&app), row.clone());
    // In a task of its own: a part that fails there leaves the deployment waiting.
    let looked = tokio::spawn(async move {
        let next = looking.look(&mut seen).await;
        (seen, next)
    });
    let (row, next): (Row, Next) = match looked.await {
        Ok(looked) => looked,
        Err(error) => {
            tracing::error!(%error, "looking at a deployment stopped unexpectedly");
            let mut row = row;
            let next = app.after_crash(&mut row);
            (row, Some(next))
        }
    };
    let mut pause = Duration::from_millis(100);
    // An answer that is not kept would be given again after the next start, which GitHub refuses: nothing is lost.
    while let Err(error) = app.parts.store.save(&row, next, app.now()).await {
        tracing::error!(%error, "what came of a deployment cannot be kept yet");
        if app.door.parts.shutdown.is_draining() {
            return;
        }
        sleep(pause).await;
        pause = pause.saturating_mul(2).min(LONGEST_SLEEP);
    }
}
