//! Names of files in bundles.

use crate::domain::hinted::HintedError;

/// The longest name, in bytes.
const LONGEST: usize = 512;
/// Folders within folders.
const DEEPEST: usize = 32;

/// The name as bundles have it: relative, with `/`, without `.` and `..`. `None` for the top folder itself.
///
/// OPA writes `/` or `./` before its names; that is taken away.
pub(super) fn normal(name: &[u8]) -> Result<Option<String>, HintedError> {
    let shown = || String::from_utf8_lossy(name.get(..name.len().min(80)).unwrap_or_default()).into_owned();
    let refuse = |why: &str| {
        let message = format!("its file `{}` {why}", shown());
        Err(HintedError::new(message, "pack it again with `holdpoint policy bundle` or `opa build`"))
    };
    if name.len() > LONGEST {
        return refuse("has a name that is too long");
    }
    let Ok(text) = std::str::from_utf8(name) else { return refuse("has a name that is not UTF-8 text") };
    let text = text.strip_prefix("./").or_else(|| text.strip_prefix('/')).unwrap_or(text);
    let text = text.strip_suffix('/').unwrap_or(text);
    if text.is_empty() || text == "." {
        return Ok(None);
    }
    if text.contains('\\') || text.chars().any(char::is_control) {
        return refuse("has a backslash or a control character in its name");
    }
    // `C:x` leads elsewhere on Windows.
    if text.split('/').any(|part| matches!(part, "" | "." | "..") || part.as_bytes().get(1) == Some(&b':')) {
        return refuse("has a name that leads out of the bundle, or is written in a roundabout way");
    }
    if text.split('/').count() > DEEPEST {
        return refuse("is nested too deeply");
    }
    Ok(Some(text.to_owned()))
}

fn base(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, base)| base)
}

/// A policy that decides; tests do not.
pub(super) fn is_policy(name: &str) -> bool {
    base(name).strip_suffix(".rego").is_some_and(|stem| !stem.ends_with("_test"))
}

/// A file of tests by its name.
pub(super) fn is_test(name: &str) -> bool {
    base(name).strip_suffix("_test.rego").is_some()
}

/// A data document by its name.
pub(super) fn is_data(name: &str) -> bool {
    matches!(base(name), "data.json" | "data.yaml" | "data.yml")
}

/// Where a data document belongs below `data`: its folder.
pub(super) fn mount(name: &str) -> Vec<String> {
    name.rsplit_once('/').map_or_else(Vec::new, |(folder, _)| folder.split('/').map(str::to_owned).collect())
}

/// What holdpoint cannot evaluate is refused: a bundle that lacks a part of itself decides something else.
pub(super) fn refuse_other_kinds(name: &str) -> Result<(), HintedError> {
    let (what, hint) = match name {
        "patch.json" => ("a delta bundle, a change to another bundle", "use the whole bundle"),
        "plan.json" => ("a bundle of a compiled plan", "build it with `opa build` without `--target plan`"),
        _ if name.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("wasm")) => {
            ("a bundle of WebAssembly", "build it with `opa build` without `--target wasm`")
        }
        _ => return Ok(()),
    };
    Err(HintedError::new(format!("it is {what}, which holdpoint does not evaluate"), hint))
}

#[cfg(test)]
mod tests {
    use super::{is_data, is_policy, mount, normal};

    #[test]
    fn names_stay_in_the_bundle() {
        let long = "a".repeat(513);
        let deep = "a/".repeat(40) + "b";
        let cases: [(&[u8], Option<Option<&str>>); 18] = [
            (b"a/b.rego", Some(Some("a/b.rego"))),
            (b"/data.json", Some(Some("data.json"))),
            (b"./a", Some(Some("a"))),
            (b"./", Some(None)),
            (b"/", Some(None)),
            (b".", Some(None)),
            (b"a/", Some(Some("a"))),
            (b"..", None),
            (b"a/../b", None),
            (b"./../b", None),
            (b"//etc/passwd", None),
            (b"a//b", None),
            (b"a/./b", None),
            (b"C:/a", None),
            (b"a\\b", None),
            (b"a\nb", None),
            (b"\xff", None),
            (b"a\0b", None),
        ];
        for (name, expected) in cases {
            let read = normal(name).ok();
            assert_eq!(read.as_ref().map(Option::as_deref), expected, "{}", name.escape_ascii());
        }
        assert!(normal(long.as_bytes()).is_err() && normal(deep.as_bytes()).is_err());
    }

    #[test]
    fn kinds_are_told_by_name() {
        assert!(is_policy("a/b.rego") && !is_policy("a/b_test.rego") && !is_policy("rego"));
        assert!(is_data("data.json") && is_data("a/data.yaml") && !is_data("a/metadata.json"));
        assert_eq!(mount("a/b/data.json"), ["a", "b"]);
        assert_eq!(mount("data.json"), Vec::<String>::new());
    }
}
