use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::memory::{MOST, Memory};
use super::{Key, Readmissions};
use crate::domain::digest::Digest;

fn digest(number: u64) -> Digest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Digest::from_bytes(bytes)
}

fn key(number: u64) -> Key {
    Key(digest(number))
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn every_part_of_a_key_counts() {
    let all = [
        Key::new(digest(1), "production", None, digest(1)),
        Key::new(digest(2), "production", None, digest(1)),
        Key::new(digest(1), "production", None, digest(2)),
        Key::new(digest(1), "staging", None, digest(1)),
        Key::new(digest(1), "production", Some(""), digest(1)),
        Key::new(digest(1), "production", Some("web"), digest(1)),
        Key::new(digest(1), "productio", Some("nweb"), digest(1)),
    ];
    for (index, one) in all.iter().enumerate() {
        assert_eq!(all.iter().position(|other| other == one), Some(index));
    }
}

#[test]
fn a_million_digests_take_the_room_of_the_newest() {
    let mut memory = Memory::default();
    let mut most = 0;
    for number in 0..1_000_000 {
        memory.insert(key(number), second(i64::try_from(number / 100).unwrap()));
        most = most.max(memory.len());
    }
    assert!(most <= MOST + MOST / 10, "{most}");
    assert!(memory.len() >= MOST);
    assert_eq!(memory.get(key(999_999)), Some(second(9_999)));
    assert_eq!(memory.get(key(800_000)), None);
}

#[test]
fn of_equally_old_ones_as_many_stay_as_there_is_room_for() {
    let entries = (0..).map(key).take(MOST + MOST / 10 + 1).map(|key| (key, 7));
    assert_eq!(entries.collect::<Memory>().len(), MOST);
}

#[test]
fn an_instant_is_renewed_now_and_then() {
    let mut memory = Memory::default();
    let steps = [(100, true), (100, false), (129, false), (130, true), (131, false), (90, true)];
    for (at, changes) in steps {
        assert_eq!(memory.insert(key(1), second(at)), changes, "{at}");
    }
    assert_eq!(memory.get(key(1)), Some(second(90)));
    assert_eq!([(key(2), 9), (key(2), 5), (key(2), 7)].into_iter().collect::<Memory>().get(key(2)), Some(second(5)));
}

fn readmissions() -> Arc<Readmissions> {
    Readmissions::open(None, Duration::from_secs(100), Arc::new(|| second(1_000)))
}

#[test]
fn an_allow_that_was_worked_out_before_a_refusal_is_not_remembered() {
    let readmissions = readmissions();
    let before = readmissions.ticket();
    readmissions.forget(key(1));
    readmissions.remember(key(1), second(1_000), before);
    assert!(readmissions.is_empty());
    readmissions.remember(key(2), second(1_000), before);
    readmissions.remember(key(1), second(1_000), readmissions.ticket());
    assert_eq!(readmissions.len(), 2);
}

#[test]
fn only_a_limited_past_counts() {
    let readmissions = readmissions();
    readmissions.remember(key(1), second(1_000), readmissions.ticket());
    let cases = [(1_000, true), (1_100, true), (1_101, false), (940, true), (939, false)];
    for (now, counts) in cases {
        assert_eq!(readmissions.last_allowed(key(1), second(now)).is_some(), counts, "{now}");
    }
    assert_eq!(readmissions.last_allowed(key(2), second(1_000)), None);
}

#[test]
fn the_file_has_what_still_counts() {
    let readmissions = readmissions();
    readmissions.remember(key(1), second(899), readmissions.ticket());
    readmissions.remember(key(2), second(900), readmissions.ticket());
    let text = String::from_utf8(readmissions.to_file()).unwrap();
    assert!(text.ends_with(&format!("\n900 {}\n", digest(2))), "{text}");
    assert_eq!(text.lines().count(), 3);
    assert_eq!(readmissions.len(), 1);
}
