//! How users move.

use super::geometry::{Area, Point};
use super::streams::{Stream, StreamKey};
use crate::units::Seconds;
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// How users move; path loss follows them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Mobility {
    /// Not at all.
    #[default]
    Static,
    /// From where they are to a uniform point of the area in a straight line, at a
    /// speed drawn anew for each leg, pausing at its end; again and again.
    RandomWaypoint {
        /// Least speed, in m/s; above zero, or users would come to rest.
        speed_min_m_per_s: f64,
        /// Greatest speed, in m/s.
        speed_max_m_per_s: f64,
        /// Pause at each waypoint, in seconds.
        #[serde(default)]
        pause_s: f64,
    },
    /// Along listed trajectories, one a user in turn: positions `(time_s, x, y)`
    /// with straight lines between them, at rest before the first and after the
    /// last.
    Listed(Vec<Vec<TimedPoint>>),
}

/// A position of a trajectory, written `(time_s, x, y)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimedPoint(pub f64, pub f64, pub f64);

/// One user's way through the area, asked for at times that do not decrease.
#[derive(Debug, Clone)]
pub struct Walk {
    area: Area,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    At(Point),
    Waypoints {
        stream: Stream,
        speeds: (f64, f64),
        pause: f64,
        from: Point,
        to: Point,
        starts: f64,
        arrives: f64,
    },
    Listed(Vec<TimedPoint>),
}

impl Walk {
    /// The way of a user that stands at `start` at time zero.
    pub fn new(
        mobility: &Mobility,
        area: &Area,
        key: StreamKey,
        user: usize,
        start: Point,
    ) -> Self {
        let state = match mobility {
            Mobility::Static => State::At(start),
            Mobility::RandomWaypoint {
                speed_min_m_per_s,
                speed_max_m_per_s,
                pause_s,
            } => State::Waypoints {
                stream: key.named("waypoints").index(user as u64).stream(),
                speeds: (*speed_min_m_per_s, *speed_max_m_per_s),
                pause: *pause_s,
                from: start,
                to: start,
                starts: 0.0,
                arrives: 0.0,
            },
            Mobility::Listed(trajectories) => {
                match trajectories.get(user % trajectories.len().max(1)) {
                    Some(points) if !points.is_empty() => State::Listed(points.clone()),
                    _ => State::At(start),
                }
            }
        };
        Self { area: *area, state }
    }

    /// Where the user is at `time`.
    pub fn position_at(&mut self, time: Seconds) -> Point {
        match &mut self.state {
            State::At(point) => *point,
            State::Listed(points) => interpolate(points, time.0),
            State::Waypoints {
                stream,
                speeds,
                pause,
                from,
                to,
                starts,
                arrives,
            } => {
                while time.0 >= *arrives + *pause {
                    *starts = *arrives + *pause;
                    *from = *to;
                    *to = Point(
                        self.area.width_m * stream.random::<f64>(),
                        self.area.height_m * stream.random::<f64>(),
                    );
                    let speed = speeds.0 + (speeds.1 - speeds.0) * stream.random::<f64>();
                    *arrives = *starts + from.distance(*to).0 / speed;
                }
                if time.0 >= *arrives {
                    return *to;
                }
                let share = ((time.0 - *starts) / (*arrives - *starts)).clamp(0.0, 1.0);
                between(*from, *to, share)
            }
        }
    }
}

fn between(from: Point, to: Point, share: f64) -> Point {
    Point(
        from.0 + (to.0 - from.0) * share,
        from.1 + (to.1 - from.1) * share,
    )
}

fn interpolate(points: &[TimedPoint], time: f64) -> Point {
    let point = |at: &TimedPoint| Point(at.1, at.2);
    let next = points.partition_point(|at| at.0 <= time);
    match (next.checked_sub(1).map(|at| &points[at]), points.get(next)) {
        (Some(before), Some(after)) => {
            let share = (time - before.0) / (after.0 - before.0);
            between(point(before), point(after), share)
        }
        (Some(last), None) => point(last),
        (None, first) => first.map_or(Point(0.0, 0.0), point),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_trajectory_is_followed_in_straight_lines() {
        let mobility = Mobility::Listed(vec![vec![
            TimedPoint(1.0, 0.0, 0.0),
            TimedPoint(3.0, 10.0, 20.0),
        ]]);
        let area = Area::default();
        let mut walk = Walk::new(&mobility, &area, StreamKey::root(1), 4, Point(5.0, 5.0));
        assert_eq!(walk.position_at(Seconds(0.0)), Point(0.0, 0.0));
        assert_eq!(walk.position_at(Seconds(2.0)), Point(5.0, 10.0));
        assert_eq!(walk.position_at(Seconds(9.0)), Point(10.0, 20.0));
    }

    #[test]
    fn waypoints_stay_in_the_area_at_the_speeds_asked_for() {
        let mobility = Mobility::RandomWaypoint {
            speed_min_m_per_s: 1.0,
            speed_max_m_per_s: 3.0,
            pause_s: 0.5,
        };
        let area = Area::default();
        let start = Point(250.0, 250.0);
        let mut walk = Walk::new(&mobility, &area, StreamKey::root(1), 0, start);
        let mut last = walk.position_at(Seconds(0.0));
        assert_eq!(last, start);
        let mut moved = 0.0;
        for step in 1..20_000 {
            let now = walk.position_at(Seconds(0.1 * f64::from(step)));
            assert!((0.0..=500.0).contains(&now.0) && (0.0..=500.0).contains(&now.1));
            let distance = last.distance(now).0;
            assert!(distance <= 0.3 + 1e-9, "{distance} m in 0.1 s");
            moved += distance;
            last = now;
        }
        assert!(moved > 1_500.0, "{moved} m in 2,000 s");
    }
}
