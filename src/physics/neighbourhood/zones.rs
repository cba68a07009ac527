//! Zones of a city: servers that stand together.
//!
//! What a far transmission adds falls steeply with distance. How much many of them may
//! add to what a server hears is bounded closely, and without looking at every
//! server, by how many there are in each zone and the greatest gain from there to the
//! server's zone.

/// The zone of each server, and the greatest mean gains between zones, near links left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Zones {
    of: Vec<u32>,
    count: usize,
    /// Zones x zones: from homes of one to servers of the other.
    greatest_gains: Vec<f32>,
}

impl Zones {
    /// `of` numbers each server's zone, from 0 on; `gain(home, server)` is the mean
    /// power gain to a far server, zero to a near one.
    pub(super) fn new(of: Vec<u32>, gain: impl Fn(usize, usize) -> f32) -> Self {
        let count = of.iter().max().map_or(0, |last| *last as usize + 1);
        let mut greatest_gains = vec![0.0f32; count * count];
        for (home, &from) in of.iter().enumerate() {
            for (server, &to) in of.iter().enumerate() {
                let greatest = &mut greatest_gains[from as usize * count + to as usize];
                *greatest = greatest.max(gain(home, server));
            }
        }
        Self {
            of,
            count,
            greatest_gains,
        }
    }

    /// The zone of a server.
    pub fn of(&self, server: usize) -> usize {
        self.of[server] as usize
    }

    /// How many zones there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The greatest of all mean power gains from a zone's homes to the servers of each
    /// zone that are far from them.
    pub fn greatest_gains(&self, from: usize) -> &[f32] {
        &self.greatest_gains[from * self.count..][..self.count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_gain_is_above_that_between_zones() {
        let gain = |home: usize, server: usize| (home * 10 + server) as f32;
        let zones = Zones::new(vec![0, 1, 0, 1, 1], gain);
        assert_eq!((zones.count(), zones.of(2), zones.of(4)), (2, 0, 1));
        assert_eq!(zones.greatest_gains(0), [22.0, 24.0]);
        assert_eq!(zones.greatest_gains(1), [42.0, 44.0]);
    }
}
