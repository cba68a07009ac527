//! Where queries come from: users' own processes, or a trace.

use super::{Event, Run, Settings};
use crate::engine::in_flight::Phase;
use crate::engine::settings::{Probe, Scheduling};
use crate::units::Seconds;
use crate::world::World;
use crate::world::arrivals::{Arrivals, AtEnd, UserArrivals};
use crate::world::query::Query;
use crate::world::trace::Trace;

/// The arrivals of one run, and the queries that come with them.
pub(super) struct Source<'w> {
    world: &'w World<'w>,
    duration: Seconds,
    most: u64,
    arrived: u64,
    /// Arrivals announced to the calendar and not yet taken.
    announced: u64,
    per_user: Vec<UserArrivals>,
    /// How many queries each user has asked.
    asked: Vec<u64>,
    trace: Option<Playback<'w>>,
    batch: bool,
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
        if round > 0 && self.at_end == AtEnd::Stop {
            return None;
        }
        let start = self.trace.period() * round as f64;
        Some((start + self.trace.rows[row].arrival) / self.rate_scale)
    }
}

impl<'w> Source<'w> {
    pub fn new(world: &'w World<'w>, settings: &'w Settings) -> Self {
        let law = &settings.arrivals;
        let users = world.users().len();
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
        let per_user = if batch || trace.is_some() {
            Vec::new()
        } else {
            (0..users)
                .map(|user| UserArrivals::new(&law.arrivals, world.key(), user))
                .collect()
        };
        Self {
            world,
            duration: settings.duration.unwrap_or(Seconds(f64::INFINITY)),
            most: settings.queries.unwrap_or(u64::MAX),
            arrived: 0,
            announced: 0,
            per_user,
            asked: vec![0; users],
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
        (0..self.per_user.len())
            .filter_map(|user| {
                let event = Event::Arrival { user: user as u32 };
                Some((self.next_of(user)?, event))
            })
            .collect()
    }

    /// When the next query of a user arrives, if any does.
    pub fn next_of(&mut self, user: usize) -> Option<Seconds> {
        if self.arrived >= self.most {
            return None;
        }
        let time = self.per_user.get_mut(user)?.next_time()?;
        self.announce(time)
    }

    /// When the next row of the trace arrives, if any does.
    pub fn next_of_trace(&mut self) -> Option<Seconds> {
        if self.arrived >= self.most {
            return None;
        }
        let time = self.trace.as_ref()?.next()?;
        self.announce(time)
    }

    fn announce(&mut self, time: Seconds) -> Option<Seconds> {
        (time < self.duration).then(|| {
            self.announced += 1;
            time
        })
    }

    /// The query of a user that arrives now, and its number in the run; `None`
    /// once as many have arrived as were asked for.
    pub fn query_of(&mut self, user: usize) -> Option<(Query, u64)> {
        self.announced -= 1;
        if !self.batch && self.arrived >= self.most {
            return None;
        }
        let query = self.world.query(user, self.asked[user], None);
        Some(self.count(user, query))
    }

    /// The query of the trace's next row.
    pub fn query_of_trace(&mut self) -> Option<(Query, u64)> {
        self.announced -= 1;
        if self.arrived >= self.most {
            return None;
        }
        let playback = self.trace.as_mut()?;
        let row = playback.trace.rows[(playback.taken % playback.trace.rows.len() as u64) as usize];
        let users = self.asked.len();
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
        let query = self.world.query(user, self.asked[user], tokens);
        Some(self.count(user, query))
    }

    fn count(&mut self, user: usize, query: Query) -> (Query, u64) {
        self.asked[user] += 1;
        self.arrived += 1;
        (query, self.arrived - 1)
    }

    /// Whether more may arrive.
    pub fn is_open(&self) -> bool {
        self.announced > 0 && (self.batch || self.arrived < self.most)
    }
}

impl Run<'_> {
    /// A query arrives: to its device for the first token, or straight to wait.
    pub(super) fn arrives(&mut self, query: Query, number: u64) {
        let slot = self.in_flight.admit(query, number, self.now);
        self.counts.arrived += 1;
        self.counts.in_flight += 1;
        if let Some(deadline) = self.settings.deadline
            && deadline.drop
        {
            let ticket = self.in_flight.ticket(slot);
            let at = self.now + Seconds(deadline.after_ms * 1e-3);
            self.calendar.push(at, Event::DeadlineEnd(ticket));
        }
        match self.settings.probe {
            Probe::FirstToken { work_share } if work_share > 0.0 => {
                self.in_flight[slot].phase = Phase::Probing;
                self.join_device(slot, query.slm_work * work_share);
            }
            _ => self.waits(slot),
        }
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
