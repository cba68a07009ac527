//! How a server's bandwidth and compute are shared (Eqs. 2 and 6 of the paper).

use crate::units::{FlopPerSecond, Hertz};

/// The part of one of `connected` that share alike; of an empty server as with one.
pub fn of_equal(total: f64, connected: usize) -> f64 {
    total / connected.max(1) as f64
}

/// The bandwidth of one of `connected` equal users: B / max(1, n) (Eq. 2).
pub fn bandwidth(total: Hertz, connected: usize) -> Hertz {
    Hertz(of_equal(total.0, connected))
}

/// The compute of one of `connected` equal users: min(C_max, C / max(1, n)) (Eq. 6).
pub fn compute(
    total: FlopPerSecond,
    max_per_user: FlopPerSecond,
    connected: usize,
) -> FlopPerSecond {
    FlopPerSecond(of_equal(total.0, connected).min(max_per_user.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_server_shares_as_with_one_user_and_the_cap_binds_until_it_is_full() {
        assert_eq!(bandwidth(Hertz(100.0), 0), Hertz(100.0));
        assert_eq!(bandwidth(Hertz(100.0), 4), Hertz(25.0));
        let share = |n| compute(FlopPerSecond(10.0), FlopPerSecond(2.0), n).0;
        assert_eq!([share(0), share(1), share(5)], [2.0, 2.0, 2.0]);
        assert_eq!(share(10), 1.0);
    }
}
