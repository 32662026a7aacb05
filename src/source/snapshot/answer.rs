//! From a file's contents to what was asked, with what the file cannot vouch for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::super::collect::ByTarget;
use super::super::text;
use super::super::wire::{self, Pagination};
use super::read::{Contents, SavedFilters};
use crate::domain::record::DeploymentRecord;
use crate::domain::text::nearest;
use crate::gate::source::{EnvironmentQuery, Fetched, FetchedEnvironment, RecordFilters, RecordQuery};

/// Answers a query. Project filters must be those of the file, since records do not name their project.
pub(super) fn answer(mut contents: Contents, query: &RecordQuery, path: &Path) -> Fetched {
    let records = std::mem::take(&mut contents.records);
    let hashes = std::mem::take(&mut contents.hashes);
    let short = short_of_the_truth(&contents, &query.filters, path);
    let plans: Vec<Plan> = query.environments.iter().map(|asked| plan(asked, &contents, &records)).collect();

    let mut by_target = ByTarget::default();
    plans.iter().flat_map(|plan| &plan.targets).for_each(|target| by_target.expect(target));
    let mut kept = Vec::new();
    let mut keep = |(record, hash)| {
        if by_target.keep(record) {
            kept.push(hash);
        }
    };
    let records = matching(records.into_iter().zip(hashes), &query.filters);
    if query.filters.full_history {
        records.for_each(&mut keep);
    } else {
        latest(records).for_each(&mut keep);
    }
    let environments = plans.into_iter().map(|plan| FetchedEnvironment {
        targets: plan.targets.iter().map(|name| name.as_ref().to_owned()).collect(),
        records: by_target.take_all(&plan.targets),
        incomplete: short.clone().or_else(|| plan.gap(&contents, path)),
    });
    Fetched { environments: environments.collect(), observed_at: contents.observed_at, digest: wire::digest(kept) }
}

/// The targets of one environment asked for.
struct Plan<'a> {
    asked: &'a EnvironmentQuery,
    targets: BTreeSet<Arc<str>>,
    logical_found: bool,
}

fn plan<'a>(asked: &'a EnvironmentQuery, contents: &Contents, records: &[DeploymentRecord]) -> Plan<'a> {
    let mut targets: BTreeSet<Arc<str>> = asked.targets.iter().map(|name| Arc::from(name.as_str())).collect();
    let before = targets.len();
    let mut logical_found = false;
    if let Some(logical) = &asked.logical_environment {
        let listed = contents.environments.iter();
        let listed = listed.filter(|listed| listed.logical_environment.as_deref() == Some(logical));
        let of_record = |record: &&DeploymentRecord| {
            let details = record.details.as_ref();
            details.and_then(|details| details.logical_environment_name.as_deref()) == Some(logical.as_str())
        };
        let members = listed.map(|listed| &listed.name);
        let members = members.chain(records.iter().filter(of_record).map(|record| &record.environment_name));
        for name in members {
            logical_found = true;
            if !targets.contains(name) {
                targets.insert(name.clone());
            }
        }
    } else if before == 0 {
        targets.extend(contents.named.iter().cloned());
        targets.extend(contents.environments.iter().map(|listed| listed.name.clone()));
    }
    Plan { asked, targets, logical_found }
}

impl Plan<'_> {
    /// Why the file does not vouch for every target.
    fn gap(&self, contents: &Contents, path: &Path) -> Option<String> {
        let path = path.display();
        if let Some(logical) = self.asked.logical_environment.as_ref().filter(|_| !self.logical_found) {
            return Some(format!(
                "snapshot `{path}` has no environment of the logical environment `{}`; \
                 list them under `environments` with their `logical_environment`",
                text::name(logical)
            ));
        }
        let mut listed: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for environment in &contents.environments {
            // Listed twice, it is incomplete when either entry says so.
            let words = listed.entry(&environment.name).or_default();
            *words = words.or(environment.incomplete.as_deref());
        }
        for target in &self.targets {
            let shown = text::name(target);
            match listed.get(&**target) {
                Some(Some(words)) => {
                    return Some(format!("snapshot `{path}` is incomplete for `{shown}`: {}", text::short(words)));
                }
                Some(None) => {}
                None if contents.named.contains(target) => {}
                None => {
                    let known = contents.named.iter().map(|name| &**name).chain(listed.keys().copied());
                    let nearest = nearest(target, known);
                    let nearest = nearest.map(|name| format!(" (it has `{}`)", text::name(name))).unwrap_or_default();
                    return Some(format!(
                        "snapshot `{path}` has no record of `{shown}`{nearest}; if nothing is deployed there, \
                         list it under `environments` as {{\"name\": \"{shown}\"}}"
                    ));
                }
            }
        }
        None
    }
}

/// Why the whole file may be short of the truth, whatever environment is asked for.
fn short_of_the_truth(contents: &Contents, filters: &RecordFilters, path: &Path) -> Option<String> {
    let path = path.display();
    if let Some(words) = contents.pagination.and_then(|pagination| pages_missing(&pagination, contents.distinct)) {
        return Some(format!("snapshot `{path}` {words}"));
    }
    let asked = SavedFilters::from(filters);
    let Some(saved) = contents.filters.as_ref() else {
        let project = text::name(asked.project_name.as_ref().or(asked.project_version_name.as_ref())?);
        return Some(format!(
            "snapshot `{path}` does not say which project its records are of, and those of `{project}` are needed; \
             write one with `holdpoint records --output FILE`"
        ));
    };
    let narrower = [
        ("project_name", &saved.project_name, &asked.project_name),
        ("project_version_name", &saved.project_version_name, &asked.project_version_name),
        ("status", &saved.status, &asked.status),
        ("artifact_kind", &saved.artifact_kind, &asked.artifact_kind),
        ("deployment_name", &saved.deployment_name, &asked.deployment_name),
    ];
    let narrower = narrower.into_iter().find(|(_, saved, asked)| saved.is_some() && saved != asked);
    if let Some((key, Some(value), _)) = narrower {
        let value = text::name(value);
        return Some(format!("snapshot `{path}` was written with `{key}: {value}` and lacks all other records"));
    }
    let wider = [
        ("project_name", &saved.project_name, &asked.project_name),
        ("project_version_name", &saved.project_version_name, &asked.project_version_name),
    ];
    if let Some((key, _, Some(value))) = wider.into_iter().find(|(_, saved, asked)| saved.is_none() && asked.is_some())
    {
        let value = text::name(value);
        return Some(format!(
            "snapshot `{path}` was written without `{key}: {value}`, and records do not name theirs; \
             write one with the same filters with `holdpoint records --output FILE`"
        ));
    }
    (asked.full_history && !saved.full_history)
        .then(|| format!("snapshot `{path}` has only the latest record of each slot; write it with the full history"))
}

/// Why the records of a file are not all that its page numbers speak of.
fn pages_missing(pagination: &Pagination, distinct: usize) -> Option<String> {
    let distinct = u64::try_from(distinct).unwrap_or(u64::MAX);
    let Some(total) = pagination.total_count else {
        return Some(
            "has `pagination` without `total_count`, so it may be a part; save all pages in one file, with their \
             `total_count`"
                .to_owned(),
        );
    };
    if total > distinct {
        return Some(format!("has {distinct} of {total} records; save all pages in one file"));
    }
    if let Some(page) = pagination.page.filter(|page| *page > 1) {
        return Some(format!("is page {page} of several; save all pages in one file, as `page` 1"));
    }
    let pages = pagination.surplus_pages(total, pagination.page_size.unwrap_or(1))?;
    Some(format!("counts {total} records but {pages} pages of them; save all pages in one file, as one page"))
}

/// Applies the filters by value, which come before the latest of each slot is looked for, as in the API. The records
/// are handed on one by one, since a second list of them is much memory.
fn matching<H>(
    records: impl Iterator<Item = (DeploymentRecord, H)>,
    filters: &RecordFilters,
) -> impl Iterator<Item = (DeploymentRecord, H)> {
    let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| wanted == text);
    records.filter(move |(record, _)| {
        is(&filters.status, record.status.as_str())
            && is(&filters.artifact_kind, record.artifact.kind.as_str())
            && is(&filters.deployment_name, &record.deployment_name)
    })
}

/// The latest record of each slot.
fn latest<H>(records: impl Iterator<Item = (DeploymentRecord, H)>) -> impl Iterator<Item = (DeploymentRecord, H)> {
    let mut latest: HashMap<(Arc<str>, Arc<str>), (DeploymentRecord, H)> = HashMap::new();
    for (record, hash) in records {
        let slot = (record.environment_name.clone(), record.deployment_name.clone());
        match latest.get(&slot) {
            Some((known, _)) if known.newest_first(&record).is_le() => {}
            _ => {
                latest.insert(slot, (record, hash));
            }
        }
    }
    latest.into_values()
}
