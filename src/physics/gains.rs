//! The power gains |h|^2 of the links from users to servers: of all, or of those
//! within reach.

use super::neighbourhood::Neighbourhoods;
use prefetch_index::prefetch_index;

/// One user's links, in order of the servers' numbers.
///
/// In a small world every server is within reach. In a large one, under an
/// interference tolerance, a link whose mean received power drowns in the noise is
/// not kept: see [`Neighbourhoods`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkGains<'a> {
    /// The servers within reach, ascending; `None` for all.
    servers: Option<&'a [u32]>,
    /// One power gain (linear) a server within reach.
    gains: &'a [f64],
}

/// These gains are about to be needed: asks memory for all of them.
#[inline]
pub(crate) fn expect(gains: &[f64]) {
    // As many as are in one line of a processor's cache, 64 bytes.
    for line in gains.chunks(8) {
        prefetch_index(line, 0);
    }
    // The first need not begin a line: the last may then lie in one more.
    prefetch_index(gains, gains.len().saturating_sub(1));
}

impl<'a> LinkGains<'a> {
    /// Links to every server.
    pub fn to_all(gains: &'a [f64]) -> Self {
        Self {
            servers: None,
            gains,
        }
    }

    /// Links to the servers named, in ascending order; one gain for each.
    pub fn to_some(servers: &'a [u32], gains: &'a [f64]) -> Self {
        debug_assert_eq!(servers.len(), gains.len());
        Self {
            servers: Some(servers),
            gains,
        }
    }

    /// How many servers are within reach.
    pub fn len(&self) -> usize {
        self.gains.len()
    }

    /// Whether no server is.
    pub fn is_empty(&self) -> bool {
        self.gains.is_empty()
    }

    /// The gains, in the order of the servers within reach.
    pub fn gains(&self) -> &'a [f64] {
        self.gains
    }

    /// The numbers of the servers within reach, ascending; `None` for all.
    pub fn servers(&self) -> Option<&'a [u32]> {
        self.servers
    }

    /// The number of the server at a place of the list.
    pub fn server(&self, place: usize) -> usize {
        self.servers
            .map_or(place, |servers| servers[place] as usize)
    }

    /// The power gain to a server; `None` beyond reach.
    pub fn to(&self, server: usize) -> Option<f64> {
        match self.servers {
            None => self.gains.get(server).copied(),
            Some(servers) => {
                let place = servers.binary_search(&u32::try_from(server).ok()?).ok()?;
                Some(self.gains[place])
            }
        }
    }

    /// Every server within reach with its power gain.
    pub fn iter(self) -> impl Iterator<Item = (usize, f64)> + 'a {
        let gains = self.gains.iter().enumerate();
        gains.map(move |(place, gain)| (self.server(place), *gain))
    }
}

/// The links of several users.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GainTable<'a> {
    /// Every link: users x servers, row by row.
    Full(&'a [f64]),
    /// The links within reach of users who each have a home.
    Near {
        /// Which servers are within reach of a home.
        neighbourhoods: &'a Neighbourhoods,
        /// Where each user's gains are.
        rows: &'a [NearRow],
        /// The gains of all rows.
        gains: &'a [f64],
    },
}

/// A row of a table of links within reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearRow {
    /// The user's home, the server nearest to it.
    pub home: u32,
    /// Where the row begins among the gains of all.
    pub start: u32,
}

impl<'a> GainTable<'a> {
    /// The links of the user in row `row` of a table for `servers` servers.
    pub fn row(&self, row: usize, servers: usize) -> LinkGains<'a> {
        match *self {
            Self::Full(gains) => LinkGains::to_all(&gains[row * servers..(row + 1) * servers]),
            Self::Near {
                neighbourhoods,
                rows,
                gains,
            } => {
                let NearRow { home, start } = rows[row];
                let near = neighbourhoods.near(home as usize);
                LinkGains::to_some(near, &gains[start as usize..][..near.len()])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_within_reach_are_found_by_the_servers_number() {
        let near = LinkGains::to_some(&[2, 5, 9], &[0.2, 0.5, 0.9]);
        assert_eq!(near.to(5), Some(0.5));
        assert_eq!(near.to(4), None);
        assert_eq!(
            near.iter().collect::<Vec<_>>(),
            [(2, 0.2), (5, 0.5), (9, 0.9)]
        );
        let all = LinkGains::to_all(&[0.2, 0.5]);
        assert_eq!((all.to(1), all.to(2)), (Some(0.5), None));
        assert_eq!(all.iter().collect::<Vec<_>>(), [(0, 0.2), (1, 0.5)]);
        let hoods = Neighbourhoods::new(0.1, &[vec![0], vec![0, 1]], 0.0, None, |_, _| 0.0);
        let table = GainTable::Near {
            neighbourhoods: &hoods,
            rows: &[NearRow { home: 1, start: 1 }, NearRow { home: 0, start: 0 }],
            gains: &[0.1, 0.2, 0.3],
        };
        assert_eq!(table.row(0, 2), LinkGains::to_some(&[0, 1], &[0.2, 0.3]));
        assert_eq!(table.row(1, 2), LinkGains::to_some(&[0], &[0.1]));
        assert_eq!(
            GainTable::Full(&[0.1, 0.2, 0.3, 0.4]).row(1, 2).gains(),
            [0.3, 0.4]
        );
    }
}
