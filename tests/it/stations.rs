//! The stations against their slow, obvious references in lockstep, and against closed
//! forms.

use edgelm::physics::gains::LinkGains;
use edgelm::physics::interference::Transmitter;
use edgelm::physics::radio::{Interference, spectral_efficiency};
use edgelm::station::fifo::Fifo;
use edgelm::station::processor_sharing::ProcessorSharing;
use edgelm::station::reference::{ReferenceProcessorSharing, ReferenceUplinks};
use edgelm::station::uplink::{Radio, Uplinks};
use edgelm::units::{Bits, Flop, FlopPerSecond, Hertz, Seconds, Watts};
use edgelm::world::streams::StreamKey;
use proptest::prelude::*;
use rand::RngExt;

fn radio(interference: Interference) -> Radio {
    Radio {
        bandwidth: Hertz(1e8),
        noise: Watts(4e-13),
        tx_power: Watts(0.2),
        interference,
    }
}

const READINGS: [Interference; 3] = [
    Interference::CoChannel,
    Interference::AsPrinted,
    Interference::Orthogonal,
];

/// A transmission to `cell` that all servers hear begins.
fn start(
    uplinks: &mut Uplinks<'_>,
    now: Seconds,
    job: usize,
    cell: usize,
    bits: Bits,
    gains: &[f64],
) {
    uplinks.start(
        now,
        job,
        bits,
        Transmitter {
            cell,
            gain: gains[cell],
            nearest: 0,
            links: LinkGains::to_all(gains),
        },
    );
}

fn update_rates(uplinks: &mut Uplinks<'_>, now: Seconds) {
    uplinks.update_rates(now, |_, _| {});
}

/// The next end of all cells.
fn next_end(uplinks: &Uplinks<'_>, cells: usize) -> Option<(Seconds, usize)> {
    (0..cells)
        .filter_map(|cell| uplinks.next_end(cell))
        .min_by(|a, b| a.0.0.total_cmp(&b.0.0))
}

/// Runs both through the same random starts, ends and removals, event by event.
fn uplinks_in_lockstep(cells: usize, jobs: usize, reading: Interference, seed: u64) {
    let mut rng = StreamKey::root(seed).stream();
    let mut fast = Uplinks::new(radio(reading), cells);
    let mut slow = ReferenceUplinks::new(radio(reading));
    let (mut now, mut started) = (0.0, 0);
    let mut active: Vec<usize> = Vec::new();
    while started < jobs || !active.is_empty() {
        let next = slow.next_end();
        let mean_gap = 1e-5;
        let arrival = now - mean_gap * (1.0 - rng.random::<f64>()).ln();
        match next {
            Some((ends, job)) if started == jobs || ends.0 <= arrival => {
                let (fast_ends, fast_job) = next_end(&fast, cells).expect("busy");
                // Next to no bits left: a millionth of one takes 1e-15 s at 1 Gbit/s.
                let apart = (fast_ends.0 - ends.0).abs();
                let allowed = 1e-9 * (ends.0 - now) + 1e-15;
                assert!(apart <= allowed, "next end: {fast_ends:?} {ends:?}");
                assert_eq!(fast_job, job);
                now = ends.0;
                fast.end(ends, job);
                slow.end(ends, job);
                active.retain(|&other| other != job);
            }
            _ => {
                now = arrival;
                let gains: Vec<f64> = (0..cells)
                    .map(|_| 10f64.powf(-7.0 - 4.0 * rng.random::<f64>()))
                    .collect();
                let cell = rng.random_range(0..cells);
                let bits = Bits(100.0 + 3000.0 * rng.random::<f64>());
                start(&mut fast, Seconds(now), started, cell, bits, &gains);
                slow.start(Seconds(now), started, cell, bits, &gains);
                active.push(started);
                started += 1;
                if active.len() > 2 && rng.random::<f64>() < 0.05 {
                    let job = active.swap_remove(rng.random_range(0..active.len()));
                    fast.end(Seconds(now), job);
                    slow.end(Seconds(now), job);
                }
            }
        }
        update_rates(&mut fast, Seconds(now));
        for &job in &active {
            let remaining = slow.remaining(job).expect("active").0;
            let found = fast.remaining(Seconds(now), job).0;
            assert!((found - remaining).abs() < 1e-6, "{found} {remaining} bits");
        }
    }
    assert_eq!(fast.active(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn uplinks_follow_their_reference(cells in 1usize..6, jobs in 1usize..60, reading in 0usize..3, seed in any::<u64>()) {
        uplinks_in_lockstep(cells, jobs, READINGS[reading], seed);
    }

    #[test]
    fn processor_sharing_follows_its_reference(cap in 0.05..2.0f64, jobs in 1usize..80, seed in any::<u64>()) {
        let mut rng = StreamKey::root(seed).stream();
        let (capacity, cap) = (FlopPerSecond(1.0), FlopPerSecond(cap));
        let mut fast = ProcessorSharing::new(capacity, cap);
        let mut slow = ReferenceProcessorSharing::new(capacity, cap);
        let (mut now, mut started) = (0.0, 0);
        let mut active: Vec<usize> = Vec::new();
        while started < jobs || !active.is_empty() {
            let arrival = now + rng.random::<f64>();
            match slow.next_end() {
                Some((ends, job)) if started == jobs || ends.0 <= arrival => {
                    let (fast_ends, fast_job) = fast.next_end().expect("busy");
                    prop_assert!((fast_ends.0 - ends.0).abs() < 1e-9 * ends.0.max(1.0));
                    prop_assert_eq!(fast_job, job);
                    now = ends.0;
                    fast.complete(Seconds(now), job);
                    slow.end(Seconds(now), job);
                    active.retain(|&other| other != job);
                }
                _ => {
                    now = arrival;
                    let work = Flop(rng.random::<f64>() + 0.01);
                    fast.start(Seconds(now), started, work);
                    slow.start(Seconds(now), started, work);
                    active.push(started);
                    started += 1;
                    if active.len() > 2 && rng.random::<f64>() < 0.1 {
                        let job = active.swap_remove(rng.random_range(0..active.len()));
                        fast.remove(Seconds(now), job);
                        slow.end(Seconds(now), job);
                    }
                }
            }
        }
    }
}

#[test]
fn one_transmission_alone_takes_the_closed_form() {
    let mut uplinks = Uplinks::new(radio(Interference::CoChannel), 3);
    let gains = [1e-9, 2e-9, 3e-9];
    start(&mut uplinks, Seconds(2.0), 0, 1, Bits(1300.0), &gains);
    update_rates(&mut uplinks, Seconds(2.0));
    let expected = 1300.0 / (1e8 * (1.0 + 0.2 * 2e-9 / 4e-13f64).log2());
    let (ends, job) = uplinks.next_end(1).expect("busy");
    assert_eq!(job, 0);
    assert!(((ends.0 - 2.0) / expected - 1.0).abs() < 1e-9);
}

#[test]
fn equal_transmissions_in_one_cell_finish_together_at_k_times_the_single_time() {
    let k = 7;
    let mut uplinks = Uplinks::new(radio(Interference::CoChannel), 1);
    for job in 0..k {
        start(&mut uplinks, Seconds(0.0), job, 0, Bits(1300.0), &[1e-9]);
    }
    update_rates(&mut uplinks, Seconds(0.0));
    let single = 1300.0 / (1e8 * (1.0 + 0.2 * 1e-9 / 4e-13f64).log2());
    for _ in 0..k {
        let (ends, job) = uplinks.next_end(0).expect("busy");
        assert!(
            (ends.0 / (k as f64 * single) - 1.0).abs() < 1e-12,
            "{}",
            ends.0
        );
        uplinks.end(ends, job);
        update_rates(&mut uplinks, ends);
    }
    assert_eq!(uplinks.active(), 0);
}

#[test]
fn two_cells_take_the_two_phase_closed_form() {
    let mut uplinks = Uplinks::new(radio(Interference::CoChannel), 2);
    let (own, cross) = (1e-9, 1e-11);
    start(
        &mut uplinks,
        Seconds(0.0),
        0,
        0,
        Bits(1000.0),
        &[own, cross],
    );
    start(
        &mut uplinks,
        Seconds(0.0),
        1,
        1,
        Bits(3000.0),
        &[cross, own],
    );
    update_rates(&mut uplinks, Seconds(0.0));
    let disturbed = 1e8 * spectral_efficiency(0.2 * own / (0.2 * cross + 4e-13));
    let alone = 1e8 * spectral_efficiency(0.2 * own / 4e-13);
    let (first, job) = uplinks.next_end(0).expect("busy");
    assert_eq!(job, 0);
    assert!((first.0 / (1000.0 / disturbed) - 1.0).abs() < 1e-12);
    uplinks.end(first, 0);
    update_rates(&mut uplinks, first);
    let (second, _) = uplinks.next_end(1).expect("busy");
    let expected = 1000.0 / disturbed + 2000.0 / alone;
    assert!((second.0 / expected - 1.0).abs() < 1e-12);
}

#[test]
fn interference_does_not_drift_over_a_million_events() {
    let cells = 4;
    let mut uplinks = Uplinks::new(radio(Interference::CoChannel), cells);
    let mut rng = StreamKey::root(5).stream();
    let mut gains = vec![Vec::new(); 8];
    // One transmission stays, so that the sums are never reset.
    start(&mut uplinks, Seconds(0.0), 8, 0, Bits(1e12), &[1e-9; 4]);
    for event in 0..500_000 {
        let job = event % 8;
        let now = Seconds(1e-6 * event as f64);
        if event >= 8 {
            uplinks.end(now, job);
        }
        gains[job] = (0..cells)
            .map(|_| 10f64.powf(-4.0 - 8.0 * rng.random::<f64>()))
            .collect::<Vec<f64>>();
        start(&mut uplinks, now, job, job % cells, Bits(1e12), &gains[job]);
        update_rates(&mut uplinks, now);
    }
    for cell in 0..cells {
        let elsewhere = gains
            .iter()
            .enumerate()
            .filter(|(job, _)| job % cells != cell);
        let mut expected: f64 = elsewhere.map(|(_, gains)| 0.2 * gains[cell]).sum();
        if cell != 0 {
            expected += 0.2 * 1e-9;
        }
        assert!((uplinks.power().from_others(cell).0 / expected - 1.0).abs() < 1e-9);
    }
}

#[test]
fn first_come_first_served_fills_its_processors_in_order() {
    let mut server = Fifo::new(FlopPerSecond(2.5), FlopPerSecond(1.0));
    for job in 0..4 {
        server.start(Seconds(0.0), job, Flop(1.0 + job as f64));
    }
    assert_eq!((server.in_service(), server.queued()), (2, 2));
    let mut order = Vec::new();
    while let Some((ends, job)) = server.next_end() {
        server.end(ends, job);
        order.push((job, ends.0));
    }
    // Two processors of rate 1: jobs of 1, 2, 3, 4 seconds.
    assert_eq!(order, [(0, 1.0), (1, 2.0), (2, 4.0), (3, 6.0)]);
}
