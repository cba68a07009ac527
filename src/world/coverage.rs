//! What a phone more would have, wherever it stood.

use super::World;
use super::geometry::Point;
use crate::physics::interference::ReceivedPower;
use crate::physics::radio::{rate, sinr};
use crate::units::{BitsPerSecond, Watts, db_from_ratio};

/// What a place has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Where it is.
    pub position: Point,
    /// The server whose mean received power is the greatest.
    pub server: usize,
    /// That power, in dBm.
    pub received_dbm: f64,
    /// Over interference plus noise, in dB (Eq. 3). Interference is what the server hears
    /// of the world's users, each sending to the server that it reaches best.
    pub sinr_db: f64,
    /// The rate with the whole bandwidth of the cell (Eq. 4).
    pub rate: BitsPerSecond,
}

/// An area in squares, each with what its middle has.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// Squares in x.
    pub columns: usize,
    /// Squares in y.
    pub rows: usize,
    /// Width and height of a square, in metres.
    pub square_m: (f64, f64),
    /// Row after row, from the corner at the origin.
    pub places: Vec<Place>,
}

impl World<'_> {
    /// What a phone more would have at the middle of each square of a grid, fading left
    /// out. Each square has draws of its own: line of sight, shadowing, a building.
    pub fn coverage(&self, columns: usize) -> Coverage {
        let area = &self.model().area;
        let columns = columns.max(1);
        let rows = (columns as f64 * area.height_m / area.width_m)
            .round()
            .max(1.0) as usize;
        let square_m = (area.width_m / columns as f64, area.height_m / rows as f64);
        let heard = self.heard_by_cells(None);
        let places = (0..rows * columns).map(|square| {
            let (row, column) = (square / columns, square % columns);
            let position = Point(
                (column as f64 + 0.5) * square_m.0,
                (row as f64 + 0.5) * square_m.1,
            );
            self.place(self.users().len() + square, position, &heard)
        });
        Coverage {
            columns,
            rows,
            square_m,
            places: places.collect(),
        }
    }

    /// Every user but one sending to the server that it reaches best.
    pub(super) fn heard_by_cells(&self, silent: Option<usize>) -> ReceivedPower {
        let model = self.model();
        let mut heard = ReceivedPower::silent(model.interference, self.cells());
        for user in (0..self.users().len()).filter(|user| Some(*user) != silent) {
            let best = self.strongest_server(user);
            let cell = self.cell_to(user, best);
            heard.connect(model.users.tx_power, self.links(user), cell);
        }
        heard
    }

    fn place(&self, user: usize, position: Point, heard: &ReceivedPower) -> Place {
        let model = self.model();
        let gains = self.sites().iter().enumerate().map(|(server, site)| {
            let place = (server, site.position);
            (
                server,
                model.channel.mean_gain(self.key(), (user, position), place),
            )
        });
        let best = gains.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let (server, gain) = best.unwrap_or((0, 0.0));
        let share = self.power_share(user, position);
        let signal: Watts = model.users.tx_power * (share * gain);
        let interference = heard.interference(self.sites()[server].first_cell);
        let met = sinr(signal, interference, model.cells.noise);
        Place {
            position,
            server,
            received_dbm: db_from_ratio(signal.0 / 1e-3),
            sinr_db: db_from_ratio(met),
            rate: rate(model.cells.bandwidth, met),
        }
    }
}
