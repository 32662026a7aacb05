//! Reads out of turn, for a digest that the records do not have yet.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::Place;

/// Records that were read so shortly before a question are as good as those read for it.
const FRESH: Duration = Duration::from_secs(1);
/// Between two reads out of turn, at least.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a read may take, at least, before nobody waits for it any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the reading of one environment goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reads {
    /// When the read began that is under way.
    pub(super) running: Option<Instant>,
    /// Whether the last read failed.
    pub(super) failing: bool,
    /// How long the last good read took.
    pub(super) usual: Duration,
}

impl Reads {
    /// Until when a read that began then is waited for. One that takes much longer than the last will fail, as a rule.
    fn patience(&self, began: Instant) -> Instant {
        began.checked_add(PATIENCE.max(self.usual.saturating_mul(3))).unwrap_or(began)
    }
}

/// How often reads out of turn may be. Each doubles the pause before the next, until one brings what was looked for.
pub(super) struct ExtraReads {
    state: Mutex<Pause>,
    longest: Duration,
}

struct Pause {
    last: Option<Instant>,
    length: Duration,
}

impl ExtraReads {
    /// The pauses do not grow beyond this.
    pub(super) fn new(longest: Duration) -> Self {
        Self { state: Mutex::new(Pause { last: None, length: SHORTEST_PAUSE }), longest: longest.max(SHORTEST_PAUSE) }
    }

    /// Whether there may be one now. Then there is.
    fn take(&self, now: Instant) -> bool {
        let mut pause = self.state();
        if pause.last.is_some_and(|last| now.saturating_duration_since(last) < pause.length) {
            return false;
        }
        if pause.last.is_some() {
            pause.length = pause.length.saturating_mul(2).min(self.longest);
        }
        pause.last = Some(now);
        true
    }

    /// The last one brought what was looked for.
    pub(super) fn was_worth_it(&self) {
        self.state().length = SHORTEST_PAUSE;
    }

    fn state(&self) -> MutexGuard<'_, Pause> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Waits until records are there that were read at `asked` or hardly before, as long as that can be expected: no
    /// longer than `until`, not while the source fails, and not for a read that takes far longer than usual.
    pub(super) async fn read_since(&self, asked: Instant, until: Instant) {
        let enough = asked.checked_sub(FRESH).unwrap_or(asked);
        let mut reads = self.reads.subscribe();
        let mut requested = false;
        loop {
            let state = *reads.borrow_and_update();
            let is_fresh = self.newest.load().as_ref().is_some_and(|kept| kept.is_of(enough));
            if is_fresh || state.failing {
                return;
            }
            let patience = match state.running {
                Some(began) => state.patience(began),
                None if requested => state.patience(Instant::now()),
                None if self.extra.take(Instant::now()) => {
                    requested = true;
                    self.wanted.notify_one();
                    state.patience(Instant::now())
                }
                None => return,
            };
            if timeout_at(patience.min(until).into(), reads.changed()).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::ExtraReads;

    #[test]
    fn reads_that_bring_nothing_become_rare_and_one_that_does_ends_that() {
        let extra = ExtraReads::new(Duration::from_secs(5));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let granted = |from: u64, to: u64| (from..to).filter(|second| extra.take(at(*second))).collect::<Vec<_>>();
        assert_eq!(granted(0, 30), [0, 1, 3, 7, 12, 17, 22, 27]);
        extra.was_worth_it();
        assert_eq!(granted(28, 40), [28, 30, 34, 39]);
    }

    #[test]
    fn a_flood_gets_one() {
        let extra = ExtraReads::new(Duration::from_millis(10));
        let now = Instant::now();
        assert_eq!((0..1000).filter(|_| extra.take(now)).count(), 1);
    }
}
