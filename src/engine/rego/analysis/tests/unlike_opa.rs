//! What the engine evaluates otherwise than OPA, and is refused therefore. What OPA says was seen with OPA 1.9.0.

use super::{faults, unguarded};
use regorus::Value;

/// The codes of the faults, in their order.
fn codes(body: &str) -> Vec<String> {
    let code = |line: &str| line.rsplit_once(" [").unwrap().1.trim_end_matches(']').to_owned();
    faults(body).lines().map(code).collect()
}

/// `(policy, what the engine says of x, what OPA says)`: each is refused with the code.
fn refused(code: &str, cases: &[(&str, &str, &str)]) {
    for (body, engine, opa) in cases {
        let said = unguarded(body).unwrap();
        let said = if said == Value::Undefined { "undefined".to_owned() } else { said.to_string() };
        assert_eq!(said, *engine, "the engine's answer: {body}");
        assert_ne!(engine, opa, "{body}");
        assert_eq!(codes(body), [code], "{body}");
    }
}

fn accepted(bodies: &[&str]) {
    for body in bodies {
        assert_eq!(faults(body), "", "{body}");
    }
}

#[test]
fn an_else_of_a_function_always_has_a_value() {
    let when_two = "\nh(y) := 1 if y == 2";
    let unlike = [
        (format!("x := g(1)\ng(y) if {{ false }} else := h(y){when_two}"), "true", "undefined"),
        ("x := g(1)\ng(y) if { false } else := input.gone".to_owned(), "true", "undefined"),
        ("x := g(1)\ng(y) if { false } else := [input.gone] if { y == 1 }".to_owned(), "true", "undefined"),
        ("x := g(1)\ng(y) := 5 if { false } else if { y == 1 }".to_owned(), "undefined", "true"),
        ("x := g(1)\ng(y) := input.gone if { y == 1 } else := 3".to_owned(), "undefined", "3"),
    ];
    refused("else_value", &unlike.each_ref().map(|(body, engine, opa)| (body.as_str(), *engine, *opa)));
    accepted(&[
        "x := g(1)\ng(y) := z if { z := input.gone } else := 3",
        "x := g(1)\ng(y) := 1 if { y == 2 } else := input.gone",
        "x := g(1)\ng(y) if { y == 2 } else := false",
        "x := g(1)\ng(y) if { y == 2 } else if { y == 1 }",
        "x := g([1])\ng(list) := [y | some y in list] if { count(list) > 1 } else := sprintf(\"%v\", [list]) if { list } else := input.as_of",
        "limit := 3\nx := limit if { false } else := input.gone if { true } else := 4",
        "x := g(1)\ng(y) := constants.a if { y == 2 } else := 2\nconstants.a := [1, {z | z := input.as_of}]",
        "default kind(_) := 1\nx := g(1)\ng(y) := kind(y) if { y == 2 } else := input.request.environment if { y == 3 } else := 2",
    ]);
}

#[test]
fn a_declared_variable_hides_nothing() {
    refused(
        "hidden_name",
        &[
            ("x if { some v1; input.list[v1] == 6 }", "undefined", "true"),
            ("y := 5\nx if { some y; input.list[y] == 6 }", "undefined", "true"),
            ("import input.object as foo\nx if { some foo; input.list[foo] == 6 }", "undefined", "true"),
            ("x if { y := 7; count([1 | some y; input.list[y] == 6]) == 1 }", "undefined", "true"),
        ],
    );
    accepted(&[
        "x if { some i; input.list[i] == 6 }\nz if { i := 1; input.list[i] == 6 }",
        "x if { count([1 | some i; input.list[i] == 6]) == 1; count([1 | some i; input.list[i] == 5]) == 1 }",
        "x if { v1 := 1; input.list[v1] == 6 }",
        "x if { some y in input.list; y == 6 }",
    ]);
}

#[test]
fn the_variable_of_an_every_is_compared() {
    refused(
        "rebound_variable",
        &[
            ("x if every y in [1] { y = 7 }", "true", "undefined"),
            ("x if every y in [1] { 7 = y }", "true", "undefined"),
            ("x if every y in [1] { [y, 2] = [3, 2] }", "true", "undefined"),
            ("x if every y in [1] { {\"a\": y} = {\"a\": 4} }", "true", "undefined"),
            ("x if every k, y in [1] { k = 7; y == 1 }", "true", "undefined"),
            ("x if every y in [1] { not y = 2 }", "undefined", "true"),
            ("x if every y in [1] { count([1 | y = 3]) == 1 }", "true", "undefined"),
            ("x if every y in [1] { every z in [3] { z > 0; y = 3 } }", "true", "undefined"),
            ("x if every y in [9] { y = input.list[_] }", "true", "undefined"),
            ("x if every y in [9] { count(input.list, y) }", "true", "undefined"),
            ("x if every y in [9] { walk(input, [_, y]) }", "true", "undefined"),
        ],
    );
    accepted(&[
        "x if every y in [1] { y == 7 }",
        "x if every y in [1] { z := y; z = 1 }",
        "x if every y in input.list { y.name = \"a\"; input.list[_] == y; count([1, 2], n); n == y }",
        "x if { y := 1; input.list[_] = y }",
    ]);
}

#[test]
fn a_membership_is_a_condition() {
    refused(
        "undefined_membership",
        &[
            ("x if { \"k\", input.gone in {\"a\": 1} }", "true", "undefined"),
            ("x := \"a\" in input.gone", "false", "undefined"),
            ("x if { y := (input.gone in [1]); y == false }", "true", "undefined"),
            ("x if (input.gone in [1]) == false", "true", "undefined"),
            ("x := [(1 in input.gone)]", "[false]", "undefined"),
        ],
    );
    accepted(&[
        "x if input.gone in [1]",
        "x if { \"k\", 1 in input.object }",
        "x := input.request.intent in [\"rollback\"]",
        "names contains \"a\"\nx := \"b\" in names",
        "x := [y | some y in input.list; y in input.gone]",
    ]);
}
