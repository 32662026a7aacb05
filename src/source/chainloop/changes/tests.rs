//! Ledgers that go on, and that go another way after a backup was restored.

use proptest::prelude::*;

use super::*;
use crate::domain::artifact::{ArtifactKind, RecordedArtifact};
use crate::domain::digest::Digest;
use crate::source::wire;

/// What happens to a slot.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// An artifact of this number is recorded: a new record, or the same one seen again.
    Record(u8, u8),
    /// What is there is taken away.
    End(u8),
    /// It is superseded by something that is not recorded.
    Supersede(u8),
    /// Only the clock goes on.
    Wait(u8),
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0_u8..3, 0_u8..3).prop_map(|(slot, artifact)| Step::Record(slot, artifact)),
        1 => (0_u8..3).prop_map(Step::End),
        1 => (0_u8..3).prop_map(Step::Supersede),
        1 => (1_u8..4).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..most)
}

/// A ledger as its documentation describes it. Ids differ between any two; changes of two ledgers may have one time.
#[derive(Clone, Default)]
struct Ledger {
    records: Vec<DeploymentRecord>,
    clock: i64,
}

impl Ledger {
    fn tick(&mut self) -> Timestamp {
        self.clock += 1;
        Timestamp::from_second(self.clock).unwrap()
    }

    fn play(&mut self, steps: &[Step]) {
        for step in steps {
            match *step {
                Step::Record(slot, artifact) => self.record(slot, artifact),
                Step::End(slot) => self.end(slot, &RecordStatus::Decommissioned),
                Step::Supersede(slot) => self.end(slot, &RecordStatus::Superseded),
                Step::Wait(seconds) => self.clock += i64::from(seconds),
            }
        }
    }

    fn deployed(&mut self, slot: u8) -> Option<usize> {
        let is_it = |record: &DeploymentRecord| {
            *record.deployment_name == *name(slot) && record.status == RecordStatus::Deployed
        };
        self.records.iter().position(is_it)
    }

    fn end(&mut self, slot: u8, status: &RecordStatus) {
        let Some(at) = self.deployed(slot) else { return };
        let now = Some(self.tick());
        self.records[at].status = status.clone();
        self.records[at].updated_at = now;
    }

    fn record(&mut self, slot: u8, artifact: u8) {
        let digest = Digest::from_bytes([artifact; 32]);
        if let Some(at) = self.deployed(slot) {
            if self.records[at].artifact.digest == Some(digest) {
                self.records[at].updated_at = Some(self.tick());
                return;
            }
            self.end(slot, &RecordStatus::Superseded);
        }
        let now = Some(self.tick());
        self.records.push(record(slot, digest, now));
    }

    fn list(&self, since: Option<Timestamp>) -> Vec<Item> {
        let is_listed = |record: &&DeploymentRecord| since.is_none_or(|since| record.updated_at >= Some(since));
        self.records.iter().filter(is_listed).map(|record| (record.clone(), wire::hash(record))).collect()
    }
}

fn record(slot: u8, digest: Digest, now: Option<Timestamp>) -> DeploymentRecord {
    let artifact = RecordedArtifact {
        kind: ArtifactKind::ContainerImage,
        name: "storefront".into(),
        digest_text: digest.to_string().into(),
        digest: Some(digest),
        version: "1".into(),
    };
    DeploymentRecord {
        id: uuid::Uuid::new_v4().to_string().into(),
        environment_id: "".into(),
        environment_name: "production".into(),
        deployment_name: name(slot).into(),
        artifact_id: "".into(),
        artifact: Arc::new(artifact),
        status: RecordStatus::Deployed,
        created_at: now,
        updated_at: now,
        last_seen_at: now,
        details: None,
    }
}

fn name(slot: u8) -> String {
    format!("d{slot}")
}

fn sorted(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    items
}

/// What is made of the kept records of one ledger and the changes of another.
fn renewed_from(kept: &Ledger, now: &Ledger) -> Option<Vec<Item>> {
    let kept = kept.list(None);
    let since = anchor(&kept)?;
    let total = u64::try_from(now.records.len()).unwrap();
    renewed(&kept, since, now.list(Some(since)), total).map(sorted)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_ledger_that_goes_on_is_known(past in steps(30), since in steps(10)) {
        let mut kept = Ledger::default();
        kept.play(&past);
        let mut now = kept.clone();
        now.play(&since);
        let read = renewed_from(&kept, &now);
        let is_anchored = anchor(&kept.list(None)).is_some();
        prop_assert_eq!(read, is_anchored.then(|| sorted(now.list(None))));
    }

    #[test]
    fn a_ledger_that_went_another_way_is_known_or_read_whole(past in steps(30), kept in steps(8), now in steps(8)) {
        let mut before = Ledger::default();
        before.play(&past);
        let [kept, now] = [kept, now].map(|steps| {
            let mut ledger = before.clone();
            ledger.play(&steps);
            ledger
        });
        if let Some(read) = renewed_from(&kept, &now) {
            prop_assert_eq!(read, sorted(now.list(None)));
        }
    }
}

#[test]
fn the_cases_that_matter() {
    use Step::{Record, Supersede};
    let ledger = |steps: &[Step]| {
        let mut ledger = Ledger::default();
        ledger.play(steps);
        ledger
    };
    let with = |ledger: &Ledger, steps: &[Step]| {
        let mut ledger = ledger.clone();
        ledger.play(steps);
        ledger
    };
    let past = ledger(&[Record(0, 0), Record(0, 1), Record(1, 0)]);
    let kept = with(&past, &[Record(1, 1)]);
    let restored = with(&past, &[Record(1, 2)]);
    let cases = [
        ("another ledger", past.clone(), ledger(&[Record(0, 0), Record(0, 1), Record(1, 0)]), false),
        ("nothing was superseded", ledger(&[Record(0, 0)]), ledger(&[Record(0, 0)]), false),
        ("the same at the same times, after a backup", kept.clone(), with(&past, &[Record(1, 1)]), false),
        ("superseded at the same time by another", kept.clone(), restored.clone(), false),
        ("what was recorded after the backup is gone", kept, past.clone(), false),
        ("kept from before the backup", past.clone(), restored, true),
        ("superseded by nothing", with(&past, &[Supersede(1)]), with(&past, &[Supersede(1), Record(1, 2)]), false),
        ("nothing changed", past.clone(), past, true),
    ];
    for (what, kept, now, is_known) in cases {
        let expected = is_known.then(|| sorted(now.list(None)));
        assert_eq!(renewed_from(&kept, &now), expected, "{what}");
    }
}

#[test]
fn a_list_that_counts_more_is_read_whole() {
    let mut ledger = Ledger::default();
    ledger.play(&[Step::Record(0, 0), Step::Record(0, 1)]);
    let kept = ledger.list(None);
    let since = anchor(&kept).unwrap();
    for (total, is_known) in [(1, false), (2, true), (3, false)] {
        assert_eq!(renewed(&kept, since, ledger.list(Some(since)), total).is_some(), is_known, "{total}");
    }
}
