//! The one task that writes: what is asked for at the same time is written, and waits for the disk, together.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::backend::Backend;
use super::writing::Writing;
use crate::ledger::error::{LedgerError, LedgerErrorKind};

/// How many requests wait to be written; more wait before they are taken.
const QUEUE: usize = 1024;
/// How many requests are written together at most.
const GROUP: usize = 256;

pub(super) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Tells the one who asked, once it is known whether it was kept.
type Deliver = Box<dyn FnOnce(Result<(), LedgerError>) + Send>;

/// Does a part of a group. An error is one of the store: then nothing of the group is kept.
type Job = Box<dyn for<'a> FnOnce(&'a mut Writing) -> BoxFuture<'a, (Deliver, Result<(), LedgerError>)> + Send>;

/// The way to the task.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the task. It ends when nobody can ask any more.
    pub(super) fn start(backend: Arc<Backend>) -> Self {
        let (jobs, mut waiting) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let mut group = Vec::with_capacity(GROUP);
            while waiting.recv_many(&mut group, GROUP).await > 0 {
                write(&backend, &mut group).await;
            }
        });
        Self { jobs }
    }

    /// Does the work within a transaction, and returns once it is on the disk.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        W: for<'a> FnOnce(&'a mut Writing) -> BoxFuture<'a, Result<T, LedgerError>> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |writing| {
            Box::pin(async move {
                let done = work(writing).await;
                let failed = match &done {
                    Err(error) if error.is_of_store() => Err(error.clone()),
                    _ => Ok(()),
                };
                let deliver: Deliver = Box::new(move |kept| {
                    // Who does not wait for the answer any more does not need it.
                    drop(tell.send(kept.and(done)));
                });
                (deliver, failed)
            })
        });
        self.jobs.send(job).await.map_err(|_closed| gone())?;
        told.await.map_err(|_dropped| gone())?
    }
}

fn gone() -> LedgerError {
    LedgerError::new(LedgerErrorKind::Unavailable, "the ledger is being closed", "try again")
}

async fn write(backend: &Backend, group: &mut Vec<Job>) {
    let mut delivers = Vec::with_capacity(group.len());
    let written = write_group(backend, group.drain(..), &mut delivers).await;
    for deliver in delivers {
        deliver(written.clone());
    }
}

/// Writes all or nothing. Those that were not begun are dropped: who asked is told that it was not kept.
async fn write_group(
    backend: &Backend,
    group: impl Iterator<Item = Job>,
    delivers: &mut Vec<Deliver>,
) -> Result<(), LedgerError> {
    let mut writing = Writing::begin(backend.write().await?).await?;
    for job in group {
        let (deliver, done) = job(&mut writing).await;
        delivers.push(deliver);
        done?;
    }
    writing.commit().await
}
