//! `time_series.csv`: the state of every station at every sampling instant.

use super::super::directory::DirectoryError;
use super::super::number::{optional, shortest};
use super::super::streamed::StreamedFile;
use super::{Origin, Rows, seconds};
use crate::engine::{CompletedQuery, Recorder, SystemState};
use crate::station::StationId;
use crate::units::Seconds;
use std::io::Write;

const COLUMNS: [&str; 10] = [
    "time_s",
    "station",
    "server",
    "transmitting",
    "in_service",
    "queued",
    "utilisation",
    "power_heard_w",
    "tau",
    "memory_in_use",
];

/// Writes the samples of one replication after the other.
pub(super) struct SeriesRows<W: Write> {
    rows: Rows<W>,
    origin: Origin,
}

impl<W: Write> SeriesRows<W> {
    pub fn new(out: W, swept_fields: &[String]) -> Self {
        let origin = Origin::columns(swept_fields);
        Self {
            rows: Rows::new(out, origin.iter().map(String::as_str).chain(COLUMNS)),
            origin: Origin::default(),
        }
    }

    /// What follows is of this replication.
    pub fn begin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    fn row(&mut self, fields: [String; COLUMNS.len()]) {
        self.rows.write(self.origin.fields.iter().chain(&fields));
    }
}

impl SeriesRows<StreamedFile> {
    pub fn finish(self) -> Result<StreamedFile, DirectoryError> {
        self.rows.into_file()
    }
}

impl<W: Write> Recorder for SeriesRows<W> {
    fn on_departure(&mut self, _query: &CompletedQuery, _measured: bool) {}

    fn sampled(&mut self, now: Seconds, state: &SystemState) {
        let time = seconds(now);
        let nothing = String::new;
        let uplinks = state.loads(StationId::Uplink);
        for (server, compute) in state.loads(StationId::Compute).iter().enumerate() {
            self.row([
                time.clone(),
                "server".to_owned(),
                server.to_string(),
                uplinks[server].in_service.to_string(),
                compute.in_service.to_string(),
                compute.queued.to_string(),
                shortest(compute.busy),
                shortest(state.interference_power[server].0),
                nothing(),
                optional(state.memory_in_use[server]),
            ]);
        }
        for devices in state.loads(StationId::Device) {
            self.row([
                time.clone(),
                "devices".to_owned(),
                nothing(),
                nothing(),
                devices.in_service.to_string(),
                devices.queued.to_string(),
                shortest(devices.busy),
                nothing(),
                nothing(),
                nothing(),
            ]);
        }
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
            nothing(),
        ]);
    }
}
