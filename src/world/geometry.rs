//! Where users and servers stand.

use super::streams::StreamKey;
use crate::units::Metres;
use serde::{Deserialize, Serialize};

/// A position in the area, in metres from its lower left corner.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point(pub f64, pub f64);

impl Point {
    /// The distance on the ground to another point.
    pub fn distance(self, other: Point) -> Metres {
        Metres((self.0 - other.0).hypot(self.1 - other.1))
    }
}

/// The rectangle in which everything stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Area {
    /// Extent in x, in metres.
    pub width_m: f64,
    /// Extent in y, in metres.
    pub height_m: f64,
}

impl Default for Area {
    /// The paper's 500 m x 500 m.
    fn default() -> Self {
        Self {
            width_m: 500.0,
            height_m: 500.0,
        }
    }
}

/// How positions are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Placement {
    /// Each position uniform in the area, drawn anew in every replication.
    Uniform,
    /// The listed positions `(x, y)` in metres, in this order.
    Listed(Vec<Point>),
    /// The centres of a grid of equal rectangles that fill the area, row by row
    /// from the lower left corner.
    Grid {
        /// Rectangles side by side in x.
        columns: usize,
        /// Rectangles side by side in y.
        rows: usize,
    },
}

impl Placement {
    /// How many positions this placement fixes by itself; none for `Uniform`.
    pub fn count(&self) -> Option<usize> {
        match self {
            Self::Uniform => None,
            Self::Listed(points) => Some(points.len()),
            Self::Grid { columns, rows } => Some(columns * rows),
        }
    }

    /// The position of number `index`; `key` leads to its own streams.
    ///
    /// `index` must be below [`Placement::count`] where that is given; beyond,
    /// positions repeat from the first.
    pub fn position(&self, area: &Area, key: StreamKey, index: usize) -> Point {
        match self {
            Self::Uniform => {
                let own = key.index(index as u64);
                Point(
                    area.width_m * own.named("x").uniform(),
                    area.height_m * own.named("y").uniform(),
                )
            }
            Self::Listed(points) => points[index % points.len()],
            Self::Grid { columns, rows } => {
                let (column, row) = (index % columns, (index / columns) % rows);
                Point(
                    area.width_m * (column as f64 + 0.5) / *columns as f64,
                    area.height_m * (row as f64 + 0.5) / *rows as f64,
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_two_by_two_grid_is_the_papers_layout() {
        let grid = Placement::Grid {
            columns: 2,
            rows: 2,
        };
        let found: Vec<Point> = (0..4)
            .map(|i| grid.position(&Area::default(), StreamKey::root(1), i))
            .collect();
        assert_eq!(
            found,
            [
                Point(125.0, 125.0),
                Point(375.0, 125.0),
                Point(125.0, 375.0),
                Point(375.0, 375.0)
            ]
        );
    }

    #[test]
    fn uniform_positions_fill_the_area_and_do_not_depend_on_each_other() {
        let area = Area {
            width_m: 100.0,
            height_m: 10.0,
        };
        let key = StreamKey::root(5);
        let mut sums = (0.0, 0.0);
        for i in 0..10_000 {
            let p = Placement::Uniform.position(&area, key, i);
            assert!(p.0 > 0.0 && p.0 < 100.0 && p.1 > 0.0 && p.1 < 10.0);
            sums = (sums.0 + p.0, sums.1 + p.1);
        }
        assert!((sums.0 / 10_000.0 - 50.0).abs() < 1.5);
        assert!((sums.1 / 10_000.0 - 5.0).abs() < 0.15);
    }
}
