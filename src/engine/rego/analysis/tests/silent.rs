//! What the engine leaves undefined without a word, and is refused therefore.

use regorus::Value;

use super::super::analyse;
use super::{HEAD, engine, faults, unguarded};

#[test]
fn walk_is_refused_where_the_engine_has_no_value_for_it() {
    let silent = [
        "x contains value if { [_, value] := walk(input.list) }",
        "x contains value if { some value in walk(input.list) }",
        "x contains 1 if { not walk(input.list, [[0], 7]) }",
    ];
    for body in silent {
        assert_eq!(unguarded(body), Ok(Value::new_set()), "{body}");
        assert!(faults(body).contains("[misused_walk]"), "{body}: {}", faults(body));
    }
    let own = "walk(n) := n\nx contains 1 if { not walk(2) == 1; value := walk(1) }";
    for body in ["x contains value if { walk(input.list, [_, value]) }", own] {
        assert_eq!(faults(body), "", "{body}");
    }
}

#[test]
fn a_variable_part_may_not_overlap_with_a_constant_one() {
    let names = "some q in [\"a\", \"b\"]";
    let missed = format!("p[q].r contains 1 if {names}\np.a.r contains 2\nx contains n if some n in p.a.r");
    assert_eq!(unguarded(&missed), Ok(Value::from(std::collections::BTreeSet::from([Value::from(2)]))), "1 is missing");
    for (body, refused) in [
        (missed, true),
        (format!("p[q].y := 1 if {names}\np.a.z := 2"), true),
        (format!("p[q] := {{}} if {names}\np.c.z := 2"), true),
        (format!("p[q] := 1 if {names}\np.c := 2"), false),
        (format!("p[q].y := 1 if {names}\np[q].z := 2 if {names}"), false),
        (format!("p.a[q].y := 1 if {names}\np.b.z.y := 2"), false),
    ] {
        assert_eq!(faults(&body).contains("[rules_overlap]"), refused, "{body}: {}", faults(&body));
    }
}

#[test]
fn references_to_data_lead_somewhere() {
    let library = "package lib.names\nimport rego.v1\nlist := [1]\nby.name[x] := x if some x in list";
    let checked = |body: &str| {
        let policy = format!("{HEAD}import data.lib.names\nimport data.lib.gone\n{body}");
        let mut engine = engine(&[("lib.rego", library), ("p.rego", &policy)]);
        let faults = analyse(engine.get_modules(), &["holdpoint"]).faults.into_iter();
        faults.filter(|fault| fault.code == "unknown_path").map(|fault| fault.message).collect::<Vec<_>>()
    };
    for body in [
        "deny contains x if { some x in names.list }",
        "deny contains x if { x := data.lib.names.by.name[input.x] }",
        "deny contains x if { x := data.lib.names.list[0].deeper }",
        "deny contains x if { some name; x := data.lib[name] }",
        "deny contains x if { x := data.holdpoint.records.by_digest[input.digest] }",
        "deny contains x if { gone := {1}; some x in gone }",
        "test_x if { data.mocked.x with data.mocked as {\"x\": true} }",
        "deny contains x if { x := data[input.package] }",
    ] {
        assert_eq!(checked(body), Vec::<String>::new(), "{body}");
    }
    for (body, path) in [
        ("deny contains x if { some x in data.denied }", "data.denied"),
        ("deny contains x if { x := data.conftest.file.name }", "data.conftest.file.name"),
        ("deny contains x if { x := names.lists }", "data.lib.names.lists"),
        ("deny contains x if { x := gone.list }", "data.lib.gone.list"),
        ("deny contains x if { x := data.lib.names.by.digest }", "data.lib.names.by.digest"),
        ("deny contains \"d\" if not data.allowed[input.x]", "data.allowed[_]"),
    ] {
        let expected = format!("there is no `{path}`: no rule, and no data that policies are given");
        assert_eq!(checked(body), [expected], "{body}");
    }
}
