//! Who is received, and at what power.

use super::ReceivedPower;
use crate::physics::gains::{LinkGains, Reach};
use crate::physics::radio::{self, Interference};
use crate::units::Watts;

/// A user that begins to be received.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transmitter<'a> {
    /// The cell it transmits to.
    pub cell: usize,
    /// The power gain to it.
    pub gain: f64,
    /// The server nearest to it; only read where links within reach are kept.
    pub nearest: usize,
    /// Its links to those that receive it.
    pub links: LinkGains<'a>,
}

/// Who is received, and at what power: the sums, and what is to be taken away from them
/// when a user leaves, however its channel has changed since.
#[derive(Debug)]
pub struct Transmitters<'w> {
    tx_power: Watts,
    power: ReceivedPower,
    reach: Option<&'w Reach>,
    rows: GainSlots,
    jobs: Vec<Received>,
    active: usize,
}

/// A user that is received.
#[derive(Debug, Clone, Copy, Default)]
struct Received {
    cell: u32,
    nearest: u32,
    /// Where its gains are.
    slot: u32,
    signal_w: f64,
}

impl<'w> Transmitters<'w> {
    /// Silence at `cells` cells. `reach` says which links are kept, if not all.
    pub fn none(
        reading: Interference,
        tx_power: Watts,
        cells: usize,
        reach: Option<&'w Reach>,
    ) -> Self {
        let longest = reach.map(|reach| (0..cells).map(|j| reach.near(j).len()).max());
        Self {
            tx_power,
            power: ReceivedPower::silent(reading, cells),
            reach,
            rows: GainSlots::of_size(longest.map_or(cells, |longest| longest.unwrap_or(0))),
            jobs: Vec::new(),
            active: 0,
        }
    }

    /// A user begins to be received; `job` is its number until it ends.
    pub fn start(&mut self, job: usize, transmitter: Transmitter<'_>) {
        if self.jobs.len() <= job {
            self.jobs.resize(job + 1, Received::default());
        }
        self.jobs[job] = Received {
            cell: transmitter.cell as u32,
            nearest: transmitter.nearest as u32,
            slot: self.rows.take(transmitter.links),
            signal_w: self.tx_power.0 * transmitter.gain,
        };
        self.active += 1;
        self.add(job, 1.0);
    }

    /// A user is not received any more.
    pub fn end(&mut self, job: usize) {
        self.add(job, -1.0);
        self.rows.free(self.jobs[job].slot);
        self.active -= 1;
        if self.active == 0 {
            // What remains is the rounding of sums and differences.
            self.power.clear();
        }
    }

    /// A user's links have other gains now; the sums are to be made anew
    /// ([`Transmitters::sum_anew`]).
    pub fn set_gains(&mut self, job: usize, gain: f64, links: LinkGains<'_>) {
        self.jobs[job].signal_w = self.tx_power.0 * gain;
        self.rows.put(self.jobs[job].slot, links);
    }

    /// Sums anew over those that are received: `jobs` names each once.
    pub fn sum_anew(&mut self, jobs: impl Iterator<Item = usize>) {
        self.power.clear();
        for job in jobs {
            self.add(job, 1.0);
        }
    }

    fn add(&mut self, job: usize, sign: f64) {
        let received = self.jobs[job];
        let servers = self
            .reach
            .map(|reach| reach.near(received.nearest as usize));
        let links = self.rows.links(received.slot, servers);
        let power_w = sign * self.tx_power.0;
        let signal_w = sign * received.signal_w;
        self.power
            .add(power_w, links, received.cell as usize, signal_w);
    }

    /// The sums.
    pub fn power(&self) -> &ReceivedPower {
        &self.power
    }

    /// For sums that are kept up by other means as well.
    pub(crate) fn power_mut(&mut self) -> &mut ReceivedPower {
        &mut self.power
    }

    /// The SINR (Eq. 3), linear, of a user with who is received now.
    pub fn sinr(&self, job: usize, noise: Watts) -> f64 {
        let interference = self.power.interference(self.cell(job));
        radio::sinr(self.signal(job), interference, noise)
    }

    /// How many are received.
    pub fn active(&self) -> usize {
        self.active
    }

    /// The cell that a user transmits to.
    pub fn cell(&self, job: usize) -> usize {
        self.jobs[job].cell as usize
    }

    /// The server nearest to a user.
    pub fn nearest(&self, job: usize) -> usize {
        self.jobs[job].nearest as usize
    }

    /// The power at which a user's own cell receives it.
    pub fn signal(&self, job: usize) -> Watts {
        Watts(self.jobs[job].signal_w)
    }
}

/// Rows of gains in slots of one size that are used again.
#[derive(Debug, Default)]
struct GainSlots {
    gains: Vec<f64>,
    size: usize,
    free: Vec<u32>,
}

impl GainSlots {
    fn of_size(size: usize) -> Self {
        Self {
            size,
            ..Self::default()
        }
    }

    fn take(&mut self, links: LinkGains<'_>) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            let slot = self.gains.len() / self.size.max(1);
            self.gains.resize(self.gains.len() + self.size.max(1), 0.0);
            slot as u32
        });
        self.put(slot, links);
        slot
    }

    fn put(&mut self, slot: u32, links: LinkGains<'_>) {
        let start = slot as usize * self.size;
        self.gains[start..][..links.len()].copy_from_slice(links.gains());
    }

    fn free(&mut self, slot: u32) {
        self.free.push(slot);
    }

    #[inline]
    fn links<'a>(&'a self, slot: u32, servers: Option<&'a [u32]>) -> LinkGains<'a> {
        let start = slot as usize * self.size;
        match servers {
            None => LinkGains::to_all(&self.gains[start..][..self.size]),
            Some(servers) => {
                LinkGains::within_reach(servers, &self.gains[start..][..servers.len()])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Watts = Watts(0.2);

    #[test]
    fn what_leaves_takes_away_what_it_brought() {
        let gains = [[1e-8, 3e-10], [2e-10, 1e-8]];
        let mut transmitters = Transmitters::none(Interference::CoChannel, P, 2, None);
        let transmitter = |job: usize| Transmitter {
            cell: job,
            gain: gains[job][job],
            nearest: 0,
            links: LinkGains::to_all(&gains[job]),
        };
        transmitters.start(0, transmitter(0));
        transmitters.start(1, transmitter(1));
        let power = transmitters.power();
        assert_eq!(power.interference(0), Watts(0.2 * 2e-10));
        assert_eq!(power.from_own(1), Watts(0.2 * 1e-8));
        // With gains of now, then gone.
        transmitters.set_gains(1, 3e-8, LinkGains::to_all(&[4e-10, 3e-8]));
        transmitters.sum_anew([0, 1].into_iter());
        assert_eq!(transmitters.power().interference(0), Watts(0.2 * 4e-10));
        transmitters.end(1);
        assert_eq!(transmitters.power().interference(0), Watts(0.0));
        assert_eq!(transmitters.active(), 1);
        transmitters.end(0);
        let silent = ReceivedPower::silent(Interference::CoChannel, 2);
        assert_eq!(transmitters.power(), &silent);
    }
}
