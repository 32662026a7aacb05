//! `plugin test` of plugins that send requests: the case answers them, and nothing is sent.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::TcpListener;

use super::asking::Asking;
use super::cases::{plugin, shown, test};
use super::guest::Guest;

/// A plugin that asks for a ticket, and warns of what it is answered.
fn asking() -> Asking {
    let header = Some(("x-ticket", "7"));
    Asking { secure: true, path: "/tickets/7?all=1", header, ..Asking::of("tickets.example") }
}

const APPROVED: &str = "\
http:
  - url: https://tickets.example/tickets/7?all=1
    headers: {x-ticket: '7'}
    answer: {headers: {x-more: a}, body: approved}
expect: {verdict: allow, findings: [{outcome: warned, code: answer, message: 200 approved}]}
";

#[test]
fn what_is_expected_is_answered() {
    let error = |word: &str, number: &str| {
        let end = "url: https://tickets.example/tickets/7?all=1, answer:";
        format!(
            "http: [{{{end} {{error: {word}}}}}]\nexpect: {{verdict: hold, findings: [{{code: error, message: error {number}}}]}}\n"
        )
    };
    let json = APPROVED
        .replace("body: approved", "status: 404, json: {state: [unknown]}")
        .replace("200 approved", "'404 {\"state\":[\"unknown\"]}'");
    let twice = APPROVED
        .replace("expect:", "  - {url: 'https://tickets.example:443/tickets/7?all=1', answer: {status: 500}}\nexpect:");
    let post = Asking { method: 2, body: 1, times: 1, ..asking() };
    let posted = APPROVED.replace("    headers", "    method: POST\n    headers");
    for (asking, case) in [
        (asking(), APPROVED.to_owned()),
        (asking(), json),
        (Asking { times: 2, ..asking() }, twice.replace("200 approved", "'500 '")),
        (post, posted),
        (asking(), error("unknown_host", "01")),
        (asking(), error("refused", "06")),
        (asking(), error("reset", "07")),
        (asking(), error("timeout", "33")),
    ] {
        let folder = plugin(&asking.component(), &[("case.yaml", &case)]);
        for arguments in [&[][..], &["--verbose"]] {
            let run = test(folder.path(), arguments);
            assert_eq!(run.code, 0, "{case}{run:?}");
        }
    }
}

#[test]
fn what_was_asked_is_checked() {
    let quiet = Guest::default().component();
    let undecided = "expect: {verdict: undecided, code: plugin_http}\n";
    let twice = Asking { times: 2, ..asking() }.component();
    let cases: [(&str, &[u8], String); 7] = [
        ("not expected", &asking().component(), undecided.to_owned()),
        ("another path", &asking().component(), APPROVED.replace("/7?", "/8?")),
        ("another header", &asking().component(), APPROVED.replace("'7'", "'8', authorization: any")),
        ("another body", &asking().component(), APPROVED.replace("    answer", "    json: {a: 1}\n    answer")),
        ("another method", &asking().component(), APPROVED.replace("    answer", "    method: PUT\n    answer")),
        ("once more than expected", &twice, APPROVED.to_owned()),
        (
            "nothing asked",
            &quiet,
            APPROVED.replace(", findings: [{outcome: warned, code: answer, message: 200 approved}]", ""),
        ),
    ];
    let mut told = String::new();
    for (name, component, case) in cases {
        let folder = plugin(component, &[("case.yaml", &case)]);
        // What was asked is nothing that `--update` could write.
        let run = test(folder.path(), &["--update"]);
        assert_eq!(run.code, 1, "{name}: {run:?}");
        let shown = shown(&run, folder.path());
        let (case, _reached) = shown.split_once("FOLDER/").unwrap();
        write!(told, "# {name}\n{case}").unwrap();
    }
    insta::assert_snapshot!("plugin_test_requests", told);
}

#[test]
fn what_no_plugin_could_ask_or_be_answered_is_said() {
    let cases = [
        ("no method", "method: get, url: 'https://a.example/', answer: {}"),
        ("no address", "url: a.example, answer: {}"),
        ("another scheme", "url: 'ftp://a.example/', answer: {}"),
        ("a user", "url: 'https://me@a.example/', answer: {}"),
        ("two bodies", "url: 'https://a.example/', body: a, json: a, answer: {}"),
        ("a header that is none", "url: 'https://a.example/', headers: {'a b': c}, answer: {}"),
        ("no answer", "url: 'https://a.example/'"),
        ("two bodies of an answer", "url: 'https://a.example/', answer: {body: a, json: a}"),
        ("no status", "url: 'https://a.example/', answer: {status: 100}"),
        ("an error and an answer", "url: 'https://a.example/', answer: {error: reset, status: 200}"),
        ("an error that is none", "url: 'https://a.example/', answer: {error: lost}"),
    ];
    let ends = cases
        .map(|(name, http)| (format!("{name}.yaml"), format!("title: '{name}'\nhttp: [{{{http}}}]\nexpect: {{}}\n")));
    let ends: Vec<(&str, &str)> = ends.iter().map(|(name, end)| (name.as_str(), end.as_str())).collect();
    let folder = plugin(&asking().component(), &[]);
    for (name, end) in ends {
        let question = super::cases::QUESTION.replace("title: A deployment to production.\n", "");
        std::fs::write(folder.path().join("tests").join(name), question + end).unwrap();
    }
    let run = test(folder.path(), &[]);
    assert_eq!(run.code, 1, "{run:?}");
    insta::assert_snapshot!("plugin_test_no_requests", shown(&run, folder.path()));
}

#[test]
fn nothing_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let component = Asking::of(&address).component();
    let answered =
        format!("http: [{{url: 'http://{address}', answer: {{body: approved}}}}]\nexpect: {{verdict: allow}}\n");
    for (case, code) in [(answered.as_str(), 0), ("expect: {verdict: undecided}\n", 1)] {
        let run = test(plugin(&component, &[("case.yaml", case)]).path(), &[]);
        assert_eq!(run.code, code, "{run:?}");
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "something was sent");
    }
    // In the clear it may only ask this machine, in a test as well.
    let plain = plugin(
        &Asking::of("tickets.example").component(),
        &[("case.yaml", "expect: {verdict: undecided, code: plugin_http}\n")],
    );
    assert_eq!(test(plain.path(), &[]).code, 0);
}

#[test]
fn a_secret_of_a_case_is_not_shown() {
    let secret = "hunter2-and-more";
    let asking = Asking { header: Some(("x-token", secret)), ..asking() };
    let case = APPROVED.replace("x-ticket: '7'", "x-token: other") + &format!("secrets: {{TOKEN: {secret}}}\n");
    let run = test(plugin(&asking.component(), &[("case.yaml", &case)]).path(), &["--verbose"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("x-token: [secret TOKEN]") && !run.stdout.contains(secret), "{run:?}");
}
