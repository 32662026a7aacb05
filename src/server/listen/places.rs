//! Places for connections. When there is none, one that nobody uses has to go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::Id;
use tokio::time::sleep;

use super::activity::Activity;

/// A connection that is unused for so long may be closed for another: its client is not about to send.
const UNUSED: Duration = Duration::from_secs(3);
/// How often a connection is looked for that may be closed.
const LOOK: Duration = Duration::from_millis(250);

/// A place of a connection, free again when it is dropped. None when places are no longer given.
pub(super) type Place = Option<OwnedSemaphorePermit>;

/// The places, and who has one.
pub(super) struct Places {
    free: Arc<Semaphore>,
    taken: HashMap<Id, Arc<Activity>>,
}

impl Places {
    pub(super) fn new(how_many: usize) -> Self {
        let how_many = how_many.clamp(1, Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(how_many)), taken: HashMap::new() }
    }

    /// Waits for a place.
    pub(super) async fn next(&self) -> Place {
        loop {
            if let Ok(place) = Arc::clone(&self.free).try_acquire_owned() {
                return Some(place);
            }
            self.make_room();
            tokio::select! {
                place = Arc::clone(&self.free).acquire_owned() => return place.ok(),
                () = sleep(LOOK) => {}
            }
        }
    }

    /// Asks the connection that is unused for longest to go.
    fn make_room(&self) {
        let unused = self.taken.values().filter_map(|activity| Some((activity.unused()?, activity)));
        let longest = unused.max_by_key(|(unused, _)| *unused).filter(|(unused, _)| *unused >= UNUSED);
        if let Some((_, activity)) = longest {
            activity.ask_to_close();
        }
    }

    pub(super) fn remember(&mut self, id: Id, activity: Arc<Activity>) {
        self.taken.insert(id, activity);
    }

    pub(super) fn forget(&mut self, id: Id) {
        self.taken.remove(&id);
    }
}
