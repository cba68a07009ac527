//! Named random streams: every random quantity has its own, so that nothing
//! that is added or reordered elsewhere can change it.
//!
//! A stream is found from a key, and a key from the path of names and numbers
//! that leads to it: `(seed, replication, "user-capacity", user)`. Two streams
//! share no state; the draws of user 7 do not depend on how many users there
//! are, on the policy, on the thread that draws or on the order of the draws.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator behind every stream: xoshiro256++ (Blackman and Vigna, 2019),
/// the same on every platform.
pub type Stream = Xoshiro256PlusPlus;

/// The key of a random stream, or the common prefix of several.
///
/// ```
/// use edgelm::world::streams::StreamKey;
/// let replication = StreamKey::root(1).index(17);
/// let a = replication.named("user-position").index(7).uniform();
/// let b = replication.named("user-position").index(7).uniform();
/// assert_eq!(a, b);
/// assert_ne!(a, replication.named("user-capacity").index(7).uniform());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamKey(u64);

impl StreamKey {
    /// The key that a scenario's seed stands for.
    pub fn root(seed: u64) -> Self {
        Self(mix(seed ^ 0x5851_f42d_4c95_7f2d))
    }

    /// The key below this one with the given name.
    pub fn named(self, name: &str) -> Self {
        self.absorb(fnv1a(name))
    }

    /// The key below this one with the given number (a user, a server, a block).
    pub fn index(self, index: u64) -> Self {
        self.absorb(mix(index.wrapping_add(0x9e37_79b9_7f4a_7c15)))
    }

    /// The stream at this key, from its beginning.
    pub fn stream(self) -> Stream {
        Stream::seed_from_u64(self.0)
    }

    /// One uniform draw from the open interval (0, 1) without building a stream,
    /// for quantities that need a single number.
    pub fn uniform(self) -> f64 {
        // 53 bits, moved to the middle of their interval so that neither end occurs.
        ((mix(self.0) >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
    }

    fn absorb(self, word: u64) -> Self {
        Self(mix(self.0.rotate_left(23) ^ word))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The 64-bit FNV-1a hash of a stream's name.
const fn fnv1a(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_draws_of_neighbouring_keys_are_uniform_and_uncorrelated() {
        let root = StreamKey::root(3).named("test");
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|i| root.index(i).uniform()).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        // Standard deviation of the mean: sqrt(1/12/n) = 0.0009.
        assert!((mean - 0.5).abs() < 0.004, "mean {mean}");
        let lag_product = draws
            .windows(2)
            .map(|w| (w[0] - 0.5) * (w[1] - 0.5))
            .sum::<f64>()
            / n as f64;
        // Its standard deviation under independence: 1/12/sqrt(n) = 0.00026.
        assert!(lag_product.abs() < 0.0012, "lag-1 covariance {lag_product}");
    }

    #[test]
    fn the_order_of_names_matters() {
        let root = StreamKey::root(1);
        assert_ne!(root.index(1).index(2), root.index(2).index(1));
        assert_ne!(root.named("a").named("b"), root.named("b").named("a"));
        assert_ne!(root, StreamKey::root(2));
    }
}
