//! What waits, in a real file.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Accepted, Row, Store};
use crate::github::event::{Deployment, Waiting};

const MOST: u32 = 3;

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

fn waiting(run: u64, deployment: u64) -> Waiting {
    Waiting {
        repository_id: 1,
        repository: "acme/shop".to_owned(),
        run_id: run,
        environment: "prod".to_owned(),
        installation_id: 3,
        trigger: "push".to_owned(),
        actor: "ann".to_owned(),
        pull_request: Some(4),
        deployments: vec![Deployment {
            id: deployment,
            sha: "a".repeat(40),
            reference: "main".to_owned(),
            task: "deploy".to_owned(),
            payload: json!({"digest": deployment}),
        }],
    }
}

struct Queue {
    folder: tempfile::TempDir,
    store: Store,
}

impl Queue {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("waiting.db")).await.unwrap();
        Self { folder, store }
    }

    async fn again(self) -> Self {
        let store = Store::open(&self.folder.path().join("waiting.db")).await.unwrap();
        Self { store, ..self }
    }

    async fn accept(&self, delivery: &str, waiting: &Waiting, now: i64) -> Accepted {
        self.store.accept(delivery, waiting, MOST, at(now)).await.unwrap()
    }

    async fn due(&self, now: i64) -> Vec<Row> {
        self.store.due(at(now), 10).await.unwrap()
    }
}

#[tokio::test]
async fn what_is_accepted_is_there_after_a_restart() {
    let queue = Queue::new().await;
    assert_eq!(queue.accept("a", &waiting(1, 10), 0).await, Accepted::New);
    assert_eq!(queue.accept("b", &waiting(2, 20), 1).await, Accepted::New);
    let queue = queue.again().await;
    let due = queue.due(5).await;
    assert_eq!(due.iter().map(|row| row.waiting.clone()).collect::<Vec<_>>(), [waiting(1, 10), waiting(2, 20)]);
    assert_eq!(due[0].progress.received_at, at(0));
    assert_eq!(queue.due(0).await.len(), 1, "what came later is due later");
    assert_eq!(queue.store.next_after(at(0)).await.unwrap(), Some(at(1)));
    assert_eq!(queue.store.next_after(at(1)).await.unwrap(), None);
}

#[tokio::test]
async fn what_comes_again_changes_nothing() {
    let queue = Queue::new().await;
    assert_eq!(queue.accept("a", &waiting(1, 10), 0).await, Accepted::New);
    assert_eq!(queue.accept("a", &waiting(1, 10), 0).await, Accepted::Known, "the same delivery");
    assert_eq!(queue.accept("b", &waiting(1, 10), 0).await, Accepted::Known, "the same deployment");
    let row = queue.due(0).await.remove(0);
    queue.store.save(&row, None, at(1)).await.unwrap();
    assert_eq!(queue.accept("c", &waiting(1, 10), 2).await, Accepted::Known, "it was answered");
    assert!(queue.due(9).await.is_empty());
    assert_eq!(queue.accept("d", &waiting(1, 11), 3).await, Accepted::New, "the run was started again");
    let row = queue.due(9).await.remove(0);
    assert_eq!((row.waiting.deployments.len(), row.progress.received_at), (1, at(3)));
}

#[tokio::test]
async fn an_answer_to_what_was_is_no_answer_to_what_is() {
    let queue = Queue::new().await;
    queue.accept("a", &waiting(1, 10), 0).await;
    let before = queue.due(0).await.remove(0);
    assert!(queue.store.is_current(&before).await.unwrap());
    assert_eq!(queue.accept("b", &waiting(1, 11), 1).await, Accepted::New, "another job of the run");
    assert!(!queue.store.is_current(&before).await.unwrap());
    queue.store.save(&before, None, at(2)).await.unwrap();
    let row = queue.due(2).await.remove(0);
    let ids: Vec<u64> = row.waiting.deployments.iter().map(|one| one.id).collect();
    assert_eq!(ids, [10, 11], "both are judged");
    queue.store.save(&row, Some(at(60)), at(2)).await.unwrap();
    assert!(queue.due(59).await.is_empty());
    queue.store.wake(at(3)).await.unwrap();
    assert_eq!(queue.due(3).await.len(), 1);
}

#[tokio::test]
async fn what_finds_no_room_can_come_again() {
    let queue = Queue::new().await;
    for run in 1..=3 {
        assert_eq!(queue.accept(&format!("d{run}"), &waiting(run, run), 0).await, Accepted::New);
    }
    assert_eq!(queue.accept("d4", &waiting(4, 4), 0).await, Accepted::Full);
    assert_eq!(queue.accept("d5", &waiting(1, 5), 0).await, Accepted::New, "a job of a run that waits needs none");
    assert_eq!(queue.store.waiting().await.unwrap(), 3);
    let row = queue.due(0).await.remove(0);
    queue.store.save(&row, None, at(1)).await.unwrap();
    assert_eq!(queue.accept("d4", &waiting(4, 4), 1).await, Accepted::New, "the same delivery, sent again");
    assert_eq!(queue.accept("d6", &waiting(row.waiting.run_id, 99), 1).await, Accepted::Full, "it would wait anew");
}

#[tokio::test]
async fn what_was_answered_is_forgotten_and_what_waits_is_not() {
    let queue = Queue::new().await;
    queue.accept("a", &waiting(1, 10), 0).await;
    queue.accept("b", &waiting(2, 20), 0).await;
    let row = queue.due(0).await.remove(0);
    queue.store.save(&row, None, at(1)).await.unwrap();
    queue.store.forget(at(1)).await.unwrap();
    assert_eq!(queue.accept("c", &waiting(1, 10), 2).await, Accepted::Known);
    queue.store.forget(at(1000)).await.unwrap();
    assert_eq!(queue.accept("c", &waiting(1, 10), 2).await, Accepted::New);
    assert_eq!(queue.due(9).await.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_read_is_in_nobodys_way() {
    let queue = Queue::new().await;
    queue.accept("a", &waiting(1, 10), 0).await;
    queue.accept("b", &waiting(2, 20), 0).await;
    let damage = sqlx::query("UPDATE deployment SET waiting = '{' WHERE run_id = 1");
    damage.execute(&queue.store.pool).await.unwrap();
    assert_eq!(queue.due(0).await.len(), 1);
    assert_eq!(queue.due(3599).await.len(), 1);
    assert_eq!(queue.store.next_after(at(1)).await.unwrap(), Some(at(3600)), "it is looked at again");
    queue.store.accept("c", &waiting(1, 11), MOST, at(1)).await.unwrap_err();
}
