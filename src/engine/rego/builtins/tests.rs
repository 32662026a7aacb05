use super::{at_instant, install};
use regorus::{Engine, Value};

/// What `expression` is in an engine with the guards, or the last line of its error.
fn guarded(expression: &str) -> String {
    evaluate(expression, true)
}

fn evaluate(expression: &str, guards: bool) -> String {
    let mut engine = Engine::new();
    if guards {
        install(&mut engine).expect("every guard has its built-in");
    }
    let policy = format!("package p\nimport rego.v1\nx := y if {{ y := {expression} }}\nnone if not {expression}");
    engine.add_policy("p.rego".to_owned(), policy).expect("the policy has no error of syntax");
    engine.set_input(Value::new_object());
    let shown = |result: anyhow::Result<Value>| match result {
        Ok(Value::Undefined) => "undefined".to_owned(),
        Ok(value) => serde_json::to_string(&value).expect("the value is printable"),
        Err(error) => format!("{error:#}").lines().last().unwrap_or_default().to_owned(),
    };
    at_instant(1_700_000_000_000_000_000, || shown(engine.eval_rule("data.p.x".to_owned())))
}

#[test]
fn what_runs_away_is_an_error() {
    let many = |item: &str| format!("[{item} | some i in numbers.range(1, 9000)]");
    let long = format!("concat(\"\", {})", many("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""));
    let cases = [
        ("numbers.range(1, 1000000000)".to_owned(), "1000000000 elements"),
        ("numbers.range(-9223372036854775808, 9223372036854775807)".to_owned(), "elements"),
        ("numbers.range_step(1, 1000000000, 2)".to_owned(), "500000000 elements"),
        ("numbers.range_step(1, 10, 0)".to_owned(), "the step more than 0"),
        ("net.cidr_expand(\"10.0.0.0/8\")".to_owned(), "more than 4096 addresses"),
        ("net.cidr_expand(\"::/64\")".to_owned(), "more than 4096 addresses"),
        (
            "graph.reachable_paths({i: numbers.range(1, 12) | some i in numbers.range(1, 12)}, [1])".to_owned(),
            "10000 paths",
        ),
        ("graph.reachable_paths({i: [i + 1] | some i in numbers.range(1, 9000)}, [1])".to_owned(), "longer than 256"),
        ("strings.count(\"abc\", \"\")".to_owned(), "the text to count is empty"),
        ("object.subset({\"a\": [1]}, {\"a\": []})".to_owned(), "one to look for is empty"),
        ("time.format([0, \"UTC\", \"é\"])".to_owned(), "not ASCII"),
        ("time.parse_ns(\"é\", \"é\")".to_owned(), "not ASCII"),
        ("time.parse_duration_ns(\"1é\")".to_owned(), "not ASCII"),
        ("time.clock([0, \"Local\"])".to_owned(), "the zone `Local` is the machine's"),
        ("time.add_date(1709164800000000000, 1, 0, 0)".to_owned(), "no value for these arguments"),
        ("units.parse(\"1e999999999\")".to_owned(), "its exponent is"),
        ("units.parse_bytes(\"1e999999999Ki\")".to_owned(), "its exponent is"),
        (format!("json.filter({{}}, [concat(\"/\", {})])", many("\"a\"")), "more than 64 parts"),
        (format!("json.remove({{}}, [{}])", many("\"a\"")), "more than 64 parts"),
        (format!("json.patch({{}}, {})", many("{\"op\": \"copy\", \"from\": \"\", \"path\": \"/a\"}")), "operations"),
        ("bits.lsh(1, 100000000)".to_owned(), "4096 bits"),
        ("sprintf(\"%100000000d\", [1])".to_owned(), "a width is more than 1024"),
        ("sprintf(\"%1²d\", [1])".to_owned(), "not of ASCII digits"),
        (format!("replace({long}, \"a\", \"bbbbbbbbbb\")"), "the result would be longer"),
        (format!("strings.replace_n({{\"a\": \"bbbbbbbbbb\"}}, {long})"), "the result would be longer"),
        (format!("concat({long}, {})", many("\"\"")), "the result would be longer"),
        (format!("regex.match({long}, \"a\")"), "longer than 1024 bytes"),
        (format!("regex.match(\"a\", {long})"), "longer than 65536 bytes"),
        (format!("regex.replace({long}, \"a\", \"b\")"), "or the text than 64 KiB"),
        (format!("indexof({long}, {long})"), "too long for each other"),
        (format!("yaml.unmarshal({long})"), "longer than 65536 bytes"),
        (format!("object.union_n({})", many("{i: 1}")), "more than 2000000 keys"),
        (format!("product({})", many("1e300")), "4096 bits"),
        ("http.send({\"method\": \"get\", \"url\": \"http://localhost\"})".to_owned(), "policies have no network"),
        ("opa.runtime()".to_owned(), "the machine it is made on"),
        ("rand.intn(\"x\", 10)".to_owned(), "must be repeatable"),
    ];
    for (expression, expected) in cases {
        let shown = guarded(&expression);
        assert!(shown.contains(expected), "{expression}: {shown}");
    }
}

#[test]
fn an_error_never_turns_not_into_true() {
    for expression in ["http.send({})", "strings.count(\"abc\", \"\")", "numbers.range(1, 1000000000)"] {
        let mut engine = Engine::new();
        install(&mut engine).unwrap();
        engine.set_strict_builtin_errors(false);
        let policy = format!("package p\nimport rego.v1\nallowed if not {expression}");
        engine.add_policy("p.rego".to_owned(), policy).unwrap();
        assert!(engine.eval_rule("data.p.allowed".to_owned()).is_err(), "{expression}");
    }
}

#[test]
fn the_faults_without_the_guards() {
    // A call of it panics; the answers of the others are wrong or differ from OPA.
    let panicked = std::panic::catch_unwind(|| evaluate("strings.count(\"abc\", \"\")", false));
    assert!(panicked.is_err());
    assert!(std::panic::catch_unwind(|| evaluate("object.subset([1], [])", false)).is_err());
    assert_eq!(evaluate("strings.count(\"11111\", \"11\")", false), "4");
    assert_eq!(evaluate("strings.replace_n({\"a\": \"b\", \"b\": \"c\"}, \"a\")", false), "\"c\"");
    assert_eq!(evaluate("time.add_date(1709164800000000000, 1, 0, 0)", false), "undefined");
    assert_eq!(evaluate("count(numbers.range(1, 1000000))", false), "1000000");
}

#[test]
fn ordinary_calls_answer_as_before() {
    let cases = [
        ("numbers.range(1, 3)", "[1,2,3]"),
        ("numbers.range(3, 1)", "[3,2,1]"),
        ("numbers.range_step(0, 10, 5)", "[0,5,10]"),
        ("net.cidr_expand(\"10.0.0.0/30\")", "[\"10.0.0.0\",\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.3\"]"),
        ("graph.reachable_paths({\"a\": [\"b\"], \"b\": []}, [\"a\"])", "[[\"a\",\"b\"]]"),
        ("strings.count(\"11111\", \"11\")", "2"),
        ("strings.replace_n({\"a\": \"b\", \"b\": \"c\"}, \"ab\")", "\"bc\""),
        ("object.subset([1], [])", "true"),
        ("object.subset({\"a\": 1, \"b\": 2}, {\"a\": 1})", "true"),
        ("time.now_ns()", "1700000000000000000"),
        ("time.clock(time.now_ns())", "[22,13,20]"),
        ("time.format([0, \"UTC\", \"2006-01-02\"])", "\"1970-01-01\""),
        ("time.add_date(0, 0, 1, 1)", "2764800000000000"),
        ("units.parse(\"10K\")", "10000"),
        ("units.parse_bytes(\"10KiB\")", "10240"),
        ("json.filter({\"a\": 1, \"b\": 2}, [\"a\"])", "{\"a\":1}"),
        ("json.patch({\"a\": 1}, [{\"op\": \"remove\", \"path\": \"/a\"}])", "{}"),
        ("bits.lsh(1, 10)", "1024"),
        ("sprintf(\"%s %d %5d %v\", [\"a\", 1, 2, [3]])", "\"a 1     2 [3]\""),
        ("replace(\"aa\", \"a\", \"b\")", "\"bb\""),
        ("concat(\"-\", [\"a\", \"b\"])", "\"a-b\""),
        ("regex.match(\"^a+$\", \"aaa\")", "true"),
        ("regex.replace(\"abc\", \"b\", \"x\")", "\"axc\""),
        ("regex.template_match(\"abc<.*>\", \"a\", \"<\", \">\")", "false"),
        ("regex.template_match(\"abc<.*>\", \"abcd\", \"<\", \">\")", "true"),
        ("glob.match(\"*.a\", [\".\"], \"b.a\")", "true"),
        ("object.union_n([{\"a\": 1}, {\"a\": 2}])", "{\"a\":2}"),
        ("json.unmarshal(\"{\\\"a\\\": 1}\")", "{\"a\":1}"),
        ("json.marshal({\"a\": 1})", "\"{\\\"a\\\":1}\""),
        ("split(\"a.b\", \".\")", "[\"a\",\"b\"]"),
        ("to_number(\"1.5\")", "1.5"),
        ("semver.compare(\"1.2.3\", \"1.2.4\")", "-1"),
        ("product([2, 3])", "6"),
        ("upper(\"a\")", "\"A\""),
    ];
    for (expression, expected) in cases {
        assert_eq!(guarded(expression), expected, "{expression}");
    }
}

/// What OPA 1.9.0 says of the same calls.
#[test]
fn classes_of_patterns_are_of_ascii_as_in_opa() {
    let cases = [
        (r"^\w$", "é", false),
        (r"^\W$", "é", true),
        (r"^\d$", "٣", false),
        (r"^[\D]$", "é", true),
        (r"^\s$", "\u{a0}", false),
        (r"^\S+$", "é", true),
        (r"^[^\W]$", "é", false),
        (r"^[\w-]+$", "a-b_1", true),
        (r"^[^\s]$", "é", true),
        (r"\bé", "é", false),
        (r"a\b", "aé", true),
        (r"é\B", "é", true),
        (r"(?i)^\w$", "ſ", true),
        (r"^\\d$", r"\\d", true),
        (r"^a\.\d{2}\s\w+$", "a.12 xy", true),
    ];
    for (pattern, text, expected) in cases {
        let call = format!("regex.match(`{pattern}`, \"{text}\")");
        assert_eq!(guarded(&call), expected.to_string(), "{call}");
    }
    let others = [
        ("regex.replace(\"é1\", `\\w`, \"x\")", "\"éx\""),
        ("regex.find_n(`\\d+`, \"٣ 12\", -1)", "[\"12\"]"),
        ("regex.split(`\\s`, \"a b\u{a0}c\")", "[\"a\",\"b\u{a0}c\"]"),
        ("regex.find_all_string_submatch_n(`(\\w)`, \"éa\", -1)", "[[\"a\",\"a\"]]"),
        ("regex.is_valid(`\\`)", "false"),
    ];
    for (call, expected) in others {
        assert_eq!(guarded(call), expected, "{call}");
    }
}

#[test]
fn the_type_of_an_argument_is_still_checked() {
    let cases = [
        ("upper(1)", "error: `upper` expects string argument. Got `1` instead"),
        ("numbers.range(\"a\", 1)", "error: `numbers.range` expects numeric argument. Got `\"a\"` instead"),
        ("json.unmarshal(\"{\")", "error: `json.unmarshal`: could not deserialize json."),
    ];
    for (expression, expected) in cases {
        assert_eq!(guarded(expression), expected);
    }
}

#[test]
fn the_instant_is_of_the_evaluation_and_can_be_mocked() {
    let mut engine = Engine::new();
    install(&mut engine).unwrap();
    let policy = "package p\nimport rego.v1\nnow := time.now_ns()\nmocked := x if x := now with time.now_ns as 7";
    engine.add_policy("p.rego".to_owned(), policy.to_owned()).unwrap();
    let mut clone = engine.clone();
    let now = |engine: &mut Engine, rule: &str| engine.eval_rule(format!("data.p.{rule}")).map_err(|_| "error");
    assert_eq!(at_instant(1, || now(&mut engine, "now")), Ok(Value::from(1)));
    assert_eq!(at_instant(2, || now(&mut clone, "now")), Ok(Value::from(2)));
    assert_eq!(at_instant(3, || now(&mut engine, "now")), Ok(Value::from(3)));
    assert_eq!(at_instant(3, || now(&mut engine, "mocked")), Ok(Value::from(7)));
    assert_eq!(now(&mut engine, "now"), Err("error"));
}
