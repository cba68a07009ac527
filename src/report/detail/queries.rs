//! `queries.csv`: a row per query, in the order in which they left.

use super::super::directory::DirectoryError;
use super::super::number::{optional, shortest};
use super::super::streamed::StreamedFile;
use super::{Origin, Rows, seconds};
use crate::engine::{CompletedQuery, Recorder};
use crate::snapshot::Choice;
use crate::station::stage::Stage;
use crate::units::{Flop, db_from_ratio};
use std::io::Write;

/// What came after the first columns, in the order of [`circumstances`].
const CIRCUMSTANCES: [&str; 10] = [
    "decided_s",
    "query_bits",
    "slm_gflop",
    "llm_gflop",
    "device_done_gflop",
    "server_done_gflop",
    "user_x_m",
    "user_y_m",
    "gain_db",
    "sinr_db",
];

/// Writes the queries of one replication after the other.
pub(super) struct QueryRows<W: Write> {
    rows: Rows<W>,
    origin: Origin,
}

impl<W: Write> QueryRows<W> {
    pub fn new(out: W, swept_fields: &[String]) -> Self {
        let stages = Stage::ALL.map(|stage| format!("{}_ms", stage.name()));
        let origin = Origin::columns(swept_fields);
        let mut header: Vec<&str> = origin.iter().map(String::as_str).collect();
        header.extend(["query", "user", "server", "arrival_s", "uncertainty"]);
        header.push("delay_ms");
        let (inner, last) = stages.split_at(Stage::INNER_COLUMNS);
        header.extend(inner.iter().map(String::as_str));
        header.extend(["correct", "dropped", "missed_deadline", "measured"]);
        header.extend(CIRCUMSTANCES);
        header.extend(last.iter().map(String::as_str));
        Self {
            rows: Rows::new(out, header),
            origin: Origin::default(),
        }
    }

    /// What follows is of this replication.
    pub fn begin(&mut self, origin: Origin) {
        self.origin = origin;
    }
}

impl QueryRows<StreamedFile> {
    pub fn finish(self) -> Result<StreamedFile, DirectoryError> {
        self.rows.into_file()
    }
}

impl<W: Write> Recorder for QueryRows<W> {
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        let flag = |value: bool| if value { "true" } else { "false" };
        let mut row = Vec::with_capacity(34);
        row.extend_from_slice(&self.origin.fields);
        row.push(query.number.to_string());
        row.push(query.query.user.to_string());
        row.push(match query.choice {
            Choice::Local => String::new(),
            Choice::Edge(server) => server.to_string(),
        });
        row.push(seconds(query.arrived));
        row.push(shortest(query.query.uncertainty));
        row.push(shortest(query.stages.total().as_ms()));
        let mut times = query.stages.iter().map(|(_, time)| shortest(time.as_ms()));
        row.extend(times.by_ref().take(Stage::INNER_COLUMNS));
        let flags = [
            query.correct(),
            query.dropped,
            query.missed_deadline,
            measured,
        ];
        row.extend(flags.map(|value| flag(value).to_owned()));
        row.extend(circumstances(query));
        row.extend(times);
        self.rows.write(row);
    }

    fn wants_circumstances(&self) -> bool {
        true
    }
}

/// What the query asked for and what was done of it, and how things stood when it was
/// placed.
fn circumstances(query: &CompletedQuery) -> [String; CIRCUMSTANCES.len()] {
    let gflop = |work: Flop| shortest(work.0 / 1e9);
    // No gain at all is no number of decibels: empty.
    let decibels = |ratio: Option<f64>| optional(ratio.map(db_from_ratio));
    let position = query.circumstances.map(|found| found.position);
    let link = query.circumstances.and_then(|found| found.link);
    [
        query.decided.map(seconds).unwrap_or_default(),
        shortest(query.query.bits.0),
        gflop(query.query.slm_work),
        gflop(query.query.llm_work),
        gflop(query.device_work),
        gflop(query.edge_work),
        optional(position.map(|at| at.0)),
        optional(position.map(|at| at.1)),
        decibels(link.map(|link| link.gain)),
        decibels(link.and_then(|link| link.sinr)),
    ]
}
