use proptest::prelude::*;

use super::super::Key;
use super::{from_text, to_text};
use crate::domain::digest::Digest;

proptest! {
    #[test]
    fn what_is_written_is_read(entries: Vec<([u8; 32], u32)>) {
        let entries: Vec<_> = entries.into_iter().map(|(key, at)| (Key(Digest::from_bytes(key)), i64::from(at))).collect();
        let memory = from_text(&to_text(&entries)).unwrap();
        prop_assert_eq!(memory.len(), entries.len());
        for (key, at) in entries {
            prop_assert_eq!(memory.get(key).map(jiff::Timestamp::as_second), Some(at));
        }
    }

    #[test]
    fn what_was_changed_is_refused(entries in prop::collection::vec((any::<[u8; 32]>(), any::<u32>()), 1..4), at: prop::sample::Index, flip in 1_u8..128) {
        let entries: Vec<_> = entries.into_iter().map(|(key, at)| (Key(Digest::from_bytes(key)), i64::from(at))).collect();
        let mut text = to_text(&entries);
        let at = at.index(text.len());
        text[at] ^= flip;
        prop_assert!(from_text(&text).is_err());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        prop_assert!(from_text(&bytes).is_err());
    }
}
