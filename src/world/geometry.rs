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

impl Area {
    /// Whether a position is inside.
    pub fn contains(&self, point: Point) -> bool {
        (0.0..=self.width_m).contains(&point.0) && (0.0..=self.height_m).contains(&point.1)
    }
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
    /// A hexagonal grid in the middle of the area, row by row from the lower left:
    /// every position has its neighbours at `spacing_m` (all six of them inside the
    /// grid), every other row is shifted by half of it.
    Hexagonal {
        /// Positions in a row.
        columns: usize,
        /// Rows.
        rows: usize,
        /// Distance between neighbours, in metres.
        spacing_m: f64,
    },
}

/// Distance between the rows of a hexagonal grid over that between neighbours.
const ROW_SPACING: f64 = 0.866_025_403_784_438_6;

/// How wide and how high a hexagonal grid is, from position to position, in metres.
pub fn hexagonal_extent(columns: usize, rows: usize, spacing_m: f64) -> (f64, f64) {
    let shifted = if rows > 1 { 0.5 } else { 0.0 };
    (
        spacing_m * (columns.saturating_sub(1) as f64 + shifted),
        spacing_m * ROW_SPACING * rows.saturating_sub(1) as f64,
    )
}

impl Placement {
    /// How many positions this placement fixes by itself; none for `Uniform`.
    pub fn count(&self) -> Option<usize> {
        match self {
            Self::Uniform => None,
            Self::Listed(points) => Some(points.len()),
            Self::Grid { columns, rows } | Self::Hexagonal { columns, rows, .. } => {
                Some(columns.saturating_mul(*rows))
            }
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
            Self::Hexagonal {
                columns,
                rows,
                spacing_m,
            } => {
                let (column, row) = (index % columns, (index / columns) % rows);
                let (width_m, height_m) = hexagonal_extent(*columns, *rows, *spacing_m);
                let shift = 0.5 * (row % 2) as f64;
                Point(
                    0.5 * (area.width_m - width_m) + spacing_m * (column as f64 + shift),
                    0.5 * (area.height_m - height_m) + spacing_m * ROW_SPACING * row as f64,
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
    fn every_inner_position_of_a_hexagonal_grid_has_six_equal_neighbours() {
        let area = Area {
            width_m: 3000.0,
            height_m: 2500.0,
        };
        let grid = Placement::Hexagonal {
            columns: 5,
            rows: 5,
            spacing_m: 500.0,
        };
        let at = |i| grid.position(&area, StreamKey::root(1), i);
        assert_eq!(grid.count(), Some(25));
        assert!((0..25).all(|i| area.contains(at(i))));
        let mut distances: Vec<f64> = (0..25).map(|i| at(12).distance(at(i)).0).collect();
        distances.sort_by(f64::total_cmp);
        assert!(distances[1..7].iter().all(|d| (d - 500.0).abs() < 1e-9));
        assert!(distances[7] > 800.0);
        // In the middle: as far from the left as from the right.
        let (left, right) = (at(0).0, at(9).0);
        assert!((left - (area.width_m - right)).abs() < 1e-9);
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
