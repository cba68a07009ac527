//! How a capacity is divided among the queries that share it, where not into equal shares.
//!
//! A query that asks for `demand_s` seconds of the whole capacity and is given the share y of
//! it takes `demand_s / y`; 1 / `demand_s` of it would be answered per second if it had the
//! capacity to itself.

use super::share;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// How a capacity is divided.
///
/// All but `Equal` depend on what each query asks for:
///
/// * `SquareRoot`: y_i in proportion to sqrt(d_i), which minimises the sum of the delays
///   d_i / y_i over all shares that sum to 1, with the least value (sum of sqrt(d_i))^2.
/// * `WeightedSquareRoot`: y_i in proportion to sqrt(u_i d_i) with the uncertainty u_i, which
///   minimises the sum of u_i d_i / y_i, a server's part of the paper's objective (Eq. 10).
/// * `AlphaFair(alpha)`: maximises the sum of U(y_i / d_i), the rates in queries per second,
///   with U(x) = x^(1 - alpha) / (1 - alpha), or ln x where alpha is 1 (Mo and Walrand,
///   IEEE/ACM Transactions on Networking 2000). 0 is the greatest sum of rates, 1
///   proportional fairness and the same as `Equal`, 2 the least sum of delays and the same
///   as `SquareRoot`; towards infinity all delays become equal.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Allocation {
    /// The same share for all: the paper's (Eqs. 2 and 6).
    #[default]
    Equal,
    /// The least sum of delays.
    SquareRoot,
    /// The least sum of uncertainty times delay.
    WeightedSquareRoot,
    /// The greatest utility of this alpha, which is at least 0.
    AlphaFair(f64),
}

/// How a server's resources are divided.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allocations {
    /// Its bandwidth.
    pub bandwidth: Allocation,
    /// Its compute, of which a query gets no more than C_max.
    pub compute: Allocation,
}

impl Allocations {
    /// Whether both are divided into equal shares.
    pub fn are_equal(&self) -> bool {
        *self == Self::default()
    }
}

/// What one query asks of a capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim {
    /// How long it would take with the whole capacity, in seconds.
    pub demand_s: f64,
    /// The query's uncertainty, in 0..=1.
    pub uncertainty: f64,
}

/// Shares of a capacity, each in 0..=1.
pub type Shares = SmallVec<[f64; 32]>;

impl Allocation {
    /// The share of each claim, none of which gets more than `greatest`. What one cannot use
    /// the others get, so that the shares sum to 1 where there are claims enough for it.
    pub fn shares(&self, claims: &[Claim], greatest: f64) -> Shares {
        let proportional = |weight: &dyn Fn(&Claim) -> f64| {
            let weights: Shares = claims.iter().map(weight).collect();
            in_proportion(&weights, greatest)
        };
        match *self {
            Self::Equal => {
                let each = share::of_equal(1.0, claims.len()).min(greatest);
                claims.iter().map(|_| each).collect()
            }
            Self::SquareRoot => proportional(&|claim| claim.demand_s.sqrt()),
            Self::WeightedSquareRoot => {
                proportional(&|claim| (claim.uncertainty * claim.demand_s).sqrt())
            }
            Self::AlphaFair(0.0) => least_demands_first(claims, greatest),
            // From d(sum U)/dy_i being the same for all: y_i^alpha in proportion to
            // d_i^(alpha - 1). Over the least demand, so that no power overflows.
            Self::AlphaFair(alpha) => {
                let demands = claims.iter().map(|claim| claim.demand_s);
                let least = demands.fold(f64::INFINITY, f64::min);
                let exponent = (alpha - 1.0) / alpha;
                proportional(&|claim| (claim.demand_s / least).powf(exponent))
            }
        }
    }
}

/// Shares in proportion to weights, none above `greatest`: min(`greatest`, c w_i) with the
/// one c by which they sum to 1, which is also what the Lagrangian of a sum of concave
/// utilities under such a limit gives.
fn in_proportion(weights: &[f64], greatest: f64) -> Shares {
    let mut shares: Shares = weights.iter().map(|_| 0.0).collect();
    let mut at_greatest: SmallVec<[bool; 32]> = weights.iter().map(|_| false).collect();
    let (mut left, mut of_weights) = (1.0, weights.iter().sum::<f64>());
    loop {
        let mut limited = false;
        for (at, weight) in weights.iter().enumerate() {
            if at_greatest[at] {
                continue;
            }
            // Claims of no weight get nothing.
            shares[at] = if of_weights > 0.0 {
                left * (weight / of_weights)
            } else {
                0.0
            };
            limited |= shares[at] > greatest;
        }
        if !limited {
            return shares;
        }
        (left, of_weights) = (1.0, 0.0);
        for (at, weight) in weights.iter().enumerate() {
            at_greatest[at] |= shares[at] > greatest;
            if at_greatest[at] {
                shares[at] = greatest;
                left -= greatest;
            } else {
                of_weights += weight;
            }
        }
    }
}

/// As much as it can use for the claim of the least demand, then for the next; claims of the
/// same demand share alike.
fn least_demands_first(claims: &[Claim], greatest: f64) -> Shares {
    let mut order: SmallVec<[usize; 32]> = (0..claims.len()).collect();
    order.sort_by(|&a, &b| claims[a].demand_s.total_cmp(&claims[b].demand_s));
    let mut shares: Shares = claims.iter().map(|_| 0.0).collect();
    let mut left = 1.0_f64;
    for alike in order.chunk_by(|&a, &b| claims[a].demand_s == claims[b].demand_s) {
        let each = share::of_equal(left, alike.len()).min(greatest);
        for &at in alike {
            shares[at] = each;
        }
        left = (left - each * alike.len() as f64).max(0.0);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claims(demands_s: &[f64]) -> Vec<Claim> {
        let claim = |&demand_s: &f64| Claim {
            demand_s,
            uncertainty: 1.0,
        };
        demands_s.iter().map(claim).collect()
    }

    fn delays(allocation: Allocation, claims: &[Claim], greatest: f64) -> Vec<f64> {
        let shares = allocation.shares(claims, greatest);
        claims
            .iter()
            .zip(shares)
            .map(|(claim, share)| claim.demand_s / share)
            .collect()
    }

    #[test]
    fn square_root_shares_reach_the_closed_form() {
        let claims = claims(&[0.004, 0.009, 0.0001, 0.025]);
        let sum: f64 = delays(Allocation::SquareRoot, &claims, 1.0).iter().sum();
        let roots: f64 = claims.iter().map(|claim| claim.demand_s.sqrt()).sum();
        assert!((sum / (roots * roots) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_greatest_sum_proportional_and_max_min_shares_are_those_of_alpha() {
        let claims = claims(&[0.1, 0.2, 0.4]);
        let shares = |alpha| Allocation::AlphaFair(alpha).shares(&claims, 1.0).to_vec();
        assert_eq!(shares(0.0), [1.0, 0.0, 0.0]);
        assert_eq!(shares(1.0), [1.0 / 3.0; 3]);
        // Max-min: equal rates y_i / d_i, so that the shares are as the demands.
        for (share, demand) in shares(1e9).iter().zip([0.1, 0.2, 0.4]) {
            assert!((share - demand / 0.7).abs() < 1e-8);
        }
        let two = delays(Allocation::AlphaFair(2.0), &claims, 1.0);
        for (a, b) in two.iter().zip(delays(Allocation::SquareRoot, &claims, 1.0)) {
            assert!((a / b - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn what_a_limit_leaves_goes_to_the_others() {
        let claims = claims(&[0.01, 0.01, 0.64]);
        let shares = Allocation::SquareRoot.shares(&claims, 0.5);
        assert_eq!(shares.to_vec(), [0.25, 0.25, 0.5]);
        // With a limit that all reach, part of the capacity is left.
        assert_eq!(
            Allocation::SquareRoot.shares(&claims, 0.2).to_vec(),
            [0.2; 3]
        );
        let greedy = Allocation::AlphaFair(0.0).shares(&claims, 0.4);
        assert_eq!(greedy.to_vec()[..2], [0.4, 0.4]);
        assert!((greedy[2] - 0.2).abs() < 1e-15);
    }

    #[test]
    fn uncertainty_weighs() {
        let claim = |uncertainty| Claim {
            demand_s: 0.1,
            uncertainty,
        };
        let shares = Allocation::WeightedSquareRoot.shares(&[claim(0.04), claim(0.36)], 1.0);
        assert!((shares[0] - 0.25).abs() < 1e-12 && (shares[1] - 0.75).abs() < 1e-12);
    }

    /// The utility that an allocation is said to maximise.
    fn utility(allocation: Allocation, claims: &[Claim], shares: &[f64]) -> f64 {
        let each = claims
            .iter()
            .zip(shares)
            .map(|(claim, share)| match allocation {
                Allocation::WeightedSquareRoot => -claim.uncertainty * claim.demand_s / share,
                Allocation::SquareRoot => -claim.demand_s / share,
                Allocation::Equal | Allocation::AlphaFair(1.0) => (share / claim.demand_s).ln(),
                Allocation::AlphaFair(alpha) => {
                    (share / claim.demand_s).powf(1.0 - alpha) / (1.0 - alpha)
                }
            });
        each.sum()
    }

    proptest! {
        #[test]
        fn no_shift_between_two_raises_what_an_allocation_maximises(
            drawn in prop::collection::vec((1e-4..1.0f64, 0.01..1.0f64), 2..8),
            greatest in 0.15..1.0f64,
            which in 0..6usize,
        ) {
            let allocation = [
                Allocation::Equal,
                Allocation::SquareRoot,
                Allocation::WeightedSquareRoot,
                Allocation::AlphaFair(0.5),
                Allocation::AlphaFair(1.0),
                Allocation::AlphaFair(4.0),
            ][which];
            let claims: Vec<Claim> = drawn
                .iter()
                .map(|&(demand_s, uncertainty)| Claim { demand_s, uncertainty })
                .collect();
            let shares = allocation.shares(&claims, greatest);
            let sum: f64 = shares.iter().sum();
            let usable = (greatest * claims.len() as f64).min(1.0);
            prop_assert!((sum - usable).abs() < 1e-12);
            prop_assert!(shares.iter().all(|share| *share <= greatest * (1.0 + 1e-12)));
            let best = utility(allocation, &claims, &shares);
            for from in 0..claims.len() {
                for to in 0..claims.len() {
                    let moved = 1e-3 * shares[from];
                    let mut others = shares.clone();
                    others[from] -= moved;
                    others[to] += moved;
                    if from == to || others[to] > greatest {
                        continue;
                    }
                    let found = utility(allocation, &claims, &others);
                    prop_assert!(found <= best + 1e-9 * best.abs(), "{allocation:?} {found} {best}");
                }
            }
        }
    }
}
