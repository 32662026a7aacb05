//! Time limits: a thread that counts for the engine while plugins run, and deadlines held against a monotonic clock.
//!
//! The engine compares a counter with a number, and ticks drift by a tenth and more on a busy machine. So a tick only
//! asks the question; the clock answers it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wasmtime::Engine;

/// How often a running plugin is looked at.
const TICK: Duration = Duration::from_millis(1);

/// How many ticks it goes on after the last plugin: waking a thread at each call would cost a tenth of the smallest.
const LINGER: u32 = 50;

/// Ticks while plugins run and a little longer, sleeps while none does, and ends with its owner.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    awake: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    asleep: bool,
    ended: bool,
}

/// A plugin is running for as long as this lives.
pub(super) struct Running<'a>(&'a Shared);

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (ticking, engine) = (Arc::clone(&shared), engine.weak());
        let tick = move || {
            let mut idle = 0;
            while ticking.goes_on(&mut idle) {
                thread::sleep(TICK);
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
        };
        let thread = thread::Builder::new().name("plugin-clock".to_owned()).spawn(tick)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Ticks until what is returned is dropped.
    pub(super) fn run(&self) -> Running<'_> {
        let mut state = self.shared.state();
        state.running += 1;
        if std::mem::take(&mut state.asleep) {
            self.shared.awake.notify_one();
        }
        drop(state);
        Running(&self.shared)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a plugin runs, when none did for a while: `idle` counts those ticks. False when the ticker has ended.
    fn goes_on(&self, idle: &mut u32) -> bool {
        let mut state = self.state();
        *idle = if state.running == 0 { *idle + 1 } else { 0 };
        if *idle > LINGER && !state.ended {
            state.asleep = true;
            let asleep = |state: &mut State| state.asleep && !state.ended;
            state = self.awake.wait_while(state, asleep).unwrap_or_else(PoisonError::into_inner);
            *idle = 0;
        }
        !state.ended
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running = state.running.saturating_sub(1);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.state().ended = true;
        self.shared.awake.notify_one();
        if let Some(thread) = self.thread.take() {
            // Its only panic would be one of the lock, which is not held here.
            drop(thread.join());
        }
    }
}

/// When a call has to be over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: Instant,
    /// How long it was given, for messages.
    pub(super) limit: Duration,
}

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    pub(super) fn is_over(self) -> bool {
        Instant::now() >= self.at
    }

    /// How much time there is.
    pub(super) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use wasmtime::{Engine, Module, Store};

    use super::{Deadline, Ticker};
    use crate::engine::wasm::limits;

    #[test]
    fn the_thread_ends_with_its_owner() {
        let engine = Engine::new(&limits::config()).unwrap();
        for running in [false, true] {
            let ticker = Ticker::start(&engine).unwrap();
            let shared = Arc::downgrade(&ticker.shared);
            if running {
                let running = ticker.run();
                std::thread::sleep(Duration::from_millis(5));
                drop(running);
            }
            drop(ticker);
            assert_eq!(shared.strong_count(), 0, "the thread holds what it shares until it ends");
        }
    }

    #[test]
    fn it_ticks_while_something_runs() {
        let engine = Engine::new(&limits::config()).unwrap();
        let ticker = Ticker::start(&engine).unwrap();
        let forever = wat::parse_str("(module (func $first (loop (br 0))) (start $first))").unwrap();
        let module = Module::new(&engine, &forever).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        let started = Instant::now();
        let running = ticker.run();
        // Its start function has no end: without ticks this test has none.
        wasmtime::Instance::new(&mut store, &module, &[]).unwrap_err();
        drop(running);
        assert!(started.elapsed() < Duration::from_mins(1));
    }

    #[test]
    fn a_deadline_is_held_against_the_clock() {
        assert!(Deadline::after(Duration::ZERO).is_over());
        assert!(!Deadline::after(Duration::from_hours(1)).is_over());
    }
}
