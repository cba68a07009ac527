//! The stages of a query's life: the one list that every record, table, plot and trace
//! goes through.

use super::StationId;
use crate::units::Seconds;
use serde::{Deserialize, Serialize};
use std::ops::{Index, IndexMut};

/// A part of a query's delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Waiting for its scheduling instant.
    Wait,
    /// In its device's queue, before the probe and before the small model.
    DeviceQueue,
    /// On the small model.
    LocalCompute,
    /// On the uplink.
    Uplink,
    /// On the large model.
    EdgeCompute,
    /// On its device, computing the first token.
    Probe,
    /// In its server's queue (first come first served only).
    EdgeQueue,
    /// Its answer's way back.
    Downlink,
    /// At a batching server, from its admission to its first token.
    Prefill,
    /// At a batching server, from its first token to its last.
    Decode,
    /// At a batching server, put back for want of memory until it is admitted again.
    Preempted,
    /// Before its transmission: the grant, the slot, and retransmissions.
    Access,
    /// Between the edge and the cloud, both ways.
    Backhaul,
}

impl Stage {
    /// How many stages there are.
    pub const COUNT: usize = 13;

    /// All of them, in the order of records and tables: a new one comes last, so that
    /// columns keep their places.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Wait,
        Self::DeviceQueue,
        Self::LocalCompute,
        Self::Uplink,
        Self::EdgeCompute,
        Self::Probe,
        Self::EdgeQueue,
        Self::Downlink,
        Self::Prefill,
        Self::Decode,
        Self::Preempted,
        Self::Access,
        Self::Backhaul,
    ];

    /// Those whose columns stand in the middle of a table. Columns of the others come
    /// last, so that a new stage moves no column.
    pub const INNER_COLUMNS: usize = 7;

    /// All of them, in the order in which a query goes through them; where it waits
    /// before a probe, its device's queue comes first.
    pub const IN_LIFE: [Self; Self::COUNT] = [
        Self::Wait,
        Self::DeviceQueue,
        Self::Probe,
        Self::LocalCompute,
        Self::Access,
        Self::Uplink,
        Self::Backhaul,
        Self::EdgeQueue,
        Self::EdgeCompute,
        Self::Preempted,
        Self::Prefill,
        Self::Decode,
        Self::Downlink,
    ];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::DeviceQueue => "device_queue",
            Self::LocalCompute => "local_compute",
            Self::Uplink => "uplink",
            Self::EdgeCompute => "edge_compute",
            Self::Probe => "probe",
            Self::EdgeQueue => "edge_queue",
            Self::Downlink => "downlink",
            Self::Prefill => "prefill",
            Self::Decode => "decode",
            Self::Preempted => "preempted",
            Self::Access => "access",
            Self::Backhaul => "backhaul",
        }
    }

    /// Its colour in plots (Okabe and Ito's, and grey), red, green and blue: related
    /// stages are of related hue.
    pub const fn colour(self) -> (u8, u8, u8) {
        match self {
            Self::Wait => (150, 150, 150),
            Self::DeviceQueue => (213, 94, 0),
            Self::LocalCompute => (230, 159, 0),
            Self::Uplink => (0, 114, 178),
            Self::EdgeCompute => (0, 158, 115),
            Self::Probe => (204, 121, 167),
            Self::EdgeQueue => (86, 180, 233),
            Self::Downlink => (240, 228, 66),
            Self::Prefill => (0, 90, 65),
            Self::Decode => (102, 194, 165),
            Self::Preempted => (90, 90, 90),
            Self::Access => (120, 180, 220),
            Self::Backhaul => (170, 120, 60),
        }
    }

    /// Whether it is reported only where some query spent time in it: scenarios ask for
    /// it.
    pub const fn is_optional(self) -> bool {
        matches!(
            self,
            Self::Probe
                | Self::EdgeQueue
                | Self::Downlink
                | Self::Prefill
                | Self::Decode
                | Self::Preempted
                | Self::Access
                | Self::Backhaul
        )
    }

    /// The station that serves a query meanwhile; `None` while it waits.
    pub const fn station(self) -> Option<StationId> {
        match self {
            Self::Wait | Self::DeviceQueue | Self::EdgeQueue | Self::Preempted => None,
            Self::LocalCompute | Self::Probe => Some(StationId::Device),
            Self::Uplink => Some(StationId::Uplink),
            Self::EdgeCompute | Self::Prefill | Self::Decode => Some(StationId::Compute),
            Self::Downlink => Some(StationId::Downlink),
            Self::Access => Some(StationId::Access),
            Self::Backhaul => Some(StationId::Backhaul),
        }
    }
}

/// How long a query spent in each stage; zero in those that it skipped.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StageTimes([Seconds; Stage::COUNT]);

impl StageTimes {
    /// The query's delay: the sum of its stages (Eq. 8, and what precedes it).
    pub fn total(&self) -> Seconds {
        Stage::IN_LIFE
            .into_iter()
            .fold(Seconds(0.0), |sum, stage| sum + self[stage])
    }

    /// Adds those of a part of its life.
    pub fn add(&mut self, others: &Self) {
        for (sum, time) in self.0.iter_mut().zip(others.0) {
            *sum += time;
        }
    }

    /// Every stage with its time, in the order of [`Stage::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Stage, Seconds)> + '_ {
        Stage::ALL.into_iter().zip(self.0)
    }
}

impl Index<Stage> for StageTimes {
    type Output = Seconds;
    fn index(&self, stage: Stage) -> &Seconds {
        &self.0[stage as usize]
    }
}

impl IndexMut<Stage> for StageTimes {
    fn index_mut(&mut self, stage: Stage) -> &mut Seconds {
        &mut self.0[stage as usize]
    }
}

/// Sums of the stages over queries, in seconds, in the order of [`Stage::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct StageSums([f64; Stage::COUNT]);

impl StageSums {
    /// Adds a query's times.
    pub fn add(&mut self, times: &StageTimes) {
        for (sum, time) in self.0.iter_mut().zip(times.0) {
            *sum += time.0;
        }
    }

    /// Adds a share of other sums.
    pub fn add_share(&mut self, share: f64, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += share * more;
        }
    }
}

impl Index<Stage> for StageSums {
    type Output = f64;
    fn index(&self, stage: Stage) -> &f64 {
        &self.0[stage as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_hold_every_stage_once_and_the_first_is_that_of_the_numbers() {
        for (at, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, at);
            let here = Stage::IN_LIFE.iter().filter(|other| **other == stage);
            assert_eq!(here.count(), 1, "{stage:?}");
        }
    }

    #[test]
    fn a_delay_is_the_sum_of_its_stages() {
        let mut times = StageTimes::default();
        times[Stage::Uplink] = Seconds(0.25);
        times[Stage::EdgeCompute] += Seconds(0.5);
        assert_eq!(times.total(), Seconds(0.75));
        assert_eq!(times.iter().filter(|(_, time)| time.0 > 0.0).count(), 2);
        let mut sums = StageSums::default();
        sums.add(&times);
        sums.add(&times);
        let mut half = StageSums::default();
        half.add_share(0.5, &sums);
        assert_eq!(half[Stage::Uplink], 0.25);
    }
}
