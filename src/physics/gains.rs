//! The power gains |h|^2 of the links from users to servers: of all, or of those
//! within reach.

/// One user's links, in order of the servers' numbers.
///
/// In a small world every server is within reach. In a large one, under an
/// interference tolerance, a link whose mean received power drowns in the noise is
/// not kept: see [`Neighbourhoods`](super::neighbourhood::Neighbourhoods).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkGains<'a> {
    /// The servers within reach, ascending; `None` for all.
    servers: Option<&'a [u32]>,
    /// One power gain (linear) a server within reach.
    gains: &'a [f64],
}

/// Gains in one line of a processor's cache, 64 bytes.
pub(crate) const GAINS_IN_LINE: usize = 8;

/// How many links policies look at one by one.
pub const STRONGEST: usize = 4;

/// A user's strongest links out of more than [`STRONGEST`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strongest {
    /// Their servers and power gains, in no particular order.
    pub links: [(u32, f64); STRONGEST],
    /// The greatest gain among all others.
    pub other_gain: f64,
}

impl Strongest {
    /// Finds them; `None` where there are no more than [`STRONGEST`] links.
    pub fn of(row: LinkGains<'_>) -> Option<Self> {
        if row.gains.len() <= STRONGEST {
            return None;
        }
        // The greatest first. No branch here: a processor could not foretell it.
        let mut greatest = [f64::NEG_INFINITY; STRONGEST + 1];
        for gain in row.gains {
            let mut next = *gain;
            for kept in &mut greatest {
                (*kept, next) = if next > *kept {
                    (next, *kept)
                } else {
                    (*kept, next)
                };
            }
        }
        let other_gain = greatest[STRONGEST];
        // Every place is written where the next one found is to go, which one more finds
        // free, and stays if it is above all others.
        let mut places = [0; STRONGEST + 1];
        let mut found = 0;
        for (place, gain) in row.gains.iter().enumerate() {
            places[found] = place;
            found += usize::from(*gain > other_gain);
        }
        // Of those that are as strong as the others, the first.
        for (place, gain) in row.gains.iter().enumerate() {
            if found == STRONGEST {
                break;
            }
            if *gain == other_gain {
                places[found] = place;
                found += 1;
            }
        }
        Some(Self {
            links: std::array::from_fn(|at| {
                let place = places[at];
                (row.server(place) as u32, row.gains[place])
            }),
            other_gain,
        })
    }
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

    /// The strongest of more than [`STRONGEST`] links; `None` where there are no more.
    pub fn strongest(&self) -> Option<Strongest> {
        Strongest::of(*self)
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
    /// Each user's links within reach.
    Near(&'a [LinkGains<'a>]),
}

impl<'a> GainTable<'a> {
    /// The links of the user in row `row` of a table for `servers` servers.
    pub fn row(&self, row: usize, servers: usize) -> LinkGains<'a> {
        match *self {
            Self::Full(gains) => LinkGains::to_all(&gains[row * servers..(row + 1) * servers]),
            Self::Near(rows) => rows[row],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_strongest_links_are_those_above_all_others() {
        let gains: Vec<f64> = (0..40).map(|i| f64::from(i * 17 % 40)).collect();
        let row = LinkGains::to_all(&gains);
        let strongest = Strongest::of(row).expect("more than fit");
        assert_eq!(strongest.other_gain, 35.0);
        for (server, gain) in strongest.links {
            assert!(gain > 35.0 && row.to(server as usize) == Some(gain));
        }
        let servers: BTreeSet<u32> = strongest.links.iter().map(|link| link.0).collect();
        assert_eq!(servers.len(), STRONGEST);
        assert_eq!(Strongest::of(LinkGains::to_all(&gains[..STRONGEST])), None);
        // Two of those that are equal are as good as any other two.
        let tied = Strongest::of(LinkGains::to_all(&[1.0, 2.0, 1.0, 3.0, 1.0, 1.0]));
        let tied = tied.expect("more than fit");
        assert_eq!(tied.links, [(1, 2.0), (3, 3.0), (0, 1.0), (2, 1.0)]);
        assert_eq!(tied.other_gain, 1.0);
    }

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
        let rows = [near, all];
        assert_eq!(GainTable::Near(&rows).row(1, 2), all);
        assert_eq!(
            GainTable::Full(&[0.1, 0.2, 0.3, 0.4]).row(1, 2).gains(),
            [0.3, 0.4]
        );
    }
}
