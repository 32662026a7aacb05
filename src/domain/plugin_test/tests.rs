use super::{CaseFinding, Objection, Reach, Said};
use crate::domain::verdict::Verdict;

fn finding(outcome: Option<Objection>, code: &str, message: Option<&str>) -> CaseFinding {
    CaseFinding { outcome, code: code.to_owned(), message: message.map(str::to_owned), opens_at: None }
}

fn findings(findings: Vec<CaseFinding>) -> Said {
    Said { findings: Some(findings), ..Said::default() }
}

fn shown(expected: &Said, said: &Said) -> Vec<String> {
    let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let differences = expected.differences(said).into_iter();
    differences.map(|one| format!("{}: {} | {}", one.what, text(one.expected), text(one.got))).collect()
}

#[test]
fn only_what_is_expected_is_compared() {
    let said = Said {
        verdict: Some(Verdict::Deny),
        code: Some("plugin_trap".to_owned()),
        ..findings(vec![finding(Some(Objection::Denied), "late", Some("too late"))])
    };
    assert_eq!(shown(&Said::default(), &said), Vec::<String>::new());
    let expected = Said { verdict: Some(Verdict::Allow), code: Some("other".to_owned()), ..findings(Vec::new()) };
    let wanted = ["verdict: allow | deny", "code: other | plugin_trap", "finding: - | denied `late`: too late"];
    assert_eq!(shown(&expected, &said), wanted);
}

#[test]
fn a_skip_and_a_refusal_have_to_be_expected() {
    let skipped = Said { verdict: Some(Verdict::Undecided), skipped: Some("no".to_owned()), ..Said::default() };
    let expected = Said { verdict: Some(Verdict::Undecided), ..Said::default() };
    assert_eq!(shown(&expected, &skipped), ["skipped: - | no"]);
    let refused = Said { parameters_refused: Some(vec!["no".to_owned()]), ..Said::default() };
    assert_eq!(shown(&expected, &refused), ["parameters_refused: - | no", "verdict: undecided | -"]);
}

#[test]
fn findings_are_matched_whatever_their_order_and_detail() {
    let said = findings(vec![
        finding(Some(Objection::Denied), "a", Some("one")),
        finding(Some(Objection::Denied), "a", Some("two")),
    ]);
    let expected = findings(vec![finding(None, "a", None), finding(None, "a", Some("one"))]);
    assert_eq!(shown(&expected, &said), Vec::<String>::new());
    let expected = findings(vec![finding(None, "a", Some("three")), finding(Some(Objection::Held), "b", None)]);
    let wanted = ["finding: `a`: three | denied `a`: one", "finding: held `b` | -", "finding: - | denied `a`: two"];
    assert_eq!(shown(&expected, &said), wanted);
}

#[test]
fn what_is_reached_is_counted() {
    let mut reach = Reach::default();
    reach.add(&Said { verdict: Some(Verdict::Allow), ..findings(vec![finding(Some(Objection::Warned), "w", None)]) });
    reach.add(&Said { verdict: Some(Verdict::Undecided), skipped: Some(String::new()), ..Said::default() });
    assert_eq!(reach.outcomes.into_iter().collect::<Vec<_>>(), [("allow", 1), ("skip", 1), ("warn", 1)]);
    assert_eq!(reach.codes.into_iter().collect::<Vec<_>>(), ["w"]);
}
