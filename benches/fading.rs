//! What one look at the fading of a link costs, by how fading goes on in time.

use divan::{Bencher, black_box};
use edgelm::units::{Hertz, Metres, Seconds};
use edgelm::world::channel::{
    Channel, Doppler, Fading, FadingProcess, Instant, LinkFading, PathLoss, Shadowing,
};
use edgelm::world::streams::StreamKey;

fn main() {
    divan::main();
}

/// One look at a link, one block of 1 ms later each time.
fn looks(bencher: Bencher, process: FadingProcess) {
    let channel = Channel {
        path_loss: PathLoss::default(),
        fading: Fading::Rayleigh,
        shadowing: Shadowing::Deviation(0.0),
        buildings: None,
        antennas_db: 0.0,
        process,
    };
    let key = StreamKey::root(1);
    let mut link = LinkFading::new(&channel, key, 0, 0);
    let mut block = 0;
    bencher.bench_local(|| {
        block += 1;
        let instant = Instant {
            block,
            time: Seconds(1e-3 * block as f64),
            travelled: Metres(0.0),
        };
        link.power_at(&channel, key, 0, 0, black_box(instant))
    });
}

#[divan::bench]
fn independent_blocks(bencher: Bencher) {
    looks(bencher, FadingProcess::IndependentBlocks);
}

#[divan::bench]
fn gauss_markov(bencher: Bencher) {
    let process = FadingProcess::gauss_markov(Seconds(0.02), Seconds(0.001));
    looks(bencher, process);
}

#[divan::bench]
fn jakes(bencher: Bencher) {
    looks(bencher, FadingProcess::Sinusoids(Doppler::Of(Hertz(20.0))));
}
