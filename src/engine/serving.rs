//! What happens at the stations: a query begins, completes, moves on, leaves.

use super::calendar::Station;
use super::in_flight::Phase;
use super::{Event, Recorder, Run, Sharing};
use crate::physics::gains::LinkGains;
use crate::station::stage::Stage;
use crate::station::uplink::Transmission;
use crate::units::{Flop, Seconds};

impl Run<'_> {
    /// A query's job joins its device's queue.
    pub(super) fn join_device(&mut self, slot: usize, work: Flop) {
        let user = self.in_flight[slot].user();
        self.in_flight[slot].since = self.now;
        self.occupancy.device_jobs.add(self.now, 1.0);
        self.in_flight[slot].device_job = work;
        if let Some(ends) = self.devices[user].start(self.now, slot, work) {
            self.occupancy.device_busy.add(self.now, 1.0);
            self.device_begins(slot, ends);
        }
    }

    /// A device begins a query's job.
    fn device_begins(&mut self, slot: usize, ends: Seconds) {
        let flight = &mut self.in_flight[slot];
        flight.stages[Stage::DeviceQueue] += self.now - flight.since;
        flight.since = self.now;
        flight.in_service = true;
        let ticket = self.in_flight.ticket(slot);
        self.calendar.push(ends, Event::DeviceEnd(ticket));
    }

    /// A device has done a query's job: the first token, or the answer.
    pub(super) fn device_completes(&mut self, slot: usize, recorder: &mut dyn Recorder) {
        let user = self.in_flight[slot].user();
        let capacity = self.world.users()[user].capacity;
        let flight = &mut self.in_flight[slot];
        // The work over the capacity, not a difference of clock readings: exact.
        let took = flight.device_job / capacity;
        flight.device_work += flight.device_job;
        let probed = flight.phase == Phase::Probing;
        if probed {
            flight.stages[Stage::Probe] += took;
            flight.slm_left = flight.slm_left - flight.device_job;
        } else {
            flight.stages[Stage::LocalCompute] += took;
        }
        self.leave_device(slot, user);
        if probed {
            self.waits(slot);
        } else {
            self.leaves(slot, false, recorder);
        }
    }

    /// A query's job leaves its device, done or not; the next may begin.
    fn leave_device(&mut self, slot: usize, user: usize) {
        self.in_flight[slot].in_service = false;
        self.occupancy.device_jobs.add(self.now, -1.0);
        if let Some((next, ends)) = self.devices[user].end(self.now, slot) {
            self.device_begins(next, ends);
        } else if self.devices[user].jobs() == 0 {
            self.occupancy.device_busy.add(self.now, -1.0);
        }
    }

    /// A query begins to transmit at live rates.
    pub(super) fn starts_uplink(&mut self, slot: usize, server: usize, links: LinkGains<'_>) {
        self.in_flight[slot].phase = Phase::Uplink;
        self.in_flight[slot].since = self.now;
        let (bits, user) = (self.in_flight[slot].bits, self.in_flight[slot].user());
        let transmission = Transmission {
            job: slot,
            cell: server,
            bits,
            gain: links
                .to(server)
                .unwrap_or_else(|| self.links.gain(user, server)),
            home: self.world.home(user),
            links,
        };
        self.uplinks.start(self.now, transmission);
        self.occupancy.uplink_jobs[server].add(self.now, 1.0);
        self.await_channel_block();
    }

    /// The transmission that a cell announced is complete.
    pub(super) fn uplink_completes(&mut self, cell: usize) {
        let Some((_, slot)) = self.uplinks.next_end(cell) else {
            return;
        };
        self.end_uplink(slot, cell);
        let flight = &mut self.in_flight[slot];
        flight.stages[Stage::Uplink] = self.now - flight.since;
        flight.phase = Phase::Edge;
        flight.since = self.now;
        let work = flight.llm_work;
        self.edges[cell].start(self.now, slot, work);
        self.edge_changed(cell, 1.0);
    }

    fn end_uplink(&mut self, slot: usize, cell: usize) {
        self.uplinks.end(self.now, slot);
        self.occupancy.uplink_jobs[cell].add(self.now, -1.0);
    }

    /// The large model that a server announced has answered.
    pub(super) fn edge_completes(&mut self, server: usize, recorder: &mut dyn Recorder) {
        let Some((_, slot)) = self.edges[server].next_end() else {
            return;
        };
        self.edges[server].complete(self.now, slot);
        self.edge_changed(server, -1.0);
        self.count_edge_stages(slot, server);
        self.leaves(slot, false, recorder);
    }

    /// Splits the time at a server into queueing and service.
    fn count_edge_stages(&mut self, slot: usize, server: usize) {
        let flight = &mut self.in_flight[slot];
        let spent = self.now - flight.since;
        let work = flight.llm_work;
        let service = match self.edges[server].service_time(work) {
            Some(service) if service < spent => service,
            _ => spent,
        };
        flight.stages[Stage::EdgeCompute] = service;
        flight.stages[Stage::EdgeQueue] = spent - service;
        flight.edge_work = work;
    }

    pub(super) fn held_uplink_completes(&mut self, slot: usize) {
        let flight = &mut self.in_flight[slot];
        flight.stages[Stage::Uplink] = flight.held_uplink;
        flight.since = self.now;
        flight.in_service = true;
        let compute = flight.held_compute;
        let Some(server) = flight.server() else {
            return;
        };
        let work = flight.llm_work;
        self.occupancy.uplink_jobs[server].add(self.now, -1.0);
        self.occupancy.edge_jobs[server].add(self.now, 1.0);
        let share = (work / compute) / self.world.servers()[server].capacity;
        self.occupancy.edge_busy[server].add(self.now, share);
        let ticket = self.in_flight.ticket(slot);
        self.calendar
            .push(self.now + compute, Event::HeldEdgeEnd(ticket));
    }

    pub(super) fn held_edge_completes(&mut self, slot: usize, recorder: &mut dyn Recorder) {
        let flight = &mut self.in_flight[slot];
        flight.stages[Stage::EdgeCompute] = flight.held_compute;
        flight.edge_work = flight.llm_work;
        self.end_held_edge(slot);
        self.leaves(slot, false, recorder);
    }

    fn end_held_edge(&mut self, slot: usize) {
        let flight = &self.in_flight[slot];
        if let Some(server) = flight.server() {
            let work = flight.llm_work;
            let share = (work / flight.held_compute) / self.world.servers()[server].capacity;
            self.occupancy.edge_jobs[server].add(self.now, -1.0);
            self.occupancy.edge_busy[server].add(self.now, -share);
        }
    }

    /// A query is given up at its deadline, wherever it is.
    pub(super) fn drop_query(&mut self, slot: usize, recorder: &mut dyn Recorder) {
        let flight = &mut self.in_flight[slot];
        let spent = self.now - flight.since;
        let user = flight.user();
        let server = flight.server();
        let stages = &mut flight.stages;
        match (flight.phase, server) {
            (Phase::Waiting, _) => {
                stages[Stage::Wait] += spent;
                self.waiting.retain(|&other| other != slot);
                self.occupancy.waiting.add(self.now, -1.0);
            }
            (Phase::Probing | Phase::Local, _) => {
                match (flight.in_service, flight.phase) {
                    (false, _) => stages[Stage::DeviceQueue] += spent,
                    (true, Phase::Probing) => stages[Stage::Probe] += spent,
                    (true, _) => stages[Stage::LocalCompute] += spent,
                }
                if flight.in_service {
                    let capacity = self.world.users()[user].capacity;
                    flight.device_work += Flop(capacity.0 * spent.0);
                }
                self.leave_device(slot, user);
            }
            (Phase::Uplink, Some(cell)) => {
                stages[Stage::Uplink] += spent;
                self.end_uplink(slot, cell);
            }
            (Phase::Edge, Some(server)) => {
                let left = self.edges[server].remove(self.now, slot);
                let done = flight.llm_work - left;
                let service = self.edges[server].service_time(done).unwrap_or(spent);
                stages[Stage::EdgeCompute] += service;
                stages[Stage::EdgeQueue] += spent - service;
                flight.edge_work = done;
                self.edge_changed(server, -1.0);
            }
            (Phase::Held, Some(server)) => {
                if flight.in_service {
                    stages[Stage::EdgeCompute] += spent;
                    let share = spent / flight.held_compute;
                    flight.edge_work = flight.llm_work * share;
                    self.end_held_edge(slot);
                } else {
                    stages[Stage::Uplink] += spent;
                    self.occupancy.uplink_jobs[server].add(self.now, -1.0);
                }
            }
            (Phase::Uplink | Phase::Edge | Phase::Held, None) => {}
        }
        self.leaves(slot, true, recorder);
    }

    /// A query leaves the system.
    fn leaves(&mut self, slot: usize, dropped: bool, recorder: &mut dyn Recorder) {
        if let Some(server) = self.in_flight[slot].server() {
            self.connections.disconnect(slot, server);
        }
        let mut record = self.in_flight.release(slot, dropped);
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
        let measured = self.window_sees_departure(record.arrived, record.number, dropped);
        recorder.left(&record, measured);
        self.observed.push(record.completion(self.now));
    }

    /// Brings uplink rates up to date after an event, and announces the completions
    /// that moved.
    pub(super) fn settle_uplinks(&mut self) {
        let calendar = &mut self.calendar;
        self.uplinks.settle(self.now, |cell, next| {
            calendar.set(Station::Uplink(cell as u32), next);
        });
    }

    /// Announces the next completion at a server after a job came or went.
    fn edge_changed(&mut self, server: usize, change: f64) {
        self.occupancy.edge_jobs[server].add(self.now, change);
        let busy = self.edges[server].utilisation();
        self.occupancy.edge_busy[server].set(self.now, busy);
        let next = self.edges[server].next_end().map(|(time, _)| time);
        self.calendar.set(Station::Edge(server as u32), next);
    }

    /// Puts the next coherence block into the calendar while anybody transmits.
    fn await_channel_block(&mut self) {
        if self.block_pending || self.settings.sharing != Sharing::Live {
            return;
        }
        if let Some(next) = self.links.next_block(self.now) {
            self.calendar.push(next, Event::ChannelBlock);
            self.block_pending = true;
        }
    }

    /// The channel changes under the transmissions in progress.
    pub(super) fn channel_block(&mut self) {
        self.block_pending = false;
        if self.uplinks.active() == 0 {
            return;
        }
        let (now, links, in_flight) = (self.now, &mut self.links, &self.in_flight);
        self.uplinks.set_gains(now, |slot, cell, room| {
            let user = in_flight[slot].user();
            links.bring_to(user, now);
            room.put(links.of(user));
            links.gain(user, cell)
        });
        self.await_channel_block();
    }
}
