//! The rule against a ticket system that the test plays.
#![expect(clippy::expect_used, clippy::type_complexity, reason = "tables of cases, and helpers of tests")]

use change_ticket::ChangeTicket;
use holdpoint_plugin::http::{Error, Request as HttpRequest, Response};
use holdpoint_plugin::testing::{self, TestHost, at, response};
use holdpoint_plugin::{Attribute, Effect, Input, Json, Parameters as _, Rule as _, Verdict};

const ALLOWED: &str = r#"{"base_url": "https://tickets.example.com/api", "allowed_states": ["approved"]}"#;
const APPROVED: &str = r#"{"id": "CHG-7", "state": "approved"}"#;

fn parameters(json: &str) -> Json<change_ticket::parameters::Parameters> {
    Json::read(json).expect("parameters")
}

fn input(json: &str, reason: &str) -> Input<Json<change_ticket::parameters::Parameters>> {
    let mut input = testing::input("production", parameters(json));
    reason.clone_into(&mut input.request.reason);
    input
}

fn host(answer: impl Fn(&HttpRequest) -> Result<Response, Error> + 'static) -> TestHost {
    TestHost { answer: Some(Box::new(answer)), ..TestHost::default() }
}

fn answering(status: u16, body: &'static str) -> TestHost {
    host(move |_| Ok(response(status, body)))
}

/// With these added to the parameters.
fn with(members: &str) -> String {
    ALLOWED.replacen('{', &format!("{{{members}, "), 1)
}

fn found(verdict: &Verdict) -> Vec<(Effect, &str)> {
    verdict.findings().iter().map(|finding| (finding.effect, finding.code.as_str())).collect()
}

#[test]
fn what_is_said_of_the_plugin_can_be_used() {
    let metadata = testing::check_metadata::<ChangeTicket>().expect("metadata");
    assert_eq!(metadata.name, "change-ticket");
}

#[test]
fn the_ticket_is_found_in_the_context_or_in_the_reason() {
    let asks = |path| Ok(Some(path));
    let denies = |code| Err(code);
    let cases: [(&str, Option<&str>, Result<Option<&str>, &str>); 12] = [
        ("CHG-7", None, asks("/tickets/CHG-7")),
        ("release 1.9 (CHG-7), as agreed", None, asks("/tickets/CHG-7")),
        ("CHG-7 and again CHG-7.", None, asks("/tickets/CHG-7")),
        ("CHG-8", Some("CHG-7"), asks("/tickets/CHG-7")),
        ("", Some(" CHG-7 "), asks("/tickets/CHG-7")),
        ("", None, denies("ticket-missing")),
        ("a release", None, denies("ticket-missing")),
        ("xCHG-7", None, denies("ticket-missing")),
        ("CHG-7-b", None, denies("ticket-missing")),
        ("CHG-7 replaces CHG-6", None, denies("ticket-ambiguous")),
        ("CHG-7", Some("none"), denies("ticket-malformed")),
        ("CHG-7", Some("CHG-7/../CHG-8"), denies("ticket-malformed")),
    ];
    for (reason, context, expected) in cases {
        let mut input = input(ALLOWED, reason);
        let attribute = |value: &str| Attribute { name: "ticket".to_owned(), value: value.to_owned() };
        input.request.context = context.map(attribute).into_iter().collect();
        let host = answering(200, APPROVED);
        let verdict = ChangeTicket::evaluate(&input, &host).expect("a verdict");
        let asked = host.requests.borrow().first().map(|request| request.url.clone());
        let asked = asked.as_deref().and_then(|url| url.strip_prefix("https://tickets.example.com/api"));
        match expected {
            Ok(path) => assert_eq!((asked, found(&verdict)), (path, vec![]), "{reason:?} {context:?}"),
            Err(code) => {
                assert_eq!((asked, found(&verdict)), (None, vec![(Effect::Deny, code)]), "{reason:?} {context:?}");
            }
        }
    }
}

#[test]
fn a_ticket_allows_holds_or_denies() {
    let (deny, hold) = (|code| vec![(Effect::Deny, code)], |code| vec![(Effect::Hold, code)]);
    let named = r#""must_name": ["artifact", "deployment"]"#;
    let jira = r#""fields": {"id": "/key", "state": "/fields/status/name", "starts_at": "/fields/start"}"#;
    // Members added to the parameters, the answer, and what is found. The instant is 2026-11-20T12:00:00Z.
    let cases: [(&str, u16, &'static str, Vec<(Effect, &str)>); 17] = [
        ("", 200, APPROVED, vec![]),
        ("", 200, r#"{"state": "approved", "window": null, "artifacts": null}"#, vec![]),
        ("", 404, "", deny("ticket-unknown")),
        ("", 410, "", deny("ticket-unknown")),
        ("", 200, r#"{"state": "draft"}"#, deny("ticket-state")),
        ("", 200, r#"{"state": "Approved"}"#, deny("ticket-state")),
        (r#""waiting_states": ["draft"]"#, 200, r#"{"state": "draft"}"#, hold("ticket-waiting")),
        ("", 200, r#"{"state": "approved", "window": {"starts_at": "2026-11-20T12:00:01Z"}}"#, hold("window-not-open")),
        ("", 200, r#"{"state": "approved", "window": {"starts_at": "2026-11-20T12:00:00Z"}}"#, vec![]),
        ("", 200, r#"{"state": "approved", "window": {"ends_at": "2026-11-20T12:00:00Z"}}"#, deny("window-over")),
        ("", 200, r#"{"state": "approved", "window": {"ends_at": "2026-11-20T13:00:01+01:00"}}"#, vec![]),
        (r#""require_window": true"#, 200, APPROVED, deny("window-missing")),
        (
            r#""require_window": true"#,
            200,
            r#"{"state": "approved", "window": {"starts_at": "2026-11-20T08:00:00Z", "ends_at": ""}}"#,
            deny("window-missing"),
        ),
        (named, 200, APPROVED, vec![(Effect::Deny, "artifact-not-named"), (Effect::Deny, "deployment-not-named")]),
        (
            named,
            200,
            r#"{"state": "approved", "deployments": "storefront", "artifacts":
                ["ghcr.io/acme/storefront@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}"#,
            vec![],
        ),
        (
            r#""must_name": ["artifact"]"#,
            200,
            r#"{"state": "approved", "artifacts": ["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "ghcr.io/acme/storefront", ""]}"#,
            deny("artifact-not-named"),
        ),
        (
            jira,
            200,
            r#"{"key": "CHG-7", "fields": {"status": {"name": "approved"}, "start": "2026-11-20T15:00:00+01:00"}}"#,
            hold("window-not-open"),
        ),
    ];
    for (members, status, answer, expected) in cases {
        let parameters = if members.is_empty() { ALLOWED.to_owned() } else { with(members) };
        let verdict = ChangeTicket::evaluate(&input(&parameters, "CHG-7"), &answering(status, answer));
        assert_eq!(verdict.as_ref().map(found), Ok(expected), "{members} {answer}");
    }
}

#[test]
fn a_hold_says_when_it_opens() {
    let answer = r#"{"state": "approved", "window": {"starts_at": "2026-11-21T06:00:00+01:00"}}"#;
    let verdict = ChangeTicket::evaluate(&input(ALLOWED, "CHG-7"), &answering(200, answer)).expect("a verdict");
    let opens_at = verdict.findings().first().and_then(|finding| finding.opens_at);
    assert_eq!(opens_at, Some(at("2026-11-21T05:00:00Z")));
}

#[test]
fn a_deployment_without_a_name_is_not_named_by_an_empty_one() {
    let mut input = input(&with(r#""must_name": ["deployment"]"#), "CHG-7");
    input.request.deployment_name.clear();
    let verdict = ChangeTicket::evaluate(&input, &answering(200, r#"{"state": "approved", "deployments": ["", "a"]}"#));
    assert_eq!(verdict.as_ref().map(found), Ok(vec![(Effect::Deny, "deployment-not-named")]));
}

#[test]
fn an_answer_that_cannot_be_read_decides_nothing() {
    for (status, answer, why) in [
        (200, "", "no JSON"),
        (200, "<html>", "no JSON"),
        (200, r#"{"state": "approved""#, "no JSON"),
        (200, "[]", "`/state` is no text"),
        (200, r#"{"state": 7}"#, "`/state` is no text"),
        (200, r#"{"state": ""}"#, "`/state` is no text"),
        (200, r#"{"id": "CHG-70", "state": "approved"}"#, r#"it is about "CHG-70", not about "CHG-7""#),
        (200, r#"{"id": 7, "state": "approved"}"#, r#"it is about "7""#),
        (200, r#"{"state": "approved", "window": {"starts_at": "tomorrow"}}"#, "no RFC 3339 instant"),
        (200, r#"{"state": "approved", "window": {"ends_at": 1795176000}}"#, "no RFC 3339 instant"),
        (
            200,
            r#"{"state": "approved", "window": {"starts_at": "2026-11-20T13:00:00Z", "ends_at": "2026-11-20T11:00:00Z"}}"#,
            "its window ends before it starts",
        ),
        (200, r#"{"state": "approved", "artifacts": {}}"#, "neither a text nor a list"),
        (200, r#"{"state": "approved", "deployments": ["a", 7]}"#, "neither a text nor a list"),
        (204, "", "answers 204"),
        (302, "", "answers 302"),
        (401, "", "another secret"),
        (403, "", "another secret"),
        (429, "", "answers 429"),
        (500, APPROVED, "answers 500"),
    ] {
        let verdict = ChangeTicket::evaluate(&input(ALLOWED, "CHG-7"), &answering(status, answer));
        let said = verdict.expect_err(answer);
        assert!(said.contains(why) && said.contains("/tickets/CHG-7"), "{status} {answer:?}: {said}");
    }
}

#[test]
fn no_answer_decides_nothing() {
    let host = host(|_| Err(Error::new("the connection was refused")));
    let verdict = ChangeTicket::evaluate(&input(ALLOWED, "CHG-7"), &host);
    assert_eq!(verdict, Err("the connection was refused".to_owned()));
}

#[test]
fn the_secret_is_sent_only_where_one_is_named_and_granted() {
    let sent = |parameters: &str, secret: Option<&str>| {
        let mut host = answering(200, APPROVED);
        host.secrets.extend(secret.map(|secret| ("token".to_owned(), secret.to_owned())));
        ChangeTicket::evaluate(&input(parameters, "CHG-7"), &host)?;
        let headers = host.requests.borrow().first().map(|request| request.headers.clone()).unwrap_or_default();
        Ok(headers.into_iter().find(|(name, _)| name == "authorization").map(|(_, value)| value))
    };
    let named = with(r#""secret": "token""#);
    assert_eq!(sent(ALLOWED, Some("word")), Ok(None));
    assert_eq!(sent(&named, Some("word\n")), Ok(Some("Bearer word".to_owned())));
    assert_eq!(
        sent(&with(r#""secret": "token", "scheme": "Basic""#), Some("d29yZA==")),
        Ok(Some("Basic d29yZA==".to_owned()))
    );
    assert_eq!(sent(&named, None), Err("the secret `token` is not granted".to_owned()));
}

#[test]
fn an_exempt_intent_needs_no_ticket() {
    let mut input = input(&with(r#""exempt_intents": ["rollback"]"#), "");
    assert_eq!(
        ChangeTicket::evaluate(&input, &TestHost::default()).as_ref().map(found),
        Ok(vec![(Effect::Deny, "ticket-missing")])
    );
    "rollback".clone_into(&mut input.request.intent);
    let host = TestHost::default();
    let verdict = ChangeTicket::evaluate(&input, &host);
    assert_eq!(verdict, Ok(Verdict::skip("the intent `rollback` needs no ticket")));
    assert_eq!(host.requests.borrow().len(), 0);
}

#[test]
fn parameters_are_checked() {
    let allowed = r#""allowed_states": ["approved"]"#;
    for (json, fault) in [
        (ALLOWED.to_owned(), None),
        (with(r#""secret": "token""#), None),
        (format!(r#"{{"base_url": "http://127.0.0.1:8080", "secret": "token", {allowed}}}"#), None),
        (format!(r#"{{"base_url": "http://[::1]:8080", "secret": "token", {allowed}}}"#), None),
        (format!(r#"{{"base_url": "http://tickets.example.com", {allowed}}}"#), None),
        (
            format!(r#"{{"base_url": "http://tickets.example.com", "secret": "token", {allowed}}}"#),
            Some("is not https"),
        ),
        (format!(r#"{{"base_url": "http://127.0.0.1.example.com", "secret": "t", {allowed}}}"#), Some("is not https")),
        (format!(r#"{{"base_url": "tickets.example.com", {allowed}}}"#), Some("begins with neither")),
        (format!(r#"{{"base_url": "https://me:word@tickets", {allowed}}}"#), Some("a user besides")),
        (format!(r#"{{"base_url": "https://tickets?x=1", {allowed}}}"#), Some("has a query")),
        (with(r#""path": "/tickets""#), Some("{id}")),
        (with(r#""pattern": "CHG-(""#), Some("`pattern`")),
        (with(r#""pattern": "[0-9]*""#), Some("matches an empty text")),
        (with(r#""waiting_states": ["approved"]"#), Some("in `allowed_states` and in `waiting_states`")),
        (r#"{"base_url": "https://tickets", "allowed_states": []}"#.to_owned(), Some("names none")),
        (with(r#""allow_states": []"#), Some("unknown field `allow_states`")),
        (with(r#""must_name": ["digest"]"#), Some("unknown variant `digest`")),
        (r#"{"base_url": "https://tickets"}"#.to_owned(), Some("missing field `allowed_states`")),
    ] {
        let faults = testing::check_parameters::<ChangeTicket>(&json).err().unwrap_or_default();
        match fault {
            None => assert_eq!(faults, Vec::<String>::new(), "{json}"),
            Some(fault) => assert!(matches!(faults.as_slice(), [only] if only.contains(fault)), "{json}: {faults:?}"),
        }
    }
}

#[test]
fn the_schema_and_the_parameters_have_the_same_defaults() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../parameters.schema.json")).expect("JSON");
    let default =
        |pointer: &str| schema.pointer(&format!("/properties/{pointer}/default")).and_then(|value| value.as_str());
    let read = parameters(ALLOWED);
    assert_eq!(default("path"), Some(read.path.as_str()));
    assert_eq!(default("scheme"), Some(read.scheme.as_str()));
    assert_eq!(default("pattern"), Some(read.pattern.as_str()));
    assert_eq!(default("context"), Some(read.context.as_str()));
    for (name, pointer) in [
        ("id", &read.fields.id),
        ("state", &read.fields.state),
        ("starts_at", &read.fields.starts_at),
        ("ends_at", &read.fields.ends_at),
        ("artifacts", &read.fields.artifacts),
        ("deployments", &read.fields.deployments),
    ] {
        assert_eq!(default(&format!("fields/properties/{name}")), Some(pointer.as_str()));
    }
}
