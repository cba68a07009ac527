//! What must hold after every event, whatever the scenario: asked for by
//! [`Settings::verification`](super::Settings).
//!
//! | what | held to |
//! |---|---|
//! | causality | the clock never goes back, and nothing is announced for the past |
//! | conservation | queries arrived = answered + dropped + in the system; a job leaves a station once, from where it arrived; stations hold the jobs that are there |
//! | stage sums | the stages of a visit, and of a query, sum to the time it took |
//! | capacities | no more than all of a server's compute and memory is in use |
//! | Little's law | jobs over time at a station = the sum of the times that jobs spent there |
//! | reference stations | shared compute and live uplinks complete when the slow, obvious stations say |
//!
//! The engine tells of what it does; nothing here changes a run.

use super::recorder::{Areas, CompletedQuery, Counts};
use crate::route::{Leg, Network, References};
use crate::snapshot::Choice;
use crate::station::{Job, StationId, Visit};
use crate::units::Seconds;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much has been verified, over all runs that share it.
#[derive(Debug, Default)]
pub struct Tally {
    events: AtomicU64,
    visits: AtomicU64,
    completions: AtomicU64,
}

impl Tally {
    /// Events after which all was as it must be.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Visits to stations whose stages summed to the time they took.
    pub fn visits(&self) -> u64 {
        self.visits.load(Ordering::Relaxed)
    }

    /// Completions at the time that a reference station gave.
    pub fn completions(&self) -> u64 {
        self.completions.load(Ordering::Relaxed)
    }
}

/// Relative difference that rounding may make.
const TOLERANCE: f64 = 1e-9;

/// The books of one run.
pub(super) struct Verification {
    events: u64,
    visits: u64,
    completions: u64,
    last: Seconds,
    /// By station: the jobs that are there, by number.
    present: [HashMap<usize, Present>; StationId::COUNT],
    /// By station and part: how many.
    jobs: [Vec<usize>; StationId::COUNT],
    /// By station: time that jobs spent there in the window.
    spent: [f64; StationId::COUNT],
    /// Parts of stations to look at after the event.
    touched: Vec<(StationId, usize)>,
    references: References,
    broken: Option<String>,
}

/// A job at a station.
#[derive(Debug, Clone, Copy)]
struct Present {
    unit: usize,
    since: Seconds,
    /// Since when in the measured window.
    counted_since: Seconds,
}

impl Verification {
    /// Empty books for these stations.
    pub fn new(network: &Network<'_>) -> Self {
        Self {
            events: 0,
            visits: 0,
            completions: 0,
            last: Seconds(0.0),
            present: StationId::ALL.map(|_| HashMap::new()),
            jobs: StationId::ALL.map(|station| vec![0; network.station(station).parts()]),
            spent: [0.0; StationId::COUNT],
            touched: Vec::new(),
            references: network.references(),
            broken: None,
        }
    }

    /// Keeps the first thing that is not as it must be.
    fn broken(&mut self, what: impl FnOnce() -> String) {
        self.broken.get_or_insert_with(what);
    }

    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken(what);
        }
    }

    /// An event begins.
    pub fn event(&mut self, now: Seconds) {
        let last = self.last;
        self.expect(now >= last, || {
            format!("the clock goes back from {} to {} s", last.0, now.0)
        });
        self.last = now;
        self.events += 1;
    }

    /// A job arrives at a station.
    pub fn arrives(&mut self, now: Seconds, leg: &Leg, job: &Job, network: &Network<'_>) {
        let (station, unit) = (leg.station, leg.unit);
        let present = Present {
            unit,
            since: now,
            counted_since: now,
        };
        let before = self.present[station as usize].insert(job.id, present);
        self.expect(before.is_none(), || {
            format!("job {} arrives at {} twice", job.id, station.name())
        });
        self.count(station, unit, network, 1);
        match station {
            StationId::Compute => {
                if let Some(server) = self.references.compute.get_mut(unit) {
                    server.start(now, job.id, job.demand.work);
                }
            }
            StationId::Uplink => {
                if let Some(uplinks) = &mut self.references.uplink {
                    let gains = network.gains_of(job.user);
                    uplinks.start(now, job.id, unit, job.demand.bits, &gains);
                }
            }
            _ => {}
        }
    }

    /// A job leaves a station, its service complete or taken away.
    pub fn departs(
        &mut self,
        now: Seconds,
        station: StationId,
        job: usize,
        visit: &Visit,
        complete: bool,
        network: &Network<'_>,
    ) {
        let Some(present) = self.present[station as usize].remove(&job) else {
            let name = station.name();
            return self.broken(|| format!("job {job} leaves {name}, where it is not"));
        };
        self.visits += 1;
        self.spent[station as usize] += (now - present.counted_since).0;
        self.count(station, present.unit, network, -1);
        let (took, stages) = ((now - present.since).0, visit.stages.total().0);
        self.expect(same(took, stages, now), || {
            format!(
                "the stages of job {job} at {} sum to {stages} s in {took} s",
                station.name()
            )
        });
        self.reference_ends(now, station, present.unit, job, complete);
    }

    fn reference_ends(
        &mut self,
        now: Seconds,
        station: StationId,
        unit: usize,
        job: usize,
        complete: bool,
    ) {
        let expected = match station {
            StationId::Compute => {
                let Some(server) = self.references.compute.get_mut(unit) else {
                    return;
                };
                let expected = server.next_end();
                server.end(now, job);
                expected
            }
            StationId::Uplink => {
                let Some(uplinks) = &mut self.references.uplink else {
                    return;
                };
                let expected = uplinks.next_end();
                uplinks.end(now, job);
                expected
            }
            _ => return,
        };
        if !complete {
            return;
        }
        self.completions += 1;
        let expected = expected.map_or(f64::NAN, |(at, _)| at.0);
        self.expect(same(expected, now.0, now), || {
            format!(
                "{} completes job {job} at {} s, its reference at {expected} s",
                station.name(),
                now.0
            )
        });
    }

    fn count(&mut self, station: StationId, unit: usize, network: &Network<'_>, change: isize) {
        let part = network.station(station).part_of(unit);
        if let Some(jobs) = self.jobs[station as usize].get_mut(part) {
            *jobs = jobs.saturating_add_signed(change);
            self.touched.push((station, part));
        }
    }

    /// A unit announces its next event.
    pub fn announced(&mut self, now: Seconds, station: StationId, next: Option<Seconds>) {
        if let Some(next) = next {
            self.expect(next >= now, || {
                format!("{} announces {} s at {} s", station.name(), next.0, now.0)
            });
        }
    }

    /// A query has left.
    pub fn left(&mut self, now: Seconds, query: &CompletedQuery) {
        let (took, stages) = ((now - query.arrived).0, query.stages.total().0);
        self.expect(same(took, stages, now), || {
            let place = match query.choice {
                Choice::Local => "its device".to_owned(),
                Choice::Edge(server) => format!("server {server}"),
            };
            format!(
                "the stages of query {}, answered at {place}, sum to {stages} s in {took} s",
                query.number
            )
        });
    }

    /// The measured window begins.
    pub fn window_begins(&mut self, now: Seconds) {
        self.spent = [0.0; StationId::COUNT];
        for present in self.present.iter_mut().flat_map(HashMap::values_mut) {
            present.counted_since = now;
        }
    }

    /// The measured window ends with these integrals.
    pub fn window_ends(&mut self, now: Seconds, areas: &Areas) {
        for station in StationId::ALL {
            let there = self.present[station as usize].values();
            let there: f64 = there.map(|present| (now - present.counted_since).0).sum();
            let spent = self.spent[station as usize] + there;
            let counted: f64 = areas.jobs(station).sum();
            self.expect((spent - counted).abs() <= TOLERANCE * (1.0 + spent), || {
                format!(
                    "jobs spent {spent} s at {}, where there were {counted} jobs times seconds",
                    station.name()
                )
            });
        }
    }

    /// The event is over.
    ///
    /// # Errors
    /// What is not as it must be, and the number of the event.
    pub fn event_ends(
        &mut self,
        counts: &Counts,
        network: &Network<'_>,
    ) -> Result<(), (u64, String)> {
        let left = counts.completed + counts.dropped + counts.in_flight;
        self.expect(counts.arrived == left, || {
            format!(
                "{} queries arrived and {left} are accounted for",
                counts.arrived
            )
        });
        for (station, part) in std::mem::take(&mut self.touched) {
            let load = network.station(station).load(part);
            let memory = network.station(station).memory_in_use(self.last, part);
            let (held, there) = (
                load.in_service + load.queued,
                self.jobs[station as usize][part],
            );
            self.expect(held == there, || {
                let name = station.name();
                format!("{name} {part} holds {held} jobs where {there} are")
            });
            let most = if network.may_overbook() {
                f64::INFINITY
            } else {
                1.0
            };
            for (what, share) in [
                ("capacity", load.busy),
                ("memory", memory.unwrap_or_default()),
            ] {
                self.expect(share <= most + TOLERANCE, || {
                    format!("{} {part} uses {share} of its {what}", station.name())
                });
            }
        }
        match self.broken.take() {
            Some(what) => Err((self.events, what)),
            None => Ok(()),
        }
    }

    /// The run is over: what was verified counts.
    pub fn counts_in(&self, tally: &Tally) {
        tally.events.fetch_add(self.events, Ordering::Relaxed);
        tally.visits.fetch_add(self.visits, Ordering::Relaxed);
        let completions = self.completions;
        tally.completions.fetch_add(completions, Ordering::Relaxed);
    }
}

/// Whether two times are the same but for rounding, which grows with the clock.
fn same(a: f64, b: f64, now: Seconds) -> bool {
    (a - b).abs() <= TOLERANCE * (1e-3 + now.0.max(a.abs()))
}

#[cfg(test)]
mod tests;
