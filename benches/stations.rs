//! Events per second of the stations that serve, each beside its slow, obvious
//! reference: capped processor sharing alone, and the full radio model with a constant
//! number of transmissions in four cells.

use divan::Bencher;
use divan::counter::ItemsCount;
use edgelm::physics::gains::LinkGains;
use edgelm::physics::interference::Transmitter;
use edgelm::physics::radio::Interference;
use edgelm::station::processor_sharing::ProcessorSharing;
use edgelm::station::reference::{ReferenceProcessorSharing, ReferenceUplinks};
use edgelm::station::uplink::{Radio, Uplinks};
use edgelm::units::{Bits, Flop, FlopPerSecond, Hertz, Seconds, Watts};
use edgelm::world::streams::{Stream, StreamKey};
use rand::RngExt;

fn main() {
    divan::main();
}

const CELLS: usize = 4;

fn rng() -> Stream {
    StreamKey::root(1).stream()
}

fn radio() -> Radio {
    Radio {
        bandwidth: Hertz(1e8),
        noise: Watts(4e-13),
        tx_power: Watts(0.2),
        interference: Interference::CoChannel,
    }
}

fn gains(rng: &mut Stream) -> [f64; CELLS] {
    [(); CELLS].map(|()| 10f64.powf(-8.0 - 3.0 * rng.random::<f64>()))
}

fn bits(rng: &mut Stream) -> Bits {
    Bits(500.0 + 1500.0 * rng.random::<f64>())
}

fn work(rng: &mut Stream) -> Flop {
    Flop(0.5 + rng.random::<f64>())
}

/// Whenever a job completes another takes its place: two events.
#[divan::bench(args = [10, 100, 1_000])]
fn processor_sharing(bencher: Bencher<'_, '_>, jobs: usize) {
    let mut rng = rng();
    let mut server = ProcessorSharing::new(FlopPerSecond(20.0), FlopPerSecond(1.0));
    for job in 0..jobs {
        server.start(Seconds(0.0), job, work(&mut rng));
    }
    bencher.counter(ItemsCount::new(2u32)).bench_local(|| {
        if let Some((now, job)) = server.next_end() {
            server.complete(now, job);
            server.start(now, job, work(&mut rng));
        }
    });
}

#[divan::bench(args = [10, 100, 1_000])]
fn processor_sharing_reference(bencher: Bencher<'_, '_>, jobs: usize) {
    let mut rng = rng();
    let mut server = ReferenceProcessorSharing::new(FlopPerSecond(20.0), FlopPerSecond(1.0));
    for job in 0..jobs {
        server.start(Seconds(0.0), job, work(&mut rng));
    }
    bencher.counter(ItemsCount::new(2u32)).bench_local(|| {
        if let Some((now, job)) = server.next_end() {
            server.end(now, job);
            server.start(now, job, work(&mut rng));
        }
    });
}

fn start(uplinks: &mut Uplinks<'_>, now: Seconds, (job, cell): (usize, usize), rng: &mut Stream) {
    let gains = gains(rng);
    let bits = bits(rng);
    let transmitter = Transmitter {
        cell,
        gain: gains[cell],
        nearest: 0,
        links: LinkGains::to_all(&gains),
    };
    uplinks.start(now, job, bits, transmitter);
}

#[divan::bench(args = [10, 100, 1_000, 10_000])]
fn uplinks(bencher: Bencher<'_, '_>, transmissions: usize) {
    let mut rng = rng();
    let mut uplinks = Uplinks::new(radio(), CELLS);
    for job in 0..transmissions {
        start(&mut uplinks, Seconds(0.0), (job, job % CELLS), &mut rng);
    }
    uplinks.update_rates(Seconds(0.0), |_, _| {});
    bencher.counter(ItemsCount::new(2u32)).bench_local(|| {
        let next = (0..CELLS).filter_map(|cell| Some((uplinks.next_end(cell)?, cell)));
        if let Some(((now, job), cell)) = next.min_by(|a, b| a.0.0.0.total_cmp(&b.0.0.0)) {
            uplinks.end(now, job);
            uplinks.update_rates(now, |_, _| {});
            start(&mut uplinks, now, (job, cell), &mut rng);
            uplinks.update_rates(now, |_, _| {});
        }
    });
}

#[divan::bench(args = [10, 100, 1_000], max_time = 5)]
fn uplinks_reference(bencher: Bencher<'_, '_>, transmissions: usize) {
    measure_uplinks_reference(bencher, transmissions);
}

// Half a second for two events: asked for with
// `cargo bench --bench stations -- uplinks_reference_large --include-ignored`.
#[divan::bench(args = [10_000], sample_count = 3, sample_size = 1, ignore)]
fn uplinks_reference_large(bencher: Bencher<'_, '_>, transmissions: usize) {
    measure_uplinks_reference(bencher, transmissions);
}

fn measure_uplinks_reference(bencher: Bencher<'_, '_>, transmissions: usize) {
    let mut rng = rng();
    let mut uplinks = ReferenceUplinks::new(radio());
    let mut cells = vec![0; transmissions];
    for (job, cell) in cells.iter_mut().enumerate() {
        *cell = job % CELLS;
        let gains = gains(&mut rng);
        uplinks.start(Seconds(0.0), job, *cell, bits(&mut rng), &gains);
    }
    bencher.counter(ItemsCount::new(2u32)).bench_local(|| {
        if let Some((now, job)) = uplinks.next_end() {
            uplinks.end(now, job);
            let gains = gains(&mut rng);
            uplinks.start(now, job, cells[job], bits(&mut rng), &gains);
        }
    });
}
