//! A record with what the store knows of it, and the check sum over all of it.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::session::{Row, Session, Value};
use crate::domain::artifact::{ArtifactKind, RecordedArtifact};
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::ledger::error::LedgerError;

/// What a record is read from; a condition follows.
macro_rules! select_record {
    ($condition:expr) => {
        concat!(
            "SELECT r.sequence, r.environment, r.number, r.slot, r.place, r.artifact, r.project, r.project_version, \
             r.seal, r.uuid, r.status, r.created_at, r.updated_at, r.last_seen_at, e.uuid, e.name, s.name, a.uuid, \
             a.kind, a.name, a.digest, a.version \
             FROM ledger_record r JOIN ledger_environment e ON e.id = r.environment \
             JOIN ledger_slot s ON s.id = r.slot JOIN ledger_artifact a ON a.id = r.artifact ",
            $condition
        )
    };
}
pub(super) use select_record;

/// A record as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) sequence: i64,
    pub(super) environment: i64,
    pub(super) number: i64,
    pub(super) slot: i64,
    pub(super) place: i64,
    pub(super) artifact: i64,
    pub(super) project: Option<String>,
    pub(super) project_version: Option<String>,
    pub(super) record: DeploymentRecord,
}

impl Stored {
    /// Reads a row of [`select_record`], and compares it with its seal.
    pub(super) fn read(row: &Row) -> Result<Self, LedgerError> {
        let shared = |index| row.get::<String>(index).map(Arc::from);
        let digest_text: Arc<str> = shared(20)?;
        let artifact = RecordedArtifact {
            kind: ArtifactKind::from_text(&row.get::<String>(18)?),
            name: shared(19)?,
            digest: digest_text.parse().ok(),
            digest_text,
            version: shared(21)?,
        };
        let record = DeploymentRecord {
            id: shared(9)?,
            environment_id: shared(14)?,
            environment_name: shared(15)?,
            deployment_name: shared(16)?,
            artifact_id: shared(17)?,
            artifact: Arc::new(artifact),
            status: RecordStatus::from_text(&row.get::<String>(10)?),
            created_at: Some(time(row.get(11)?)?),
            updated_at: Some(time(row.get(12)?)?),
            last_seen_at: Some(time(row.get(13)?)?),
            details: None,
        };
        let stored = Self {
            sequence: row.get(0)?,
            environment: row.get(1)?,
            number: row.get(2)?,
            slot: row.get(3)?,
            place: row.get(4)?,
            artifact: row.get(5)?,
            project: row.get(6)?,
            project_version: row.get(7)?,
            record,
        };
        if row.get::<i64>(8)? == stored.seal() {
            Ok(stored)
        } else {
            Err(LedgerError::damaged(&format!("record {} is not as it was written", stored.sequence)))
        }
    }

    pub(super) fn is_deployed(&self) -> bool {
        self.record.status == RecordStatus::Deployed
    }

    /// The check sum of all that it says, also of what lies in other tables.
    fn seal(&self) -> i64 {
        let record = &self.record;
        let numbers = [self.sequence, self.environment, self.number, self.slot, self.place, self.artifact];
        let times = [record.created_at, record.updated_at, record.last_seen_at];
        let times = times.map(|time| time.map_or(i64::MIN, Timestamp::as_microsecond));
        let artifact = &record.artifact;
        let texts = [
            &*record.id,
            record.status.as_str(),
            &record.environment_id,
            &record.environment_name,
            &record.deployment_name,
            &record.artifact_id,
            artifact.kind.as_str(),
            &artifact.name,
            &artifact.digest_text,
            &artifact.version,
        ];
        let optional = [self.project.as_deref(), self.project_version.as_deref()];
        let mut hash = Sha256::new();
        numbers.iter().chain(&times).for_each(|number| hash.update(number.to_be_bytes()));
        // No text holds this character, which parts them.
        for text in texts.into_iter().chain(optional.map(|text| text.unwrap_or("\u{1}"))) {
            hash.update(text);
            hash.update([0]);
        }
        let sum = hash.finalize();
        sum.iter().take(8).fold(0, |seal: i64, byte| (seal << 8) | i64::from(*byte))
    }

    /// Adds it as a new row.
    pub(super) async fn insert(&self, session: &mut Session) -> Result<(), LedgerError> {
        let record = &self.record;
        let [created, updated, seen] = self.times();
        session
            .execute(
                "INSERT INTO ledger_record (sequence, uuid, environment, number, slot, place, artifact, project, \
                 project_version, status, created_at, updated_at, last_seen_at, seal) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                &[
                    Value::Integer(self.sequence),
                    Value::Text(&record.id),
                    Value::Integer(self.environment),
                    Value::Integer(self.number),
                    Value::Integer(self.slot),
                    Value::Integer(self.place),
                    Value::Integer(self.artifact),
                    Value::OptionalText(self.project.as_deref()),
                    Value::OptionalText(self.project_version.as_deref()),
                    Value::Text(record.status.as_str()),
                    Value::Integer(created),
                    Value::Integer(updated),
                    Value::Integer(seen),
                    Value::Integer(self.seal()),
                ],
            )
            .await
            .map(drop)
    }

    /// Writes what may change of a row that is there.
    pub(super) async fn update(&self, session: &mut Session) -> Result<(), LedgerError> {
        let [_created, updated, seen] = self.times();
        let changed = session
            .execute(
                "UPDATE ledger_record SET status = $2, updated_at = $3, last_seen_at = $4, project = $5, \
                 project_version = $6, seal = $7 WHERE sequence = $1",
                &[
                    Value::Integer(self.sequence),
                    Value::Text(self.record.status.as_str()),
                    Value::Integer(updated),
                    Value::Integer(seen),
                    Value::OptionalText(self.project.as_deref()),
                    Value::OptionalText(self.project_version.as_deref()),
                    Value::Integer(self.seal()),
                ],
            )
            .await?;
        if changed == 1 { Ok(()) } else { Err(LedgerError::damaged("a record that was read is not there")) }
    }

    fn times(&self) -> [i64; 3] {
        let record = &self.record;
        [record.created_at, record.updated_at, record.last_seen_at]
            .map(|time| time.map_or(0, Timestamp::as_microsecond))
    }
}

/// A time as it is stored.
pub(super) fn time(microseconds: i64) -> Result<Timestamp, LedgerError> {
    Timestamp::from_microsecond(microseconds).map_err(|_error| LedgerError::damaged("a time is out of range"))
}
