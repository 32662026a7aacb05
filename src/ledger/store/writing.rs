//! What one writing transaction does: the rules of slots.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::session::{Session, Value};
use super::stored::{Stored, select_record, time};
use crate::domain::artifact::RecordedArtifact;
use crate::domain::digest::Digest;
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::ledger::entry::{Artifact, Outcome, Project, Recorded, Recording, Slot};
use crate::ledger::error::{LedgerError, LedgerErrorKind};

/// A transaction that writes: there is one at a time, in all processes.
pub(super) struct Writing {
    pub(super) session: Session,
    counters: Counters,
    read: Counters,
    /// What is known by it afterwards, if something changes.
    revision: String,
}

/// How much there is. Read first and written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counters {
    environments: i64,
    artifacts: i64,
    slots: i64,
    records: i64,
    last_change: i64,
}

/// A slot as a writer finds it.
pub(super) struct Seat {
    environment: i64,
    environment_uuid: Arc<str>,
    slots_there: i64,
    records_there: i64,
    /// `None` when it holds nothing yet.
    slot: Option<i64>,
    records: i64,
    pub(super) latest: Option<Stored>,
}

/// When something happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) created: Timestamp,
    pub(super) seen: Timestamp,
    pub(super) now: Timestamp,
}

impl Writing {
    pub(super) async fn begin(mut session: Session) -> Result<Self, LedgerError> {
        let sql = if session.locks_rows() {
            "SELECT environments, artifacts, slots, records, last_change FROM ledger FOR UPDATE"
        } else {
            "SELECT environments, artifacts, slots, records, last_change FROM ledger"
        };
        let row = session.row(sql, &[]).await?.ok_or_else(|| LedgerError::damaged("it has no first row"))?;
        let counters = Counters {
            environments: row.get(0)?,
            artifacts: row.get(1)?,
            slots: row.get(2)?,
            records: row.get(3)?,
            last_change: row.get(4)?,
        };
        Ok(Self { session, counters, read: counters, revision: Uuid::new_v4().simple().to_string() })
    }

    /// Keeps what was done.
    pub(super) async fn commit(mut self) -> Result<(), LedgerError> {
        if self.counters != self.read {
            let Counters { environments, artifacts, slots, records, last_change } = self.counters;
            let numbers = [environments, artifacts, slots, records, last_change].map(Value::Integer);
            let values = [&numbers[..], &[Value::Text(&self.revision)]].concat();
            let sql = "UPDATE ledger SET environments = $1, artifacts = $2, slots = $3, records = $4, \
                       last_change = $5, revision = $6";
            self.session.execute(sql, &values).await?;
        }
        self.session.commit().await
    }

    pub(super) async fn record(&mut self, recording: &Recording, at: Timestamp) -> Result<Recorded, LedgerError> {
        let seat = self.seat(&recording.slot).await?;
        match &seat.latest {
            Some(latest) if latest.is_deployed() && is_same(latest, &recording.artifact) => {
                let record = self.see_again(latest.clone(), recording.project.as_ref(), at, at).await?;
                Ok(Recorded { record, outcome: Outcome::SeenAgain })
            }
            _ => self.add(seat, recording, RecordStatus::Deployed, Times { created: at, seen: at, now: at }).await,
        }
    }

    pub(super) async fn decommission(
        &mut self,
        slot: &Slot,
        digest: Option<&Digest>,
        at: Timestamp,
    ) -> Result<DeploymentRecord, LedgerError> {
        let latest = self.seat(slot).await?.latest.ok_or_else(|| nothing_there(slot))?;
        let deployed = latest.record.artifact.digest;
        if let Some(digest) = digest.filter(|digest| deployed.as_ref() != Some(*digest)) {
            return Err(another_there(slot, digest, &latest.record));
        }
        match latest.record.status {
            RecordStatus::Deployed => Ok(self.end(latest, RecordStatus::Decommissioned, at).await?.record),
            // Asked again, most likely.
            RecordStatus::Decommissioned => Ok(latest.record),
            RecordStatus::Superseded | RecordStatus::Other(_) => Err(nothing_there(slot)),
        }
    }

    /// Finds a slot, with its latest record.
    pub(super) async fn seat(&mut self, slot: &Slot) -> Result<Seat, LedgerError> {
        let values = [Value::Text(&slot.environment_name), Value::Text(&slot.deployment_name)];
        let found = self
            .session
            .row(
                "SELECT e.id, e.uuid, e.slots, e.records, s.id, s.records, s.latest FROM ledger_environment e \
                 LEFT JOIN ledger_slot s ON s.environment = e.id AND s.name = $2 WHERE e.name = $1",
                &values,
            )
            .await?;
        let Some(row) = found else {
            let (environment, environment_uuid) = (0, Uuid::new_v4().to_string().into());
            let nothing = Seat {
                environment,
                environment_uuid,
                slots_there: 0,
                records_there: 0,
                slot: None,
                records: 0,
                latest: None,
            };
            return Ok(nothing);
        };
        let latest = match row.get::<Option<i64>>(6)? {
            Some(sequence) => Some(self.stored(sequence).await?),
            None => None,
        };
        let seat = Seat {
            environment: row.get(0)?,
            environment_uuid: row.get::<String>(1)?.into(),
            slots_there: row.get(2)?,
            records_there: row.get(3)?,
            slot: row.get(4)?,
            records: row.get::<Option<i64>>(5)?.unwrap_or_default(),
            latest,
        };
        if seat.latest.as_ref().is_some_and(|latest| Some(latest.slot) != seat.slot || latest.place != seat.records) {
            return Err(LedgerError::damaged("a deployment's last record is not its last"));
        }
        Ok(seat)
    }

    async fn stored(&mut self, sequence: i64) -> Result<Stored, LedgerError> {
        let values = [Value::Integer(sequence)];
        let row = self.session.row(select_record!("WHERE r.sequence = $1"), &values).await?;
        Stored::read(&row.ok_or_else(|| LedgerError::damaged("the last record of a deployment is missing"))?)
    }

    /// Says of a record that it still holds.
    pub(super) async fn see_again(
        &mut self,
        mut stored: Stored,
        project: Option<&Project>,
        seen: Timestamp,
        at: Timestamp,
    ) -> Result<DeploymentRecord, LedgerError> {
        if let (None, Some(project)) = (&stored.project, project) {
            stored.project = Some(project.name.clone());
            stored.project_version.clone_from(&project.version);
        }
        let now = self.changed(stored.environment, at).await?;
        stored.record.updated_at = Some(now);
        stored.record.last_seen_at = stored.record.last_seen_at.max(Some(whole(seen)?));
        stored.update(&mut self.session).await?;
        Ok(stored.record)
    }

    /// Takes a record's artifact out of its slot.
    pub(super) async fn end(
        &mut self,
        mut stored: Stored,
        status: RecordStatus,
        at: Timestamp,
    ) -> Result<Stored, LedgerError> {
        stored.record.status = status;
        stored.record.updated_at = Some(self.changed(stored.environment, at).await?);
        stored.update(&mut self.session).await?;
        Ok(stored)
    }

    /// Puts an artifact into a slot, and supersedes the one there.
    pub(super) async fn add(
        &mut self,
        seat: Seat,
        recording: &Recording,
        status: RecordStatus,
        times: Times,
    ) -> Result<Recorded, LedgerError> {
        let mut created = whole(times.created)?;
        let mut outcome = Outcome::New;
        if let Some(latest) = &seat.latest {
            // The order is that of recording: a clock that went back does not change it.
            created = created.max(after(latest.record.created_at)?);
            if latest.is_deployed() {
                let ended = self.end(latest.clone(), RecordStatus::Superseded, times.now).await?;
                outcome = Outcome::Superseded(Box::new(ended.record));
            }
        }
        let updated = self.stamp(times.now)?;
        let (environment, number) = self.grow_environment(&seat, recording, updated).await?;
        let sequence = increment(&mut self.counters.records);
        let slot = self.grow_slot(&seat, recording, environment, sequence).await?;
        let (artifact, artifact_uuid) = self.artifact(&recording.artifact).await?;
        let record = DeploymentRecord {
            id: Uuid::new_v4().to_string().into(),
            environment_id: seat.environment_uuid,
            environment_name: recording.slot.environment_name.as_str().into(),
            deployment_name: recording.slot.deployment_name.as_str().into(),
            artifact_id: artifact_uuid,
            artifact: Arc::new(recorded(&recording.artifact)),
            status,
            created_at: Some(created),
            updated_at: Some(updated),
            last_seen_at: Some(whole(times.seen)?.max(created)),
            details: None,
        };
        let place = seat.records.saturating_add(1);
        let project = recording.project.as_ref();
        let project_version = project.and_then(|project| project.version.clone());
        let project = project.map(|project| project.name.clone());
        let stored = Stored { sequence, environment, number, slot, place, artifact, project, project_version, record };
        stored.insert(&mut self.session).await?;
        Ok(Recorded { record: stored.record, outcome })
    }

    /// Counts a record, and perhaps a slot, of an environment; returns it and the record's number in it.
    async fn grow_environment(
        &mut self,
        seat: &Seat,
        recording: &Recording,
        at: Timestamp,
    ) -> Result<(i64, i64), LedgerError> {
        let at = Value::Integer(at.as_microsecond());
        let number = seat.records_there.saturating_add(1);
        let slots = Value::Integer(seat.slots_there.saturating_add(i64::from(seat.slot.is_none())));
        if seat.environment != 0 {
            let sql = "UPDATE ledger_environment SET slots = $2, records = $3, updated_at = $4, revision = $5 \
                       WHERE id = $1";
            let revision = Value::Text(&self.revision);
            let values = [Value::Integer(seat.environment), slots, Value::Integer(number), at, revision];
            self.session.execute(sql, &values).await?;
            return Ok((seat.environment, number));
        }
        let environment = increment(&mut self.counters.environments);
        self.session
            .execute(
                "INSERT INTO ledger_environment (id, uuid, name, created_at, updated_at, slots, records, revision) \
                 VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
                &[
                    Value::Integer(environment),
                    Value::Text(&seat.environment_uuid),
                    Value::Text(&recording.slot.environment_name),
                    at,
                    slots,
                    Value::Integer(number),
                    Value::Text(&self.revision),
                ],
            )
            .await?;
        Ok((environment, number))
    }

    async fn grow_slot(
        &mut self,
        seat: &Seat,
        recording: &Recording,
        environment: i64,
        latest: i64,
    ) -> Result<i64, LedgerError> {
        let records = Value::Integer(seat.records.saturating_add(1));
        if let Some(slot) = seat.slot {
            let sql = "UPDATE ledger_slot SET records = $2, latest = $3 WHERE id = $1";
            self.session.execute(sql, &[Value::Integer(slot), records, Value::Integer(latest)]).await?;
            return Ok(slot);
        }
        let slot = increment(&mut self.counters.slots);
        self.session
            .execute(
                "INSERT INTO ledger_slot (id, environment, number, name, records, latest) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    Value::Integer(slot),
                    Value::Integer(environment),
                    Value::Integer(seat.slots_there.saturating_add(1)),
                    Value::Text(&recording.slot.deployment_name),
                    records,
                    Value::Integer(latest),
                ],
            )
            .await?;
        Ok(slot)
    }

    async fn artifact(&mut self, artifact: &Artifact) -> Result<(i64, Arc<str>), LedgerError> {
        let digest = artifact.digest.to_string();
        let texts = [artifact.kind.as_str(), &digest, &artifact.name, &artifact.version].map(Value::Text);
        let sql = "SELECT id, uuid FROM ledger_artifact WHERE kind = $1 AND digest = $2 AND name = $3 AND version = $4";
        if let Some(row) = self.session.row(sql, &texts).await? {
            return Ok((row.get(0)?, row.get::<String>(1)?.into()));
        }
        let (id, uuid) = (increment(&mut self.counters.artifacts), Uuid::new_v4().to_string());
        let [kind, digest, name, version] = texts;
        self.session
            .execute(
                "INSERT INTO ledger_artifact (id, uuid, kind, digest, name, version) VALUES ($1, $2, $3, $4, $5, $6)",
                &[Value::Integer(id), Value::Text(&uuid), kind, digest, name, version],
            )
            .await?;
        Ok((id, uuid.into()))
    }

    /// Notes that something in an environment changes, and returns when.
    async fn changed(&mut self, environment: i64, at: Timestamp) -> Result<Timestamp, LedgerError> {
        let now = self.stamp(at)?;
        let at = Value::Integer(now.as_microsecond());
        let values = [Value::Integer(environment), at, Value::Text(&self.revision)];
        let sql = "UPDATE ledger_environment SET updated_at = $2, revision = $3 WHERE id = $1";
        self.session.execute(sql, &values).await?;
        Ok(now)
    }

    /// The time of a change: the clock's, but always after that of an earlier change, so that whoever asks for what
    /// changed since then misses nothing. There is one writer at a time, so the order is that of the commits.
    fn stamp(&mut self, at: Timestamp) -> Result<Timestamp, LedgerError> {
        self.counters.last_change = self.counters.last_change.saturating_add(1).max(at.as_microsecond());
        time(self.counters.last_change)
    }
}

/// Whether a record is of this artifact.
pub(super) fn is_same(stored: &Stored, artifact: &Artifact) -> bool {
    let recorded = &stored.record.artifact;
    recorded.kind == artifact.kind && recorded.digest == Some(artifact.digest)
}

fn recorded(artifact: &Artifact) -> RecordedArtifact {
    RecordedArtifact {
        kind: artifact.kind.clone(),
        name: artifact.name.as_str().into(),
        digest_text: artifact.digest.to_string().into(),
        digest: Some(artifact.digest),
        version: artifact.version.as_str().into(),
    }
}

fn increment(counter: &mut i64) -> i64 {
    *counter = counter.saturating_add(1);
    *counter
}

/// The time in whole microseconds, as it is stored.
fn whole(at: Timestamp) -> Result<Timestamp, LedgerError> {
    time(at.as_microsecond())
}

/// The next instant that can be told from this one.
fn after(earlier: Option<Timestamp>) -> Result<Timestamp, LedgerError> {
    time(earlier.map_or(i64::MIN, |time| time.as_microsecond().saturating_add(1)))
}

fn nothing_there(slot: &Slot) -> LedgerError {
    let message =
        format!("nothing is deployed as `{}` in environment `{}`", slot.deployment_name, slot.environment_name);
    LedgerError::new(LedgerErrorKind::NotFound, message, "look at what is there with `holdpoint ledger list`")
}

fn another_there(slot: &Slot, digest: &Digest, record: &DeploymentRecord) -> LedgerError {
    let Slot { environment_name, deployment_name } = slot;
    let there = &record.artifact.digest_text;
    let message = format!("`{deployment_name}` in environment `{environment_name}` has {there}, and not {digest}");
    LedgerError::new(LedgerErrorKind::Conflict, message, "name the digest that is there, or none")
}
