use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{MOST, ResolveTag, Resolved, Tags};
use crate::domain::digest::Digest;
use crate::gate::source::BoxFuture;

#[derive(Default)]
struct Registry {
    asked: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl ResolveTag for Registry {
    fn resolve<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<Resolved, String>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(running, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            let resolved = Resolved { digest: Digest::from_bytes([1; 32]), platforms: Vec::new() };
            if reference == "bad" { Err("no".to_owned()) } else { Ok(resolved) }
        })
    }
}

fn tags() -> (Arc<Registry>, Arc<Tags>) {
    let registry = Arc::new(Registry::default());
    (Arc::clone(&registry), Arc::new(Tags::new(registry)))
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

async fn ask_all(tags: &Arc<Tags>, references: impl Iterator<Item = String>) {
    let ask = |reference: String| {
        let tags = Arc::clone(tags);
        tokio::spawn(async move { tags.resolve(&reference, later()).await })
    };
    for asked in references.map(ask).collect::<Vec<_>>() {
        asked.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn equal_questions_are_asked_once() {
    let (registry, tags) = tags();
    ask_all(&tags, (0..100).map(|_| "a:v1".to_owned())).await;
    assert_eq!(registry.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn failures_are_not_kept() {
    let (registry, tags) = tags();
    for asked in 1..4 {
        assert_eq!(tags.resolve("bad", later()).await, Err("no".to_owned()));
        assert_eq!(registry.asked.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn only_so_many_questions_at_a_time_and_answers_that_are_kept() {
    let (registry, tags) = tags();
    ask_all(&tags, (0..MOST + 50).map(|number| format!("a:{number}"))).await;
    assert_eq!(registry.most.load(Ordering::SeqCst), super::SIDE_BY_SIDE);
    assert_eq!(tags.all().len(), MOST);
}

#[tokio::test]
async fn nobody_waits_longer_than_there_is_time() {
    let (_registry, tags) = tags();
    let late = tags.resolve("a:v1", Instant::now() + Duration::from_millis(1)).await;
    assert_eq!(late, Err("the registry did not answer in time".to_owned()));
    assert!(tags.resolve("a:v1", later()).await.is_ok());
}
