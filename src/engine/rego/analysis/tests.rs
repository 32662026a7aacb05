use super::{check, packages};
use proptest::prelude::*;
use regorus::{Engine, Value};
use std::fmt::Write;

mod deciding;
mod silent;
mod unlike_opa;

const HEAD: &str = "package p\nimport rego.v1\n";

fn engine(files: &[(&str, &str)]) -> Engine {
    let mut engine = Engine::new();
    for (path, text) in files {
        engine.add_policy((*path).to_owned(), (*text).to_owned()).expect("the policy has no error of syntax");
    }
    engine
}

/// The faults of one policy of package `p`, a line each.
fn faults(body: &str) -> String {
    faults_of(&[("p.rego", &format!("{HEAD}{body}"))])
}

fn faults_of(files: &[(&str, &str)]) -> String {
    let found = check(engine(files).get_modules());
    found.iter().fold(String::new(), |mut shown, fault| {
        writeln!(shown, "{fault} [{}]", fault.code).expect("a String takes all");
        shown
    })
}

/// What regorus says of `data.p.x` by itself.
fn unguarded(body: &str) -> Result<Value, String> {
    let mut engine = engine(&[("p.rego", &format!("{HEAD}{body}"))]);
    engine.set_input_json(r#"{"list": [5, 6], "object": {"k": 1}}"#).unwrap();
    engine.eval_rule("data.p.x".to_owned()).map_err(|error| error.to_string())
}

const SOAK: &str = r#"
import data.lib.time as clock
import data.lib.slots
import input.request.artifact.digest

default minimum := 3600
minimum := input.parameters.minimum if input.parameters.minimum

deny contains msg if {
    some environment in input.environment.after
    records := data.holdpoint.records.by_digest[digest][environment]
    count(records) == 0
    msg := sprintf("%s never ran in %s", [digest, environment])
}

deny contains {"message": msg, "code": "x"} if {
    some environment in input.environment.after
    not deployed(environment)
    msg := concat(" ", ["not in", environment])
}

deployed(environment) if {
    some target, names in data.holdpoint.records.by_slot[environment]
    some name
    record := names[name][0]
    record.status == "DEPLOYED"
    slots.current(record, target)
}

age(record) := "old" if {
    clock.seconds(record.created_at) > 10
} else := "new" if {
    clock.seconds(record.created_at) <= 10
} else := "unknown"

default kind(_) := "none"
kind("a") := "first"
kind("b") := "second"

hold_soak contains msg if {
    every r in data.holdpoint.records.by_environment[input.request.environment] {
        r.status != "DEPLOYED"
    }
    ages := {a | some r in data.holdpoint.records.by_environment.staging; a := age(r)}
    by_name := {r.deployment_name: r | some r in data.holdpoint.records.by_environment.staging}
    wanted := [x | x := ages[_]; x == limit]
    limit := "old"
    count(wanted) + count(by_name) > minimum
    [first, _] = split("a.b", ".")
    walk(input, [path, value])
    value == first
    msg := sprintf("%v %v", [path, kind(value)])
}

skip_reason := "no parameters" if not input.parameters
skip_reason := "rollback" if input.request.intent == "rollback"

names[name] := value if { some name, value in input.parameters }
total := sum([n | n := names[_]])
settings.a := 1
settings.b := settings.a + 1
deny contains input.messages[_]
warn contains msg if { x := input.list[i]; not input.other[i] == x; msg := "differs" }
"#;

#[test]
fn ordinary_policies_have_no_fault() {
    let clock =
        "package lib.time\nimport rego.v1\nseconds(t) := (time.now_ns() - time.parse_rfc3339_ns(t)) / 1000000000";
    let slots = "package lib.slots\nimport rego.v1\ncurrent(record, target) if record.environment_name == target";
    let v0 = "package gate\nviolation[{\"msg\": msg}] { input.a[i] == input.b[j]; i != j; msg := \"x\" }\nallow = true { true }";
    let test = "package soak_test\nimport rego.v1\nimport data.soak\n\
                test_deny if count(soak.deny) > 0 with input as {\"a\": 1} with data.holdpoint as {} with time.now_ns as 5\n\
                test_helper if soak.deployed(\"x\") with data.soak.minimum as 1";
    let main = "package main\nimport rego.v1\ndeny contains m if { some m in data.policies[_].deny }";
    let soak = format!("package soak\nimport rego.v1\n{SOAK}");
    let mut engine = engine(&[
        ("soak.rego", &soak),
        ("time.rego", clock),
        ("slots.rego", slots),
        ("soak_test.rego", test),
        ("main.rego", main),
    ]);
    engine.set_rego_v0(true);
    engine.add_policy("v0.rego".to_owned(), v0.to_owned()).unwrap();
    let found: Vec<String> = check(engine.get_modules()).iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn functions_are_known_allowed_and_have_their_arguments() {
    insta::assert_snapshot!(faults(
        "deny contains 1 if { false; nowhere(1) }\n\
         deny contains 1 if { false; x := [y | y := strat_with(1)]; every z in other.f(1) { lib.g(z) } }\n\
         a := 1 if { false } else := missing(2)\n\
         deny contains input.x[absent(1)]\n\
         f(x) := helper(x)\n\
         b if true with input as gone(1)\n\
         c if count([1], 2, 3) > 0\n\
         d if not count([1], 2, 3)\n\
         e if { f(1, y); y == 1; count([1], n); n == 1 }\n\
         g := f(1, 2, 3)\n\
         allowed := true\n\
         h if allowed(1)\n\
         i if not http.send({})\n\
         j if { opa.runtime(); rand.intn(\"x\", 1); uuid.rfc4122(\"x\"); net.lookup_ip_addr(\"x\") }\n\
         k if { rego.metadata.rule(); io.jwt.decode(\"x\"); trace(\"x\"); print(1, 2, 3) }\n\
         default l := input.x\n\
         m if startwith(\"a\", \"b\")\n"
    ), @r###"
p.rego:3:29: there is no function `nowhere` [unknown_function]
p.rego:4:44: there is no function `strat_with` [unknown_function]
p.rego:4:76: there is no function `other.f` [unknown_function]
p.rego:4:87: there is no function `lib.g` [unknown_function]
p.rego:5:29: there is no function `missing` [unknown_function]
p.rego:6:23: there is no function `absent` [unknown_function]
p.rego:7:9: there is no function `helper` [unknown_function]
p.rego:8:11: `with input` replaces what the decision rests on [replaces_evidence]
p.rego:8:25: there is no function `gone` [unknown_function]
p.rego:9:6: `count` takes 1 arguments, and has 3 [wrong_number_of_arguments]
p.rego:10:10: `count` takes 1 arguments, and has 3 [wrong_number_of_arguments]
p.rego:12:6: `f` takes 1 arguments, and has 3 [wrong_number_of_arguments]
p.rego:14:6: `allowed` is a rule with one value, and is called as a function [not_a_function]
p.rego:15:14: `http.send` is not allowed: policies have no network; a plugin can be granted one [forbidden_function]
p.rego:16:11: `opa.runtime` is not allowed: a decision may not depend on the machine it is made on [forbidden_function]
p.rego:16:27: `rand.intn` is not allowed: a decision must be repeatable [forbidden_function]
p.rego:16:46: `uuid.rfc4122` is not allowed: a decision must be repeatable [forbidden_function]
p.rego:16:64: `net.lookup_ip_addr` is not allowed: policies have no network; a plugin can be granted one [forbidden_function]
p.rego:17:21: `rego.metadata.rule` is not allowed: it is not available; METADATA is read when the policy is loaded [forbidden_function]
p.rego:17:36: `io.jwt.decode` is not allowed: it is not available [forbidden_function]
p.rego:18:19: the default value `input.x` may be undefined [default_value]
p.rego:19:6: there is no function `startwith` [unknown_function]
    "###);
}

#[test]
fn without_the_guard_an_unknown_function_is_never_reported() {
    assert_eq!(unguarded("x contains 1 if { false; nowhere(1) }"), Ok(Value::new_set()));
}

#[test]
fn recursion_is_refused_with_its_cycle() {
    let other = "package q\nimport rego.v1\nimport data.p as first\ny if first.x";
    let mut shown = faults(
        "f(n) := f(n - 1)\n\
         a if b\n\
         b if c\n\
         c if not a\n\
         d := {k | some k in data.p.d}\n\
         e := count(data.p)\n\
         g if data[input.x].g\n\
         h(x) := h if x == 1\n\
         ok(x) := y if { y := x }\n\
         x := ok(1)\n",
    );
    let text = format!("{HEAD}x if data.q.y\nz := [1 | data.p[\"z\"]]");
    shown.push_str(&faults_of(&[("p.rego", &text), ("q.rego", other)]));
    insta::assert_snapshot!(shown, @r###"
p.rego:3:1: the rule depends on itself: data.p.f -> data.p.f [recursion]
p.rego:4:1: the rule depends on itself: data.p.a -> data.p.b -> data.p.c -> data.p.a [recursion]
p.rego:7:1: the rule depends on itself: data.p.d -> data.p.d [recursion]
p.rego:8:1: the rule depends on itself: data.p.e -> data.p.e [recursion]
p.rego:9:1: the rule depends on itself: data.p.g -> data.p.g [recursion]
p.rego:9:19: the engine would not evaluate `data.p.g` for this reference [unseen_rule]
p.rego:10:1: the rule depends on itself: data.p.h -> data.p.h [recursion]
p.rego:3:1: the rule depends on itself: data.p.x -> data.q.y -> data.p.x [recursion]
p.rego:4:1: the rule depends on itself: data.p.z -> data.p.z [recursion]
    "###);
}

/// Runs itself again as a child, which regorus ends.
#[test]
fn without_the_guard_recursion_ends_the_process() {
    const CHILD: &str = "HOLDPOINT_TEST_RECURSION";
    if std::env::var_os(CHILD).is_some() {
        let _never = unguarded("f(n) := f(n + 1)\nx := f(1)");
        return;
    }
    let name = "engine::rego::analysis::tests::without_the_guard_recursion_ends_the_process";
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", name]).env(CHILD, "1").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("overflowed its stack"));
}

#[test]
fn a_long_chain_of_rules_is_refused() {
    let chain = |length: usize| {
        (0..length).fold(String::new(), |mut text, index| {
            writeln!(text, "r{index} if r{}", index + 1).expect("a String takes all");
            text
        })
    };
    assert_eq!(faults(&format!("{}r200 if true", chain(200))), "");
    assert!(faults(&format!("{}r900 if true", chain(900))).contains("too_many_dependencies"));
    // Few rules, each with a deep expression.
    let inner = |index: usize| {
        (0..20).fold(format!("f{}(n)", index + 1), |text, _| format!("({text}{})\n", " + 1".repeat(100)))
    };
    let deep = (0..40).fold(String::new(), |text, index| format!("{text}f{index}(n) := {}\n", inner(index)));
    assert!(faults(&format!("{deep}f40(n) := n")).contains("too_many_dependencies"));
}

#[test]
fn conflicts_are_refused() {
    let one = "package p\nimport rego.v1\nimport data.a.lib\nfunction(x) := x\nfunction := 1\nset contains 1\nset := 2\n\
               twice := 1\ntwice := 2\ntwice_same := 1\ntwice_same := 1\ndefault late := 1\ndefault late := 2\n\
               above := 1\nabove.below := 2\nsub := 1\nsame_name := 1\ntwo(a) := a\ntwo(a, b) := a + b\n";
    let two = "package p\nimport rego.v1\nimport data.b.lib\nimport data.c.same_name\nother := lib.x";
    let sub = "package p.sub.deep\nimport rego.v1\nx := 1";
    let reserved = "package holdpoint.records\nimport rego.v1\nby_digest := {}";
    let system = "package system\nimport rego.v1\nx := 1";
    insta::assert_snapshot!(
        faults_of(&[("1.rego", one), ("2.rego", two), ("3.rego", sub), ("4.rego", reserved), ("5.rego", system)]),
        @r###"
1.rego:5:1: `data.p.function` is a rule with one value here, and a function in line 4 [conflicting_rules]
1.rego:7:1: `data.p.set` is a rule with one value here, and a set in line 6 [conflicting_rules]
1.rego:9:1: `data.p.twice` has two different values, whatever the input [conflicting_rules]
1.rego:13:1: `data.p.late` has a second default; the first is in line 12 [second_default]
1.rego:15:1: `data.p.above.below` lies beneath `data.p.above`, which is a rule with one value [conflicting_rules]
1.rego:16:1: `data.p.sub` has the path of the package `p.sub.deep` [rule_over_package]
1.rego:19:1: the function `data.p.two` takes 2 arguments here, and 1 elsewhere [conflicting_rules]
2.rego:3:1: `lib` is imported twice in this package, for different paths [import_conflict]
2.rego:4:1: the import `same_name` has the name of a rule of this package [import_conflict]
4.rego:1:1: the package lies at `data.holdpoint`, which is reserved [reserved_package]
5.rego:1:1: the package lies at `data.system`, which is reserved [reserved_package]
    "###
    );
}

#[test]
fn without_the_guard_the_last_import_of_a_package_wins() {
    let one = "package p\nimport rego.v1\nimport data.a.lib\nx := lib.value";
    let two = "package p\nimport rego.v1\nimport data.b.lib\ny := lib.value";
    let values = "package a.lib\nvalue := 1";
    let others = "package b.lib\nvalue := 2";
    let mut engine = engine(&[("1.rego", one), ("2.rego", two), ("3.rego", values), ("4.rego", others)]);
    assert_eq!(engine.eval_rule("data.p.x".to_owned()).unwrap(), Value::from(2));
}

#[test]
fn replacing_the_evidence_is_for_tests() {
    let policy = "package p\nimport rego.v1\nimport data.holdpoint.records as kept\nimport input.request\n\
                  a if b with input as {}\nc if b with input.request.actor as \"x\"\nd if b with data.holdpoint as {}\n\
                  e if b with kept.by_digest as {}\nf if b with request as {}\ng if b with time.now_ns as 1\n\
                  h if { every x in [1] { b with data as {} } }\nb if input.x\n\
                  i if b with data.p.b as true\ntest_a if b with input as {}\ndeny contains 1 if test_a\n";
    let test = "package p\nimport rego.v1\nhelper if b with input as {}\nskip_reason := \"x\" if b with input as {}";
    insta::assert_snapshot!(faults_of(&[("p.rego", policy), ("p_test.rego", test)]), @r###"
p.rego:5:8: `with input` replaces what the decision rests on [replaces_evidence]
p.rego:6:8: `with input.request.actor` replaces what the decision rests on [replaces_evidence]
p.rego:7:8: `with data.holdpoint` replaces what the decision rests on [replaces_evidence]
p.rego:8:8: `with kept.by_digest` replaces what the decision rests on [replaces_evidence]
p.rego:9:8: `with request` replaces what the decision rests on [replaces_evidence]
p.rego:10:8: `with time.now_ns` replaces what the decision rests on [replaces_evidence]
p.rego:11:27: `with data` replaces what the decision rests on [replaces_evidence]
p.rego:15:20: `data.p.deny` uses the test `data.p.test_a` [uses_a_test]
p_test.rego:4:25: `with input` replaces what the decision rests on [replaces_evidence]
    "###);
}

#[test]
fn variables_must_be_bound() {
    insta::assert_snapshot!(faults(
        "a if not input.list[x] == 5\n\
         b if not input.list[_] == 5\n\
         c if { some y; y > 1 }\n\
         d contains z if true\n\
         e := [v | some w in input.list]\n\
         f if { every u in input.list { u == t } }\n\
         g(q) := r if q\n\
         h := 1 if { false } else := s\n\
         i if { not j(k) }\n\
         j(l) if l\n\
         m if { n = input.object.k; not input.list[n] }\n\
         o if { not p == 1; p := input.x }\n\
         bb if { x in input.list }\n\
         cc contains _ if true\n\
         dd := {k: v | some k in input.list}\n"
    ), @r###"
p.rego:3:21: nothing binds the variable `x` [unsafe_variable]
p.rego:4:21: `_` has no value here [unsafe_variable]
p.rego:5:16: nothing binds the variable `y` [unsafe_variable]
p.rego:6:12: nothing binds the variable `z` [unsafe_variable]
p.rego:7:7: nothing binds the variable `v` [unsafe_variable]
p.rego:8:37: nothing binds the variable `t` [unsafe_variable]
p.rego:9:9: nothing binds the variable `r` [unsafe_variable]
p.rego:10:29: nothing binds the variable `s` [unsafe_variable]
p.rego:11:14: nothing binds the variable `k` [unsafe_variable]
p.rego:15:9: nothing binds the variable `x` [unsafe_variable]
p.rego:16:13: `_` has no value here [unsafe_variable]
p.rego:17:11: nothing binds the variable `v` [unsafe_variable]
    "###);
    assert_eq!(unguarded("x if not input.list[i] == 5"), Ok(Value::from(true)));
}

#[test]
fn a_body_of_too_many_statements_is_refused() {
    let body = "input.x\n".repeat(301);
    assert!(faults(&format!("a if {{\n{body}}}")).contains("too_many_statements"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the parser accepts is checked without a panic, and soon.
    #[test]
    fn arbitrary_policies_never_panic(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "a", "b", "x", "data.p.a", "input", "deny", "f(x)", "f(1)", " := ", " if ", " contains ", "{", "}", "[", "]",
                "\n", "\n", "some x in y\n", "not ", "1", "_", "[_]", " with input as 1", "every x in y { x }", " == ",
                "default ", " | ", ",", "else := 1 ", ".c", "[\"d\"]", "count(x, y)", "import data.q as r\n",
            ]),
            0..40,
        ),
    ) {
        let text = format!("{HEAD}{}", parts.concat());
        let mut engine = Engine::new();
        if engine.add_policy("p.rego".to_owned(), text).is_ok() {
            let _faults = check(engine.get_modules());
            let _packages = packages(engine.get_modules());
        }
    }
}
