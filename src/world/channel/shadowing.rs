//! Log-normal shadowing: what large obstacles take from a link or spare it.

use super::path_loss::Standard;
use super::tr38901::Sight;
use crate::units::Metres;
use crate::world::geometry::Point;
use crate::world::streams::StreamKey;
use rand::RngExt;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Shadowing as the tables of 3GPP TR 38.901 have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StandardShadowing {
    /// Each link by itself, with the deviation of its state (table 7.4.1-1): with line of
    /// sight, obstructed, into a building.
    ByState,
    /// The same with the correlation over distance of table 7.5-6: users that stand
    /// together are shadowed alike from a server, and users that move leave a shadow
    /// gradually.
    Correlated,
}

/// The shadowing of links.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shadowing {
    /// The same deviation for all links, in dB, each by itself; 0 for none.
    Deviation(f64),
    /// That of the standard's model.
    Standard(StandardShadowing),
}

/// The state of a link that decides on its shadowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Outside, with line of sight or without.
    Outdoors(Sight),
    /// Into a building.
    Indoors,
}

impl State {
    /// The name of its random streams: states are independent of each other.
    fn stream(self) -> &'static str {
        match self {
            Self::Outdoors(Sight::Line) => "shadowing-line",
            Self::Outdoors(Sight::Obstructed) => "shadowing-obstructed",
            Self::Indoors => "shadowing-indoors",
        }
    }
}

impl StandardShadowing {
    /// The shadowing of a link in dB.
    pub(super) fn db(
        self,
        standard: &Standard,
        state: State,
        key: StreamKey,
        user: (usize, Point),
        server: (usize, Point),
    ) -> f64 {
        let environment = standard.environment;
        let deviation_db = match state {
            State::Outdoors(sight) => {
                let link = standard.link(user.1.distance(server.1));
                environment.shadowing_db(link, sight)
            }
            State::Indoors => environment.indoor_shadowing_db(),
        };
        let own = key.named(state.stream()).index(server.0 as u64);
        deviation_db
            * match self {
                Self::ByState => StandardNormal.sample(&mut own.index(user.0 as u64).stream()),
                Self::Correlated => {
                    let reach = match state {
                        State::Outdoors(sight) => environment.correlation_distance(sight),
                        State::Indoors => environment.indoor_correlation_distance(),
                    };
                    field(own, reach, user.1)
                }
            }
    }
}

/// Waves of a field.
const WAVES: usize = 64;

/// A Gaussian field over the plane with mean zero, deviation one and the correlation
/// exp(-d / reach) at a distance d, at a place: a sum of plane waves. Their wave numbers
/// have the spectrum of that correlation in the plane, proportional to
/// k / (1 + (k reach)^2)^(3/2).
fn field(key: StreamKey, reach: Metres, at: Point) -> f64 {
    let mut stream = key.stream();
    let sum: f64 = (0..WAVES)
        .map(|_| {
            let (share, direction, phase): (f64, f64, f64) =
                (stream.random(), stream.random(), stream.random());
            // The share of the spectrum below k is 1 - 1 / sqrt(1 + (k reach)^2).
            let per_m = ((1.0 - share).powi(-2) - 1.0).sqrt() / reach.0;
            let (sin, cos) = (TAU * direction).sin_cos();
            (per_m * (at.0 * cos + at.1 * sin) + TAU * phase).cos()
        })
        .sum();
    (2.0 / WAVES as f64).sqrt() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_the_mean_deviation_and_correlation_announced() {
        let apart = [0.0, 5.0, 20.0, 50.0, 150.0];
        let fields = 20_000;
        let (mut sum, mut products) = (0.0, [0.0; 5]);
        for number in 0..fields {
            let key = StreamKey::root(number);
            let at = |x: f64| field(key, Metres(50.0), Point(300.0 + x, 120.0));
            let here = at(0.0);
            sum += here;
            for (product, x) in products.iter_mut().zip(apart) {
                *product += here * at(x);
            }
        }
        let n = fields as f64;
        assert!((sum / n).abs() < 0.03, "{}", sum / n);
        for (product, x) in products.iter().zip(apart) {
            let expected = (-x / 50.0f64).exp();
            // Four standard errors of a mean of products: 4 sqrt(2 / 20,000) at most.
            assert!(
                (product / n - expected).abs() < 0.04,
                "{x} m: {}",
                product / n
            );
        }
    }

    #[test]
    fn a_field_is_gaussian_as_far_as_the_tails_that_matter() {
        let values: Vec<f64> = (0..20_000)
            .map(|number| field(StreamKey::root(number), Metres(10.0), Point(77.0, -20.0)))
            .collect();
        let above = |limit: f64| {
            values.iter().filter(|value| **value > limit).count() as f64 / values.len() as f64
        };
        // Of a normal: 15.87 %, 2.275 %, 0.62 %.
        for (limit, share) in [(1.0, 0.158_66), (2.0, 0.022_75), (2.5, 0.006_21)] {
            let error: f64 = (share * (1.0 - share) / values.len() as f64).sqrt();
            assert!(
                (above(limit) - share).abs() < 4.0 * error + 0.1 * share,
                "{limit}: {}",
                above(limit)
            );
        }
    }
}
