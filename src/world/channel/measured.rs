//! Gains that were measured or ray-traced, in place of a law of the channel.

use crate::units::{Seconds, ratio_from_db};
use crate::world::csv_rows::{self, RowError, line_of};

/// The gains of every link of a network over time, from a file.
///
/// A gain holds from its time on until the next row of its link, the first also before.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredGains {
    servers: usize,
    /// Of each link, user after user: when, and the power gain |h|^2 from then on.
    links: Vec<Vec<(Seconds, f64)>>,
}

const COLUMNS: [&str; 4] = ["time_s", "user", "server", "gain_db"];
const ALLOWED: &str = "time_s,user,server,gain_db";

/// Gains in decibels that a link may have: beyond, powers leave what numbers hold.
const GAINS_DB: std::ops::RangeInclusive<f64> = -400.0..=100.0;

impl MeasuredGains {
    /// Reads a file with the columns `time_s,user,server,gain_db`, users and servers from 0,
    /// for so many users and servers; of others rows are passed over. `gain_db` is the power
    /// gain in decibels, fading and antennas included: minus the loss.
    ///
    /// # Errors
    /// The first line that cannot be used, or a link without a row.
    pub fn parse(text: &str, users: usize, servers: usize) -> Result<Self, RowError> {
        let mut reader = csv_rows::reader().from_reader(text.as_bytes());
        let unreadable = |error| RowError::unreadable(&error, ALLOWED);
        let header = reader.headers().map_err(unreadable)?.clone();
        if header != COLUMNS[..] {
            let found = header.iter().collect::<Vec<_>>().join(",");
            return Err(RowError::new(1, "header", found, ALLOWED));
        }
        let mut links = vec![Vec::new(); users * servers];
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let line = line_of(text, &record);
            let fault = |at: usize, allowed| RowError::new(line, COLUMNS[at], &record[at], allowed);
            let number = |at: usize| record[at].parse::<f64>().ok();
            let time = number(0).filter(|time| (0.0..=1e9).contains(time));
            let time_s = time.ok_or_else(|| fault(0, "seconds, from 0 to 1e9"))?;
            let index = |at: usize, allowed| {
                let index = record[at].parse::<usize>();
                index.map_err(|_| fault(at, allowed))
            };
            let user = index(1, "a user's number, from 0")?;
            let server = index(2, "a server's number, from 0")?;
            let gain = number(3).filter(|gain| GAINS_DB.contains(gain));
            let gain_db = gain.ok_or_else(|| fault(3, "decibels, from -400 to 100"))?;
            if user >= users || server >= servers {
                continue;
            }
            let link: &mut Vec<(Seconds, f64)> = &mut links[user * servers + server];
            if link.last().is_some_and(|last| last.0.0 >= time_s) {
                return Err(fault(0, "a time after that of the link's row before"));
            }
            link.push((Seconds(time_s), ratio_from_db(gain_db)));
        }
        if let Some(missing) = links.iter().position(Vec::is_empty) {
            let (user, server) = (missing / servers, missing % servers);
            let found = format!("none of user {user} and server {server}");
            let allowed = "one for each user and server at least";
            return Err(RowError::new(1, "rows", found, allowed));
        }
        Ok(Self { servers, links })
    }

    /// The power gain of a link at a time.
    pub fn at(&self, user: usize, server: usize, time: Seconds) -> f64 {
        let link = &self.links[user * self.servers + server];
        let begun = link.partition_point(|(from, _)| *from <= time);
        link[begun.saturating_sub(1)].1
    }

    /// Whether any link changes in time.
    pub fn change(&self) -> bool {
        self.links.iter().any(|link| link.len() > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "time_s,user,server,gain_db\n\
        0,0,0,-80\n0,0,1,-90\n0,1,0,-100\n0.5,1,1,-70\n\
        # moved\n2,0,0,-120\n0,7,0,-1\n";

    #[test]
    fn a_gain_holds_until_the_next_row_of_its_link() {
        let gains = MeasuredGains::parse(TWO, 2, 2).unwrap();
        let db = |user, server, time| 10.0 * gains.at(user, server, Seconds(time)).log10();
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9);
        near(db(0, 0, 0.0), -80.0);
        near(db(0, 0, 1.999), -80.0);
        near(db(0, 0, 2.0), -120.0);
        near(db(0, 0, 1e6), -120.0);
        // Before its first row as well.
        near(db(1, 1, 0.0), -70.0);
        assert!(gains.change());
        assert!(!MeasuredGains::parse(TWO, 1, 1).is_ok_and(|one| !one.change()));
    }

    #[test]
    fn rows_that_cannot_be_used_are_named() {
        let refused = |text: &str, field: &str, line: usize| {
            let error = MeasuredGains::parse(text, 2, 2).unwrap_err();
            assert_eq!((&*error.field, error.line), (field, line), "{error}");
        };
        refused("time_s,user,gain_db\n", "header", 1);
        refused(&TWO.replace("0,1,0,-100\n", ""), "rows", 1);
        refused(&TWO.replace("-100", "much"), "gain_db", 4);
        refused(&TWO.replace("-100", "900"), "gain_db", 4);
        refused(&TWO.replace("2,0,0,-120", "0,0,0,-120"), "time_s", 7);
        refused(&TWO.replace("0,1,0", "0,-1,0"), "user", 4);
        refused(&TWO.replace("0,1,0,-100", "0,1,0"), "row", 4);
    }
}
