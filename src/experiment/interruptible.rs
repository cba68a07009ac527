//! A recorder that gives a run up once a flag is set, whatever the run is recorded for.

use crate::engine::{Areas, CompletedQuery, Counts, Recorder, SystemState};
use crate::units::Seconds;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// A recorder, and the flag that ends the run.
pub(super) struct Interruptible<'a> {
    pub recorder: &'a mut dyn Recorder,
    pub stop: &'a AtomicBool,
}

impl Recorder for Interruptible<'_> {
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        self.recorder.on_departure(query, measured);
    }

    fn wants_circumstances(&self) -> bool {
        self.recorder.wants_circumstances()
    }

    fn stop_asked(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.recorder.stop_asked()
    }

    fn sampled(&mut self, now: Seconds, state: &SystemState) {
        self.recorder.sampled(now, state);
    }

    fn happens(&mut self, now: Seconds, what: fmt::Arguments<'_>) {
        self.recorder.happens(now, what);
    }

    fn counted(&mut self, now: Seconds, counts: &Counts) {
        self.recorder.counted(now, counts);
    }

    fn finished(&mut self, now: Seconds, areas: &Areas) {
        self.recorder.finished(now, areas);
    }
}
