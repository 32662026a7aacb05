//! Work that takes turns: so much at a time, in the order in which it came.
//!
//! A thread that is done goes on with what waits. Between two pieces of work nobody is woken but those who wait for the
//! first.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A piece of work. What it leaves undone by a panic is its own to tell.
pub(super) type Work = Box<dyn FnOnce() + Send>;

/// Work on threads that may block.
pub(super) struct Turns {
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    threads: usize,
}

impl Turns {
    /// So much at a time.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), state: Mutex::default() })
    }

    /// Does it when it is its turn. It has to be called within a runtime.
    pub(super) fn take(self: &Arc<Self>, work: Work) {
        let mut state = self.state();
        state.waiting.push_back(work);
        if state.threads < self.most {
            state.threads = state.threads.saturating_add(1);
            drop(state);
            let own = Arc::clone(self);
            tokio::task::spawn_blocking(move || own.work());
        }
    }

    fn work(&self) {
        while let Some(work) = self.next() {
            // The panic's message is in the log already.
            drop(catch_unwind(AssertUnwindSafe(work)));
        }
    }

    /// The next piece of work; none ends the thread's part.
    fn next(&self) -> Option<Work> {
        let mut state = self.state();
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.threads = state.threads.saturating_sub(1);
        }
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::Turns;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn all_is_done_though_some_panic_and_never_too_much_at_a_time() {
        let turns = Turns::new(2);
        let (sender, done) = channel();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for number in 0..200 {
            let (sender, now, most) = (sender.clone(), Arc::clone(&now), Arc::clone(&most));
            turns.take(Box::new(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(100));
                now.fetch_sub(1, Ordering::SeqCst);
                sender.send(number).unwrap();
                assert!(number % 50 != 7, "a defect");
            }));
        }
        let mut numbers: Vec<i32> = (0..200).map(|_| done.recv_timeout(PATIENCE).unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..200).collect::<Vec<_>>());
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn work_waits_in_the_order_in_which_it_came() {
        let turns = Turns::new(0);
        let (sender, done) = channel();
        let (open, gate) = channel::<()>();
        turns.take(Box::new(move || gate.recv_timeout(PATIENCE).unwrap()));
        for number in 0..50 {
            let sender = sender.clone();
            turns.take(Box::new(move || sender.send(number).unwrap()));
        }
        assert!(done.try_recv().is_err());
        open.send(()).unwrap();
        let order: Vec<i32> = (0..50).map(|_| done.recv_timeout(PATIENCE).unwrap()).collect();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
    }
}
