//! When a server that was told to stop no longer accepts, and when it ends.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Of the time to finish, how long nobody may have come before the server stops accepting: a fifth.
const QUIET: u32 = 5;

/// The times of one draining.
#[derive(Clone, Debug)]
pub(super) struct Drain {
    /// Whatever is open then is cut.
    pub(super) end: Instant,
    /// Nobody is accepted from then on: the last fifth is for those who have come.
    latest: Instant,
    quiet: Duration,
    accept_until: Instant,
}

impl Drain {
    pub(super) fn new(now: Instant, time: Duration) -> Self {
        let quiet = time / QUIET;
        let end = now + time;
        Self { end, latest: end - quiet, quiet, accept_until: now + quiet }
    }

    /// Others may come to whom nobody has told yet that the server goes.
    pub(super) fn somebody_came(&mut self, now: Instant) {
        self.accept_until = (now + self.quiet).min(self.latest);
    }

    /// Waits until nobody is accepted any more: never when the server does not drain.
    pub(super) async fn over(drain: Option<&Self>) -> Self {
        let Some(drain) = drain else { return pending().await };
        sleep_until(drain.accept_until).await;
        drain.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_is_waited_for_but_not_to_the_end() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let mut drain = Drain::new(now, 10 * second);
        assert_eq!(drain.accept_until, now + 2 * second);
        for (came, until) in [(1, 3), (2, 4), (5, 7), (7, 8), (8, 8), (9, 8)] {
            drain.somebody_came(now + came * second);
            assert_eq!(drain.accept_until, now + until * second, "came at {came}");
        }
        assert_eq!(drain.end, now + 10 * second);
    }
}
