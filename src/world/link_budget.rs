//! The budget of one link: what becomes of the power that a phone sends.

use super::World;
use super::channel::LinkParts;
use crate::physics::radio::{rate, sinr};
use crate::units::{BitsPerSecond, Hertz, Watts, db_from_ratio};

/// The budget of one link at time zero, as a planner writes it. Powers are in dBm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkBudget {
    /// The user's number.
    pub user: usize,
    /// The server's number.
    pub server: usize,
    /// What the phone sends.
    pub tx_power_dbm: f64,
    /// The share of its power that it does not use, in dB.
    pub back_off_db: f64,
    /// Gain of the antennas at both ends together, in dB.
    pub antennas_db: f64,
    /// Path loss, walls and shadowing.
    pub parts: LinkParts,
    /// What fading adds, in dB; below zero it takes.
    pub fading_db: f64,
    /// What the server receives.
    pub received_dbm: f64,
    /// Noise over the whole bandwidth.
    pub noise_dbm: f64,
    /// Of all other users, each sending to the server that it reaches best;
    /// `None` for no power at all.
    pub interference_dbm: Option<f64>,
    /// Signal over noise, in dB.
    pub snr_db: f64,
    /// Signal over interference plus noise, in dB (Eq. 3).
    pub sinr_db: f64,
    /// The whole bandwidth of the cell.
    pub bandwidth: Hertz,
    /// Users who reach this server best, this one among them.
    pub users_in_cell: usize,
    /// The rate with the whole bandwidth and no interference.
    pub rate_alone: BitsPerSecond,
    /// The rate with interference, the bandwidth shared with the users in the cell (Eq. 4).
    pub rate_shared: BitsPerSecond,
}

impl World<'_> {
    /// The server that a user reaches best: of the greatest gain at time zero.
    pub fn strongest_server(&self, user: usize) -> usize {
        let links = self.links(user).iter();
        let strongest = links.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        strongest.map_or(0, |(server, _)| server)
    }

    /// The budget of the link from a user to a server.
    ///
    /// # Panics
    /// If there is no such user or server: that is a mistake of the caller.
    pub fn link_budget(&self, user: usize, server: usize) -> LinkBudget {
        let model = self.model();
        let place = (user, self.users()[user].position);
        let site = (server, self.sites()[server].position);
        let parts = model.channel.parts(self.key(), place, site);
        let mean = model.channel.mean_gain(self.key(), place, site);
        let gain = self.drawn_gain(user, server);
        let (power, noise) = (model.users.tx_power, model.cells.noise);
        let others = (0..self.users().len()).filter(|other| *other != user);
        let in_cell = others.filter(|other| self.strongest_server(*other) == server);
        let users_in_cell = 1 + in_cell.count();
        let heard = self.heard_by_cells(Some(user));
        let interference = heard.interference(self.cell_to(user, server));
        let sent = power * self.power_shares()[user];
        let signal = sent * gain;
        let met = sinr(signal, interference, noise);
        let bandwidth = model.cells.bandwidth;
        LinkBudget {
            user,
            server,
            tx_power_dbm: dbm(sent),
            back_off_db: db_from_ratio(power.0 / sent.0),
            antennas_db: model.channel.antennas_db,
            parts,
            fading_db: db_from_ratio(gain / mean),
            received_dbm: dbm(signal),
            noise_dbm: dbm(noise),
            interference_dbm: (interference.0 > 0.0).then(|| dbm(interference)),
            snr_db: db_from_ratio(signal.0 / noise.0),
            sinr_db: db_from_ratio(met),
            bandwidth,
            users_in_cell,
            rate_alone: rate(bandwidth, signal.0 / noise.0),
            rate_shared: rate(Hertz(bandwidth.0 / users_in_cell as f64), met),
        }
    }
}

fn dbm(power: Watts) -> f64 {
    db_from_ratio(power.0 / 1e-3)
}
