use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Boarding, Evaluated, Flight, MOST, Memo};
use crate::domain::digest::Digest;

fn key(number: usize) -> Digest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Digest::from_bytes(bytes)
}

fn joins(memo: &Memo, number: usize, second: i64) -> bool {
    matches!(memo.board(key(number), Timestamp::from_second(second).unwrap()), Boarding::Joined(_))
}

#[tokio::test]
async fn equal_requests_of_a_second_join() {
    let memo = Memo::new();
    let steps = [(1, 10, false), (1, 10, true), (2, 10, false), (1, 11, false), (1, 10, false), (1, 11, true)];
    for (number, second, expected) in steps {
        assert_eq!(joins(&memo, number, second), expected, "{number} at {second}");
    }
}

#[tokio::test]
async fn there_are_only_so_many() {
    let memo = Memo::new();
    for number in 0..MOST + 100 {
        assert!(!joins(&memo, number, 10));
    }
    assert!(joins(&memo, MOST - 1, 10));
    assert!(!joins(&memo, MOST, 10));
}

#[tokio::test]
async fn what_came_to_nothing_is_begun_again() {
    let memo = Memo::new();
    let at = Timestamp::from_second(10).unwrap();
    let Boarding::First(flight) = memo.board(key(1), at) else { panic!() };
    memo.forget(key(1), &Arc::default());
    assert!(joins(&memo, 1, 10));
    memo.forget(key(1), &flight);
    assert!(!joins(&memo, 1, 10));
}

#[tokio::test]
async fn a_flight_that_does_not_land_is_waited_for_until_the_deadline() {
    let flight = Flight::default();
    let soon = || Instant::now() + Duration::from_millis(10);
    assert!(matches!(flight.result(soon()).await, Evaluated::Overloaded));
    flight.begin();
    assert!(matches!(flight.result(soon()).await, Evaluated::Late));
    flight.land(Evaluated::Crashed);
    assert!(matches!(flight.result(Instant::now()).await, Evaluated::Crashed));
}
