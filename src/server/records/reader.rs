//! The task that reads the records of one environment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

use super::status::summary;
use super::{Kept, Place, Records};
use crate::gate::observe::{Observation, RecordFault};
use crate::gate::source::NoProgress;
use crate::server::trace;

/// Before the second try after a failure; it doubles from try to try, up to the usual interval.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The part of an interval by which it is longer or shorter by chance, so that replicas do not ask in step.
const JITTER: f64 = 0.1;
/// Old records are taken apart after this, when no question uses them any more.
const RETIREMENT: Duration = Duration::from_secs(2);

/// Reads, waits, and reads again. There is one for each environment, and so one read at a time.
pub(super) struct Reader {
    records: Arc<Records>,
    place: Arc<Place>,
    failures: u32,
}

impl Reader {
    pub(super) const fn new(records: Arc<Records>, place: Arc<Place>) -> Self {
        Self { records, place, failures: 0 }
    }

    pub(super) async fn run(mut self) {
        loop {
            let began = Instant::now();
            self.read(began).await;
            let pause = self.pause(began.elapsed());
            tokio::select! {
                () = sleep(pause) => {}
                () = self.place.wanted.notified() => {}
            }
        }
    }

    async fn read(&mut self, began: Instant) {
        let read_at = (self.records.clock)();
        self.place.reads.send_modify(|reads| reads.running = Some(began));
        let span = trace::read(&self.place.environment);
        let failed = match self.observe().instrument(span.clone()).await {
            Ok(observation) => {
                span.record("records", observation.snapshot.sources.iter().map(|source| source.records).sum::<usize>());
                self.keep(observation, read_at, began);
                false
            }
            Err(faults) => {
                span.record("error", summary(&faults));
                self.fail(faults);
                true
            }
        };
        self.place.reads.send_modify(|reads| {
            reads.running = None;
            reads.failing = failed;
            if !failed {
                reads.usual = began.elapsed();
            }
        });
    }

    /// Reads in a task of its own, so that a panic there is a failed read and not the end of all reading. What takes
    /// longer than `stale_after` would be too old when it is there.
    async fn observe(&self) -> Result<Observation, Vec<RecordFault>> {
        let (gate, environment) = (Arc::clone(&self.records.gate), self.place.environment.clone());
        let mut task = JoinSet::new();
        let observing = async move { gate.observe(&environment, Arc::new(NoProgress)).await };
        task.spawn(observing.in_current_span());
        let read = timeout(self.records.stale_after, task.join_next()).await;
        match read {
            Ok(Some(Ok(Some(observation)))) => {
                let shortfalls = observation.shortfalls();
                if shortfalls.is_empty() { Ok(observation) } else { Err(shortfalls) }
            }
            Ok(Some(Err(error))) => Err(vec![crashed(&self.place.environment, &error)]),
            Ok(Some(Ok(None)) | None) => Err(vec![super::status::never_read(&self.place.environment)]),
            Err(_elapsed) => Err(vec![hanging(&self.place.environment, self.records.stale_after)]),
        }
    }

    fn keep(&mut self, observation: Observation, read_at: jiff::Timestamp, began: Instant) {
        let old = self.place.replace(observation, read_at, began);
        self.place.tally.add_refresh();
        if self.failures > 0 {
            tracing::info!(environment = self.place.environment, failures = self.failures, "records are read again");
        }
        self.failures = 0;
        if let Some(old) = old {
            retire(old);
        }
    }

    fn fail(&mut self, faults: Vec<RecordFault>) {
        self.failures = self.failures.saturating_add(1);
        let reason = summary(&faults).unwrap_or_default();
        tracing::warn!(environment = self.place.environment, failures = self.failures, reason, "records not read");
        self.place.tally.add_failure(faults);
    }

    /// Until the next read. Records that take long to read do not keep their source busy without a break.
    fn pause(&self, took: Duration) -> Duration {
        let refresh = self.records.refresh;
        let pause = match self.failures {
            0 => refresh.saturating_sub(took).max(refresh / 4),
            failures => {
                let doublings = failures.saturating_sub(1).min(16);
                FIRST_BACKOFF.saturating_mul(1 << doublings).min(refresh)
            }
        };
        jittered(pause)
    }
}

fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + JITTER * (2.0 * fastrand::f64() - 1.0))
}

/// Taking many records apart takes a while: that is for a thread that may block.
fn retire(old: Arc<Kept>) {
    tokio::spawn(async move {
        sleep(RETIREMENT).await;
        tokio::task::spawn_blocking(move || drop(old));
    });
}

fn crashed(environment: &str, error: &tokio::task::JoinError) -> RecordFault {
    RecordFault {
        code: "source_crashed",
        message: format!("reading the records of `{environment}` stopped unexpectedly: {error}"),
        remediation: "this is a defect of holdpoint; please report it".to_owned(),
    }
}

fn hanging(environment: &str, limit: Duration) -> RecordFault {
    RecordFault {
        code: "source_timeout",
        message: format!("the records of `{environment}` were not read within {limit:?}"),
        remediation: "give the record source a shorter `timeout`, or the server a longer `stale_after`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::jittered;

    #[test]
    fn chance_changes_an_interval_by_a_tenth_at_most() {
        let pauses: Vec<Duration> = (0..1000).map(|_| jittered(Duration::from_secs(30))).collect();
        assert!(pauses.iter().all(|pause| (27.0..=33.0).contains(&pause.as_secs_f64())));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
