//! What a plugin asked of others in one call: the evidence of it, and the first thing that it was refused.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::digest::Digest;
use crate::domain::plugin::PluginCall;

use super::super::fault::{Failure, cut};
use super::super::limits::MOST_REQUESTS;

/// The requests of one call of a plugin.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    requests: Vec<Entry>,
    refusal: Option<Failure>,
}

struct Entry {
    method: String,
    host: String,
    began: Instant,
    end: Option<(End, Duration)>,
}

/// A request that was begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(usize);

/// How a request ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    pub(super) status: Option<u16>,
    /// Of the answer's body as far as it was read.
    pub(super) digest: Option<Digest>,
    /// Why there is no answer, or only part of one.
    pub(super) error: Option<String>,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down a request. `None` when there may be no more: after one that was refused, and after too many.
    pub(super) fn begin(&self, method: &str, host: &str) -> Option<Ticket> {
        let mut entries = self.entries();
        if entries.refusal.is_some() {
            return None;
        }
        if entries.requests.len() >= MOST_REQUESTS {
            entries.refusal = Some(too_many());
            return None;
        }
        let (method, host) = (cut(method), cut(host));
        entries.requests.push(Entry { method, host, began: Instant::now(), end: None });
        Some(Ticket(entries.requests.len() - 1))
    }

    /// Writes down how it ended.
    pub(super) fn end(&self, ticket: Ticket, end: End) {
        if let Some(entry) = self.entries().requests.get_mut(ticket.0) {
            entry.end = Some((end, entry.began.elapsed()));
        }
    }

    /// Writes down that it was refused: whatever the plugin makes of that, it decides nothing any more.
    pub(super) fn refuse(&self, ticket: Ticket, failure: Failure, mut end: End) {
        end.error = Some(failure.message.clone());
        self.entries().refusal.get_or_insert(failure);
        self.end(ticket, end);
    }

    /// The first thing that was refused.
    pub(super) fn refusal(&self) -> Option<Failure> {
        self.entries().refusal.clone()
    }

    /// The evidence, of this rule. `redact` is put over every text that is the plugin's or the answer's.
    pub(super) fn calls(&self, rule: &str, redact: impl Fn(&str) -> String) -> Vec<PluginCall> {
        let call = |entry: &Entry| {
            let (end, took) = entry.end.clone().unwrap_or_else(|| (unfinished(), entry.began.elapsed()));
            PluginCall {
                rule: rule.to_owned(),
                method: redact(&entry.method),
                host: redact(&entry.host),
                status: end.status,
                digest: end.digest,
                error: end.error.map(|error| redact(&error)),
                duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            }
        };
        self.entries().requests.iter().map(call).collect()
    }
}

fn unfinished() -> End {
    End { error: Some("there was no answer yet when the evaluation ended".to_owned()), ..End::default() }
}

fn too_many() -> Failure {
    Failure::new(
        "plugin_http",
        format!("wanted to send more than {MOST_REQUESTS} requests in one evaluation"),
        "ask its authors why it needs so many",
    )
}

#[cfg(test)]
mod tests {
    use super::{End, Failure, Ledger, MOST_REQUESTS};

    #[test]
    fn after_a_refusal_nothing_is_sent() {
        let ledger = Ledger::default();
        let ticket = ledger.begin("GET", "a.example:443").unwrap();
        ledger.refuse(ticket, Failure::new("plugin_http", "may not", ""), End::default());
        assert!(ledger.begin("GET", "a.example:443").is_none());
        let calls = ledger.calls("rule", str::to_owned);
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].error.as_deref(), Some("may not"));
    }

    #[test]
    fn the_first_refusal_is_the_reason() {
        let ledger = Ledger::default();
        for _request in 0..MOST_REQUESTS {
            assert!(ledger.begin("GET", "a.example:443").is_some());
        }
        assert!(ledger.refusal().is_none());
        let last = ledger.begin("GET", "a.example:443");
        assert!(last.is_none());
        let reason = ledger.refusal().unwrap();
        assert!(reason.message.contains("more than 20 requests"), "{reason:?}");
        assert_eq!(ledger.calls("rule", str::to_owned).len(), MOST_REQUESTS);
    }

    #[test]
    fn what_has_no_end_is_evidence_too() {
        let ledger = Ledger::default();
        assert!(ledger.begin("secret", "a.example:443").is_some());
        let calls = ledger.calls("rule", |text| text.replace("secret", "[gone]"));
        assert_eq!((calls[0].rule.as_str(), calls[0].method.as_str(), calls[0].status), ("rule", "[gone]", None));
        assert!(calls[0].error.as_deref().unwrap().contains("no answer yet"), "{calls:?}");
    }
}
