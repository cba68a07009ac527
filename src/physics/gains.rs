//! The power gains |h|^2 of the links from users to servers: of all, or of those
//! within reach.

use super::neighbourhood::Neighbourhoods;

/// One user's links, in order of the servers' numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LinkGains<'a> {
    /// One power gain (linear) a server: in a small world every server is within reach.
    All(&'a [f64]),
    /// In a large world, under an interference tolerance, a link whose mean received
    /// power drowns in the noise is not kept: see [`Neighbourhoods`]. What is kept is
    /// rounded to single precision, by 6e-8 of it at most, so that a city's gains take half
    /// as much memory.
    Near {
        /// The servers within reach, ascending.
        servers: &'a [u32],
        /// One power gain (linear) for each of them.
        gains: &'a [f32],
    },
}

impl<'a> LinkGains<'a> {
    /// How many servers are within reach.
    pub fn len(&self) -> usize {
        match self {
            Self::All(gains) => gains.len(),
            Self::Near { servers, .. } => servers.len(),
        }
    }

    /// Whether no server is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the servers within reach, ascending; `None` for all.
    pub fn servers(&self) -> Option<&'a [u32]> {
        match self {
            Self::All(_) => None,
            Self::Near { servers, .. } => Some(servers),
        }
    }

    /// The number of the server at a place of the list.
    #[inline]
    pub fn server(&self, place: usize) -> usize {
        match self {
            Self::All(_) => place,
            Self::Near { servers, .. } => servers[place] as usize,
        }
    }

    /// The power gain to the server at a place of the list.
    #[inline]
    pub fn gain(&self, place: usize) -> f64 {
        match self {
            Self::All(gains) => gains[place],
            Self::Near { gains, .. } => f64::from(gains[place]),
        }
    }

    /// The power gain to a server; `None` beyond reach.
    pub fn to(&self, server: usize) -> Option<f64> {
        match self {
            Self::All(gains) => gains.get(server).copied(),
            Self::Near { servers, gains } => {
                let place = servers.binary_search(&u32::try_from(server).ok()?).ok()?;
                Some(f64::from(gains[place]))
            }
        }
    }

    /// Every server within reach with its power gain.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = (usize, f64)> + 'a {
        (0..self.len()).map(move |place| (self.server(place), self.gain(place)))
    }
}

/// The gains of links, row after row: of every link, or of those within reach.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GainRows {
    /// Empty where only links within reach are kept.
    all: Vec<f64>,
    /// Empty where every link is.
    near: Vec<f32>,
}

impl GainRows {
    /// How many gains there are: where the next row begins.
    pub fn len(&self) -> usize {
        self.all.len().max(self.near.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.all.clear();
        self.near.clear();
    }

    /// Adds a row of `gains` to all servers or, if those are named, to some.
    pub fn push(&mut self, servers: Option<&[u32]>, gains: impl Iterator<Item = f64>) {
        match servers {
            None => self.all.extend(gains),
            Some(_) => self.near.extend(gains.map(|gain| gain as f32)),
        }
    }

    /// Adds a user's row.
    #[inline]
    pub fn push_links(&mut self, links: LinkGains<'_>) {
        match links {
            LinkGains::All(gains) => self.all.extend_from_slice(gains),
            LinkGains::Near { gains, .. } => self.near.extend_from_slice(gains),
        }
    }

    /// Puts a user's row where one of the same length or a longer one begins.
    #[inline]
    pub fn put_links(&mut self, start: usize, links: LinkGains<'_>) {
        match links {
            LinkGains::All(gains) => self.all[start..][..gains.len()].copy_from_slice(gains),
            LinkGains::Near { gains, .. } => {
                self.near[start..][..gains.len()].copy_from_slice(gains);
            }
        }
    }

    /// The rows as a table: of every link or, if they are of links within reach, of
    /// those, and where each is.
    pub fn table<'a>(
        &'a self,
        within: Option<(&'a Neighbourhoods, &'a [NearRow])>,
    ) -> GainTable<'a> {
        match within {
            None => GainTable::Full(&self.all),
            Some((neighbourhoods, rows)) => GainTable::Near {
                neighbourhoods,
                rows,
                gains: &self.near,
            },
        }
    }

    /// The row that begins at `start`: to `count` servers or, if those are named, to some.
    #[inline]
    pub fn row<'a>(
        &'a self,
        start: usize,
        servers: Option<&'a [u32]>,
        count: usize,
    ) -> LinkGains<'a> {
        match servers {
            None => LinkGains::All(&self.all[start..][..count]),
            Some(servers) => LinkGains::Near {
                servers,
                gains: &self.near[start..][..servers.len()],
            },
        }
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
        gains: &'a [f32],
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
            Self::Full(gains) => LinkGains::All(&gains[row * servers..(row + 1) * servers]),
            Self::Near {
                neighbourhoods,
                rows,
                gains,
            } => {
                let NearRow { home, start } = rows[row];
                let servers = neighbourhoods.near(home as usize);
                LinkGains::Near {
                    servers,
                    gains: &gains[start as usize..][..servers.len()],
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_within_reach_are_found_by_the_servers_number() {
        let near = LinkGains::Near {
            servers: &[2, 5, 9],
            gains: &[0.25, 0.5, 0.75],
        };
        assert_eq!(near.to(5), Some(0.5));
        assert_eq!(near.to(4), None);
        assert_eq!(
            near.iter().collect::<Vec<_>>(),
            [(2, 0.25), (5, 0.5), (9, 0.75)]
        );
        let all = LinkGains::All(&[0.2, 0.5]);
        assert_eq!((all.to(1), all.to(2)), (Some(0.5), None));
        assert_eq!(all.iter().collect::<Vec<_>>(), [(0, 0.2), (1, 0.5)]);
        let hoods = Neighbourhoods::new(0.1, &[vec![0], vec![0, 1]], vec![0, 0], None, |_, _| 0.0);
        let table = GainTable::Near {
            neighbourhoods: &hoods,
            rows: &[NearRow { home: 1, start: 1 }, NearRow { home: 0, start: 0 }],
            gains: &[0.25, 0.5, 0.75],
        };
        let row = |row| table.row(row, 2).iter().collect::<Vec<_>>();
        assert_eq!(
            (row(0), row(1)),
            (vec![(0, 0.5), (1, 0.75)], vec![(0, 0.25)])
        );
        assert_eq!(
            GainTable::Full(&[0.1, 0.2, 0.3, 0.4]).row(1, 2),
            LinkGains::All(&[0.3, 0.4])
        );
    }

    #[test]
    fn rows_are_what_was_put_there() {
        let mut rows = GainRows::default();
        rows.push(Some(&[4, 6]), [0.1, 0.2].into_iter());
        let start = rows.len();
        let links = LinkGains::Near {
            servers: &[1, 2, 3],
            gains: &[0.25, 0.5, 0.75],
        };
        rows.push_links(links);
        assert_eq!(rows.row(start, links.servers(), 9), links);
        let kept = rows.clone();
        let rounded = kept.row(0, Some(&[4, 6]), 9);
        assert!(rounded.iter().all(|(server, gain)| {
            let exact = if server == 4 { 0.1 } else { 0.2 };
            gain != exact && (gain / exact - 1.0).abs() < 6e-8
        }));
        rows.put_links(2, rounded);
        assert_eq!(rows.row(2, Some(&[4, 6]), 9), rounded);
        let mut rows = GainRows::default();
        rows.push(None, [0.1, 0.2].into_iter());
        assert_eq!(rows.row(0, None, 2), LinkGains::All(&[0.1, 0.2]));
    }
}
