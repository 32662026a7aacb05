//! The plugins of a decision, and what they asked of others.

use crate::domain::decision::Decision;
use crate::domain::plugin::{PluginCall, PluginReport};

use super::escape::{self, NAME_LIMIT};

/// The most requests that are listed. The JSON document has all of them.
const CALLS_LIMIT: usize = 10;

/// A line for each plugin, and then one for each request that they made.
pub(super) fn lines(decision: &Decision) -> Vec<String> {
    let mut lines: Vec<String> = decision.plugins.iter().map(plugin).collect();
    lines.extend(decision.plugin_calls.iter().take(CALLS_LIMIT).map(call));
    let more = decision.plugin_calls.len().saturating_sub(CALLS_LIMIT);
    lines.extend((more > 0).then(|| format!("and {more} more requests")));
    lines
}

/// `change-ticket 1.2.0, 9f86d081884c; it asks others, so this decision cannot be replayed`.
fn plugin(plugin: &PluginReport) -> String {
    let mut name = escape::line(&plugin.name, NAME_LIMIT);
    if !plugin.version.is_empty() {
        name = format!("{name} {}", escape::line(&plugin.version, NAME_LIMIT));
    }
    let note = if plugin.replayable { "" } else { "; it asks others, so this decision cannot be replayed" };
    format!("{name}, {}{note}", plugin.digest.short())
}

/// `change-ticket asked tickets.example.com: GET, 200 in 34 ms`.
fn call(call: &PluginCall) -> String {
    let [rule, host, method] = [&call.rule, &call.host, &call.method].map(|text| escape::line(text, NAME_LIMIT));
    let came = match (&call.error, call.status) {
        (Some(error), _) => escape::line(error, NAME_LIMIT),
        (None, Some(status)) => status.to_string(),
        (None, None) => "no answer".to_owned(),
    };
    format!("{rule} asked {host}: {method}, {came} in {} ms", call.duration_ms)
}
