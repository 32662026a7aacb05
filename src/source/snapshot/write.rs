//! Writing a snapshot file.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

use super::super::text;
use super::read::SavedFilters;
use crate::domain::record::DeploymentRecord;
use crate::gate::source::{Fetched, RecordQuery};

/// Writes what was read as one snapshot file: pretty JSON, the same bytes for the same records in any order.
///
/// It keeps what reading it back needs so as not to claim more than the sources did: the filters, the targets that
/// were read (with or without records), what was incomplete, and when it was seen; of several reads, the earliest.
///
/// # Errors
/// Those of the writer, and `InvalidInput` when reads do not go together: two records have one id and different
/// content, two reads have one target, or their filters differ.
pub fn write(mut writer: impl Write, reads: &[(&RecordQuery, &Fetched)]) -> io::Result<()> {
    let document = Document::new(reads)?;
    serde_json::to_writer_pretty(&mut writer, &document)?;
    writer.write_all(b"\n")?;
    writer.flush()
}

struct Document<'a> {
    records: Vec<&'a DeploymentRecord>,
    environments: BTreeMap<&'a str, ListedEnvironment<'a>>,
    observed_at: Option<Timestamp>,
    filters: SavedFilters,
}

#[derive(Default)]
struct ListedEnvironment<'a> {
    logical: Option<&'a str>,
    incomplete: Option<&'a str>,
}

impl<'a> Document<'a> {
    fn new(reads: &[(&'a RecordQuery, &'a Fetched)]) -> io::Result<Self> {
        check_apart(reads)?;
        let environments = reads.iter().flat_map(|(_, fetched)| &fetched.environments);
        let mut records: Vec<&DeploymentRecord> = environments.flat_map(|fetched| &fetched.records).collect();
        let place = |record: &'a DeploymentRecord| (&record.environment_name, &record.deployment_name);
        records.sort_by(|one, other| {
            place(one).cmp(&place(other)).then_with(|| one.newest_first(other)).then_with(|| tie(one, other))
        });
        records.dedup();
        let mut by_id: BTreeMap<&str, &DeploymentRecord> = BTreeMap::new();
        for record in &records {
            if by_id.insert(&record.id, record).is_some() {
                let message = format!("record `{}` was read twice, with different content", record.id.escape_debug());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
        }
        let times = reads.iter().map(|(_, fetched)| fetched.observed_at);
        let filters = reads.first().map(|(query, _)| SavedFilters::from(&query.filters));
        Ok(Self {
            records,
            environments: listed(reads),
            observed_at: times.min().flatten(),
            filters: filters.unwrap_or_default(),
        })
    }
}

/// One file answers for every source, so what it holds of one must not speak for another.
fn check_apart(reads: &[(&RecordQuery, &Fetched)]) -> io::Result<()> {
    let refused = |message: String| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    if reads.windows(2).any(|pair| matches!(pair, [(one, _), (other, _)] if one.filters != other.filters)) {
        return refused("the sources have different project filters, and a snapshot has one".to_owned());
    }
    let mut readers: BTreeMap<&str, usize> = BTreeMap::new();
    for (reader, (_, fetched)) in reads.iter().enumerate() {
        for target in fetched.environments.iter().flat_map(|environment| &environment.targets) {
            if *readers.entry(target).or_insert(reader) != reader {
                let target = text::name(target);
                return refused(format!("target `{target}` is in two sources, whose records would mix"));
            }
        }
    }
    Ok(())
}

/// An order for records that share all that `newest_first` looks at.
fn tie(one: &DeploymentRecord, other: &DeploymentRecord) -> Ordering {
    let key = |record: &DeploymentRecord| super::super::wire::hash(record);
    if one == other { Ordering::Equal } else { key(one).cmp(&key(other)) }
}

fn listed<'a>(reads: &[(&'a RecordQuery, &'a Fetched)]) -> BTreeMap<&'a str, ListedEnvironment<'a>> {
    let mut environments: BTreeMap<&str, ListedEnvironment<'_>> = BTreeMap::new();
    for (query, fetched) in reads {
        for (asked, answer) in query.environments.iter().zip(&fetched.environments) {
            for target in &answer.targets {
                let listed = environments.entry(target).or_default();
                if !asked.targets.contains(target) {
                    listed.logical = listed.logical.or(asked.logical_environment.as_deref());
                }
                listed.incomplete = listed.incomplete.or(answer.incomplete.as_deref());
            }
        }
    }
    environments
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = self.records.len();
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("observed_at", &self.observed_at)?;
        object.serialize_entry("filters", &self.filters)?;
        object.serialize_entry("environments", &Listed(&self.environments))?;
        object.serialize_entry("deployment_records", &self.records)?;
        let pagination = [("total_count", count), ("page", 1), ("total_pages", 1), ("page_size", count)];
        object.serialize_entry("pagination", &BTreeMap::from(pagination))?;
        object.end()
    }
}

struct Listed<'a>(&'a BTreeMap<&'a str, ListedEnvironment<'a>>);

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (name, environment) in self.0 {
            list.serialize_element(&Entry { name, environment })?;
        }
        list.end()
    }
}

struct Entry<'a> {
    name: &'a str,
    environment: &'a ListedEnvironment<'a>,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("name", self.name)?;
        if let Some(logical) = self.environment.logical {
            object.serialize_entry("logical_environment", &BTreeMap::from([("name", logical)]))?;
        }
        if let Some(words) = self.environment.incomplete {
            object.serialize_entry("incomplete", words)?;
        }
        object.end()
    }
}
