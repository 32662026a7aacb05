//! Archives as others write them, and as nobody should.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use super::{ENTRIES, pack, unpack};

/// One entry, as it is written: names are not checked here.
struct Written<'a>(&'a str, EntryType, &'a [u8]);

fn file<'a>(name: &'a str, bytes: &'a [u8]) -> Written<'a> {
    Written(name, EntryType::Regular, bytes)
}

fn archive<'a>(entries: impl IntoIterator<Item = Written<'a>>) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for Written(name, kind, bytes) in entries {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(bytes.len().try_into().unwrap());
        header.set_cksum();
        builder.append(&header, bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn complaint(packed: &[u8]) -> String {
    unpack(packed).err().map(|error| error.message).unwrap_or_default()
}

#[test]
fn only_plain_files_with_plain_names_are_read() {
    let cases = [
        (vec![file("a/b.rego", b"x"), file("/c", b""), file("./d", b"")], ""),
        (vec![Written("a/", EntryType::Directory, b""), file("a/b", b"")], ""),
        (vec![Written("pax", EntryType::XGlobalHeader, b"11 comment=\n")], ""),
        (vec![file("a", b"1"), file("./a", b"2")], "its file `a` is there twice"),
        (vec![file("../a", b"")], "leads out of the bundle"),
        (vec![file("a/../../b", b"")], "leads out of the bundle"),
        (vec![file("//etc/passwd", b"")], "leads out of the bundle"),
        (vec![file("a\\b", b"")], "a backslash"),
        (vec![Written("a", EntryType::Symlink, b"")], "its entry `a` is a link"),
        (vec![Written("a", EntryType::Link, b"")], "its entry `a` is a link"),
        (vec![Written("a", EntryType::Char, b"")], "its entry `a` is a link, a device"),
        (vec![Written("a", EntryType::Fifo, b"")], "its entry `a` is a link, a device"),
        (vec![file(".", b"x")], "its entry `` is a link, a device"),
    ];
    for (entries, wanted) in cases {
        let found = complaint(&gzip(&archive(entries)));
        assert!(found.contains(wanted) && found.is_empty() == wanted.is_empty(), "{wanted}: {found}");
    }
}

#[test]
fn what_is_no_whole_archive_is_refused() {
    let whole = gzip(&archive([file("a", &[7; 5000])]));
    let mut changed = whole.clone();
    let checksum = changed.len() - 6;
    changed[checksum] ^= 1;
    for packed in [&b"no gzip"[..], &[], &whole[..whole.len() / 2], &whole[..whole.len() - 1], &changed] {
        assert!(complaint(packed).contains("no whole gzipped tar archive"), "{}", complaint(packed));
    }
    assert!(!complaint(&gzip(b"text, and no archive at all, but longer than nothing")).is_empty());
}

#[test]
fn bombs_are_refused_before_they_fill_the_memory() {
    // A megabyte packed is a gigabyte unpacked.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&archive([file("a", b"")])[..512]).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..100 {
        encoder.write_all(&zeros).unwrap();
    }
    assert!(complaint(&encoder.finish().unwrap()).contains("larger than a bundle may be"));
    assert!(complaint(&vec![0; (16 << 20) + 1]).contains("larger than a bundle may be"));
    // A small document that repeats itself is none.
    assert_eq!(complaint(&gzip(&archive([file("data.json", &vec![b' '; 500_000])]))), "");
}

#[test]
fn entries_are_counted() {
    // Contents that do not shrink, so that the ratio is not what is refused.
    let noise: Vec<u8> = (0..=ENTRIES).flat_map(|number| Sha256::digest(number.to_le_bytes())).collect();
    let entries = noise.chunks(32).map(|content| file("a", content));
    assert!(complaint(&gzip(&archive(entries.clone().take(2)))).contains("twice"));
    let folders = noise.chunks(32).map(|content| Written("g", EntryType::XGlobalHeader, content));
    assert!(complaint(&gzip(&archive(folders))).contains("more than 4000 entries"));
}

#[test]
fn a_size_that_is_not_there_is_refused() {
    let mut bytes = archive([file("a", b"x")]);
    let mut header = Header::new_gnu();
    header.as_mut_bytes().copy_from_slice(&bytes[..512]);
    header.set_size(u64::MAX / 4);
    header.set_cksum();
    bytes[..512].copy_from_slice(header.as_bytes());
    assert!(!complaint(&gzip(&bytes)).is_empty());
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let long = format!("{}/data.json", vec!["folder"; 30].join("/"));
    let files = BTreeMap::from([("b.rego".to_owned(), b"x".to_vec()), (long, b"{}".to_vec())]);
    let packed = pack(&files).unwrap();
    assert_eq!(packed, pack(&files).unwrap());
    assert_eq!(unpack(&packed).unwrap(), files);
    assert_eq!(packed[4..10], [0, 0, 0, 0, 2, 255], "no time and no operating system");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), inside: bool) {
        drop(unpack(&if inside { gzip(&bytes) } else { bytes }));
    }

    #[test]
    fn a_changed_archive_is_read_or_refused(at in 0..3000_usize, byte: u8) {
        let mut bytes = archive([file("a/b.rego", b"package a"), file("data.json", b"{}")]);
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(files) = unpack(&gzip(&bytes)) {
            prop_assert!(files.keys().all(|name| !name.starts_with('/') && !name.split('/').any(|part| part == "..")));
        }
    }

    #[test]
    fn what_is_packed_is_unpacked(files in prop::collection::btree_map("[a-z]{1,8}(/[a-z]{1,8}){0,3}", prop::collection::vec(any::<u8>(), 0..300), 0..6)) {
        prop_assert_eq!(unpack(&pack(&files).unwrap()).unwrap(), files);
    }
}
