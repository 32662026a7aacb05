use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, StatusCode};
use serde_json::json;

use super::{Breakage, Exchange, ExpectedBody, Reply, Stage};

fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
    all.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn exchange(url: &str, said: &'static str) -> Exchange {
    let reply = Reply::Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: said.into() };
    Exchange { method: Method::GET, url: url.parse().unwrap(), headers: HeaderMap::new(), body: None, reply }
}

fn request(url: &str, body: &'static str, all: &[(&'static str, &'static str)]) -> Request {
    let mut request = Request::new(Method::GET, url.parse().unwrap());
    *request.headers_mut() = headers(all);
    *request.body_mut() = (!body.is_empty()).then(|| body.into());
    request
}

/// What is answered, or why nothing.
fn ask(stage: &Stage, request: &Request) -> String {
    match stage.answer(request) {
        Ok(answer) => String::from_utf8(answer.body.to_vec()).unwrap(),
        Err(broken) => broken.refusal.map(|refusal| refusal.message).or(broken.end.error).unwrap(),
    }
}

fn told(stage: &Stage) -> Vec<(String, String)> {
    let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    stage
        .differences(|text| text.replace("secret", "[gone]"))
        .into_iter()
        .map(|one| (text(one.expected), text(one.got)))
        .collect()
}

#[test]
fn each_exchange_is_for_one_request_in_their_order() {
    let stage = Stage::default();
    stage.set(vec![exchange("https://a.example/1", "first"), exchange("https://a.example/1", "second")]);
    let request = request("https://a.example:443/1", "", &[]);
    assert_eq!([ask(&stage, &request), ask(&stage, &request)], ["first", "second"]);
    assert_eq!(told(&stage), []);
    let expected = "wanted to send a request that is not expected: GET https://a.example/1";
    assert_eq!(ask(&stage, &request), expected);
    assert_eq!(told(&stage), [("-".to_owned(), "GET https://a.example/1".to_owned())]);
    stage.set(vec![exchange("https://a.example/2", "")]);
    assert_eq!(told(&stage), [("GET https://a.example/2".to_owned(), "-".to_owned())]);
}

#[test]
fn headers_and_body_have_to_fit_where_they_are_given() {
    let url = "https://a.example/";
    let all: &[(&str, &str)] = &[("x-a", "1"), ("x-b", "2")];
    let json = Some(ExpectedBody::Json(json!({"b": 1, "a": [2]})));
    let text = Some(ExpectedBody::Text("words".to_owned()));
    let cases = [
        (vec![], None, "anything", true),
        (vec![("x-b", "2")], None, "", true),
        (vec![("x-b", "1")], None, "", false),
        (vec![("x-c", "1")], None, "", false),
        (vec![], text.clone(), "words", true),
        (vec![], text, "word", false),
        (vec![], json.clone(), " {\"a\":[2], \"b\": 1}\n", true),
        (vec![], json.clone(), "{\"a\": [2]}", false),
        (vec![], json, "no json", false),
    ];
    for (wanted, body, sent, fits) in cases {
        let stage = Stage::default();
        stage.set(vec![Exchange { headers: headers(&wanted), body, ..exchange(url, "answer") }]);
        let answer = ask(&stage, &request(url, sent, all));
        assert_eq!((answer == "answer", told(&stage).is_empty()), (fits, fits), "{wanted:?} {sent}: {answer}");
    }
}

#[test]
fn what_differs_is_beside_what_was_expected() {
    let (url, stage) = ("https://a.example/", Stage::default());
    let body = Some(ExpectedBody::Json(json!({"a": 1})));
    stage.set(vec![Exchange { headers: headers(&[("x-a", "1"), ("x-b", "2")]), body, ..exchange(url, "answer") }]);
    ask(&stage, &request(url, "{\"secret\": 3}", &[("x-a", "3")]));
    let expected = format!("GET {url}\nx-a: 1\nx-b: 2\n{{\"a\":1}}");
    assert_eq!(told(&stage), [(expected, format!("GET {url}\nx-a: 3\n(no header `x-b`)\n{{\"[gone]\": 3}}"))]);
}

#[test]
fn there_may_be_no_answer_or_too_much_of_one() {
    let (url, stage) = ("https://a.example/", Stage::default());
    let large = |body: usize, header: usize| Reply::Answer {
        status: StatusCode::OK,
        headers: [(HeaderName::from_static("x-a"), "a".repeat(header).parse().unwrap())].into_iter().collect(),
        body: vec![b'x'; body].into(),
    };
    let cases = [
        (Reply::Broken(Breakage::UnknownHost), "the host is not known"),
        (Reply::Broken(Breakage::Refused), "the connection was refused"),
        (Reply::Broken(Breakage::Reset), "the connection was closed"),
        (Reply::Broken(Breakage::Timeout), "there was no answer in time"),
        (large((1 << 20) + 1, 0), "got an answer from `a.example` that is longer than 1024 KiB"),
        (large(0, 64 << 10), "got an answer from `a.example` with more than 64 KiB of headers"),
    ];
    for (reply, expected) in cases {
        stage.set(vec![Exchange { reply, ..exchange(url, "") }]);
        assert_eq!(ask(&stage, &request(url, "", &[])), expected);
        assert_eq!(told(&stage), []);
    }
}
