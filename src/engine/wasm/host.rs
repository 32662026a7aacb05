//! What a plugin meets on the other side of its imports: a log, the records, and the secrets that it was granted. What
//! lies outside is in `http`.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use wasmtime::{Error, Result};

use crate::domain::plugin::PluginCall;

use super::bindings::log::Level;
use super::bindings::records::Filter;
use super::bindings::types::DeploymentRecord;
use super::bindings::{log, records, secrets, types};
use super::clock::Deadline;
use super::convert;
use super::fault::{Failure, Refused};
use super::http::{Carrier, Outside};
use super::limits::{MOST_LOG_BYTES, MOST_LOG_LINES, MOST_RECORD_CALLS, Memory};
use super::view::View;

/// The most records of one page, as the contract says.
const LARGEST_PAGE: u32 = 500;

/// The secrets of a plugin, by the names that it knows them by.
pub(super) type Secrets = Arc<BTreeMap<String, SecretString>>;

/// The state of one call.
pub(super) struct State {
    /// `None` while a plugin is loaded: there are no records then.
    view: Option<Arc<View>>,
    secrets: Secrets,
    pub(super) deadline: Deadline,
    pub(super) memory: Memory,
    pub(super) log: Log,
    record_calls: u32,
    /// The ids of the records that it was shown, for explanations.
    pub(super) shown: Vec<String>,
    /// Made when it is first asked for: most plugins have none.
    outside: Option<Box<Outside>>,
}

/// Lines that a plugin wrote, as many as are kept.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) lines: Vec<String>,
    bytes: usize,
    pub(super) dropped: usize,
}

impl State {
    pub(super) fn new(view: Option<Arc<View>>, secrets: Secrets, deadline: Deadline, memory: u64) -> Self {
        let (memory, log) = (Memory::new(memory), Log::default());
        Self { view, secrets, deadline, memory, log, record_calls: 0, shown: Vec::new(), outside: None }
    }

    /// Lets requests out, in an evaluation. Before there are records every request is refused.
    pub(super) fn open(&mut self, carrier: &Carrier) {
        let carrier = self.view.is_some().then(|| carrier.clone());
        self.outside = Some(Box::new(Outside::new(carrier, Arc::clone(&self.secrets))));
    }

    /// What there is of the world outside.
    pub(super) fn outside(&mut self) -> &mut Outside {
        let secrets = &self.secrets;
        self.outside.get_or_insert_with(|| Box::new(Outside::new(None, Arc::clone(secrets))))
    }

    /// The first request that was refused.
    pub(super) fn refusal(&self) -> Option<Failure> {
        self.outside.as_ref()?.refusal()
    }

    /// What was asked of others, as evidence of this rule.
    pub(super) fn calls(&self, rule: &str) -> Vec<PluginCall> {
        self.outside.as_ref().map(|outside| outside.calls(rule, |text| self.redacted(text))).unwrap_or_default()
    }

    fn view(&mut self) -> Result<Arc<View>> {
        let refused = |why: String| Error::new(Refused::Records(why));
        let view = self.view.as_ref();
        let view =
            view.ok_or_else(|| refused("it asked for records while it was loaded, before there are any".to_owned()))?;
        self.record_calls += 1;
        if self.record_calls > MOST_RECORD_CALLS {
            return Err(refused(format!("it asked for records more than {MOST_RECORD_CALLS} times")));
        }
        Ok(Arc::clone(view))
    }

    /// Replaces the values of secrets.
    pub(super) fn redacted(&self, text: &str) -> String {
        redact(&self.secrets, text)
    }
}

/// Replaces every secret that stands in the text as it is; one that the plugin wrote in another way, such as base64, is
/// not known here. One of a character or two would hide nothing and blacken everything.
#[must_use]
pub fn redact(secrets: &BTreeMap<String, SecretString>, text: &str) -> String {
    let long = |(_, value): &(&String, &str)| value.len() > 2;
    let mut known: Vec<_> = secrets.iter().map(|(name, secret)| (name, secret.expose_secret())).filter(long).collect();
    // One that is part of another would leave the rest of it.
    known.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    known.into_iter().fold(text.to_owned(), |text, (name, value)| text.replace(value, &format!("[secret {name}]")))
}

impl types::Host for State {}

impl log::Host for State {
    fn log(&mut self, level: Level, message: String) -> Result<()> {
        if self.log.has_room() {
            let message = self.redacted(&message);
            self.log.write(level, &message);
        } else {
            self.log.dropped += 1;
        }
        Ok(())
    }
}

impl Log {
    /// Whether another line may fit.
    const fn has_room(&self) -> bool {
        self.lines.len() < MOST_LOG_LINES && self.bytes < MOST_LOG_BYTES
    }

    fn write(&mut self, level: Level, message: &str) {
        if !self.has_room() || self.bytes + message.len() > MOST_LOG_BYTES {
            self.dropped += 1;
            return;
        }
        self.bytes += message.len();
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        self.lines.push(format!("{level}: {message}"));
    }

    /// The lines, and how many are not among them.
    pub(super) fn into_lines(self) -> Vec<String> {
        let mut lines = self.lines;
        if self.dropped > 0 {
            lines.push(format!("({} more lines were dropped)", self.dropped));
        }
        lines
    }

    /// The last line that speaks of an error: plugins built with an SDK write a panic's message there.
    pub(super) fn last_error(&self) -> Option<&str> {
        self.lines.iter().rev().find_map(|line| line.strip_prefix("error: "))
    }
}

impl records::Host for State {
    fn count(&mut self, filter: Filter) -> Result<u32> {
        let count = self.view()?.count(&filter, self.deadline).map_err(Error::new)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn latest(&mut self, filter: Filter) -> Result<Option<DeploymentRecord>> {
        let view = self.view()?;
        let found = view.latest(&filter, self.deadline).map_err(Error::new)?;
        found.map(|found| self.show(found)).transpose()
    }

    fn page(&mut self, filter: Filter, offset: u32, limit: u32) -> Result<Vec<DeploymentRecord>> {
        let view = self.view()?;
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let (offset, limit) = (number(offset), number(limit.min(LARGEST_PAGE)));
        let found = view.page(&filter, offset, limit, self.deadline).map_err(Error::new)?;
        found.into_iter().map(|found| self.show(found)).collect()
    }
}

impl State {
    fn show(&mut self, (environment, record): super::view::Match<'_>) -> Result<DeploymentRecord> {
        if self.shown.len() < convert::MOST_SHOWN {
            self.shown.push((*record.id).to_owned());
        }
        convert::record(environment, record).map_err(|why| Error::new(Refused::Records(why)))
    }
}

impl secrets::Host for State {
    fn get(&mut self, name: String) -> Result<Option<String>> {
        Ok(self.secrets.get(&name).map(|secret| secret.expose_secret().to_owned()))
    }
}
