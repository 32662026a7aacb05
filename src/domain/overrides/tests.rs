use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Instants, Override, Validity};
use crate::domain::digest::Digest;
use crate::domain::finding::Location;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn exception(created_at: Option<Timestamp>, expires_at: Timestamp) -> Override {
    Override {
        id: "ops-1".to_owned(),
        digest: Digest::from_bytes([1; 32]),
        environment: "production".to_owned(),
        rules: vec!["promotion.soak_time".to_owned()],
        reason: "checkout is down".to_owned(),
        actor: "alice".to_owned(),
        ticket: None,
        created_at,
        expires_at,
        location: Location { path: "overrides/ops-1.yaml".to_owned(), line: 1 },
    }
}

#[test]
fn an_override_is_in_force_between_its_ends() {
    let (begin, end) = ("2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z");
    let cases = [
        (Some(begin), end, "2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z", Validity::InForce),
        (Some(begin), end, "2026-11-21T11:59:59.999Z", "2026-11-20T12:00:00Z", Validity::InForce),
        (Some(begin), end, "2026-11-21T12:00:00Z", "2026-11-20T12:00:00Z", Validity::Expired),
        // A caller that asks about the past does not bring it back.
        (Some(begin), end, "2026-11-20T13:00:00Z", "2026-11-22T00:00:00Z", Validity::Expired),
        // Nor does one that asks about the future make it begin.
        (Some(begin), end, "2026-11-20T13:00:00Z", "2026-11-20T11:00:00Z", Validity::NotYet),
        (Some(begin), end, "2026-11-20T11:59:59Z", "2026-11-20T13:00:00Z", Validity::NotYet),
        (Some(begin), "2026-11-27T12:00:00Z", begin, begin, Validity::InForce),
        (Some(begin), "2026-11-27T12:00:01Z", begin, begin, Validity::TooLong),
        (None, "2026-11-27T12:00:00Z", begin, begin, Validity::InForce),
        (None, "2026-11-27T12:00:01Z", begin, begin, Validity::TooLong),
        // An instant close to the end does not make it short.
        (None, "2026-11-28T12:00:00Z", "2026-11-28T11:00:00Z", begin, Validity::TooLong),
        // The zone it is written in changes nothing.
        (Some("2026-11-20T13:00:00+01:00"), "2026-11-21T07:00:00-05:00", end, begin, Validity::Expired),
        (Some("2026-11-20T13:00:00+01:00"), "2026-11-21T07:00:00-05:00", begin, begin, Validity::InForce),
    ];
    for (created_at, expires_at, as_of, clock, expected) in cases {
        let exception = exception(created_at.map(at), at(expires_at));
        let validity = exception.validity(Instants::new(at(as_of), at(clock)), WEEK);
        assert_eq!(validity, expected, "{created_at:?} to {expires_at}, asked {as_of} at {clock}");
        assert_eq!(exception.validity(Instants::new(at(clock), at(as_of)), WEEK), expected);
    }
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..2_000_000).prop_map(|second| Timestamp::from_second(1_700_000_000 + second).unwrap())
}

proptest! {
    #[test]
    fn no_choice_of_an_instant_opens_what_the_clock_closes(
        created_at in prop::option::of(instant()), expires_at in instant(), clock in instant(), as_of in instant(),
    ) {
        let exception = exception(created_at, expires_at);
        let honest = exception.validity(Instants::new(clock, clock), WEEK);
        let asked = exception.validity(Instants::new(as_of, clock), WEEK);
        if asked == Validity::InForce {
            prop_assert_eq!(honest, Validity::InForce);
            prop_assert!(clock < expires_at && as_of < expires_at);
            prop_assert!(created_at.is_none_or(|begin| begin <= clock && begin <= as_of));
            prop_assert!(expires_at.duration_since(created_at.unwrap_or(clock)) <= WEEK);
        }
    }
}
