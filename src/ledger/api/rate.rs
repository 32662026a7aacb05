//! How many requests an address may send.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// After so many requests, addresses are forgotten that have been quiet.
const FORGET_EVERY: u32 = 4096;

/// Counts the requests of each address. An IPv6 address counts with its network of 64 bits, which one client has whole.
pub(super) struct Rate {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    seen: AtomicU32,
}

impl Rate {
    /// So many requests a second from each address, and twice as many at once.
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(per_second.saturating_mul(TWO));
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default(), seen: AtomicU32::new(0) }
    }

    /// Notes a request.
    ///
    /// # Errors
    /// How many seconds to wait when it is one too many.
    pub(super) fn note(&self, address: IpAddr) -> Result<(), u64> {
        // What has been quiet for two seconds may send as much as what never came: there are never more addresses
        // than have sent in that time.
        if self.seen.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&client(address)).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            wait.as_secs() + 1
        })
    }
}

const TWO: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_bounded_and_others_are_not() {
        let rate = Rate::new(NonZeroU32::new(5).unwrap());
        let noisy: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let same_network: IpAddr = "2001:db8:1:2:ffff::2".parse().unwrap();
        let outcomes: Vec<_> = (0..20).map(|_| rate.note(noisy)).collect();
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 10);
        assert_eq!(rate.note(same_network), Err(1));
        for other in ["2001:db8:1:3::1", "192.0.2.1", "::ffff:192.0.2.2"] {
            assert_eq!(rate.note(other.parse().unwrap()), Ok(()), "{other}");
        }
        assert_eq!(client("::ffff:192.0.2.2".parse().unwrap()), "192.0.2.2".parse::<IpAddr>().unwrap());
    }
}
