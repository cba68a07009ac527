//! Clarke's channel as a sum of sinusoids: a pure function of a link and of how far its
//! phases have turned.
//!
//! After C. Xiao, Y. R. Zheng and N. C. Beaulieu, "Novel Sum-of-Sinusoids Simulation
//! Models for Rayleigh and Rician Fading Channels", IEEE Trans. Wireless Commun. 5(12),
//! 2006. N waves of equal power arrive, one from each of N equal sectors around the user,
//! at a uniform angle in it and with a uniform phase. The Rician model adds a direct path,
//! itself a sinusoid; its angle is uniform too.

use crate::physics::unit_circle::cosine_and_sine;
use crate::world::streams::{Stream, StreamKey};
use rand::RngExt;

/// How many waves make a link (N).
///
/// Their mean power is 1 whatever N is, over links and over the time of one link; what is
/// of second order, such as the variance of the power or its correlation over time, is off
/// by at most 1 / N of the variance of Rayleigh fading, here under 2 %. The distribution
/// function of the power is within 0.002 of the exponential one.
const WAVES: usize = 64;

/// The scattered part of h as two numbers of mean 0 and variance 1, after its phases have
/// turned `cycles` times as far as those of a wave from straight ahead do in one
/// wavelength; relative to the direct path where there is one, so that this is real.
pub(super) fn scattered(key: StreamKey, cycles: f64, direct_path: bool) -> (f64, f64) {
    let mut stream = key.named("waves").stream();
    let (mut turns, mut phases) = ([0.0; WAVES], [0.0; WAVES]);
    for (n, (turn, phase)) in turns.iter_mut().zip(&mut phases).enumerate() {
        *turn = (n as f64 + stream.random::<f64>()) / WAVES as f64;
        *phase = stream.random();
    }
    let ahead_of_direct = if direct_path { ahead(&mut stream) } else { 0.0 };
    for (turn, phase) in turns.iter_mut().zip(phases) {
        let (ahead, _) = cosine_and_sine(*turn);
        *turn = cycles * (ahead - ahead_of_direct) + phase;
    }
    let (mut real, mut imaginary) = ([0.0; LANES], [0.0; LANES]);
    for turns in turns.chunks_exact(LANES) {
        for lane in 0..LANES {
            let (cosine, sine) = cosine_and_sine(turns[lane]);
            real[lane] += cosine;
            imaginary[lane] += sine;
        }
    }
    let scale = (2.0 / WAVES as f64).sqrt();
    (
        scale * real.iter().sum::<f64>(),
        scale * imaginary.iter().sum::<f64>(),
    )
}

/// Sums side by side, which do not wait for each other.
const LANES: usize = 4;

/// The cosine of the angle between the direct path and straight ahead.
fn ahead(stream: &mut Stream) -> f64 {
    cosine_and_sine(stream.random()).0
}

#[cfg(test)]
mod tests {
    use super::super::Fading;
    use super::*;
    use std::f64::consts::TAU;

    const N: f64 = WAVES as f64;

    fn power(fading: Fading, link: u64, cycles: f64) -> f64 {
        let own = StreamKey::root(5).named("fading").index(link);
        let direct_path = fading != Fading::Rayleigh;
        fading.power_of(scattered(own, cycles, direct_path))
    }

    /// The integral of `f` from 0 to `end`, by Simpson's rule.
    fn integral(end: f64, f: impl Fn(f64) -> f64) -> f64 {
        let steps = 400;
        let width = end / f64::from(steps);
        let weight = |at| match at {
            0 => 1.0,
            at if at == steps => 1.0,
            at if at % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let sum: f64 = (0..=steps)
            .map(|at| weight(at) * f(f64::from(at) * width))
            .sum();
        sum * width / 3.0
    }

    /// The probability that the power of N unit waves of uniform phases is below `x` times
    /// its mean: Kluyver's (1906) for the distance r that a walk of N unit steps reaches.
    fn below(x: f64) -> f64 {
        let r = (x * N).sqrt();
        r * integral(2.0, |t| libm::j1(r * t) * libm::j0(t).powi(WAVES as i32))
    }

    /// The greatest distance of a sample's distribution function from `law`, in units of
    /// 1 / sqrt(n): above 1.95 once in a thousand samples of independent draws (Kolmogorov).
    fn kolmogorov(mut sample: Vec<f64>, law: impl Fn(f64) -> f64) -> f64 {
        sample.sort_by(f64::total_cmp);
        let n = sample.len() as f64;
        // At every tenth value: the law is not for free, and steps are small.
        let distance = |(at, x): (usize, &f64)| (law(*x) - (at as f64 + 0.5) / n).abs();
        let greatest = sample.iter().enumerate().step_by(10).map(distance);
        n.sqrt() * greatest.fold(0.0, f64::max)
    }

    /// Mean and standard deviation of the mean.
    fn mean(sample: impl Iterator<Item = f64>) -> (f64, f64) {
        let sample: Vec<f64> = sample.collect();
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        (mean, (variance / n).sqrt())
    }

    #[track_caller]
    fn assert_near((found, deviation): (f64, f64), expected: f64) {
        assert!(
            (found - expected).abs() < 4.0 * deviation,
            "{found} +- {deviation}, expected {expected}"
        );
    }

    /// What finite N takes from the correlation of the power, with the distance in
    /// wavelengths: the sum over sectors of |mean of exp(2 pi i d cos a) in it|^2, over N^2.
    fn finite(distance: f64) -> f64 {
        let sector = |n: usize| {
            let points = 16;
            let (mut real, mut imaginary) = (0.0, 0.0);
            for point in 0..points {
                let share = (f64::from(point) + 0.5) / f64::from(points);
                let phase = TAU * distance * (TAU * (n as f64 + share) / N).cos();
                real += phase.cos() / f64::from(points);
                imaginary += phase.sin() / f64::from(points);
            }
            real * real + imaginary * imaginary
        };
        (0..WAVES).map(sector).sum::<f64>() / (N * N)
    }

    fn clarke(distance: f64) -> f64 {
        libm::j0(TAU * distance)
    }

    #[test]
    fn the_power_of_the_waves_is_within_two_thousandths_of_exponential() {
        let distance = |x: f64| (below(x) + (-x).exp_m1()).abs();
        let greatest = (1..=1000)
            .map(|at| distance(0.01 * f64::from(at)))
            .fold(0.0, f64::max);
        assert!((0.0017..0.002).contains(&greatest), "{greatest}");
    }

    #[test]
    fn over_links_the_power_has_the_law_of_the_waves_at_any_time() {
        for cycles in [0.0, 0.37, 1e6] {
            let sample = (0..40_000).map(|link| power(Fading::Rayleigh, link, cycles));
            let found = kolmogorov(sample.collect(), below);
            assert!(found < 1.95, "{found} after {cycles}");
        }
    }

    #[test]
    fn over_links_the_power_correlates_as_clarke_says_but_for_one_in_n() {
        let links = 40_000;
        let at = |cycles: f64| {
            let power = move |link| power(Fading::Rayleigh, link, cycles);
            (0..links).map(power).collect::<Vec<f64>>()
        };
        let first = at(2.0);
        assert_near(mean(first.iter().copied()), 1.0);
        for distance in [0.0, 0.05, 0.1, 0.25, 0.3827, 0.5, 0.75, 1.5, 10.0] {
            let second = at(2.0 + distance);
            let products = first
                .iter()
                .zip(&second)
                .map(|(a, b)| (a - 1.0) * (b - 1.0));
            let expected = clarke(distance).powi(2) - finite(distance);
            assert_near(mean(products), expected);
            assert!((expected - clarke(distance).powi(2)).abs() <= 1.0 / N + 1e-12);
        }
    }

    #[test]
    fn over_the_time_of_one_link_the_power_has_the_same_law_and_correlation() {
        for link in 0..8 {
            // Three and a half wavelengths apart, powers hardly correlate.
            let at = |sample: u32, further: f64| {
                power(Fading::Rayleigh, link, 3.53 * f64::from(sample) + further)
            };
            let samples = 0..20_000;
            let powers: Vec<f64> = samples.clone().map(|sample| at(sample, 0.0)).collect();
            assert_near(mean(powers.iter().copied()), 1.0);
            for distance in [0.1, 0.25, 0.5] {
                let further = samples.clone().map(|sample| at(sample, distance));
                let products = powers
                    .iter()
                    .zip(further)
                    .map(|(a, b)| (a - 1.0) * (b - 1.0));
                let (found, deviation) = mean(products);
                let off = (found - clarke(distance).powi(2)).abs();
                assert!(
                    off < 1.5 / N + 4.0 * deviation,
                    "{found} at {distance} of link {link}"
                );
            }
            let found = kolmogorov(powers, below);
            assert!(found < 1.95, "{found} of link {link}");
        }
    }

    /// The direct path turns too, from a direction of its own: its beat with the scattered
    /// part correlates as J0 twice.
    #[test]
    fn rician_power_has_the_moments_and_the_correlation_of_its_law() {
        let fading = Fading::Rician { k_db: 6.0 };
        let k = 10f64.powf(0.6);
        let links = 40_000;
        let at = |cycles: f64| (0..links).map(move |link| power(fading, link, cycles));
        assert_near(mean(at(3.0)), 1.0);
        for distance in [0.0, 0.1, 0.25, 0.5] {
            let scattered = clarke(distance).powi(2) - finite(distance);
            let beat = 2.0 * k * clarke(distance).powi(2);
            let products = at(3.0).zip(at(3.0 + distance));
            assert_near(
                mean(products.map(|(a, b)| (a - 1.0) * (b - 1.0))),
                (scattered + beat) / (k + 1.0).powi(2),
            );
        }
    }
}
