//! Reading the file, record by record, without holding a large text.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::super::collect::{Distinct, Seen};
use super::super::file::{self, Bounded};
use super::super::text;
use super::super::wire::{self, Interner, NamedEnvironment, Pagination, RecordHash};
use crate::domain::record::DeploymentRecord;
use crate::gate::source::{RecordFilters, RecordQuery, SourceError, SourceErrorKind};

/// What some editors put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How much of a file's text is held in memory, in bytes.
const HELD_TEXT: u64 = 64 << 20;

/// The filters that a snapshot was written with, as the file has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SavedFilters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_version_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deployment_name: Option<String>,
    pub(super) full_history: bool,
}

impl From<&RecordFilters> for SavedFilters {
    fn from(filters: &RecordFilters) -> Self {
        Self {
            project_name: filters.project_name.clone(),
            project_version_name: filters.project_version_name.clone(),
            status: filters.status.clone(),
            artifact_kind: filters.artifact_kind.clone(),
            deployment_name: filters.deployment_name.clone(),
            full_history: filters.full_history,
        }
    }
}

/// What a snapshot file holds.
#[derive(Default)]
pub(super) struct Contents {
    /// The records asked for.
    pub(super) records: Vec<DeploymentRecord>,
    /// The hash of each of them.
    pub(super) hashes: Vec<RecordHash>,
    /// The environments that any record of the file names.
    pub(super) named: BTreeSet<Arc<str>>,
    /// How many records the file has, each id once.
    pub(super) distinct: usize,
    pub(super) environments: Vec<NamedEnvironment>,
    pub(super) pagination: Option<Pagination>,
    pub(super) observed_at: Option<Timestamp>,
    pub(super) filters: Option<SavedFilters>,
}

/// Reads the records of the file that the query may want.
///
/// # Errors
/// A file that cannot be read, is too large, is not JSON or holds no list of records.
pub(super) fn read(
    path: &Path,
    largest: u64,
    query: &RecordQuery,
    progress: &watch::Sender<usize>,
) -> Result<Contents, SourceError> {
    let file = file::open(path).map_err(|error| unreadable(path, &error))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let reader = Reader { wanted: Wanted::new(query), progress, interner: &mut Interner::default() };
    parse(Bounded::new(file, largest), length.min(HELD_TEXT), HELD_TEXT, reader)
        .map_err(|error| refused(path, largest, &error))
}

/// Reads the records of a text, as [`read`] does those of a file.
///
/// # Errors
/// Those of [`read`] that are not about a file.
pub(super) fn read_text(
    text: &[u8],
    path: &Path,
    largest: u64,
    query: &RecordQuery,
    progress: &watch::Sender<usize>,
) -> Result<Contents, SourceError> {
    let reader = Reader { wanted: Wanted::new(query), progress, interner: &mut Interner::default() };
    parse(Bounded::new(text, largest), 0, HELD_TEXT, reader).map_err(|error| refused(path, largest, &error))
}

/// Reads a text at once when it is not large, since that takes half the time, and a large one as it comes.
fn parse(mut file: impl Read, expected: u64, held: u64, reader: Reader<'_>) -> Result<Contents, serde_json::Error> {
    let mut text = Vec::with_capacity(usize::try_from(expected.saturating_add(1)).unwrap_or(0));
    file.by_ref().take(held.saturating_add(1)).read_to_end(&mut text).map_err(serde_json::Error::io)?;
    let whole = u64::try_from(text.len()).is_ok_and(|length| length <= held);
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    if whole {
        return document(serde_json::Deserializer::from_slice(&text), reader);
    }
    let all = BufReader::with_capacity(1 << 16, text.as_slice().chain(file));
    document(serde_json::Deserializer::from_reader(all), reader)
}

fn document<'de, R: serde_json::de::Read<'de>>(
    mut deserializer: serde_json::Deserializer<R>,
    reader: Reader<'_>,
) -> Result<Contents, serde_json::Error> {
    let contents = reader.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(contents)
}

fn unreadable(path: &Path, error: &io::Error) -> SourceError {
    let remediation = match error.kind() {
        io::ErrorKind::NotFound => "write one with `holdpoint records --output FILE`, or correct the path",
        io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput => "name a file: a snapshot is one JSON document",
        _ => "make the file readable for the user that runs holdpoint",
    };
    SourceError::new(SourceErrorKind::File, format!("cannot read snapshot `{}`: {error}", path.display()), remediation)
}

fn refused(path: &Path, largest: u64, error: &serde_json::Error) -> SourceError {
    let path_text = path.display();
    match error.classify() {
        serde_json::error::Category::Io if error.io_error_kind() == Some(io::ErrorKind::FileTooLarge) => {
            SourceError::new(
                SourceErrorKind::TooLarge,
                format!("snapshot `{path_text}` is larger than {largest} bytes"),
                "save fewer environments, or a shorter history",
            )
        }
        serde_json::error::Category::Io => SourceError::new(
            SourceErrorKind::File,
            format!("cannot read snapshot `{path_text}`: {error}"),
            "make the file readable for the user that runs holdpoint",
        ),
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => SourceError::new(
            SourceErrorKind::Malformed,
            format!("snapshot `{path_text}` is not JSON: {}", wire::describe(error)),
            "write it anew with `holdpoint records --output FILE`",
        ),
        serde_json::error::Category::Data => SourceError::new(
            SourceErrorKind::Malformed,
            format!("snapshot `{path_text}` cannot be used: {}", wire::describe(error)),
            "write it anew with `holdpoint records --output FILE`, or save an answer of `GET /v1/deployments`",
        ),
    }
}

/// The environments whose records are kept while the file is read.
enum Wanted {
    All,
    Named(HashSet<String>),
}

impl Wanted {
    /// With a logical environment, which environments belong to it is known only at the end of the file.
    fn new(query: &RecordQuery) -> Self {
        let open = |asked: &&crate::gate::source::EnvironmentQuery| {
            asked.logical_environment.is_some() || asked.targets.is_empty()
        };
        if query.environments.iter().any(|asked| open(&asked)) {
            return Self::All;
        }
        Self::Named(query.environments.iter().flat_map(|asked| asked.targets.iter().cloned()).collect())
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(name),
        }
    }
}

struct Reader<'a> {
    wanted: Wanted,
    progress: &'a watch::Sender<usize>,
    interner: &'a mut Interner,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Contents;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Contents, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Contents;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `deployment_records`, or a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Contents, A::Error> {
        let Reader { wanted, progress, interner } = self;
        let mut gathered = Gathered { wanted, progress, contents: Contents::default(), seen: Distinct::new() };
        wire::List(wire::RecordList(interner), |record| gathered.take(record)).visit_seq(sequence)?;
        Ok(gathered.finish())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Contents, A::Error> {
        let Reader { wanted, progress, interner } = self;
        let mut gathered = Gathered { wanted, progress, contents: Contents::default(), seen: Distinct::new() };
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<Key>()? {
            if !matches!(key, Key::Other) && !keys.insert(key) {
                return Err(de::Error::custom(format!("`{}` comes twice", key.name())));
            }
            match key {
                Key::Records => {
                    map.next_value_seed(wire::List(wire::RecordList(interner), |record| gathered.take(record)))?;
                }
                Key::Environments => {
                    let listed = &mut gathered.contents.environments;
                    let push = |environment| {
                        listed.push(environment);
                        Ok(())
                    };
                    map.next_value_seed(wire::List(wire::EnvironmentList(interner), push))?;
                }
                Key::Pagination => gathered.contents.pagination = map.next_value_seed(wire::pagination())?,
                Key::ObservedAt => gathered.contents.observed_at = map.next_value_seed(wire::Instant)?,
                Key::Filters => gathered.contents.filters = map.next_value()?,
                Key::Other => map.next_value::<de::IgnoredAny>().map(drop)?,
            }
        }
        if !keys.contains(&Key::Records) {
            return Err(de::Error::custom("the list `deployment_records` (or `deploymentRecords`) is missing"));
        }
        Ok(gathered.finish())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    #[serde(rename = "deployment_records", alias = "deploymentRecords")]
    Records,
    Environments,
    Pagination,
    #[serde(alias = "observedAt")]
    ObservedAt,
    Filters,
    #[serde(other)]
    Other,
}

impl Key {
    const fn name(self) -> &'static str {
        match self {
            Self::Records => "deployment_records",
            Self::Environments => "environments",
            Self::Pagination => "pagination",
            Self::ObservedAt => "observed_at",
            Self::Filters => "filters",
            Self::Other => "a key",
        }
    }
}

struct Gathered<'a> {
    wanted: Wanted,
    progress: &'a watch::Sender<usize>,
    contents: Contents,
    seen: Distinct<RecordHash>,
}

impl Gathered<'_> {
    fn take(&mut self, record: DeploymentRecord) -> Result<(), String> {
        let hash = wire::hash(&record);
        match self.seen.see(&record.id, hash) {
            Seen::First => {}
            Seen::Again => return Ok(()),
            Seen::Changed => {
                return Err(format!("record `{}` comes twice, with different content", text::name(&record.id)));
            }
        }
        if self.seen.len().is_multiple_of(4096) {
            self.progress.send_replace(self.seen.len());
        }
        if !self.contents.named.contains(&record.environment_name) {
            self.contents.named.insert(record.environment_name.clone());
        }
        if self.wanted.has(&record.environment_name) {
            self.contents.hashes.push(hash);
            self.contents.records.push(record);
        }
        Ok(())
    }

    fn finish(mut self) -> Contents {
        self.contents.distinct = self.seen.len();
        self.progress.send_replace(self.seen.len());
        self.contents
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::{Bounded, Contents, Interner, Reader, Wanted, parse};

    fn read(text: &str, held: u64, largest: u64) -> Result<Contents, serde_json::Error> {
        let progress = watch::channel(0).0;
        let reader = Reader { wanted: Wanted::All, progress: &progress, interner: &mut Interner::default() };
        parse(Bounded::new(text.as_bytes(), largest), 0, held, reader)
    }

    #[test]
    fn a_text_that_is_not_held_gives_the_same_records() {
        let text =
            r#"{"deployment_records": [{"id": "a", "environment_name": "x"}, {"id": "b", "environment_name": "y"}]}"#;
        let length = u64::try_from(text.len()).unwrap();
        for held in [0, 1, 40, length - 1, length, length + 1] {
            let contents = read(text, held, length).unwrap();
            assert_eq!(contents.records, read(text, length, length).unwrap().records, "{held}");
            assert_eq!(contents.distinct, 2);
            let error = read(text, held, length - 1).err().unwrap();
            assert_eq!(error.io_error_kind(), Some(std::io::ErrorKind::FileTooLarge), "{held}");
        }
    }
}
