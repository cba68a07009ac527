//! The power gains |h|^2 of the links from users to servers: of all, or of those
//! within reach.

/// One user's links within reach, in order of the servers' numbers: a sparse row.
///
/// In a small world every server is within reach. In a large one, under an
/// interference tolerance, a link whose mean received power is far below the noise is
/// not kept: see [`Reach`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkGains<'a> {
    servers: Option<&'a [u32]>,
    gains: &'a [f64],
}

impl<'a> LinkGains<'a> {
    /// One power gain (linear) a server.
    pub fn to_all(gains: &'a [f64]) -> Self {
        Self {
            servers: None,
            gains,
        }
    }

    /// One power gain (linear) for each of these servers, which are ascending.
    pub fn within_reach(servers: &'a [u32], gains: &'a [f64]) -> Self {
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

    /// The numbers of the servers within reach, ascending; `None` for all.
    pub fn servers(&self) -> Option<&'a [u32]> {
        self.servers
    }

    /// The power gains, in the order of the servers.
    pub fn gains(&self) -> &'a [f64] {
        self.gains
    }

    /// The number of the server at a place of the row.
    #[inline]
    pub fn server(&self, place: usize) -> usize {
        self.servers
            .map_or(place, |servers| servers[place] as usize)
    }

    /// The power gain to the server at a place of the row.
    #[inline]
    pub fn gain(&self, place: usize) -> f64 {
        self.gains[place]
    }

    /// The power gain to a server; `None` beyond reach.
    pub fn to(&self, server: usize) -> Option<f64> {
        let place = match self.servers {
            None => server,
            Some(servers) => servers.binary_search(&u32::try_from(server).ok()?).ok()?,
        };
        self.gains.get(place).copied()
    }

    /// Every server within reach with its power gain.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = (usize, f64)> + 'a {
        (0..self.len()).map(move |place| (self.server(place), self.gain(place)))
    }
}

/// Which links are kept: for every server, those of the users nearest to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// Where each server's list begins in `near`, and the end.
    starts: Vec<usize>,
    near: Vec<u32>,
}

impl Reach {
    /// From a list for every server, ascending.
    pub fn new(near: &[Vec<u32>]) -> Self {
        let mut starts = vec![0];
        for list in near {
            starts.push(starts[starts.len() - 1] + list.len());
        }
        Self {
            starts,
            near: near.concat(),
        }
    }

    /// How many servers there are.
    pub fn servers(&self) -> usize {
        self.starts.len() - 1
    }

    /// The servers within reach of the users nearest to a server, ascending.
    #[inline]
    pub fn near(&self, nearest: usize) -> &[u32] {
        &self.near[self.starts[nearest]..self.starts[nearest + 1]]
    }
}

/// The links of several users, row after row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GainTable<'a> {
    gains: &'a [f64],
    /// Where only links within reach are kept: which those are, and the users' rows.
    reach: Option<(&'a Reach, &'a [NearRow])>,
}

/// A row of a table of links within reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearRow {
    /// The server nearest to the user, whose near servers are within reach.
    pub nearest: u32,
    /// Where the row begins among the gains of all.
    pub start: u32,
}

impl<'a> GainTable<'a> {
    /// Every link: users x servers, row by row.
    pub fn full(gains: &'a [f64]) -> Self {
        Self { gains, reach: None }
    }

    /// The links within reach, or every link where that is `None`.
    pub fn new(gains: &'a [f64], reach: Option<(&'a Reach, &'a [NearRow])>) -> Self {
        Self { gains, reach }
    }

    /// The links of the user in row `row` of a table for `servers` servers.
    pub fn row(&self, row: usize, servers: usize) -> LinkGains<'a> {
        match self.reach {
            None => LinkGains::to_all(&self.gains[row * servers..(row + 1) * servers]),
            Some((reach, rows)) => {
                let NearRow { nearest, start } = rows[row];
                let servers = reach.near(nearest as usize);
                LinkGains::within_reach(servers, &self.gains[start as usize..][..servers.len()])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_within_reach_are_found_by_the_servers_number() {
        let near = LinkGains::within_reach(&[2, 5, 9], &[0.25, 0.5, 0.75]);
        assert_eq!((near.to(5), near.to(4)), (Some(0.5), None));
        assert_eq!(
            near.iter().collect::<Vec<_>>(),
            [(2, 0.25), (5, 0.5), (9, 0.75)]
        );
        let all = LinkGains::to_all(&[0.2, 0.5]);
        assert_eq!((all.to(1), all.to(2)), (Some(0.5), None));
        assert_eq!(all.iter().collect::<Vec<_>>(), [(0, 0.2), (1, 0.5)]);
        let reach = Reach::new(&[vec![0], vec![0, 1]]);
        assert_eq!(reach.servers(), 2);
        let rows = [(1, 1), (0, 0)].map(|(nearest, start)| NearRow { nearest, start });
        let table = GainTable::new(&[0.25, 0.5, 0.75], Some((&reach, &rows)));
        let row = |row| table.row(row, 2).iter().collect::<Vec<_>>();
        assert_eq!(
            (row(0), row(1)),
            (vec![(0, 0.5), (1, 0.75)], vec![(0, 0.25)])
        );
        assert_eq!(
            GainTable::full(&[0.1, 0.2, 0.3, 0.4]).row(1, 2),
            LinkGains::to_all(&[0.3, 0.4])
        );
    }
}
