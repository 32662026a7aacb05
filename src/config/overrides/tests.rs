use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::from_text;
use crate::domain::overrides::{Override, OverrideNotice};

fn good(id: &str) -> String {
    format!(
        "version: 1\nid: {id}\ndigest: sha256:{}\nenvironment: production\nrules: [promotion.soak_time]\n\
         reason: checkout is down\nactor: alice\nexpires_at: 2026-11-21T12:00:00Z\n",
        "ab".repeat(32)
    )
}

fn read(text: &str) -> (Vec<Override>, Vec<OverrideNotice>) {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    from_text(text, Path::new("overrides/ops.yaml"), false, &mut all, &mut faults);
    (all, faults)
}

#[test]
fn an_override_in_yaml_and_in_json_is_the_same() {
    let (mut yaml, faults) = read(&good("ops-1"));
    assert_eq!(faults, []);
    let json = serde_json::json!({
        "version": 1, "id": "ops-1", "digest": format!("sha256:{}", "ab".repeat(32)), "environment": "production",
        "rules": ["promotion.soak_time"], "reason": "checkout is down", "actor": "alice",
        "expires_at": "2026-11-21T13:00:00+01:00",
    });
    let (json, faults) = read(&serde_json::to_string_pretty(&json).unwrap());
    assert_eq!(faults, []);
    yaml[0].location = json[0].location.clone();
    assert_eq!(yaml, json);
}

#[test]
fn one_that_names_itself_not_is_called_after_its_place() {
    let anonymous = good("x").replace("id: x\n", "");
    assert_eq!(read(&anonymous).0[0].id, "overrides/ops.yaml");
    let entry = |text: &str| format!("- {}", text.trim_end().replace('\n', "\n  "));
    let (all, faults) = read(&format!("{}\n{}\n", entry(&anonymous), entry(&anonymous)));
    let ids: Vec<&str> = all.iter().map(|exception| exception.id.as_str()).collect();
    assert_eq!((ids, faults), (vec!["overrides/ops.yaml#1", "overrides/ops.yaml#2"], Vec::new()));
}

#[test]
fn what_is_wrong_is_said_and_does_not_apply() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let changes: Vec<(&str, &str, String)> = vec![
        ("no version", "version: 1\n", String::new()),
        ("another version", "version: 1", "version: 2".to_owned()),
        ("an upper-case digest", &digest, digest.to_uppercase()),
        ("upper-case digits", &digest, digest.replace("abab", "ABAB")),
        ("a digest cut short", &digest, "sha256:abab".to_owned()),
        ("any digest", &digest, "\"*\"".to_owned()),
        ("a pattern of digests", &digest, "\"sha256:ab*\"".to_owned()),
        ("no digest", "digest: ", "digest_: ".to_owned()),
        ("several digests", &digest, format!("[{digest}]")),
        ("any environment", "environment: production", "environment: \"*\"".to_owned()),
        ("no environment", "environment: production", "environment: \"\"".to_owned()),
        ("several environments", "environment: production", "environment: [production, staging]".to_owned()),
        ("any rule", "[promotion.soak_time]", "[\"*\"]".to_owned()),
        ("a pattern of rules", "[promotion.soak_time]", "[promotion.soak_time, \"promotion.*\"]".to_owned()),
        ("no rule", "[promotion.soak_time]", "[]".to_owned()),
        ("an empty rule", "[promotion.soak_time]", "[\"\"]".to_owned()),
        ("too many rules", "[promotion.soak_time]", format!("[{}]", "a, ".repeat(101))),
        ("a rule that is no text", "[promotion.soak_time]", "[{a: b}]".to_owned()),
        ("an empty reason", "reason: checkout is down", "reason: \" \"".to_owned()),
        ("no reason", "reason: checkout is down\n", String::new()),
        ("a reason without a value", "reason: checkout is down", "reason:".to_owned()),
        ("a long reason", "checkout is down", "a".repeat(4097)),
        ("no actor", "actor: alice\n", String::new()),
        ("an actor that hides", "actor: alice", "actor: \"alice\\u001b[2J\"".to_owned()),
        ("no end", "expires_at: 2026-11-21T12:00:00Z\n", String::new()),
        ("never", "2026-11-21T12:00:00Z", "never".to_owned()),
        ("an end without a zone", "2026-11-21T12:00:00Z", "2026-11-21T12:00:00".to_owned()),
        ("a day", "2026-11-21T12:00:00Z", "2026-11-21".to_owned()),
        ("a leap into nowhere", "2026-11-21T12:00:00Z", "2026-02-30T12:00:00Z".to_owned()),
        ("an end before its beginning", "expires_at:", "created_at: 2026-11-22T12:00:00Z\nexpires_at:".to_owned()),
        ("an unknown key", "actor: alice", "acter: alice".to_owned()),
        ("a key twice", "actor: alice", "actor: alice\nactor: bob".to_owned()),
        ("two documents", "version: 1", "version: 1\n---\nversion: 1".to_owned()),
    ];
    let mut shown = String::new();
    for (what, from, to) in &changes {
        let text = good("ops-1").replacen(from, to, 1);
        let (all, faults) = read(&text);
        assert_eq!((all.len(), faults.len()), (0, 1), "{what}: {all:?} {faults:?}");
        let OverrideNotice { code, message, remediation, location } = &faults[0];
        let line = location.as_ref().unwrap().line;
        writeln!(shown, "{what}: line {line}: {code}: {message}\n  → {remediation}").unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn all_that_is_wrong_with_one_is_said_at_once() {
    let text = good("ops-1")
        .replace("actor: alice\n", "")
        .replace("production", "\"*\"")
        .replace("[promotion.soak_time]", "[\"a*\", b, \" c\"]")
        .replace("2026-11-21T12:00:00Z", "tomorrow");
    let (all, faults) = read(&text);
    let said: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.code, fault.message)).collect();
    assert_eq!(all, []);
    assert_eq!(
        said,
        [
            "override_too_wide: an override does not apply: `environment` holds the pattern `*`",
            "override_too_wide: an override does not apply: `rules` holds the pattern `a*`",
            "override_malformed: an override does not apply: `rules` ` c` has space around it or control characters",
            "override_malformed: an override does not apply: missing key `actor` in `overrides/ops.yaml`",
            "override_malformed: an override does not apply: `tomorrow` is no instant",
        ]
    );
    let (all, faults) = read(&good("ops-1").replace("version: 1", "version: 2").replace("actor: alice\n", ""));
    assert_eq!((all.len(), faults.len()), (0, 1), "of another version nothing else is known: {faults:?}");
    let (all, faults) = read(&good("ops-1").replace("[promotion.soak_time]", &format!("[{}]", "\"*\", ".repeat(50))));
    assert_eq!((all.len(), faults.len()), (0, 10));
}

#[test]
fn what_is_no_override_at_all_is_said() {
    for text in ["", "a", "1", "null", "{", "- 1", "\t", "&a [*a]", "- {version: 1}\n- x"] {
        let (all, faults) = read(text);
        assert_eq!((all.len(), faults.len()), (0, 1), "{text:?}: {all:?} {faults:?}");
    }
    assert_eq!(read("[]"), (Vec::new(), Vec::new()), "an empty list has nothing wrong with it");
    let many = format!("[{}]", "{version: 1}, ".repeat(101));
    assert!(read(&many).1[0].message.contains("101 overrides"));
}

#[test]
fn one_that_is_wrong_leaves_the_others_of_its_file() {
    let entry = |text: &str| format!("- {}\n", text.trim_end().replace('\n', "\n  "));
    let text = entry(&good("a")) + &entry(&good("b").replace("actor: alice\n", "")) + &entry(&good("c"));
    let (all, faults) = read(&text);
    assert_eq!(all.iter().map(|exception| exception.id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!((all[1].location.line, faults[0].location.as_ref().unwrap().line), (16, 9));
}

#[test]
fn a_text_that_grows_is_refused_soon() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let above = format!("*a{}, ", level - 1);
        writeln!(text, "a{level}: &a{level} [{}]", above.repeat(9).trim_end_matches(", ")).unwrap();
    }
    let started = std::time::Instant::now();
    let (all, faults) = read(&text);
    assert_eq!((all.len(), faults.len()), (0, 1));
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn a_folder_with_too_many_files_is_said() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..1001 {
        std::fs::write(folder.path().join(format!("{number}.txt")), "").unwrap();
    }
    let mut faults = Vec::new();
    assert_eq!(super::files::find(&[folder.path().to_owned()], &mut faults), Vec::<std::path::PathBuf>::new());
    assert_eq!(faults.len(), 1);
    assert!(faults[0].message.contains("more than 1000 files"), "{faults:?}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}|[-{}\\[\\]:,\"a-z0-9\n *&]{0,60}") {
        let (all, faults) = read(&text);
        prop_assert!(all.is_empty(), "nothing of this is an override: {all:?}");
        prop_assert!(faults.len() <= 60 * 7);
    }

    #[test]
    fn a_change_of_one_character_never_widens(position in 0_usize..230, letter in "[*\\[\\]{} a\n:#-]") {
        let mut text: Vec<char> = good("ops-1").chars().collect();
        let position = position.min(text.len() - 1);
        text[position] = letter.chars().next().unwrap();
        for exception in read(&text.iter().collect::<String>()).0 {
            let wildcard = |text: &String| text.contains('*');
            prop_assert!(!exception.rules.is_empty() && !exception.rules.iter().any(wildcard));
            prop_assert!(!wildcard(&exception.environment) && !exception.reason.is_empty() && !exception.actor.is_empty());
        }
    }
}
