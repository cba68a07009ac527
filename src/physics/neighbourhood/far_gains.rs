//! The mean gains to far servers: from every home to every server, and so the one
//! thing in a city that grows with its square.

use std::collections::HashMap;

/// Gains that are looked at side by side.
pub const LANES: usize = 8;

/// Shorter rows are not worth going from one to the next.
const SHORTEST_ROW: usize = 16;

/// So many servers, filled up to whole lanes.
pub(super) fn filled(servers: usize) -> usize {
    servers.next_multiple_of(LANES)
}

/// Mean power gains, homes x servers.
///
/// On a regular grid they depend on how far apart two places are in x and in y: what a
/// row of servers hears of a home is what it hears of the home's neighbour, moved on by
/// one. So a pair of rows needs one strip of gains, in which each home has a window,
/// and pairs whose strips are equal share it. A city's far field then stays in a
/// processor's near caches whenever it is brought up to date.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FarGains {
    /// Servers of a section: a row of the grid, or all.
    section: usize,
    sections: usize,
    /// Homes that share strips: a row of the grid, or one.
    sharing: usize,
    strips: Vec<f32>,
    /// Where in `strips` the windows of each such row's last home begin, section after
    /// section; every home before it begins one later.
    starts: Vec<usize>,
}

impl FarGains {
    /// Of all gains, home after home, every home's filled up to whole lanes. `row` is
    /// how many servers make a row, if they stand on a grid.
    pub fn new(gains: Vec<f32>, servers: usize, row: Option<usize>) -> Self {
        row.filter(|&row| row >= SHORTEST_ROW && servers.is_multiple_of(row))
            .and_then(|row| Self::in_strips(&gains, servers, row))
            .unwrap_or_else(|| Self::one_by_one(gains, servers))
    }

    fn one_by_one(gains: Vec<f32>, servers: usize) -> Self {
        Self {
            section: servers,
            sections: 1,
            sharing: 1,
            starts: (0..gains.len()).step_by(filled(servers)).collect(),
            strips: gains,
        }
    }

    /// `None` if windows of strips are not what the gains are, to the bit.
    fn in_strips(gains: &[f32], servers: usize, row: usize) -> Option<Self> {
        let mut own = Self {
            section: row,
            sections: servers / row,
            sharing: row,
            strips: Vec::new(),
            starts: Vec::new(),
        };
        let mut found: HashMap<Vec<u32>, usize> = HashMap::new();
        for homes in gains.chunks(row * filled(servers)) {
            for section in 0..servers / row {
                let of_home = |home: usize| &homes[home * filled(servers) + section * row..][..row];
                let mut strip = of_home(row - 1).to_vec();
                strip.extend(&of_home(0)[1..]);
                let window_of = |home: usize| &strip[row - 1 - home..][..row];
                if (0..row).any(|home| window_of(home) != of_home(home)) {
                    return None;
                }
                let bits = strip.iter().map(|gain| gain.to_bits()).collect();
                let start = found.entry(bits).or_insert_with(|| own.add(&strip));
                own.starts.push(*start);
            }
        }
        Some(own)
    }

    /// Adds a strip, and zeros that fill up its last window.
    fn add(&mut self, strip: &[f32]) -> usize {
        let start = self.strips.len();
        let filling = filled(self.section) - self.section;
        self.strips.extend(strip);
        self.strips.resize(start + strip.len() + filling, 0.0);
        start
    }

    /// How many servers a section has.
    pub fn section(&self) -> usize {
        self.section
    }

    /// A home's gains.
    pub fn of(&self, home: usize) -> FarGainsOf<'_> {
        let first = home / self.sharing * self.sections;
        FarGainsOf {
            strips: &self.strips,
            starts: &self.starts[first..first + self.sections],
            before: self.sharing - 1 - home % self.sharing,
            filled: filled(self.section),
        }
    }

    /// The gain from a home to a server.
    pub fn gain(&self, home: usize, server: usize) -> f32 {
        self.of(home).section(server / self.section)[server % self.section]
    }
}

/// The mean power gains from a home's users to far servers, zero to near ones.
#[derive(Debug, Clone, Copy)]
pub struct FarGainsOf<'a> {
    strips: &'a [f32],
    starts: &'a [usize],
    before: usize,
    filled: usize,
}

impl<'a> FarGainsOf<'a> {
    /// Those to the servers of a section, filled up to whole [`LANES`] with gains that
    /// mean nothing.
    #[inline]
    pub fn section(&self, section: usize) -> &'a [f32] {
        let start = self.starts[section] + self.before;
        &self.strips[start..start + self.filled]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_grid_strips_give_what_each_pair_gives() {
        let (columns, rows) = (20usize, 12usize);
        let servers = columns * rows;
        let place = |at: usize| ((at % columns) as f32, (at / columns) as f32);
        let gain = |home, server| {
            let ((x, y), (u, v)) = (place(home), place(server));
            (x - u).hypot(y - v).powf(-3.9)
        };
        let pairs = (0..servers).flat_map(|home| (0..servers).map(move |server| (home, server)));
        let mut gains: Vec<f32> = pairs
            .clone()
            .map(|(home, server)| gain(home, server))
            .collect();
        let strips = FarGains::new(gains.clone(), servers, Some(columns));
        let plain = FarGains::new(gains.clone(), servers, None);
        for (home, server) in pairs {
            assert_eq!(strips.gain(home, server), gains[home * servers + server]);
            assert_eq!(plain.gain(home, server), gains[home * servers + server]);
        }
        // One for every distance in y, its last window filled up to 24.
        assert_eq!(strips.strips.len(), rows * (2 * columns - 1 + 4));
        assert_eq!(plain.strips.len(), servers * servers);
        // Somebody moved: no strip fits any more.
        gains[5 * servers + 7] *= 1.001;
        let moved = FarGains::new(gains.clone(), servers, Some(columns));
        assert_eq!(moved, FarGains::new(gains, servers, None));
    }
}
