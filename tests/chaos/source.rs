//! A source that fails, in each way that sources do.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::load::{Load, expect, only};
use super::world::{STAGED, UNKNOWN, WITHDRAWN, WITHDRAWN_RECORD, project, ready, records_are_current, source};
use crate::support::chainloop::{Reply, Running};

/// How long each stage goes on once it is reached.
const STAGE: Duration = Duration::from_millis(700);

/// What the source does, and whether records can still be read then.
#[derive(Clone)]
struct Mood {
    name: &'static str,
    reply: Option<Reply>,
    latency: Duration,
}

fn moods() -> Vec<Mood> {
    let now = Duration::ZERO;
    let records = "{\"deployment_records\": [], \"padding\": \"";
    let mood = |name, reply| Mood { name, reply: Some(reply), latency: now };
    vec![
        Mood { name: "delays", reply: None, latency: Duration::from_millis(200) },
        Mood { name: "delays too long", reply: None, latency: Duration::from_secs(30) },
        mood("hangs", Reply::never()),
        mood("resets", Reply::reset()),
        mood("fails", Reply::rpc_status(500, 13, "internal error")),
        mood("is overloaded", Reply::html(503, "Service Unavailable").header("retry-after", "1")),
        mood("limits", Reply::kratos(429, "RATELIMIT", "slow down").header("retry-after", "3600")),
        mood("drips", Reply::new(200, "application/json", records.repeat(40)).drip(Duration::from_millis(50))),
        mood(
            "sends 100 MB and more",
            Reply::new(200, "application/json", records.to_owned() + &"x".repeat(1 << 16)).endless(),
        ),
        mood("breaks off", Reply::new(200, "application/json", records.repeat(40)).cut_after(100)),
        mood("sends a page of a proxy", Reply::html(200, "Please log in")),
        mood("forgets the list", Reply::new(200, "application/json", "{}")),
        mood("refuses the token", Reply::kratos(401, "UNAUTHORIZED", "token expired")),
    ]
}

impl Mood {
    fn begin(&self, source: &Running) {
        source.answer_records_with(self.reply.clone());
        source.answer_after(self.latency);
    }

    fn end(source: &Running) {
        source.answer_records_with(None);
        source.answer_after(Duration::ZERO);
    }

    fn keeps_records_current(&self) -> bool {
        self.reply.is_none() && self.latency < Duration::from_secs(1)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_fails_lets_nothing_in_and_keeps_nothing_out() {
    // A few at a time: each is a server and its load.
    let mut waiting = moods().into_iter();
    let mut running: JoinSet<()> = waiting.by_ref().take(4).map(through).collect();
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
        if let Some(mood) = waiting.next() {
            running.spawn(through(mood));
        }
    }
}

/// Good, then in the mood until records are too old, then good again.
async fn through(mood: Mood) {
    let source = source().await;
    let project = project(&source, "");
    let server = ready(project.path()).await;
    let load = Load::start(&only(server.reviews()), None);
    let began = Instant::now();
    sleep(STAGE).await;
    let good = Instant::now();

    // What is withdrawn is known to be before the source fails.
    source.hide(WITHDRAWN_RECORD);
    server.becomes("/metrics", "holdpoint_records{environment=\"production\"} 1\n").await;
    let withdrawn = Instant::now();
    sleep(STAGE).await;

    mood.begin(&source);
    let failing = Instant::now();
    if !mood.keeps_records_current() {
        records_are_current(&server, false).await;
    }
    let stale = Instant::now();
    sleep(STAGE).await;
    let still = Instant::now();

    Mood::end(&source);
    records_are_current(&server, true).await;
    let well = Instant::now();
    sleep(STAGE).await;
    let asked = load.end().await;

    let name = mood.name;
    let ended = Instant::now();
    expect(name, &asked, STAGED, began, ended, &[200]);
    expect(name, &asked, WITHDRAWN, began, good, &[200]);
    expect(name, &asked, UNKNOWN, began, failing, &[403]);
    expect(name, &asked, WITHDRAWN, withdrawn, failing, &[403]);
    for image in [UNKNOWN, WITHDRAWN] {
        expect(name, &asked, image, failing, ended, &[403, 503]);
        expect(name, &asked, image, stale, still, if mood.keeps_records_current() { &[403] } else { &[503] });
        expect(name, &asked, image, well, ended, &[403]);
    }
}
