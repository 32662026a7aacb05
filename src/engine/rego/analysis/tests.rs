use super::{check, packages};
use regorus::{Engine, Value};
use std::fmt::Write;

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
    let found = check(engine(files).get_modules(), &[]);
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

#[test]
fn ordinary_policies_have_no_fault() {
    let soak = r#"
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
    let clock = "package lib.time\nimport rego.v1\nseconds(t) := (time.now_ns() - time.parse_rfc3339_ns(t)) / 1000000000";
    let slots = "package lib.slots\nimport rego.v1\ncurrent(record, target) if record.environment_name == target";
    let v0 = "package gate\nviolation[{\"msg\": msg}] { input.a[i] == input.b[j]; i != j; msg := \"x\" }\nallow = true { true }";
    let test = "package soak_test\nimport rego.v1\nimport data.soak\n\
                test_deny if count(soak.deny) > 0 with input as {\"a\": 1} with data.holdpoint as {} with time.now_ns as 5\n\
                test_helper if soak.deployed(\"x\") with data.soak.minimum as 1";
    let main = "package main\nimport rego.v1\ndeny contains m if { some m in data.policies[_].deny }";
    let soak = format!("package soak\nimport rego.v1\n{soak}");
    let mut engine = engine(&[
        ("soak.rego", &soak),
        ("time.rego", clock),
        ("slots.rego", slots),
        ("soak_test.rego", test),
        ("main.rego", main),
    ]);
    engine.set_rego_v0(true);
    engine.add_policy("v0.rego".to_owned(), v0.to_owned()).unwrap();
    let found: Vec<String> = check(engine.get_modules(), &[]).iter().map(|fault| fault.to_string()).collect();
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
         d if not count([1], 2)\n\
         e if { f(1, y); y == 1; count([1], n); n == 1 }\n\
         g := f(1, 2, 3)\n\
         allowed := true\n\
         h if allowed(1)\n\
         i if not http.send({})\n\
         j if { opa.runtime(); rand.intn(\"x\", 1); uuid.rfc4122(\"x\"); net.lookup_ip_addr(\"x\") }\n\
         k if { rego.metadata.rule(); io.jwt.decode(\"x\"); trace(\"x\"); print(1, 2, 3) }\n\
         default l := input.x\n\
         m if startwith(\"a\", \"b\")\n"
    ), @"");
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
    insta::assert_snapshot!(shown, @"");
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
        @""
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
    insta::assert_snapshot!(faults_of(&[("p.rego", policy), ("p_test.rego", test)]), @"");
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
    ), @"");
    assert_eq!(unguarded("x if not input.list[i] == 5"), Ok(Value::from(true)));
}

#[test]
fn rules_that_decide_can_be_read() {
    insta::assert_snapshot!(faults(
        "deny if input.x\n\
         deny_b := true\n\
         deny_c[msg] if { some msg in input.x }\n\
         deny_d(x) := x\n\
         hold if { input.x } else := false\n\
         default warn := false\n\
         warn contains \"x\"\n\
         violations := [\"x\"]\n\
         violation_e := {\"a\", \"b\"} if input.x\n\
         skip_reason contains \"x\"\n\
         result := true\n\
         denylist := 5\n\
         deny_f contains msg if { msg := \"x\" }\n\
         deny_g := {x | some x in input.x}\n\
         deny_h.a contains 1\n"
    ), @"");
}

#[test]
fn packages_list_their_rules_that_decide() {
    let one = "package promotion.soak\nimport rego.v1\ndeny_soak contains 1\nhold contains 1\nhold contains 2\n\
               skip_reason := \"x\" if input.x\nhelper := 1";
    let two = "package promotion.soak\nimport rego.v1\nviolations := []\nwarn contains 1\nresult := {}";
    let lib = "package lib\nimport rego.v1\nf(x) := x";
    let mut engine = engine(&[("1.rego", one), ("2.rego", two), ("3.rego", lib)]);
    let shown = packages(engine.get_modules()).iter().fold(String::new(), |mut shown, package| {
        writeln!(shown, "{} {}:{}", package.package, package.path, package.line).expect("a String takes all");
        for rule in &package.entry_rules {
            writeln!(shown, "  {} {:?} {}:{}", rule.name, rule.kind, rule.path, rule.line).expect("a String takes all");
        }
        shown
    });
    insta::assert_snapshot!(shown, @"");
}

#[test]
fn a_body_of_too_many_statements_is_refused() {
    let body = "input.x\n".repeat(301);
    assert!(faults(&format!("a if {{\n{body}}}")).contains("too_many_statements"));
}
