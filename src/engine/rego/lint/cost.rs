//! Work that grows with the number of records, and clocks.

use std::collections::BTreeSet;

use crate::engine::rego::analysis::program::Definition;
use crate::engine::rego::fault::PolicyFault;

use super::context::{Context, names};
use super::facts::{Call, Scan, Scanned};

/// Built-in functions that cost more than a look at a record, by how their names begin.
const COSTLY: [&str; 12] = [
    "glob.",
    "json.",
    "net.cidr",
    "regex.",
    "semver.",
    "time.add_date",
    "time.clock",
    "time.date",
    "time.diff",
    "time.parse_",
    "time.weekday",
    "yaml.",
];

/// Rules that call rules that call a costly function: longer chains are not followed.
const LONGEST_CHAIN: usize = 32;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<PolicyFault>) {
    let costly = costly_rules(context);
    for (definition, facts) in context.definitions().filter(|(definition, _)| !definition.test) {
        faults.extend(facts.scans.iter().map(|scan| of_scan(definition, scan)));
        let in_scan = facts.calls.iter().filter(|call| call.in_scan && is_costly(call, &costly));
        faults.extend(in_scan.map(|call| of_call(definition, call)));
        faults.extend(facts.calls.iter().filter(|call| is_clock(call)).map(|call| of_clock(definition, call)));
    }
}

fn of_scan(definition: &Definition<'_>, scan: &Scan) -> PolicyFault {
    let (code, message, hint) = match scan.scanned {
        Scanned::Records => (
            "records_scan",
            format!("a loop over `{}` looks at every record", scan.text),
            "look records up in `data.holdpoint.records.by_digest` or `by_slot`",
        ),
        Scanned::Slots => (
            "slots_scan",
            format!("a loop over `{}` looks at every slot of the target", scan.text),
            "look the slot of the request up by its deployment name",
        ),
    };
    PolicyFault::at(definition.source(), scan.place, code, message, hint)
}

fn of_call(definition: &Definition<'_>, call: &Call) -> PolicyFault {
    let message = format!("`{}` is called for every record", call.name);
    let hint = "look records up first, and call it for those few";
    PolicyFault::at(definition.source(), call.place, "per_record_cost", message, hint)
}

fn of_clock(definition: &Definition<'_>, call: &Call) -> PolicyFault {
    let message = "`time.now_ns` is the machine's clock on other engines";
    PolicyFault::at(definition.source(), call.place, "time_now", message, "use `input.as_of_ns`")
}

fn is_clock(call: &Call) -> bool {
    call.rule.is_none() && call.name == "time.now_ns"
}

fn is_costly(call: &Call, rules: &BTreeSet<Vec<String>>) -> bool {
    match &call.rule {
        Some(rule) => rules.contains(rule),
        None => COSTLY.iter().any(|beginning| call.name.starts_with(beginning)),
    }
}

/// The rules that call a costly function, directly or through others.
fn costly_rules(context: &Context<'_>) -> BTreeSet<Vec<String>> {
    let mut costly = BTreeSet::new();
    for _round in 0..LONGEST_CHAIN {
        let found = context.definitions().filter(|(_, facts)| facts.calls.iter().any(|call| is_costly(call, &costly)));
        let paths: BTreeSet<Vec<String>> = found
            .filter_map(|(definition, _)| {
                let package = definition.home.to_vec();
                let below = names(definition.path.get(definition.package..)?)?;
                Some([package, below].concat())
            })
            .collect();
        if paths == costly {
            break;
        }
        costly = paths;
    }
    costly
}
