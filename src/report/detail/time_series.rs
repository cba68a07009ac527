//! `time_series.csv`: the state of every station at every sampling instant.

use super::super::directory::DirectoryError;
use super::super::number::{optional, shortest};
use super::super::streamed::StreamedFile;
use super::{Origin, Rows, seconds};
use crate::engine::{CompletedQuery, Recorder, SystemState};
use crate::units::Seconds;
use std::io::Write;

const COLUMNS: [&str; 9] = [
    "time_s",
    "station",
    "server",
    "transmitting",
    "in_service",
    "queued",
    "utilisation",
    "power_heard_w",
    "tau",
];

/// Writes the samples of one replication after the other.
pub(super) struct SeriesRows<W: Write> {
    rows: Rows<W>,
    origin: Origin,
}

impl<W: Write> SeriesRows<W> {
    pub fn new(out: W) -> Self {
        Self {
            rows: Rows::new(out, Origin::COLUMNS.into_iter().chain(COLUMNS)),
            origin: Origin::default(),
        }
    }

    /// What follows is of this replication.
    pub fn begin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    fn row(&mut self, fields: [String; COLUMNS.len()]) {
        let origin = self.origin.fields().into_iter();
        self.rows
            .write(origin.chain(fields.iter().map(String::as_str)));
    }
}

impl SeriesRows<StreamedFile> {
    pub fn finish(self) -> Result<StreamedFile, DirectoryError> {
        self.rows.into_file()
    }
}

impl<W: Write> Recorder for SeriesRows<W> {
    fn left(&mut self, _query: &CompletedQuery, _measured: bool) {}

    fn sampled(&mut self, now: Seconds, state: &SystemState) {
        let time = seconds(now);
        let nothing = String::new;
        for server in 0..state.transmitting.len() {
            self.row([
                time.clone(),
                "server".to_owned(),
                server.to_string(),
                state.transmitting[server].to_string(),
                state.edge_in_service[server].to_string(),
                state.edge_queued[server].to_string(),
                shortest(state.edge_utilisation[server]),
                shortest(state.heard[server].0),
                nothing(),
            ]);
        }
        self.row([
            time.clone(),
            "devices".to_owned(),
            nothing(),
            nothing(),
            state.devices_busy.to_string(),
            state.device_queued.to_string(),
            shortest(state.devices_busy as f64 / self.origin.users as f64),
            nothing(),
            nothing(),
        ]);
        self.row([
            time,
            "policy".to_owned(),
            nothing(),
            nothing(),
            nothing(),
            state.waiting.to_string(),
            nothing(),
            nothing(),
            optional(state.threshold),
        ]);
    }
}
