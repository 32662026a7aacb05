//! The rules of a policy that decide: which they are, and what keeps them from being read.

use std::fmt::Write;

use super::super::packages;
use super::{engine, faults};

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
    ), @r###"
p.rego:3:1: `deny` must be a set of texts or objects, and is a single value such as `true` [entry_rule]
p.rego:4:1: `deny_b` must be a set of texts or objects, and is a single value such as `true` [entry_rule]
p.rego:5:1: `deny_c` must be a set of texts or objects, and is an object [entry_rule]
p.rego:6:1: `deny_d` must be a set of texts or objects, and is a function [entry_rule]
p.rego:7:1: `hold` must be a set of texts or objects, and is a single value such as `true` [entry_rule]
p.rego:8:1: `warn` must be a set of texts or objects, and is a single value such as `true` [entry_rule]
p.rego:9:1: `data.p.warn` is a set here, and a rule with one value in line 8 [conflicting_rules]
p.rego:12:1: `skip_reason` must be a text, and is a set [entry_rule]
p.rego:13:1: `result` must be an object, and is a single value such as `true` [entry_rule]
p.rego:17:1: `deny_h` must be a set of texts or objects, and is a rule with parts [entry_rule]
    "###);
}

#[test]
fn packages_list_their_rules_that_decide() {
    let one = "package promotion.soak\nimport rego.v1\ndeny_soak contains 1\nhold contains 1\nhold contains 2\n\
               skip_reason := \"x\" if input.x\nhelper := 1";
    let two = "package promotion.soak\nimport rego.v1\nwarn contains 1\nviolations_more := []";
    let lib = "package lib\nimport rego.v1\nf(x) := x";
    let rules = "import rego.v1\nviolations := []\nskip_reason := \"x\"\ndeny contains 1";
    let (whole, short) = (format!("package whole\n{rules}\nresult := {{}}"), format!("package short\n{rules}"));
    let files = [("1.rego", one), ("2.rego", two), ("3.rego", lib), ("4.rego", &whole), ("5.rego", &short)];
    let mut engine = engine(&files);
    let shown = packages(engine.get_modules()).iter().fold(String::new(), |mut shown, package| {
        writeln!(shown, "{} {}:{}", package.package, package.path, package.line).expect("a String takes all");
        for rule in &package.entry_rules {
            writeln!(shown, "  {} {}:{}", rule.name, rule.path, rule.line).expect("a String takes all");
        }
        shown
    });
    insta::assert_snapshot!(shown, @r###"
lib 3.rego:1
promotion.soak 1.rego:1
  deny_soak 1.rego:3
  hold 1.rego:4
  skip_reason 1.rego:6
  violations_more 2.rego:4
  warn 2.rego:3
short 5.rego:1
  deny 5.rego:5
  violations 5.rego:3
whole 4.rego:1
  deny 4.rego:5
  result 4.rego:6
    "###);
}

#[test]
fn exceptions_of_conftest_are_refused() {
    let body = "deny_port contains \"p\"\nexception contains [\"port\"] if input.legacy";
    assert!(faults(body).contains("`exception` silences other rules in conftest"), "{}", faults(body));
    assert_eq!(faults("exception := input.x\ndeny contains \"p\" if not exception"), "");
}
