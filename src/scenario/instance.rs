//! One snapshot as a user brings it: JSON in SI units.

use super::check::Faults;
use super::diagnostic::{Diagnostic, Place};
use super::json_span::span_of;
use super::text_place::{byte_offset, character_at};
use crate::fault::Fault;
use crate::physics::allocation::Allocations;
use crate::physics::gains::GainTable;
use crate::physics::radio::Interference;
use crate::snapshot::{ServerState, View, WaitingQuery};
use crate::units::{Bits, Flop, FlopPerSecond, Hertz, Seconds, Watts};
use crate::world::streams::StreamKey;
use serde::Deserialize;
use std::ops::{Range, RangeInclusive};
use std::path::Path;

/// How many unusable values of one instance are shown: it may have thousands of users.
const FAULTS_SHOWN: usize = 20;

/// Bits, operations, operations per second and hertz: wide enough for every unit that
/// someone may prefer to the SI's, and narrow enough for their quotients.
const AMOUNTS: RangeInclusive<f64> = 1e-9..=1e30;

/// Users, servers and gains at one instant.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Transmit power of every user (P), in watts.
    pub tx_power_w: f64,
    /// Noise over a server's full bandwidth (sigma^2), in watts.
    pub noise_w: f64,
    /// The users, each with one query.
    pub users: Vec<InstanceUser>,
    /// The servers.
    pub servers: Vec<InstanceServer>,
    /// Linear power gains |h|^2, users x servers.
    pub gain: Vec<Vec<f64>>,
}

/// A user of an [`Instance`] and its query.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceUser {
    /// alpha, in 0..=1.
    pub uncertainty: f64,
    /// D, in bits.
    pub query_bits: f64,
    /// W_SLM, in FLOP.
    pub slm_flop: f64,
    /// W_LLM, in FLOP.
    pub llm_flop: f64,
    /// C_L, in FLOP/s.
    pub local_flops: f64,
}

/// A server of an [`Instance`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceServer {
    /// C_ES, in FLOP/s.
    pub flops: f64,
    /// C_max, in FLOP/s.
    pub max_flops_per_user: f64,
    /// B, in hertz.
    pub bandwidth_hz: f64,
}

/// The data behind the view of an instance.
#[derive(Debug, Clone)]
pub struct InstanceSnapshot {
    queries: Vec<WaitingQuery>,
    servers: Vec<ServerState>,
    gains: Vec<f64>,
    tx_power: Watts,
    interference: Interference,
}

impl Instance {
    /// Reads and checks an instance; `file` names it in errors.
    ///
    /// # Errors
    /// Syntax, unknown or missing fields, values out of range, gains of the wrong
    /// shape.
    pub fn from_json(text: &str, file: &Path) -> Result<Self, Vec<Diagnostic>> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let found: Result<Self, _> = serde_path_to_error::deserialize(&mut reader);
        let instance = found
            .map_err(|error| {
                let path = error.path().to_string();
                let inner = error.into_inner();
                json_error(&inner, Some(path).filter(|path| path != "."), text, file)
            })
            .and_then(|instance| match reader.end() {
                Ok(()) => Ok(instance),
                Err(error) => Err(json_error(&error, None, text, file)),
            })
            .map_err(|diagnostic| vec![diagnostic])?;
        let faults = instance.faults();
        if faults.is_empty() {
            return Ok(instance);
        }
        let shown = faults.iter().take(FAULTS_SHOWN);
        let mut diagnostics: Vec<_> = shown.map(|fault| point_at(fault, text, file)).collect();
        let more = faults.len() - diagnostics.len();
        if more > 0 {
            diagnostics.push(Diagnostic::new(format!(
                "{}: {more} more like these",
                file.display()
            )));
        }
        Err(diagnostics)
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults(Vec::new());
        faults.within("tx_power_w", self.tx_power_w, 1e-40..=1e12);
        faults.within("noise_w", self.noise_w, 1e-60..=1e12);
        for (i, user) in self.users.iter().enumerate() {
            faults.share(&format!("users[{i}].uncertainty"), user.uncertainty);
            for (name, value) in [
                ("query_bits", user.query_bits),
                ("slm_flop", user.slm_flop),
                ("llm_flop", user.llm_flop),
                ("local_flops", user.local_flops),
            ] {
                faults.within(&format!("users[{i}].{name}"), value, AMOUNTS);
            }
        }
        for (j, server) in self.servers.iter().enumerate() {
            for (name, value) in [
                ("flops", server.flops),
                ("max_flops_per_user", server.max_flops_per_user),
                ("bandwidth_hz", server.bandwidth_hz),
            ] {
                faults.within(&format!("servers[{j}].{name}"), value, AMOUNTS);
            }
        }
        for (field, count) in [("users", self.users.len()), ("servers", self.servers.len())] {
            if count == 0 {
                faults.add(field, "none", "at least one");
            }
        }
        if self.gain.len() != self.users.len() {
            faults.add(
                "gain",
                &format!("{} rows", self.gain.len()),
                &format!("one for each of the {} users", self.users.len()),
            );
        }
        for (i, row) in self.gain.iter().enumerate() {
            if row.len() != self.servers.len() {
                faults.add(
                    &format!("gain[{i}]"),
                    &format!("{} columns", row.len()),
                    &format!("one for each of the {} servers", self.servers.len()),
                );
            }
            for (j, gain) in row.iter().enumerate() {
                faults.within(&format!("gain[{i}][{j}]"), *gain, 0.0..=1e30);
            }
        }
        faults.0
    }

    /// The instance as a policy sees it, nobody connected yet.
    pub fn snapshot(&self, interference: Interference) -> InstanceSnapshot {
        InstanceSnapshot {
            queries: self
                .users
                .iter()
                .enumerate()
                .map(|(i, user)| WaitingQuery {
                    user: i,
                    uncertainty: user.uncertainty,
                    bits: Bits(user.query_bits),
                    slm_work: Flop(user.slm_flop),
                    llm_work: Flop(user.llm_flop),
                    tokens: None,
                    local_time: None,
                    local_capacity: FlopPerSecond(user.local_flops),
                    local_backlog: Seconds(0.0),
                    position: None,
                    truth: None,
                })
                .collect(),
            servers: self
                .servers
                .iter()
                .map(|server| ServerState {
                    capacity: FlopPerSecond(server.flops),
                    max_per_user: FlopPerSecond(server.max_flops_per_user),
                    bandwidth: Hertz(server.bandwidth_hz),
                    noise: Watts(self.noise_w),
                    connected: 0,
                    from_others: Watts(0.0),
                    from_own: Watts(0.0),
                    batching: None,
                    latency: Seconds(0.0),
                    position: None,
                })
                .collect(),
            gains: self.gain.concat(),
            tx_power: Watts(self.tx_power_w),
            interference,
        }
    }
}

impl InstanceSnapshot {
    /// The view to give to a policy.
    pub fn view(&self) -> View<'_> {
        View {
            now: Seconds(0.0),
            queries: &self.queries,
            servers: &self.servers,
            gains: GainTable::full(&self.gains),
            tx_power: self.tx_power,
            interference: self.interference,
            allocations: Allocations::default(),
            key: StreamKey::root(1),
        }
    }
}

/// An unusable value, shown where it stands.
fn point_at(fault: &Fault, text: &str, file: &Path) -> Diagnostic {
    Diagnostic {
        message: fault.to_string(),
        field: Some(fault.field.clone()),
        place: span_of(text, &fault.field).map(|span| {
            Box::new(Place {
                file: file.to_owned(),
                text: text.into(),
                span,
            })
        }),
        help: None,
    }
}

fn json_error(
    error: &serde_json::Error,
    field: Option<String>,
    text: &str,
    file: &Path,
) -> Diagnostic {
    // serde_json repeats the place at the end of its message.
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(before, _)| before);
    let span = json_place(text, error);
    Diagnostic {
        message: match &field {
            Some(field) => format!("{field}: {message}"),
            None => message.to_owned(),
        },
        field,
        place: Some(Box::new(Place {
            file: file.to_owned(),
            text: text.into(),
            span,
        })),
        help: None,
    }
}

/// The character at which reading failed: serde_json counts columns in bytes.
fn json_place(text: &str, error: &serde_json::Error) -> Range<usize> {
    let line = byte_offset(text, error.line(), 1);
    let byte = (line + error.column().saturating_sub(1)).min(text.len());
    let start = character_at(text, byte);
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    start..start + length
}
