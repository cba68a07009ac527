//! What a run leaves behind: every query with the time of each of its stages, and
//! how busy every station was.

use crate::plan::{Tier, Traffic};
use crate::snapshot::{Choice, Completion};
use crate::station::stage::StageTimes;
use crate::station::{Load, StationId};
use crate::units::{Flop, Seconds, Watts};
use crate::world::geometry::Point;
use crate::world::query::Query;
use std::fmt;

/// A query that has left the system.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompletedQuery {
    /// What it asked for.
    pub query: Query,
    /// Its number among all arrivals of the run, from 0.
    pub number: u64,
    /// When it arrived.
    pub arrived: Seconds,
    /// When the policy decided where; `None` for one dropped before.
    pub decided: Option<Seconds>,
    /// Where it was answered (`Local` too for one dropped before its decision); a query
    /// that the cloud answered has the server that was in between.
    pub choice: Choice,
    /// Whose model's answer it is.
    pub answered_by: Tier,
    /// What it has sent and had computed on its way.
    pub traffic: Traffic,
    /// Whether its answer is right.
    pub(super) is_right: bool,
    /// Its stages.
    pub stages: StageTimes,
    /// When its answer's first token reached its user, where tokens are told apart.
    pub first_token: Option<Seconds>,
    /// Work that its device has done for it.
    pub device_work: Flop,
    /// Work that its server has done for it.
    pub edge_work: Flop,
    /// Whether it was given up instead of being answered: at its deadline, or refused.
    pub dropped: bool,
    /// Whether its server refused it.
    pub refused: bool,
    /// Whether it was not answered by its deadline.
    pub missed_deadline: bool,
    /// How things stood at its decision; `None` for one dropped before, and unless
    /// the recorder wants it ([`Recorder::wants_circumstances`]).
    pub circumstances: Option<Circumstances>,
}

/// How things stood when the policy decided about a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circumstances {
    /// Where its user stood.
    pub position: Point,
    /// Its link to the server it was sent to; `None` for one that stayed.
    pub link: Option<ChosenLink>,
}

/// The link between a query's user and its server when its transmission began, which
/// is at the decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChosenLink {
    /// Power gain |h|^2, linear.
    pub gain: f64,
    /// SINR (Eq. 3), linear. With held shares that of the complete assignment, for the
    /// whole transmission; with live ones that of its first instant, with everybody who
    /// transmits once all that happens at that instant has happened. `None` for one
    /// given up within that instant.
    pub sinr: Option<f64>,
}

impl CompletedQuery {
    /// What the policy that placed it is told at its end.
    pub fn completion(&self, now: Seconds) -> Completion {
        Completion {
            now,
            user: self.query.user,
            uncertainty: self.query.uncertainty,
            choice: self.choice,
            delay: self.stages.total(),
            dropped: self.dropped,
        }
    }

    /// Whether it was answered right by the model that served it.
    pub fn correct(&self) -> bool {
        !self.dropped && self.is_right
    }
}

/// Time integrals over the measured window of a run, by server; from them follow
/// mean queue lengths and utilisations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Areas {
    /// The length of the window.
    pub elapsed: Seconds,
    /// Answers that left in the window, whenever they arrived.
    pub answered: u64,
    /// Whether arrivals had to stop, as much time after the window's end as had
    /// passed before it, because queries of the window were still unanswered.
    pub arrivals_stopped: bool,
    /// By station, in the order of [`StationId::ALL`]: the integrals of its parts.
    pub stations: [Vec<Area>; StationId::COUNT],
    /// Queries that wait for a scheduling instant.
    pub waiting: f64,
}

/// Time integrals of a part of a station: of a cell, of a server, of all devices.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Area {
    /// Jobs in service or waiting.
    pub jobs: f64,
    /// Jobs in service.
    pub in_service: f64,
    /// Share of its capacity in use.
    pub busy: f64,
}

impl Areas {
    /// Jobs at each part of a station, integrated over time.
    pub fn jobs(&self, station: StationId) -> impl Iterator<Item = f64> + '_ {
        self.stations[station as usize].iter().map(|area| area.jobs)
    }

    /// Jobs in service at each part of a station, integrated over time.
    pub fn in_service(&self, station: StationId) -> impl Iterator<Item = f64> + '_ {
        let areas = &self.stations[station as usize];
        areas.iter().map(|area| area.in_service)
    }

    /// Share of each part of a station in use, integrated over time.
    pub fn busy(&self, station: StationId) -> impl Iterator<Item = f64> + '_ {
        self.stations[station as usize].iter().map(|area| area.busy)
    }
}

/// The state of all stations at one instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SystemState {
    /// By station, in the order of [`StationId::ALL`]: how busy its parts are.
    pub stations: [Vec<Load>; StationId::COUNT],
    /// By server that batches, the share of its memory for keys and values in use.
    pub memory_in_use: Vec<Option<f64>>,
    /// Power that each cell receives from the users of other cells.
    pub interference_power: Vec<Watts>,
    /// Queries that wait for a scheduling instant.
    pub waiting: usize,
    /// The policy's threshold ([`Policy::threshold`](crate::policy::Policy::threshold)).
    pub threshold: Option<f64>,
}

impl SystemState {
    /// How busy the parts of a station are.
    pub fn loads(&self, station: StationId) -> &[Load] {
        &self.stations[station as usize]
    }
}

/// How many queries a run has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Arrived.
    pub arrived: u64,
    /// Answered.
    pub completed: u64,
    /// Given up at their deadline.
    pub dropped: u64,
    /// Somewhere in between.
    pub in_flight: u64,
}

/// Takes what a run leaves behind, as it happens. Only [`Recorder::on_departure`] must be
/// provided; nothing a recorder does can change a run.
pub trait Recorder {
    /// A query has left: answered, or given up. Also those that arrived before or
    /// after the measured window are shown, with `measured` false.
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool);

    /// Whether queries are to be shown with their [`Circumstances`]. Asked once, before
    /// the run: keeping them takes time.
    fn wants_circumstances(&self) -> bool {
        false
    }

    /// Whether the run is to be given up. Asked every few thousand events.
    fn stop_asked(&self) -> bool {
        false
    }

    /// The state at a sampling instant.
    fn sampled(&mut self, _now: Seconds, _state: &SystemState) {}

    /// An event begins; `what` describes it.
    fn happens(&mut self, _now: Seconds, _what: fmt::Arguments<'_>) {}

    /// After every event.
    fn counted(&mut self, _now: Seconds, _counts: &Counts) {}

    /// The run is over.
    fn finished(&mut self, _now: Seconds, _areas: &Areas) {}
}

/// Keeps every query that was measured, for small runs and tests.
impl Recorder for Vec<CompletedQuery> {
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        if measured {
            self.push(*query);
        }
    }
}
