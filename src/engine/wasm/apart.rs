//! A call that waits for others, on a thread of its own.

use std::future::Future;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time;
use wasmtime::{Error, Result, Trap, format_err};

/// Runs this to its end, or until the time is over. What it waits for is dropped then.
///
/// # Errors
/// Its own, an interrupt when it took too long, and when there can be no more threads.
pub(super) fn run<T: Send>(left: Duration, doing: impl Future<Output = Result<T>> + Send) -> Result<T> {
    let to_end = move || {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        runtime.block_on(async { time::timeout(left, doing).await }).unwrap_or_else(|_over| Err(Trap::Interrupt.into()))
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("plugin-call".to_owned()).spawn_scoped(scope, to_end);
        let thread = thread.map_err(|error| Error::new(error).context("no thread could be started for it"))?;
        thread.join().unwrap_or_else(|_panic| Err(format_err!("the thread that ran it broke")))
    })
}
