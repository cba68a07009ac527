//! When a query was where: its stages as intervals of time.

use crate::engine::CompletedQuery;
use crate::snapshot::Choice;
use crate::station::stage::Stage;
use crate::units::Seconds;

/// A stage of a query's life, in whole nanoseconds of the virtual clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    pub stage: Stage,
    pub start_ns: u64,
    pub end_ns: u64,
}

/// An instant in nanoseconds.
pub(super) fn ns(time: Seconds) -> u64 {
    (time.0 * 1e9).round() as u64
}

/// The stages of a query one after the other, those left out in which it spent no
/// nanosecond. Each begins where the last one ends, so that rounding opens no gap.
pub(super) fn stays(query: &CompletedQuery) -> Vec<Stay> {
    let stages = &query.stages;
    // It may have queued at its device twice: for the first token, and for the answer.
    let before_probe = match query.decided {
        None => stages[Stage::DeviceQueue],
        Some(_) if query.choice != Choice::Local => stages[Stage::DeviceQueue],
        Some(_) if stages[Stage::Probe].0 == 0.0 => Seconds(0.0),
        Some(decided) => {
            let queued = decided - query.arrived - stages[Stage::Probe] - stages[Stage::Wait];
            Seconds(queued.0.clamp(0.0, stages[Stage::DeviceQueue].0))
        }
    };
    let mut at = query.arrived;
    let mut stays = Vec::with_capacity(8);
    let first = [
        (Stage::DeviceQueue, before_probe),
        (Stage::Probe, stages[Stage::Probe]),
    ];
    let then = Stage::IN_LIFE.into_iter().map(|stage| match stage {
        Stage::DeviceQueue => (stage, stages[stage] - before_probe),
        Stage::Probe => (stage, Seconds(0.0)),
        _ => (stage, stages[stage]),
    });
    for (stage, took) in first.into_iter().chain(then) {
        let start_ns = ns(at);
        at += took;
        let end_ns = ns(at);
        if end_ns > start_ns {
            stays.push(Stay {
                stage,
                start_ns,
                end_ns,
            });
        }
    }
    stays
}

/// The instants between which a query was in the system.
pub(super) fn span_ns(query: &CompletedQuery) -> (u64, u64) {
    let start = ns(query.arrived);
    (start, stays(query).last().map_or(start, |stay| stay.end_ns))
}
