//! Taking over records from elsewhere.

use jiff::{SignedDuration, Timestamp};

use super::Store;
use super::writing::{Seat, Times, Writing, is_same};
use crate::domain::record::RecordStatus;
use crate::ledger::entry::{Imported, PastRecord};
use crate::ledger::error::LedgerError;

/// How far a clock elsewhere may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// How many records are kept together: others may write in between.
const PART: usize = 1000;

/// What became of one record.
enum Fate {
    Added,
    Updated,
    LeftOut,
}

impl Store {
    /// Takes over records. Those of a slot are added behind what the slot has, oldest first; what is not newer than its
    /// last record is left out, so that importing the same again changes nothing.
    ///
    /// # Errors
    /// A record with a text, a status or a time that cannot be; then nothing is imported. A store that cannot be written;
    /// then a part may be, and importing again adds the rest.
    pub async fn import(&self, mut records: Vec<PastRecord>, at: Timestamp) -> Result<Imported, LedgerError> {
        records.iter().try_for_each(|record| check(record, at))?;
        records.sort_by_key(|record| record.created_at.unwrap_or(at));
        let mut imported = Imported::default();
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            let part: Vec<PastRecord> = records.by_ref().take(PART).collect();
            let of_part = self.writer.write(move |writing| Box::pin(import(writing, part, at))).await?;
            imported.added = imported.added.saturating_add(of_part.added);
            imported.updated = imported.updated.saturating_add(of_part.updated);
            imported.left_out = imported.left_out.saturating_add(of_part.left_out);
        }
        Ok(imported)
    }
}

fn check(record: &PastRecord, at: Timestamp) -> Result<(), LedgerError> {
    record.recording.check()?;
    let slot = &record.recording.slot;
    let of = format!("of `{}` in `{}`", slot.deployment_name, slot.environment_name);
    if let RecordStatus::Other(status) = &record.status {
        let message = format!("a record {of} has the status `{}`", crate::domain::text::line(status, 80));
        return Err(LedgerError::invalid(message, "statuses are DEPLOYED, SUPERSEDED and DECOMMISSIONED"));
    }
    let latest = at.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let is_possible = |time: Timestamp| time >= Timestamp::UNIX_EPOCH && time <= latest;
    if [record.created_at, record.last_seen_at].into_iter().flatten().all(is_possible) {
        return Ok(());
    }
    Err(LedgerError::invalid(format!("a record {of} has a time before 1970 or in the future"), "correct its times"))
}

async fn import(writing: &mut Writing, records: Vec<PastRecord>, at: Timestamp) -> Result<Imported, LedgerError> {
    let mut imported = Imported::default();
    for record in records {
        let count = match one(writing, &record, at).await? {
            Fate::Added => &mut imported.added,
            Fate::Updated => &mut imported.updated,
            Fate::LeftOut => &mut imported.left_out,
        };
        *count = count.saturating_add(1);
    }
    Ok(imported)
}

async fn one(writing: &mut Writing, record: &PastRecord, at: Timestamp) -> Result<Fate, LedgerError> {
    let recording = &record.recording;
    let seat = writing.seat(&recording.slot).await?;
    let (created, seen) = (record.created_at.unwrap_or(at), record.last_seen_at.unwrap_or(at));
    let Some(latest) = seat.latest.as_ref().filter(|_| !is_next(&seat, record, created)) else {
        writing.add(seat, recording, record.status.clone(), Times { created, seen, now: at }).await?;
        return Ok(Fate::Added);
    };
    if !latest.is_deployed() || !is_same(latest, &recording.artifact) {
        return Ok(Fate::LeftOut);
    }
    if record.status == RecordStatus::Deployed {
        if latest.record.last_seen_at >= Some(seen) {
            return Ok(Fate::LeftOut);
        }
        writing.see_again(latest.clone(), recording.project.as_ref(), seen, at).await?;
        return Ok(Fate::Updated);
    }
    if latest.record.created_at != Some(created) {
        return Ok(Fate::LeftOut);
    }
    writing.end(latest.clone(), record.status.clone(), at).await?;
    Ok(Fate::Updated)
}

/// Whether a record comes behind the last one of its slot, rather than being that one or an older one.
fn is_next(seat: &Seat, record: &PastRecord, created: Timestamp) -> bool {
    let Some(latest) = &seat.latest else { return true };
    let is_there = latest.is_deployed() && is_same(latest, &record.recording.artifact);
    if record.status == RecordStatus::Deployed && (is_there || record.runs_now) {
        return !is_there;
    }
    latest.record.created_at.is_none_or(|last| created.as_microsecond() > last.as_microsecond())
}
