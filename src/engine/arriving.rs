//! Where queries come from: users' own processes, or a trace.

use super::{Event, Run, Settings};
use crate::engine::in_flight::Phase;
use crate::engine::settings::{Probe, Scheduling};
use crate::route::Route;
use crate::units::Seconds;
use crate::world::World;
use crate::world::arrivals::{ArrivalProcess, Arrivals, AtEnd, UserArrivals};
use crate::world::query::Query;
use crate::world::trace::Trace;

/// The arrivals of one run, and the queries that come with them.
pub(super) struct Source<'w> {
    world: &'w World<'w>,
    /// Nothing arrives from here on.
    stops_at: Seconds,
    arrived: u64,
    /// Arrivals announced to the calendar and not yet taken.
    announced: u64,
    process: ArrivalProcess,
    askers: Vec<Asker>,
    trace: Option<Playback<'w>>,
    batch: bool,
}

/// A user as a source of queries.
struct Asker {
    arrivals: UserArrivals,
    /// How many queries it has asked.
    asked: u64,
}

/// A trace that is being played.
struct Playback<'w> {
    trace: &'w Trace,
    rate_scale: f64,
    at_end: AtEnd,
    /// Rows taken, over all rounds.
    taken: u64,
}

impl Playback<'_> {
    /// The time of the next row.
    fn next(&self) -> Option<Seconds> {
        let rows = self.trace.rows.len() as u64;
        let (round, row) = (self.taken / rows, (self.taken % rows) as usize);
        let arrival = self.trace.rows[row].arrival;
        let time = match self.at_end {
            _ if round == 0 => arrival,
            AtEnd::Stop => return None,
            AtEnd::Loop => self.trace.period()? * round as f64 + arrival,
        };
        Some(time / self.rate_scale)
    }
}

impl<'w> Source<'w> {
    pub fn new(world: &'w World<'w>, settings: &'w Settings) -> Self {
        let law = &settings.arrivals;
        let batch = law.arrivals == Arrivals::Batch;
        let trace = match (&law.arrivals, &law.trace) {
            (
                Arrivals::Trace {
                    rate_scale, at_end, ..
                },
                Some(trace),
            ) => Some(Playback {
                trace,
                rate_scale: *rate_scale,
                at_end: *at_end,
                taken: 0,
            }),
            _ => None,
        };
        let process = ArrivalProcess::new(&law.arrivals, world.key());
        let askers = (0..world.users().len())
            .map(|user| Asker {
                arrivals: UserArrivals::new(&process, world.key(), user),
                asked: 0,
            })
            .collect();
        Self {
            world,
            stops_at: Seconds(f64::INFINITY),
            arrived: 0,
            announced: 0,
            process,
            askers,
            trace,
            batch,
        }
    }

    /// The first arrivals of all, for the calendar.
    pub fn first(&mut self) -> Vec<(Seconds, Event)> {
        if self.batch {
            let users = self.world.users().len();
            self.announced = users as u64;
            return (0..users)
                .map(|user| (Seconds(0.0), Event::Arrival { user: user as u32 }))
                .collect();
        }
        if self.trace.is_some() {
            let first = self.next_of_trace();
            return first
                .map(|time| (time, Event::TraceArrival))
                .into_iter()
                .collect();
        }
        (0..self.askers.len())
            .filter_map(|user| {
                let event = Event::Arrival { user: user as u32 };
                Some((self.next_of(user)?, event))
            })
            .collect()
    }

    /// When the next query of a user arrives, if any does.
    pub fn next_of(&mut self, user: usize) -> Option<Seconds> {
        let asker = self.askers.get_mut(user)?;
        let time = asker.arrivals.next_time(&mut self.process)?;
        self.announce(time)
    }

    /// When the next row of the trace arrives, if any does.
    pub fn next_of_trace(&mut self) -> Option<Seconds> {
        let time = self.trace.as_ref()?.next()?;
        self.announce(time)
    }

    fn announce(&mut self, time: Seconds) -> Option<Seconds> {
        (time < self.stops_at).then(|| {
            self.announced += 1;
            time
        })
    }

    /// The query of a user that arrives now, and its number in the run; `None`
    /// once arrivals have stopped.
    pub fn query_of(&mut self, user: usize, now: Seconds) -> Option<(Query, u64)> {
        self.announced -= 1;
        if self.has_stopped(now) {
            return None;
        }
        let query = self.world.query(user, self.askers[user].asked, None);
        Some(self.count(user, query))
    }

    /// The query of the trace's next row.
    pub fn query_of_trace(&mut self, now: Seconds) -> Option<(Query, u64)> {
        self.announced -= 1;
        if self.has_stopped(now) {
            return None;
        }
        let playback = self.trace.as_mut()?;
        let row = playback.trace.rows[(playback.taken % playback.trace.rows.len() as u64) as usize];
        let users = self.askers.len();
        let user = match row.user {
            Some(user) => user % users,
            // Whoever: uniform, by the row, the same for every policy.
            None => {
                let key = self.world.key().named("trace-user").index(playback.taken);
                (key.uniform() * users as f64) as usize
            }
        };
        playback.taken += 1;
        let tokens = Some((row.prompt_tokens, row.output_tokens));
        let query = self.world.query(user, self.askers[user].asked, tokens);
        Some(self.count(user, query))
    }

    fn count(&mut self, user: usize, query: Query) -> (Query, u64) {
        self.askers[user].asked += 1;
        self.arrived += 1;
        (query, self.arrived - 1)
    }

    /// Whether more may arrive.
    pub fn is_open(&self) -> bool {
        self.announced > 0
    }

    /// Nothing arrives any more from `time` on.
    pub fn stop_at(&mut self, time: Seconds) {
        self.stops_at = time;
    }

    /// Whether arrivals have been stopped by now.
    pub fn has_stopped(&self, now: Seconds) -> bool {
        now >= self.stops_at
    }
}

impl Run<'_> {
    /// A query arrives: to its device for the first token, or straight to wait.
    pub(super) fn arrives(&mut self, query: Query, number: u64) {
        let slot = self.in_flight.admit(query, number, self.now);
        self.counts.arrived += 1;
        self.counts.in_flight += 1;
        self.window_sees_arrival(number);
        if let Some(deadline) = self.settings.deadline
            && deadline.drop
        {
            let ticket = self.in_flight.ticket(slot);
            let at = self.now + Seconds(deadline.after_ms * 1e-3);
            self.calendar.push(at, Event::DeadlineEnd(ticket));
        }
        match self.settings.probe {
            Probe::FirstToken { work_share } if work_share != Some(0.0) => {
                let needs = self.in_flight[slot].needs();
                let route = self.network.probe(&needs, work_share.unwrap_or(0.0));
                self.is_probed_by(slot, route);
            }
            Probe::Router { cost_ms, .. } if cost_ms > 0.0 => {
                let user = self.in_flight[slot].user();
                let route = Route::of_router(user, Seconds(cost_ms * 1e-3));
                self.is_probed_by(slot, route);
            }
            _ => self.waits(slot),
        }
    }

    fn is_probed_by(&mut self, slot: usize, route: Route) {
        self.in_flight[slot].route = route;
        self.goes_to(slot, Phase::Probing { place: 0 });
    }

    /// A query's uncertainty is known: it waits for the policy.
    pub(super) fn waits(&mut self, slot: usize) {
        let flight = &mut self.in_flight[slot];
        flight.phase = Phase::Waiting;
        flight.since = self.now;
        self.waiting.push(slot);
        self.occupancy.waiting.add(self.now, 1.0);
        let instant = match self.settings.scheduling {
            Scheduling::Batch | Scheduling::PerArrival => self.now,
            Scheduling::Every { period_ms } => {
                let period = period_ms * 1e-3;
                let next = Seconds((self.now.0 / period).ceil() * period);
                if next < self.now { self.now } else { next }
            }
        };
        if !self.instant_pending || self.settings.scheduling == Scheduling::PerArrival {
            self.calendar.push(instant, Event::SchedulingInstant);
            self.instant_pending = true;
        }
    }
}
