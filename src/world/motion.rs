//! How users move.

use super::geometry::{Area, Point};
use super::streams::{Stream, StreamKey};
use crate::units::{Metres, Seconds};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// How users move. Path loss follows them, and so does fading where nothing else is said.
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

/// How far a user has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reached {
    /// Where it is.
    pub position: Point,
    /// The length of its way since time zero.
    pub travelled: Metres,
}

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
        /// The length of all legs before this one.
        before: f64,
    },
    Listed {
        points: Vec<TimedPoint>,
        /// The length of the way to each point.
        lengths: Vec<f64>,
    },
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
                before: 0.0,
            },
            Mobility::Listed(trajectories) => {
                match trajectories.get(user % trajectories.len().max(1)) {
                    Some(points) if !points.is_empty() => State::Listed {
                        points: points.clone(),
                        lengths: lengths(points),
                    },
                    _ => State::At(start),
                }
            }
        };
        Self { area: *area, state }
    }

    /// Where the user is at `time`, and how far it has travelled.
    pub fn reached_at(&mut self, time: Seconds) -> Reached {
        match &mut self.state {
            State::At(point) => reached(*point, 0.0),
            State::Listed { points, lengths } => interpolate(points, lengths, time.0),
            State::Waypoints {
                stream,
                speeds,
                pause,
                from,
                to,
                starts,
                arrives,
                before,
            } => {
                while time.0 >= *arrives + *pause {
                    *starts = *arrives + *pause;
                    *before += from.distance(*to).0;
                    *from = *to;
                    *to = Point(
                        self.area.width_m * stream.random::<f64>(),
                        self.area.height_m * stream.random::<f64>(),
                    );
                    let speed = speeds.0 + (speeds.1 - speeds.0) * stream.random::<f64>();
                    *arrives = *starts + from.distance(*to).0 / speed;
                }
                let leg = from.distance(*to).0;
                if time.0 >= *arrives {
                    return reached(*to, *before + leg);
                }
                let share = ((time.0 - *starts) / (*arrives - *starts)).clamp(0.0, 1.0);
                reached(between(*from, *to, share), *before + leg * share)
            }
        }
    }
}

fn reached(position: Point, travelled_m: f64) -> Reached {
    Reached {
        position,
        travelled: Metres(travelled_m),
    }
}

fn between(from: Point, to: Point, share: f64) -> Point {
    Point(
        from.0 + (to.0 - from.0) * share,
        from.1 + (to.1 - from.1) * share,
    )
}

/// The length of the way along the points to each of them, from nothing at time zero.
fn lengths(points: &[TimedPoint]) -> Vec<f64> {
    let mut along = Vec::with_capacity(points.len());
    let mut length = 0.0;
    for (at, here) in points.iter().enumerate() {
        if let Some(last) = at.checked_sub(1).map(|last| &points[last]) {
            length += place(last).distance(place(here)).0;
        }
        along.push(length);
    }
    let at_start = interpolate(points, &along, 0.0).travelled.0;
    along.iter().map(|length| length - at_start).collect()
}

fn place(at: &TimedPoint) -> Point {
    Point(at.1, at.2)
}

fn interpolate(points: &[TimedPoint], lengths: &[f64], time: f64) -> Reached {
    let next = points.partition_point(|at| at.0 <= time);
    match (next.checked_sub(1), points.get(next)) {
        (Some(at), Some(after)) => {
            let before = &points[at];
            let share = (time - before.0) / (after.0 - before.0);
            reached(
                between(place(before), place(after), share),
                lengths[at] + (lengths[next] - lengths[at]) * share,
            )
        }
        (Some(last), None) => reached(place(&points[last]), lengths[last]),
        (None, first) => reached(
            first.map_or(Point(0.0, 0.0), place),
            lengths.first().copied().unwrap_or(0.0),
        ),
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
        let whole = 10f64.hypot(20.0);
        assert_eq!(walk.reached_at(Seconds(0.0)), reached(Point(0.0, 0.0), 0.0));
        let half = reached(Point(5.0, 10.0), 0.5 * whole);
        assert_eq!(walk.reached_at(Seconds(2.0)), half);
        let end = reached(Point(10.0, 20.0), whole);
        assert_eq!(walk.reached_at(Seconds(9.0)), end);
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
        let mut last = walk.reached_at(Seconds(0.0));
        assert_eq!(last, reached(start, 0.0));
        for step in 1..20_000 {
            let now = walk.reached_at(Seconds(0.1 * f64::from(step)));
            assert!(area.contains(now.position));
            let distance = last.position.distance(now.position).0;
            let travelled = (now.travelled - last.travelled).0;
            assert!(travelled <= 0.3 + 1e-9, "{travelled} m in 0.1 s");
            // A bend makes the way longer than the distance.
            assert!(
                distance <= travelled + 1e-9,
                "{distance} m, but {travelled}"
            );
            last = now;
        }
        let moved = last.travelled.0;
        assert!(moved > 1_500.0, "{moved} m in 2,000 s");
    }
}
