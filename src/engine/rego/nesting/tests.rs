use super::{MAX_BYTES, MAX_COLUMNS, MAX_LITERALS, check};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const HEAD: &str = "package p\nimport rego.v1\n";

fn code(body: &str) -> &'static str {
    check("p.rego", &format!("{HEAD}{body}")).map_or_else(|fault| fault.code, |()| "accepted")
}

fn lines(count: usize, line: &str) -> String {
    vec![line; count].join("\n")
}

#[test]
fn texts_that_stop_the_parser_are_refused() {
    let nested = |open: &str, count: usize, close: &str| format!("x := {}1{}", open.repeat(count), close.repeat(count));
    let cases = [
        ("twenty brackets", nested("[", 20, "]"), "nested_too_deep"),
        ("twenty braces", nested("{", 20, "}"), "nested_too_deep"),
        ("twenty objects", nested("{\"a\": ", 20, "}"), "nested_too_deep"),
        ("mixed with parentheses", nested("([", 11, "])"), "nested_too_deep"),
        ("calls over lines", nested("count(\n", 5_000, ")"), "nested_too_deep"),
        ("indexes over lines", nested("input[\n", 5_000, "]"), "nested_too_deep"),
        ("empty sets", format!("x := {}", "set(\n".repeat(5_000)), "nested_too_deep"),
        ("minus over lines", format!("x := {}1", "-\n".repeat(9_000)), "chain_too_long"),
        ("plus over lines", format!("x := 1{}", "\n+ 1".repeat(9_000)), "chain_too_long"),
        ("membership over lines", format!("x := 1{}", "\nin y".repeat(9_000)), "chain_too_long"),
        ("an index chain", format!("x := input{}", "[\n1]".repeat(9_000)), "chain_too_long"),
        ("a chain of fields and indexes", format!("x := input{}", ".a[\n1]".repeat(9_000)), "chain_too_long"),
        (
            "a long list in deep brackets",
            nested(&"[".repeat(9), 1, &format!("{}]", ",\n1,1".repeat(9_000))),
            "too_complex",
        ),
        ("many imports", lines(300, "import data.a"), "too_many_imports"),
        ("too many lines", "\n".repeat(20_001), "too_many_lines"),
        ("too many bytes", " ".repeat(MAX_BYTES), "too_large"),
        ("a long line", format!("x := \"{}\"", "a".repeat(1100)), "line_too_long"),
        ("a long raw string", format!("x := `{}`", "a".repeat(1100)), "line_too_long"),
        ("NUL", "x := 1\n\0\ndeny contains 1".to_owned(), "hidden_character"),
        ("NUL in a comment", "# \0\ndeny contains 1".to_owned(), "hidden_character"),
        ("a lone carriage return", "# x \r deny contains 1".to_owned(), "hidden_character"),
        ("reversed text", "# \u{202e} x".to_owned(), "hidden_character"),
    ];
    for (name, body, expected) in cases {
        assert_eq!(code(&body), expected, "{name}");
    }
}

#[test]
fn ordinary_texts_are_accepted() {
    let comment = format!("# {}\n", "wide ".repeat(1000));
    let table = format!("x := [\n{}\n]", lines(2_000, "{\"a\": {\"b\": [1, 2]}},"));
    let strings = r#"x := {"[[[[[[[[[[[[[[[": "}}}}}}\"[[[[[", "y": `[[[[[[[[[[[[[[[[[[[[[`} # [[[[[[[[[[[[[[[[[[[[["#;
    let rule = "deny contains msg if {\n\tsome environment in input.environment.after\n\tnot f(input.a[environment][_])\n\
                \tevery r in data.holdpoint.records { count([x | some x in r.y; x.z == {\"a\": [1]}]) > 0 }\n\
                \tmsg := sprintf(\"%s %v\", [environment, {\"k\": [v | some v in input.xs]}])\n}";
    let cases = [
        ("empty", String::new()),
        ("a wide comment", comment),
        ("a table", table),
        ("brackets in strings and comments", strings.to_owned()),
        ("many rules", lines(700, rule)),
        ("many statements", lines(3_000, "x if a + b")),
        ("as deep as allowed", format!("x := {}1{}", "[".repeat(MAX_LITERALS), "]".repeat(MAX_LITERALS))),
        ("windows lines", "x := 1\r\n# a\r\ny := 2\r\n".to_owned()),
        ("unmatched", "x := ]]]})))[".to_owned()),
        ("long unions", format!("x := {{1}}{}", "\n| {1}".repeat(100))),
        ("keywords as fields", "x if input.not.in.some.every.with.import".to_owned()),
        ("a line of exactly the width", format!("x := \"{}\"", "a".repeat(1024 - 8))),
    ];
    for (name, body) in cases {
        assert_eq!(code(&body), "accepted", "{name}");
        let text = format!("{HEAD}{body}");
        let started = Instant::now();
        let parsed = regorus::Engine::new().add_policy("p.rego".to_owned(), text);
        assert!(started.elapsed() < Duration::from_secs(20), "{name}");
        let width_error = parsed.err().is_some_and(|error| error.to_string().contains("column width"));
        assert!(!width_error, "{name}");
    }
    assert_eq!(MAX_COLUMNS, 1024);
}

#[test]
fn the_fault_without_the_guard() {
    // Hours for 30 levels; 14 show the doubling without waiting for it.
    let time = |levels: usize| {
        let text = format!("{HEAD}x := {}1{}", "[".repeat(levels), "]".repeat(levels));
        let started = Instant::now();
        regorus::Engine::new().add_policy("p.rego".to_owned(), text).expect("the parser accepts it");
        started.elapsed()
    };
    assert!(time(13) > time(7) * 8);

    // The parser takes a NUL for the end of the file: the rule that denies is not there.
    let mut engine = regorus::Engine::new();
    engine.add_policy("p.rego".to_owned(), format!("{HEAD}deny contains 1 if false\n# \0\ndeny contains 2")).unwrap();
    assert_eq!(engine.eval_rule("data.p.deny".to_owned()).unwrap(), regorus::Value::new_set());
}

#[test]
fn the_place_is_of_the_fault() {
    let fault = check("p.rego", "package p\n\nx := {\n  \"a\": [[[[[[[[[[1]]]]]]]]]]\n}").unwrap_err();
    insta::assert_snapshot!(fault, @"p.rego:4:18: brackets are nested deeper than 10");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_text_is_quick_and_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let text = String::from_utf8_lossy(&bytes);
        let _checked = check("p.rego", &text);
    }

    /// Whatever passes the scan is parsed soon. The alphabet is what the parser tries several ways.
    #[test]
    fn what_is_accepted_is_parsed_soon(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "[", "]", "{", "}", "(", ")", "1", "x", "\"a\"", ":", ",", "|", ";", "\n", " ", "- ", "+", " in ", "not ",
                "some x in ", "every x in y {", " if ", " := ", "count(", "set(", ".a", "[1", "else ", "with input as ",
            ]),
            0..400,
        ),
    ) {
        let text = format!("{HEAD}deny := {}", parts.concat());
        if check("p.rego", &text).is_ok() {
            let started = Instant::now();
            let _parsed = regorus::Engine::new().add_policy("p.rego".to_owned(), text);
            prop_assert!(started.elapsed() < Duration::from_secs(10));
        }
    }
}
