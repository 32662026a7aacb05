//! Whether the GitHub App can keep what comes, for `/readyz`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::server::operations::Check;

/// What its worker saw last; nothing where there is no App.
#[derive(Default)]
pub struct Health(Mutex<Option<Seen>>);

struct Seen {
    /// Whether nothing else is served: reviews go on without the file.
    alone: bool,
    most: u32,
    /// How many wait, or why that cannot be read.
    waiting: Result<u32, String>,
}

impl Health {
    /// There is an App, which is all that is served or not, and for which so many may wait.
    pub fn begin(&self, alone: bool, most: u32) {
        *self.seen() = Some(Seen { alone, most, waiting: Ok(0) });
    }

    /// Its file was read, or written: so many wait, or this went wrong.
    pub(super) fn saw(&self, waiting: Result<u32, String>) {
        if let Some(seen) = self.seen().as_mut() {
            seen.waiting = waiting;
        }
    }

    /// The conditions of being ready. A queue that is full is told, and is no reason to stop: it empties by itself.
    pub(in crate::server) fn checks(&self) -> Vec<Check> {
        let seen = self.seen();
        let Some(Seen { alone, most, waiting }) = seen.as_ref() else { return Vec::new() };
        let full = waiting.as_ref().is_ok_and(|waiting| waiting >= most);
        let full =
            full.then(|| format!("{most} deployments wait, and no more are taken; `github_app.most` says how many"));
        vec![
            Check { name: "github store", fault: waiting.as_ref().err().cloned(), vital: *alone },
            Check { name: "github queue", fault: full, vital: false },
        ]
    }

    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Health;

    fn faults(health: &Health) -> Vec<(&'static str, Option<String>, bool)> {
        health.checks().into_iter().map(|check| (check.name, check.fault, check.vital)).collect()
    }

    #[test]
    fn only_a_file_that_fails_keeps_an_app_from_being_ready() {
        let health = Health::default();
        health.saw(Ok(1));
        assert_eq!(faults(&health), [], "there is no App");
        let full = "2 deployments wait, and no more are taken; `github_app.most` says how many";
        for alone in [true, false] {
            health.begin(alone, 2);
            let of = |store: Option<&str>, queue: Option<&str>| {
                let text = |fault: Option<&str>| fault.map(str::to_owned);
                vec![("github store", text(store), alone), ("github queue", text(queue), false)]
            };
            health.saw(Ok(1));
            assert_eq!(faults(&health), of(None, None));
            health.saw(Ok(2));
            assert_eq!(faults(&health), of(None, Some(full)));
            health.saw(Err("the disk is full".to_owned()));
            assert_eq!(faults(&health), of(Some("the disk is full"), None));
            health.saw(Ok(0));
            assert_eq!(faults(&health), of(None, None));
        }
    }
}
