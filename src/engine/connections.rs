//! Who is connected to each server, from decision to completion, and the powers
//! that held shares count.

use super::Sharing;
use crate::physics::gains::LinkGains;
use crate::units::Watts;

/// Counts and powers of the connected queries.
#[derive(Debug)]
pub(super) struct Connections {
    sharing: Sharing,
    tx_power: Watts,
    connected: Vec<usize>,
    from_others: Vec<Watts>,
    from_own: Vec<Watts>,
    /// The gains with which each slot's query connected, row by row: what is taken
    /// away when it leaves, however its channel has changed since.
    gains: Vec<f64>,
    total: usize,
}

impl Connections {
    pub fn new(sharing: Sharing, servers: usize, tx_power: Watts) -> Self {
        Self {
            sharing,
            tx_power,
            connected: vec![0; servers],
            from_others: vec![Watts(0.0); servers],
            from_own: vec![Watts(0.0); servers],
            gains: Vec::new(),
            total: 0,
        }
    }

    /// Queries connected to a server.
    pub fn count(&self, server: usize) -> usize {
        self.connected[server]
    }

    /// Power that a server receives from the users connected elsewhere.
    pub fn power_from_others(&self, server: usize) -> Watts {
        self.from_others[server]
    }

    /// Power that a server receives from its own users.
    pub fn power_from_own(&self, server: usize) -> Watts {
        self.from_own[server]
    }

    /// The query in `slot` connects.
    pub fn connect(&mut self, slot: usize, links: LinkGains<'_>, server: usize) {
        self.connected[server] += 1;
        self.total += 1;
        // Live shares count who transmits now: the uplinks know.
        if self.sharing == Sharing::Live {
            return;
        }
        let servers = self.connected.len();
        if self.gains.len() < (slot + 1) * servers {
            self.gains.resize((slot + 1) * servers, 0.0);
        }
        let gains = &mut self.gains[slot * servers..(slot + 1) * servers];
        for (gain, (_, of_link)) in gains.iter_mut().zip(links.iter()) {
            *gain = of_link;
        }
        self.add_power(slot, server, 1.0);
    }

    /// The query in `slot` leaves.
    pub fn disconnect(&mut self, slot: usize, server: usize) {
        self.connected[server] -= 1;
        self.total -= 1;
        if self.sharing == Sharing::Live {
            return;
        }
        self.add_power(slot, server, -1.0);
        // Nobody left: what remains is the rounding of sums and differences.
        if self.total == 0 {
            self.from_others.fill(Watts(0.0));
            self.from_own.fill(Watts(0.0));
        }
    }

    fn add_power(&mut self, slot: usize, server: usize, sign: f64) {
        let servers = self.connected.len();
        let gains = &self.gains[slot * servers..(slot + 1) * servers];
        for (j, gain) in gains.iter().enumerate() {
            let received = self.tx_power * (sign * gain);
            if j == server {
                self.from_own[j] += received;
            } else {
                self.from_others[j] += received;
            }
        }
    }
}
