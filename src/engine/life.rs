//! What becomes of a query: from one station of its route to the next, until it leaves.

use super::calendar::UnitId;
use super::in_flight::Phase;
use super::{Recorder, Run};
use crate::plan::Plan;
use crate::policy::{Policy, PolicyError};
use crate::route::Leg;
use crate::station::stage::Stage;
use crate::station::{Job, StationId, Visit};
use crate::units::Flop;

impl Run<'_> {
    /// A query goes to the station at this place of its route; where the route ends, to
    /// wait for the policy or, answered, out of the system.
    pub(super) fn goes_to(&mut self, slot: usize, phase: Phase) -> Arrival {
        let flight = &mut self.in_flight[slot];
        flight.phase = phase;
        let Some(leg) = flight.leg() else {
            return Arrival::RouteEnds;
        };
        flight.visits(leg.station);
        let job = Job {
            id: slot,
            user: flight.user(),
            demand: leg.demand,
        };
        self.network.arrive(self.now, &leg, job);
        if let Some(verification) = &mut self.verification {
            verification.arrives(self.now, &leg, &job, &self.network);
        }
        self.note_load(leg.station, leg.unit);
        Arrival::AtStation
    }

    /// What a unit announced happens: whose service is complete goes on.
    ///
    /// # Errors
    /// What becomes of a query whose policy is asked again.
    pub(super) fn unit_event(
        &mut self,
        id: UnitId,
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        let mut departed = std::mem::take(&mut self.departed);
        let (station, links) = self.network.visit(id.station);
        station.happen(self.now, id.unit, links, &mut departed);
        self.note_load(id.station, id.unit);
        for (slot, visit) in departed.drain(..) {
            self.verify_departure(slot, id.station, &visit, true);
            self.record_visit(slot, id.station, &visit);
            self.goes_on(slot, policy, recorder)?;
        }
        self.departed = departed;
        Ok(())
    }

    /// A query has been served at a station.
    fn goes_on(
        &mut self,
        slot: usize,
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        match self.in_flight[slot].phase {
            Phase::Probing { place } => {
                let next = Phase::Probing { place: place + 1 };
                if self.goes_to(slot, next) == Arrival::RouteEnds {
                    self.waits(slot);
                }
            }
            Phase::Served { place } => {
                let next = Phase::Served { place: place + 1 };
                if self.goes_to(slot, next) == Arrival::RouteEnds {
                    let flight = &self.in_flight[slot];
                    if flight.is_device_twin() {
                        self.device_side_ends(slot, recorder);
                    } else if flight.plan == Plan::Direct {
                        self.leaves(slot, false, recorder);
                    } else {
                        self.step_ends(slot, policy, recorder)?;
                    }
                }
            }
            Phase::Waiting => {}
        }
        Ok(())
    }

    /// Keeps what a station has done for a query.
    fn record_visit(&mut self, slot: usize, station: StationId, visit: &Visit) {
        let flight = &mut self.in_flight[slot];
        flight.stages.add(&visit.stages);
        match visit.first_token {
            // Drafts are verified before they count; kept ones count when they are out.
            Some(_) if flight.plan.has_rounds() && flight.drafts_only() => {}
            Some(at) if flight.plan.has_rounds() => {
                flight.first_token.get_or_insert(at);
            }
            Some(at) => flight.first_token = Some(at),
            // On its way back a first token takes as long as the last.
            None if !flight.plan.has_rounds() => {
                if let Some(at) = &mut flight.first_token {
                    *at += visit.stages[Stage::Downlink] + visit.stages[Stage::Backhaul];
                }
            }
            None => {}
        }
        flight.work_done[station as usize] += visit.work;
        if matches!(flight.phase, Phase::Probing { .. }) {
            // What the probe has done is not done again.
            flight.slm_left = flight.slm_left - visit.work;
            flight.probed = visit.work > Flop(0.0);
        }
    }

    /// A query is given up at its deadline, wherever it is.
    pub(super) fn drop_query(&mut self, slot: usize, recorder: &mut dyn Recorder) {
        let flight = &mut self.in_flight[slot];
        if flight.leg().is_some() {
            self.stops(slot);
        } else {
            flight.stages[Stage::Wait] += self.now - flight.since;
            self.waiting.retain(|&other| other != slot);
            self.occupancy.waiting.add(self.now, -1.0);
        }
        self.leaves(slot, true, recorder);
    }

    /// A server refuses a query that it can never hold.
    pub(super) fn refused(&mut self, slot: usize, recorder: &mut dyn Recorder) {
        self.in_flight[slot].refused = true;
        self.leaves(slot, true, recorder);
    }

    /// A query is taken away from the station where it is.
    pub(super) fn stops(&mut self, slot: usize) {
        if let Some(Leg { station, unit, .. }) = self.in_flight[slot].leg() {
            let visit = self.network.visit(station).0.cancel(self.now, unit, slot);
            self.note_load(station, unit);
            self.verify_departure(slot, station, &visit, false);
            self.record_visit(slot, station, &visit);
        }
    }

    fn verify_departure(&mut self, slot: usize, from: StationId, visit: &Visit, complete: bool) {
        if let Some(verification) = &mut self.verification {
            verification.departs(self.now, from, slot, visit, complete, &self.network);
        }
    }

    /// A query leaves the system.
    pub(super) fn leaves(&mut self, slot: usize, dropped: bool, recorder: &mut dyn Recorder) {
        if let Some(twin) = self.in_flight[slot].twin() {
            self.stops(twin);
            self.gives_up_side(slot, twin);
        }
        let is_right = self.is_right(slot);
        let flight = &self.in_flight[slot];
        if let (Some(server), true) = (flight.server(), flight.connected) {
            self.network.disconnect(slot, server, &flight.needs());
        }
        for station in flight.visited() {
            self.network.visit(station).0.forget(self.now, slot);
        }
        let mut record = self.in_flight.release(slot, dropped);
        record.is_right = is_right;
        if let Some(kept) = &mut self.circumstances {
            record.circumstances = kept.take(slot);
        }
        record.missed_deadline |= self
            .settings
            .deadline
            .is_some_and(|deadline| record.stages.total().as_ms() > deadline.after_ms);
        self.counts.in_flight -= 1;
        if dropped {
            self.counts.dropped += 1;
        } else {
            self.counts.completed += 1;
        }
        if let Some(verification) = &mut self.verification {
            verification.left(self.now, &record);
        }
        let measured = self.window_sees_departure(record.arrived, record.number, dropped);
        recorder.on_departure(&record, measured);
        self.observed.push(record.completion(self.now));
    }

    /// After an event: announces what comes next in every unit where that has moved.
    pub(super) fn update_stations(&mut self) {
        let (calendar, verification) = (&mut self.calendar, &mut self.verification);
        for station in StationId::ALL {
            let announce = &mut |unit, time| {
                if let Some(verification) = verification {
                    verification.announced(self.now, station, time);
                }
                calendar.set(UnitId { station, unit }, time);
            };
            self.network.visit(station).0.update(self.now, announce);
        }
    }

    fn note_load(&mut self, id: StationId, unit: usize) {
        let station = self.network.station(id);
        let part = station.part_of(unit);
        if part < station.parts() {
            let load = station.load(part);
            self.occupancy.note(self.now, id, part, load);
        }
    }
}

/// What follows when a query goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is at the next station.
    AtStation,
    /// There is none.
    RouteEnds,
}
