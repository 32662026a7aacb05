//! A read that began before it was asked for: a file is read while policies are compiled.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::gate::source::{Fetched, RecordQuery, SourceError};

/// A larger file, in bytes, is read when it is asked for: that shows how far it is, and takes less memory.
pub(super) const LARGEST: u64 = 8 << 20;

type Read = Result<Fetched, SourceError>;

/// What was begun and not taken yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Begun(Arc<Mutex<Option<Reading>>>);

/// What is read, and where it will be.
#[derive(Debug)]
struct Reading {
    query: RecordQuery,
    read: oneshot::Receiver<Read>,
}

impl Begun {
    /// Begins to read on a thread of its own. Where none can be started, nothing is begun.
    pub(super) fn begin(&self, query: &RecordQuery, read: impl FnOnce() -> Read + Send + 'static) {
        let (sender, result) = oneshot::channel();
        let work = move || drop(sender.send(read()));
        if thread::Builder::new().name("holdpoint-read".to_owned()).spawn(work).is_ok() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Reading { query: query.clone(), read: result });
        }
    }

    /// What was begun, if it was for this query, once. None when the thread came to no end.
    pub(super) async fn take(&self, query: &RecordQuery) -> Option<Read> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        begun.filter(|begun| begun.query == *query)?.read.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Begun, RecordQuery};
    use crate::domain::digest::Digest;
    use crate::gate::source::{EnvironmentQuery, Fetched};

    fn query(name: &str) -> RecordQuery {
        let environment = EnvironmentQuery { environment: name.to_owned(), ..EnvironmentQuery::default() };
        RecordQuery { environments: vec![environment], ..RecordQuery::default() }
    }

    fn fetched() -> Fetched {
        Fetched { environments: Vec::new(), observed_at: None, digest: Digest::from_bytes([1; 32]) }
    }

    #[tokio::test]
    async fn it_is_taken_once_and_for_the_same_question() {
        let [one, other] = ["one", "other"].map(query);
        let begun = Begun::default();
        let taken = async |query| begun.take(query).await.map(|read| read.unwrap().digest);
        assert_eq!(taken(&one).await, None);
        begun.begin(&one, || Ok(fetched()));
        assert_eq!(taken(&one).await, Some(fetched().digest));
        assert_eq!(taken(&one).await, None, "once");
        begun.begin(&one, || Ok(fetched()));
        assert_eq!(taken(&other).await, None, "another question");
        assert_eq!(taken(&one).await, None, "what was not taken first is never taken");
        begun.begin(&one, || panic!("on purpose"));
        assert_eq!(taken(&one).await, None, "read again when it is asked for");
    }
}
