//! The power that cells receive, kept up as users connect and leave: the one ledger of
//! interference. Policies that look ahead, shares that are held and live transmissions
//! all count by it.

use super::gains::{LinkGains, Reach};
use super::radio::Interference;
use crate::units::Watts;

/// What every cell receives from its own users and from those of other cells.
///
/// The sums only grow while users connect, in floating point too (rounding is
/// monotone), which is what lets a stale delay serve as a lower bound.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedPower {
    reading: Interference,
    /// At cell j: power of the users of other cells, over their channel to j.
    from_others_w: Vec<f64>,
    /// At cell j: power of j's own users.
    from_own_w: Vec<f64>,
}

impl ReceivedPower {
    /// Nobody connected yet, at `cells` cells.
    pub fn silent(reading: Interference, cells: usize) -> Self {
        Self {
            reading,
            from_others_w: vec![0.0; cells],
            from_own_w: vec![0.0; cells],
        }
    }

    /// Starts from loads that are there already: what each cell receives from
    /// users of other cells, and from its own.
    pub fn with_load(
        reading: Interference,
        from_others: impl Iterator<Item = Watts>,
        from_own: impl Iterator<Item = Watts>,
    ) -> Self {
        Self {
            reading,
            from_others_w: from_others.map(|power| power.0).collect(),
            from_own_w: from_own.map(|power| power.0).collect(),
        }
    }

    /// A user of the given transmit power and links connects to `cell`.
    pub fn connect(&mut self, tx_power: Watts, links: LinkGains<'_>, cell: usize) {
        let signal_w = tx_power.0 * links.to(cell).unwrap_or(0.0);
        self.add(tx_power.0, links, cell, signal_w);
    }

    /// The same; `changed` is told every cell whose interference is another now.
    #[inline]
    pub fn connect_and(
        &mut self,
        tx_power: Watts,
        links: LinkGains<'_>,
        cell: usize,
        mut changed: impl FnMut(&Self, usize),
    ) {
        self.connect(tx_power, links, cell);
        match self.reading {
            Interference::Orthogonal => {}
            Interference::AsPrinted => {
                for j in 0..self.from_own_w.len() {
                    changed(self, j);
                }
            }
            Interference::CoChannel => {
                for place in 0..links.len() {
                    let j = links.server(place);
                    if j != cell {
                        changed(self, j);
                    }
                }
            }
        }
    }

    /// Adds a transmission to `cell` that is received there at `signal_w`, or takes it
    /// away where powers are negative.
    #[inline]
    fn add(&mut self, power_w: f64, links: LinkGains<'_>, cell: usize, signal_w: f64) {
        // Its own cell does not receive it as interference.
        let of_own_cell = self.from_others_w[cell];
        match links.servers() {
            None => {
                for (sum_w, gain) in self.from_others_w.iter_mut().zip(links.gains()) {
                    *sum_w += power_w * gain;
                }
            }
            Some(servers) => {
                for (&server, gain) in servers.iter().zip(links.gains()) {
                    self.from_others_w[server as usize] += power_w * gain;
                }
            }
        }
        self.from_others_w[cell] = of_own_cell;
        self.from_own_w[cell] += signal_w;
    }

    fn clear(&mut self) {
        self.from_others_w.fill(0.0);
        self.from_own_w.fill(0.0);
    }

    /// How Eq. 3's interference is read.
    pub fn reading(&self) -> Interference {
        self.reading
    }

    /// Power that a cell receives from the users of other cells, over their links to it.
    pub fn from_others(&self, cell: usize) -> Watts {
        Watts(self.from_others_w[cell])
    }

    /// Power that a cell receives from its own users.
    pub fn from_own(&self, cell: usize) -> Watts {
        Watts(self.from_own_w[cell])
    }

    /// The interference in the SINR of a user of `cell` (Eq. 3).
    pub fn interference(&self, cell: usize) -> Watts {
        // Differences may leave a rounding error below zero.
        Watts(match self.reading {
            Interference::Orthogonal => 0.0,
            Interference::CoChannel => self.from_others_w[cell].max(0.0),
            Interference::AsPrinted => self
                .from_own_w
                .iter()
                .enumerate()
                .filter(|&(j, _)| j != cell)
                .map(|(_, own)| own.max(0.0))
                .sum(),
        })
    }

    /// For sums that are kept up by other means as well.
    pub(crate) fn watts_from_others(&mut self) -> &mut [f64] {
        &mut self.from_others_w
    }
}

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

/// What live uplinks ask of interference: the sums, and whose rates no longer fit them.
pub trait InterferenceLedger {
    /// A transmission begins.
    fn start(&mut self, job: usize, transmitter: Transmitter<'_>);
    /// A transmission ends.
    fn end(&mut self, job: usize);
    /// The links of a transmission in progress have other gains; followed by
    /// [`InterferenceLedger::sum_anew`].
    fn set_gains(&mut self, job: usize, gain: f64, links: LinkGains<'_>);
    /// Sums anew over all transmissions in progress: `jobs` names each once.
    fn sum_anew(&mut self, jobs: &mut dyn Iterator<Item = usize>);
    /// Names the cells whose rates no longer fit the interference.
    fn drain_stale(&mut self, stale: &mut dyn FnMut(usize));
    /// A cell's rates fit its interference of now; `is_silent` where nobody transmits to it.
    fn rates_updated(&mut self, cell: usize, is_silent: bool);
    /// Who transmits, and the sums.
    fn transmitters(&self) -> &Transmitters<'_>;
}

/// Every change counts at once: exact.
#[derive(Debug)]
pub struct ExactLedger<'w> {
    transmitters: Transmitters<'w>,
    cells: usize,
    changed: bool,
}

impl<'w> ExactLedger<'w> {
    /// Silence at `cells` cells.
    pub fn new(reading: Interference, tx_power: Watts, cells: usize) -> Self {
        Self {
            transmitters: Transmitters::none(reading, tx_power, cells, None),
            cells,
            changed: false,
        }
    }
}

impl InterferenceLedger for ExactLedger<'_> {
    fn start(&mut self, job: usize, transmitter: Transmitter<'_>) {
        self.transmitters.start(job, transmitter);
        self.changed = true;
    }

    fn end(&mut self, job: usize) {
        self.transmitters.end(job);
        self.changed = true;
    }

    fn set_gains(&mut self, job: usize, gain: f64, links: LinkGains<'_>) {
        self.transmitters.set_gains(job, gain, links);
    }

    fn sum_anew(&mut self, jobs: &mut dyn Iterator<Item = usize>) {
        self.transmitters.sum_anew(jobs);
        self.changed = true;
    }

    fn drain_stale(&mut self, stale: &mut dyn FnMut(usize)) {
        let changed = std::mem::take(&mut self.changed);
        if changed && self.transmitters.power.reading != Interference::Orthogonal {
            (0..self.cells).for_each(stale);
        }
    }

    fn rates_updated(&mut self, _cell: usize, _is_silent: bool) {}

    fn transmitters(&self) -> &Transmitters<'_> {
        &self.transmitters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Watts = Watts(0.2);

    #[test]
    fn the_three_readings_differ_as_documented() {
        // User a at server 0, user b at server 1; gains[user][server].
        let gains = [[1e-8, 3e-10], [2e-10, 1e-8]];
        let heard = |reading| {
            let mut power = ReceivedPower::silent(reading, 2);
            power.connect(P, LinkGains::to_all(&gains[0]), 0);
            power.connect(P, LinkGains::to_all(&gains[1]), 1);
            [power.interference(0), power.interference(1)]
        };
        assert_eq!(
            heard(Interference::CoChannel),
            [Watts(0.2 * 2e-10), Watts(0.2 * 3e-10)]
        );
        assert_eq!(
            heard(Interference::AsPrinted),
            [Watts(0.2 * 1e-8), Watts(0.2 * 1e-8)]
        );
        assert_eq!(heard(Interference::Orthogonal), [Watts(0.0); 2]);
    }

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
