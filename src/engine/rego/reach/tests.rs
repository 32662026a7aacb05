use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::super::files::{self, PolicyFile, Which};
use super::super::{analysis, load};
use super::{Outline, reached, reached_of};

fn file(path: &str, text: &str) -> PolicyFile {
    PolicyFile { path: path.to_owned(), text: text.to_owned(), version: None }
}

/// The package and the paths that a text uses, or nothing when it is not understood.
fn read(text: &str) -> Option<(String, Vec<String>)> {
    let outline = Outline::new(&file("a.rego", text))?;
    let references = outline.references()?.iter().map(|path| path.join("/")).collect();
    Some((outline.package.join("/"), references))
}

#[test]
fn packages_and_paths_are_read() {
    let of = |package: &str, paths: &[&str]| {
        Some((package.to_owned(), paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>()))
    };
    for (text, expected) in [
        ("package a", of("a", &[])),
        ("# package b\npackage a.b[\"c\"] # data.x\nx := 1", of("a/b/c", &[])),
        ("package a\nimport data.b.c as d\nx := d.e", of("a", &["b/c"])),
        ("package a\nx := data.b[\"c\"].d[y].e", of("a", &["b/c/d"])),
        ("package a\nx := data.b[\"c\" ].d", of("a", &["b/c/d"])),
        ("package a\nx := [data [\"b\"]]", of("a", &[""])),
        ("package a\nx := data\n[\"b\"]", of("a", &[""])),
        ("package a\nx := data.b\n.c", of("a", &["b"])),
        ("package a\nx := data[\"\\u0062\"]", of("a", &[""])),
        ("package a\nx := data[y]", of("a", &[""])),
        ("package a\nx := data[data.b.c]", of("a", &["", "b/c"])),
        ("package a\nx := data[\"b\" + \"c\"]", of("a", &[""])),
        ("package a\nx := data.b[`c`].d", of("a", &["b"])),
        ("package a\nx := object.get(data, [\"b\"], 1)", of("a", &[""])),
        ("package a\nx := 1 with data.b as data.c.f", of("a", &["b", "c/f"])),
        ("package a\nx := `data.b`\ny := \"data.c\"", of("a", &[])),
        ("package a\nx := mydata.b + data2.c", of("a", &[])),
        ("package a\nx := input.data.b", of("a", &["b"])),
        ("", None),
        ("x := 1", None),
        ("\0package a", None),
        ("package a\nx := \"", None),
        ("package a\nx := ?", None),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
    assert_eq!(read(&format!("package a\nx := {}", "set(".repeat(100_000))), None);
}

#[test]
fn what_is_near_or_used_is_reached() {
    let files = [
        file("0", "package p\nimport data.lib.one\ndeny contains 1 if one.x"),
        file("1", "package lib.one\nx if data.lib.two.y"),
        file("2", "package lib.two.y\nz := 1"),
        file("3", "package lib\nw := 1"),
        file("4", "package p.inner\nx := 1"),
        file("5", "package other\ndeny contains data.p.deny"),
        file("6", "package lib.three\nx := 1"),
        file("7", "package all\ndeny contains data[input.x]"),
    ];
    for (policies, expected) in [
        (vec!["p"], vec![0, 1, 2, 3, 4, 6]),
        (vec!["p.inner"], vec![0, 1, 2, 3, 4, 6]),
        (vec!["other"], vec![0, 1, 2, 3, 4, 5, 6]),
        (vec!["all"], vec![0, 1, 2, 3, 4, 5, 6, 7]),
        (vec!["missing"], vec![0, 1, 2, 3, 4, 5, 6, 7]),
        (vec![], vec![]),
    ] {
        let reached = reached(&files, &policies.iter().copied().collect());
        let numbers: Vec<usize> =
            (0..).zip(reached).filter_map(|(number, reached)| reached.then_some(number)).collect();
        assert_eq!(numbers, expected, "{policies:?}");
    }
    let p = BTreeSet::from(["p"]);
    let broken = |text| [file("0", "package p\nx := data.q.r"), file("1", "package z"), file("2", text)];
    assert_eq!(reached(&broken("x := 1"), &p), [true; 3], "what has no package may have any");
    assert_eq!(reached(&broken("package q\nx := \""), &p), [true; 3], "what is not understood may use anything");
    assert_eq!(reached(&broken("package y\nx := \""), &p), [true, false, false]);
}

/// The files that each of these policies needs, as the parsed policies say.
fn needed(files: &[PolicyFile], policies: &[&str]) -> Option<Vec<BTreeSet<usize>>> {
    let mut parsed = load::parse(files, &[], Duration::from_secs(1)).ok()?;
    let dependencies = analysis::dependencies(parsed.engine.get_modules())?;
    Some(policies.iter().map(|policy| dependencies.of(policy)).collect())
}

#[test]
fn every_subset_of_the_library_reaches_what_it_needs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let files = files::read(&[folder], Which::Policies).unwrap().policies;
    let outlines: Vec<_> = files.iter().map(|file| Outline::new(file).unwrap()).collect();
    let names: Vec<String> = outlines.iter().map(|outline| outline.package.join(".")).collect();
    let policies: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.starts_with("lib.")).collect();
    assert!(policies.len() >= 14, "{policies:?}");
    let needed = needed(&files, &policies).unwrap();
    for subset in 1..1_usize << policies.len() {
        let chosen = || (0..policies.len()).filter(move |number| subset & (1 << number) != 0);
        let reached = reached_of(&outlines, &chosen().map(|number| policies[number]).collect()).unwrap();
        for file in chosen().flat_map(|number| &needed[number]) {
            assert!(reached[*file], "{subset:b} does not reach {}", files[*file].path);
        }
    }
}

const PACKAGES: [&str; 5] = ["a", "a.b", "a.b.c", "d", "e.f"];

/// A use of a rule of another package, in one of the ways that Rego has.
fn usage() -> impl Strategy<Value = (String, String)> {
    (0..PACKAGES.len(), 0..9).prop_map(|(package, form)| {
        let package = PACKAGES[package];
        let rule = format!("r_{}", package.replace('.', "_"));
        let (import, body) = match form {
            0 => (String::new(), format!("data.{package}.{rule} == 1")),
            1 => (format!("import data.{package} as alias"), format!("alias.{rule} == 1")),
            2 => (format!("import data.{package}.{rule} as alias"), "alias == 1".to_owned()),
            3 => (String::new(), format!("data[\"{}\"].{rule} == 1", package.replace('.', "\"][\""))),
            4 => (String::new(), format!("some x in object.get(data.{package}, [\"{rule}\"], 1)\nx")),
            5 => (String::new(), format!("x := data.{package}\nx[input.name]")),
            6 => (format!("import data.{package} as alias"), "some name\nalias[name]".to_owned()),
            7 => (String::new(), format!("[{{ x | x := data.{package}[\"{rule}\"] }}]")),
            _ => (String::new(), format!("every x in [data.{package}.{rule}] {{ x }}")),
        };
        (import, body)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_parsed_policies_need_is_reached(uses in proptest::collection::vec(usage(), PACKAGES.len()), asked in 0..PACKAGES.len()) {
        let text = |(package, (import, body)): (&&str, &(String, String))| {
            let rule = package.replace('.', "_");
            file(package, &format!("package {package}\n{import}\nr_{rule} := 1\ndeny_{rule} contains 1 if {{\n{body}\n}}"))
        };
        let files: Vec<PolicyFile> = PACKAGES.iter().zip(&uses).map(text).collect();
        if let Some(needed) = needed(&files, &[PACKAGES[asked]]) {
            let reached = reached(&files, &BTreeSet::from([PACKAGES[asked]]));
            prop_assert!(needed[0].iter().all(|file| reached[*file]), "{needed:?} {reached:?}");
        }
    }
}
