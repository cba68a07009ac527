//! Events per second against the number of cells: `scenarios/metropolis.ron` cut down
//! to 1 to 1,000 cells, at three tolerances. Every size runs once in each round, so that
//! what else the machine does falls on all of them. Prints the medians, and the rates
//! relative to 10 cells (medians over rounds, of ratios within a round); draws
//! `output/city/events_per_second.png`.
//!
//! `cargo bench --bench city`

use edgelm::engine::{CompletedQuery, Counts, Probe, Recorder, Scheduling, Settings, simulate};
use edgelm::experiment::world_model;
use edgelm::policy::Goa;
use edgelm::report::plot::{Axis, Figure, theme};
use edgelm::route::Serving;
use edgelm::scenario::Scenario;
use edgelm::station::Sharing;
use edgelm::uncertainty::Table;
use edgelm::units::Seconds;
use edgelm::world::World;
use edgelm::world::arrivals::ArrivalLaw;
use edgelm::world::streams::StreamKey;
use statrs::statistics::{Data, OrderStatistics};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

const USERS_PER_CELL: usize = 100;
const SPACING_M: f64 = 500.0;
/// Columns and rows.
const GRIDS: [(usize, usize); 7] = [(1, 1), (3, 1), (5, 2), (6, 5), (10, 10), (20, 15), (40, 25)];
const TEN_CELLS: usize = 2;
const TOLERANCES: [f64; 3] = [5e-2, 1e-2, 1e-3];
const QUERIES: f64 = 2_000_000.0;
const ROUNDS: usize = 5;

/// Counts events.
#[derive(Default)]
struct Events(u64);

impl Recorder for Events {
    fn on_departure(&mut self, _query: &CompletedQuery, _measured: bool) {}

    fn counted(&mut self, _now: Seconds, _counts: &Counts) {
        self.0 += 1;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut series = Vec::new();
    println!("cells  tolerance  near cells   events  seconds  events/s  over 10 cells");
    for tolerance in TOLERANCES {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let round = GRIDS.map(|grid| measure(grid, tolerance));
            rounds.push(round.into_iter().collect::<Result<Vec<_>, _>>()?);
        }
        let mut rates: Vec<(usize, f64)> = Vec::new();
        for (at, (columns, rows)) in GRIDS.into_iter().enumerate() {
            let cells = columns * rows;
            let Measured { near, events, .. } = rounds[0][at];
            let seconds = median(rounds.iter().map(|round| round[at].seconds));
            let ratios = rounds.iter().map(|round| {
                let [own, ten] = [&round[at], &round[TEN_CELLS]];
                own.rate() / ten.rate()
            });
            let rate = median(rounds.iter().map(|round| round[at].rate()));
            println!(
                "{cells:5}  {tolerance:9}  {near:10.1}  {events:7}  {seconds:7.2}  {rate:8.0}  {:.2}",
                median(ratios)
            );
            rates.push((cells, rate));
        }
        series.push((tolerance, rates));
    }
    let file = Path::new("output/city/events_per_second.png");
    draw(&series, file)?;
    println!("{}", file.display());
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    Data::new(values.collect::<Vec<_>>()).median()
}

struct Measured {
    near: f64,
    events: u64,
    seconds: f64,
}

impl Measured {
    /// Events per second.
    fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }
}

fn measure((columns, rows): (usize, usize), tolerance: f64) -> Result<Measured, Box<dyn Error>> {
    let cells = columns * rows;
    let (width_m, height_m) = (
        SPACING_M * (columns as f64 + 0.5),
        SPACING_M * (0.866 * (rows as f64 - 1.0) + 1.0),
    );
    let scenario = Scenario::from_ron(&format!(
        "(area: (width_m: {width_m}, height_m: {height_m}),
          users: (count: {}),
          servers: (placement: Hexagonal(columns: {columns}, rows: {rows}, spacing_m: {SPACING_M})),
          channel: (path_loss: UmaNlos(carrier_ghz: 3.5), noise_figure_db: 5,
                    interference_tolerance: {tolerance}),
          workload: (arrivals: Poisson(rate_per_user_hz: 6.28)),
          sharing: Live, scheduling: Every(period_ms: 10), run: (duration_s: 1),
          policies: [LocalAll])",
        cells * USERS_PER_CELL
    ))?;
    let model = world_model(&scenario, &Table::default());
    let world = World::draw(&model, StreamKey::root(1));
    let near = world.neighbourhoods().map_or(0.0, |near| {
        (0..cells)
            .map(|server| near.near(server).len())
            .sum::<usize>() as f64
            / cells as f64
    });
    let settings = Settings {
        arrivals: ArrivalLaw {
            arrivals: scenario.workload.arrivals.clone(),
            trace: None,
        },
        scheduling: Scheduling::Every { period_ms: 10.0 },
        serving: Serving {
            sharing: Sharing::Live,
            ..Serving::default()
        },
        probe: Probe::Free,
        duration: Some(Seconds(QUERIES / (628.0 * cells as f64))),
        ..Settings::default()
    };
    let mut events = Events::default();
    let begun = Instant::now();
    simulate(&world, &settings, &mut Goa { tau: 0.6 }, &mut events)?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Measured {
        near,
        events: events.0,
        seconds,
    })
}

fn draw(series: &[(f64, Vec<(usize, f64)>)], file: &Path) -> Result<(), Box<dyn Error>> {
    let cells = GRIDS.iter().map(|(columns, rows)| (columns * rows) as f64);
    let millions = |rate: f64| rate * 1e-6;
    let rates = series.iter().flat_map(|(_, rates)| rates);
    let rates = rates.map(|(_, rate)| millions(*rate)).chain([0.0]);
    let mut figure = Figure::new(
        Axis::log("Cells of 100 users", cells),
        Axis::bounded(
            "Events per second, one core (millions)",
            rates,
            (0.0, f64::INFINITY),
        ),
    );
    let names = series
        .iter()
        .map(|(tolerance, _)| format!("tolerance {tolerance}"));
    figure.series(names);
    let png = figure.png(|plot| {
        for (at, (_, rates)) in series.iter().enumerate() {
            let points: Vec<(f64, f64)> = rates
                .iter()
                .map(|(cells, rate)| (*cells as f64, millions(*rate)))
                .collect();
            plot.line(&points, theme::series(at));
            plot.markers(&points, theme::series(at));
        }
    })?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, png)?;
    Ok(())
}
