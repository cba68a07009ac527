//! Which track a slice goes to: the first that is free.

use super::events::Events;
use super::place::Place;
use crate::station::StationId;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::io::Write;

/// A group of tracks, a "process" of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Process {
    /// Counters of no station in particular.
    System,
    Server(usize),
    User(usize),
}

impl Process {
    /// Where it is listed among the others.
    fn sort_index(self) -> usize {
        match self {
            Self::System => 0,
            Self::Server(server) => 1 + server,
            Self::User(user) => 1_000_000 + user,
        }
    }

    fn name(self) -> String {
        match self {
            Self::System => "system".to_owned(),
            Self::Server(server) => format!("server {server}"),
            Self::User(user) => format!("user {user}"),
        }
    }
}

/// What the tracks of a process are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Block {
    /// Jobs in service at a station.
    Station(StationId),
    /// Whole queries.
    Queries,
}

impl Block {
    /// Where it is listed among the others of its process.
    fn sort_index(self, lane: usize) -> usize {
        let block = match self {
            Self::Station(station) => station as usize,
            Self::Queries => StationId::COUNT,
        };
        1_000_000 * block + lane
    }

    fn name(self, lane: usize) -> String {
        match (self, lane) {
            (Self::Station(StationId::Device), 0) => StationId::Device.name().to_owned(),
            (Self::Station(station), lane) => format!("{} {}", station.name(), lane + 1),
            (Self::Queries, lane) => format!("queries {}", lane + 1),
        }
    }
}

/// All tracks that have been needed.
///
/// No two processes or tracks have the same number, whatever they belong to, since
/// there are viewers that name a track by its number alone. Numbers start at 1: some
/// take 0 for the idle process.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    lanes: HashMap<(Process, Block), Lanes>,
    pids: HashMap<Process, u64>,
    /// Numbers given out.
    numbers: u64,
}

impl Tracks {
    /// The number of a process, its name written before its first use.
    pub fn introduce<W: Write>(&mut self, events: &mut Events<W>, process: Process) -> u64 {
        if let Some(&pid) = self.pids.get(&process) {
            return pid;
        }
        self.numbers += 1;
        let pid = self.numbers;
        self.pids.insert(process, pid);
        events.name_process(pid, &process.name(), process.sort_index());
        pid
    }

    /// A track that is free from `start_ns` on. Slices must come in the order of
    /// their beginnings.
    pub fn place<W: Write>(
        &mut self,
        events: &mut Events<W>,
        process: Process,
        block: Block,
        start_ns: u64,
        end_ns: u64,
    ) -> Place {
        let pid = self.introduce(events, process);
        let lanes = self.lanes.entry((process, block)).or_default();
        let (lane, start_ns) = lanes.take(start_ns, end_ns);
        let tid = match lanes.tids.get(lane) {
            Some(&tid) => tid,
            None => {
                self.numbers += 1;
                lanes.tids.push(self.numbers);
                let name = block.name(lane);
                events.name_thread(pid, self.numbers, &name, block.sort_index(lane));
                self.numbers
            }
        };
        Place {
            pid,
            tid,
            start_ns,
            end_ns: end_ns.max(start_ns),
        }
    }
}

/// Tracks side by side, each with one slice at a time.
#[derive(Debug, Default)]
struct Lanes {
    /// The lanes' numbers in the file.
    tids: Vec<u64>,
    /// When each lane's last slice ends.
    ends_ns: Vec<u64>,
    busy: BinaryHeap<Reverse<(u64, usize)>>,
    free: BTreeSet<usize>,
}

/// What follows at once may seem to begin this much earlier: both ends are rounded,
/// and computed along different sums.
const ROUNDING_NS: u64 = 2;

impl Lanes {
    /// A lane, and the slice's beginning in it.
    fn take(&mut self, start_ns: u64, end_ns: u64) -> (usize, u64) {
        while let Some(&Reverse((end, lane))) = self.busy.peek()
            && end <= start_ns + ROUNDING_NS
        {
            self.busy.pop();
            self.free.insert(lane);
        }
        let lane = self.free.pop_first().unwrap_or_else(|| {
            self.ends_ns.push(0);
            self.ends_ns.len() - 1
        });
        let start_ns = start_ns.max(self.ends_ns[lane]);
        let end_ns = end_ns.max(start_ns);
        self.ends_ns[lane] = end_ns;
        self.busy.push(Reverse((end_ns, lane)));
        (lane, start_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// No lane holds two slices at once, and there are no more lanes than
        /// slices at any one time.
        #[test]
        fn lanes_hold_one_slice_at_a_time(
            mut slices in prop::collection::vec((0u64..10_000, 10u64..3_000), 1..60)
        ) {
            slices.sort_unstable();
            let mut lanes = Lanes::default();
            let mut placed: Vec<(usize, u64, u64)> = Vec::new();
            for &(start, took) in &slices {
                let (lane, begins) = lanes.take(start, start + took);
                prop_assert!(begins >= start && begins <= start + ROUNDING_NS);
                for &(other, from, to) in &placed {
                    prop_assert!(other != lane || to <= begins || from >= start + took);
                }
                placed.push((lane, begins, start + took));
            }
            let most = slices
                .iter()
                .map(|&(at, _)| slices.iter().filter(|s| s.0 <= at && at < s.0 + s.1).count())
                .max();
            prop_assert!(lanes.ends_ns.len() <= most.unwrap());
        }
    }
}
