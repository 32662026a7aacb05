//! Files that are laid out, named or written so that a policy would say less than it says.

use super::{Policies, RegoEngine};

#[test]
#[cfg(target_os = "linux")]
fn files_whose_names_look_alike_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let policies = Policies::default().file("lib.rego", "package lib\nbad contains \"x\"").rule("p");
    let write = |name: &[u8], text: &str| std::fs::write(policies.folder.path().join(OsStr::from_bytes(name)), text);
    write(b"\xfe.rego", "package p\ndeny contains x if some x in data.lib.bad").unwrap();
    assert_eq!(policies.answer().denials.len(), 1);
    write(b"\xff.rego", "package q\nhelper := 1").unwrap();
    let complaint = policies.complaint();
    assert!(complaint.contains("is the name of two policy files"), "{complaint}");
}

/// The folder's policies and data, loaded through these paths below it; the complaint, or nothing.
#[cfg(unix)]
fn loaded_through(policies: &Policies, paths: &[&str]) -> String {
    let folder = policies.folder.path();
    let paths: Vec<_> = paths.iter().map(|path| folder.join(path)).collect();
    let loaded = RegoEngine::load(&paths, &policies.rules, super::environments(), super::LIMITS);
    loaded.err().map(|error| error.to_string().replace(&format!("{}/", folder.display()), "")).unwrap_or_default()
}

#[test]
#[cfg(unix)]
fn one_folder_through_several_paths_is_read_once() {
    let text = "package p\ndefault ok := false\nok if input.ok\nf(x) := x\n\
                deny contains f(m) if some m in data.tables.banned";
    let policies = Policies::default().file("real/p.rego", text).rule("p");
    let policies = policies.file("real/tables/data.json", r#"{"banned": ["x"]}"#);
    std::os::unix::fs::symlink("real", policies.folder.path().join("link")).unwrap();
    for paths in [
        &["real", "link"][..],
        &["link", "real/../real", "link/p.rego"],
        &["real", "real/tables"],
        &["real/tables", "real"],
    ] {
        assert_eq!(loaded_through(&policies, paths), "", "{paths:?}");
    }
    // A document that a link repeats elsewhere is in both places.
    std::fs::create_dir(policies.folder.path().join("real/also")).unwrap();
    let also = policies.folder.path().join("real/also/data.json");
    std::os::unix::fs::symlink("../tables/data.json", also).unwrap();
    let policies = policies.file("real/q.rego", "package q\ndeny contains m if some m in data.also.banned").rule("q");
    assert_eq!(loaded_through(&policies, &["real", "link"]), "");
}

#[test]
#[cfg(unix)]
fn links_that_fork_come_to_an_end() {
    let policies = Policies::default().rule("p");
    let folder = policies.folder.path();
    for level in 0..30 {
        let here = folder.join(level.to_string());
        std::fs::create_dir(&here).unwrap();
        for name in ["a", "b"] {
            std::os::unix::fs::symlink(format!("../{}", level + 1), here.join(name)).unwrap();
        }
    }
    std::fs::create_dir(folder.join("30")).unwrap();
    let complaint = loaded_through(&policies, &["0"]);
    assert!(complaint.contains("is one of more than 20000 folders"), "{complaint}");
}

#[test]
fn parameters_fit_whichever_file_of_the_policy_describes_them() {
    let described = |name: &str| {
        format!(
            "# METADATA\n# custom:\n#   parameters: {{type: object, additionalProperties: false, \
             properties: {{{name}: {{type: string}}}}}}\npackage p\n"
        )
    };
    let rule = "package p\ndeny contains \"x\" if input.parameters.minumum == \"24h\"";
    let later = |name: &str| Policies::default().file("a.rego", rule).file("b.rego", &described(name)).rule("p");
    assert_eq!(later("minimum").complaint(), "");
    let complaint = later("maximum").complaint();
    assert!(complaint.contains("`minimum` is no parameter of this policy"), "{complaint}");
    let complaint = later("minimum").file("c.rego", &described("maximum")).complaint();
    assert!(complaint.contains("`custom.parameters` of the package `p` is written in another file too"), "{complaint}");
    assert_eq!(later("minimum").file("c.rego", &described("minimum")).complaint(), "");
}

#[test]
fn a_default_fits_its_own_schema() {
    let policy = |default: &str| {
        let schema = format!(
            "properties: {{minimum: {{type: string}}, \
             age: {{type: string, pattern: \"^[0-9]+h$\", default: {default}}}, \
             where: {{format: environment, default: staging}}}}"
        );
        let text = format!(
            "# METADATA\n# custom:\n#   parameters: {{{schema}}}\npackage p\ndeny contains input.parameters.age"
        );
        Policies::one("p", &text)
    };
    assert_eq!(policy("24h").answer().denials.first().map(|denial| denial.message.as_str()), Some("24h"));
    let complaint = policy("24").complaint();
    assert!(complaint.contains("the defaults in `custom.parameters` of policy `p` do not fit it"), "{complaint}");
    assert!(complaint.contains("parameter `age` is 24"), "{complaint}");
}
