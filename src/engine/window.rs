//! The measured window of a run, and when the run is over.
//!
//! Time averages and throughput are those of the window. Delays are those of the
//! queries that arrive in it, each followed to its end: until the last of them has
//! left, arrivals go on unmeasured, so that late queries meet the same system as
//! early ones.

use super::recorder::Areas;
use super::settings::{AfterWindow, Settings};
use super::{Event, Run};
use crate::units::Seconds;
use crate::world::arrivals::Arrivals;

/// What the window knows while a run goes on.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Queries that arrived in the window and have not left.
    in_flight: u64,
    /// Answers that left while the window was open.
    answered: u64,
    /// The integrals over the window, once it is closed.
    closed: Option<Areas>,
}

impl Settings {
    /// Whether the query that arrived then, the run's `number`-th from 0, is measured.
    pub fn measures(&self, arrived: Seconds, number: u64) -> bool {
        arrived >= self.warm_up
            && (self.is_batch()
                || self.duration.is_none_or(|duration| arrived < duration)
                    && self.queries.is_none_or(|queries| number < queries))
    }

    pub(super) fn is_batch(&self) -> bool {
        self.arrivals.arrivals == Arrivals::Batch
    }
}

impl Run<'_> {
    /// Puts the window's beginning and, where it is known, its end into the calendar.
    pub(super) fn begin_window(&mut self) {
        if self.settings.warm_up.0 > 0.0 {
            self.calendar
                .push(self.settings.warm_up, Event::WindowBegin);
        }
        if let Some(duration) = self.settings.duration
            && !self.settings.is_batch()
        {
            self.calendar.push(duration, Event::WindowEnd);
        }
    }

    /// A query has arrived, counted already.
    pub(super) fn window_sees_arrival(&mut self, number: u64) {
        self.window.in_flight += u64::from(self.settings.measures(self.now, number));
        let last_wanted = self.settings.queries == Some(number + 1);
        let last_of_all = self.settings.duration.is_none() && !self.source.is_open();
        if !self.settings.is_batch() && (last_wanted || last_of_all) {
            self.end_window();
        }
    }

    /// A query has left, answered or dropped; says whether it was measured.
    pub(super) fn window_sees_departure(
        &mut self,
        arrived: Seconds,
        number: u64,
        dropped: bool,
    ) -> bool {
        let measured = self.settings.measures(arrived, number);
        self.window.in_flight -= u64::from(measured);
        let open = self.now >= self.settings.warm_up && self.window.closed.is_none();
        self.window.answered += u64::from(open && !dropped);
        // A batch is measured until its last query has left.
        if self.settings.is_batch() && self.counts.in_flight == 0 && !self.source.is_open() {
            self.end_window();
        }
        measured
    }

    /// The window closes; a second time nothing happens.
    pub(super) fn end_window(&mut self) {
        if self.window.closed.is_some() {
            return;
        }
        let areas = Areas {
            answered: self.window.answered,
            ..self.occupancy.areas(self.now)
        };
        if let Some(verification) = &mut self.verification {
            verification.window_ends(self.now, &areas);
        }
        self.window.closed = Some(areas);
        self.source.stop_at(match self.settings.after {
            AfterWindow::Drain => self.now,
            AfterWindow::ArrivalsGoOn => self.now * 2.0,
        });
    }

    /// Whether all that is measured is over.
    pub(super) fn is_over(&self) -> bool {
        self.window.closed.is_some()
            && match self.settings.after {
                AfterWindow::Drain => self.counts.in_flight == 0,
                AfterWindow::ArrivalsGoOn => self.window.in_flight == 0,
            }
    }

    /// The integrals over the window.
    pub(super) fn window_areas(&mut self) -> Areas {
        self.end_window();
        let arrivals_stopped = self.settings.after == AfterWindow::ArrivalsGoOn
            && !self.settings.is_batch()
            && self.source.has_stopped(self.now);
        Areas {
            arrivals_stopped,
            ..self.window.closed.take().unwrap_or_default()
        }
    }
}
