use super::{Annotation, Metadata, RecordsNeed, read};
use proptest::prelude::*;

fn fault(text: &str) -> String {
    read("p.rego", text).map_or_else(|fault| fault.to_string(), |metadata| format!("{metadata:?}"))
}

#[test]
fn blocks_belong_to_what_follows() {
    let text = "# METADATA\n# title: Soak time\n# description: |\n#   Waits.\n#   Then allows.\n# authors: [someone]\n\
                # custom:\n#   severity: high\n#   remediation: wait\n#   version: 1.2\n#   records: related\n#   other: [1]\n#   parameters: {type: object}\npackage p\n\n\
                # an ordinary comment\n# METADATA\n# title: A rule\n# scope: rule\n\n# more\ndeny contains 1\n\n\
                # METADATA\n# scope: document\n# custom: {severity: low}\nhold contains 1 if {\n  # METADATA\n  true\n}\n\
                x := `\n# METADATA\n# : : :\n`\n";
    let metadata = read("p.rego", text).unwrap();
    let package = Annotation {
        title: Some("Soak time".to_owned()),
        description: Some("Waits.\nThen allows.\n".to_owned()),
        severity: Some("high".to_owned()),
        remediation: Some("wait".to_owned()),
        version: Some("1.2".to_owned()),
        parameters: Some(serde_json::json!({"type": "object"})),
        records: Some(RecordsNeed::Related),
    };
    let rule = Annotation { title: Some("A rule".to_owned()), ..Annotation::default() };
    let document = Annotation { severity: Some("low".to_owned()), ..Annotation::default() };
    assert_eq!(metadata, Metadata { package, rules: [(22, rule), (27, document)].into() });
}

#[test]
fn a_text_without_blocks_has_none() {
    for text in ["", "package p\n# title: x\n", "#METADATA\n# : :\npackage p", "# METADATA", "# METADATA\npackage p"] {
        assert_eq!(read("p.rego", text), Ok(Metadata::default()), "{text:?}");
    }
}

#[test]
fn faults_have_their_place() {
    let cases = [
        "# METADATA\n# title: [\npackage p",
        "package p\n\n# METADATA\n# title: x\n# description: {a: 1}\ny := 1",
        "# METADATA\n# - a\npackage p",
        "# METADATA\n# scope: planet\npackage p",
        "package p\n# METADATA\n# scope: package\ny := 1",
        &format!("# METADATA\n{}package p", "# a: b\n".repeat(600)),
        &format!("# METADATA\n# title: {}\npackage p", "[".repeat(5000)),
    ];
    insta::assert_snapshot!(cases.map(fault).join("\n"), @r###"
p.rego:2:10: the METADATA block cannot be read: expected string scalar
p.rego:5:16: the METADATA block cannot be read: expected string scalar
p.rego:2:3: the METADATA block cannot be read: expected mapping start
p.rego:2:10: the METADATA block cannot be read: unknown variant `planet`, expected one of rule, document, package, subpackages
p.rego:2:1: a METADATA block of scope `package` must stand before `package`
p.rego:1:1: the METADATA block is too long, or one of too many
p.rego:2:10: the METADATA block cannot be read: expected string scalar
    "###);
}

proptest! {
    #[test]
    fn arbitrary_blocks_never_panic(lines in proptest::collection::vec("[ -~é\t]{0,40}", 0..20)) {
        let _read = read("p.rego", &format!("# METADATA\n# {}\npackage p\n{}", lines.join("\n# "), lines.join("\n")));
    }
}
