//! Any body is a review or is refused with words; what a review uses is where it says; every answer is short JSON.
#![no_main]

use std::time::Duration;

use holdpoint::admission::answer::{Answer, Conclusion, Facts};
use holdpoint::admission::change::{Change, afresh, change};
use holdpoint::admission::image::Role;
use holdpoint::admission::review::Review;
use holdpoint::admission::settings::{ChartPointers, CustomResource};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn resources() -> Vec<CustomResource> {
    vec![CustomResource {
        group: "g".to_owned(),
        kind: "K".to_owned(),
        pod_templates: vec!["/spec/*/t".to_owned(), "".to_owned()],
        images: vec!["/image".to_owned(), "/images/*".to_owned()],
        charts: vec![ChartPointers {
            repository: "/c/*/r".to_owned(),
            name: Some("/c/*/n".to_owned()),
            digest: "/c/*/d".to_owned(),
        }],
    }]
}

fn check_answer(answer: &Answer) {
    let json: Value = serde_json::from_slice(&answer.to_json()).unwrap();
    assert_eq!(json["response"]["uid"], answer.uid);
    assert_eq!(json["response"]["allowed"], answer.allowed);
    assert!(answer.message().is_none_or(|message| message.len() < 8 * 1024));
    assert!(answer.warnings().iter().all(|warning| warning.chars().count() < 120));
}

/// What a change brings stands in the object, where it says.
fn check_change(review: &Review, change: Change) {
    let conclusion = match change {
        Change::Judge(images) => {
            assert!(!images.is_empty() && images.len() <= 1_000);
            for image in images.iter().filter(|image| image.role != Role::Chart) {
                let there = review.object.as_ref().and_then(|object| object.pointer(&image.place));
                assert_eq!(there.and_then(Value::as_str).unwrap_or_default(), image.reference);
            }
            Conclusion::Judged(Vec::new())
        }
        Change::Passes { reason } => Conclusion::Passes { reason: reason.to_owned() },
        Change::Unknown { message } => {
            assert!(message.contains("\nhint: "));
            Conclusion::Unknown { message }
        }
    };
    check_answer(&Answer::new(&review.uid, &conclusion, &Facts { object: review.title(), ..Facts::default() }));
}

fuzz_target!(|body: &[u8]| {
    match Review::parse(body) {
        Ok(review) => {
            let resources = resources();
            check_change(&review, change(&review, &resources));
            check_change(&review, afresh(&review, &resources));
            check_answer(&Answer::failed(&review.uid, &review.name, Duration::ZERO));
            if let Some(before) = review.as_it_was() {
                assert_eq!(before.object, review.old_object);
            }
        }
        Err(error) => {
            assert!(error.message.contains("\nhint: ") && error.message.len() < 8 * 1024);
            if let Some(answer) = Answer::unreadable(&error) {
                check_answer(&answer);
            }
        }
    }
});
