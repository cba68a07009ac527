//! Tokens as they were measured of a pair of models.

use crate::world::csv_rows::{self, RowError, line_of};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A measured token of the small model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeasuredToken {
    /// How uncertain the small model was of it, in 0..=1.
    pub uncertainty: f64,
    /// With which probability the large model accepts it: the sum of min(p, q) over the
    /// candidates of both.
    pub acceptance: f64,
}

/// Measured tokens, of which each token of an answer is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum TokenTable {
    /// A file that `edgelm profile --tokens` wrote; its path is relative to the scenario's
    /// folder.
    File(PathBuf),
    /// In place.
    Rows(Vec<MeasuredToken>),
}

/// What the column of the acceptance is called.
pub const ACCEPTANCE: &str = "acceptance";

impl TokenTable {
    /// The rows; none of a file that has not been read.
    pub fn rows(&self) -> &[MeasuredToken] {
        match self {
            Self::File(_) => &[],
            Self::Rows(rows) => rows,
        }
    }

    /// Reads a file whose columns have names, the uncertainty from the column of this one.
    ///
    /// # Errors
    /// [`RowError`]: the first row that cannot be used, a column that is missing, or no row.
    pub fn parse(text: &str, uncertainty: &'static str) -> Result<Self, RowError> {
        let mut reader = csv_rows::reader().from_reader(text.as_bytes());
        let unreadable =
            |error| RowError::unreadable(&error, "as many columns as the header names");
        let header = reader.headers().map_err(unreadable)?.clone();
        let line = line_of(text, &header);
        let column = |name: &'static str| {
            let allowed = "a table of tokens, as `edgelm profile --tokens` writes it";
            let found = header.iter().collect::<Vec<_>>().join(",");
            let at = header.iter().position(|column| column == name);
            at.ok_or_else(|| {
                RowError::new(line, "header", format!("{found} without {name}"), allowed)
            })
        };
        let columns = [
            (uncertainty, column(uncertainty)?),
            (ACCEPTANCE, column(ACCEPTANCE)?),
        ];
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let line = line_of(text, &record);
            let share = |(name, at): (&str, usize)| {
                let value = record[at].parse().ok();
                let value = value.filter(|value| (0.0..=1.0).contains(value));
                value.ok_or_else(|| RowError::new(line, name, &record[at], "a number from 0 to 1"))
            };
            rows.push(MeasuredToken {
                uncertainty: share(columns[0])?,
                acceptance: share(columns[1])?,
            });
        }
        if rows.is_empty() {
            return Err(RowError::new(line, "rows", "none", "at least one token"));
        }
        Ok(Self::Rows(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_told_where_it_stands() {
        let parse = |text: &str| TokenTable::parse(text, "margin");
        let good = "# measured\nid,margin,entropy,acceptance\n\"a,b\",0.25,0.5,0.9\nc,0,1,1\n";
        let table = parse(good).unwrap();
        assert_eq!(table.rows().len(), 2);
        assert_eq!(table.rows()[0].uncertainty, 0.25);
        assert_eq!(table.rows()[0].acceptance, 0.9);
        let by_entropy = TokenTable::parse(good, "entropy").unwrap();
        assert_eq!(by_entropy.rows()[0].uncertainty, 0.5);
        for (text, expected) in [
            (
                "id,margin\na,0.5\n",
                "line 1: header: found id,margin without acceptance",
            ),
            ("# x\nmargin,acceptance\n", "line 2: rows: found none"),
            (
                "margin,acceptance\n0.5,1\n0.5,1.5\n",
                "line 3: acceptance: found 1.5",
            ),
            ("margin,acceptance\nNaN,1\n", "line 2: margin: found NaN"),
            ("margin,acceptance\n0.5\n", "line 2: row: found"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
