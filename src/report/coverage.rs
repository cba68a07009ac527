//! What `edgelm map` writes: `map.csv`, a row a square, and pictures of it.

use super::number::shortest;
use super::{Format, OutputFile, ReportError};
use crate::units::db_from_ratio;
use crate::world::World;
use crate::world::coverage::Coverage;

/// The files of a map of coverage in these formats.
///
/// # Errors
/// [`ReportError`], if a format's library fails.
pub fn files(
    title: &str,
    world: &World<'_>,
    coverage: &Coverage,
    formats: &[Format],
) -> Result<Vec<OutputFile>, ReportError> {
    let mut files = Vec::new();
    if formats.contains(&Format::Csv) {
        files.push(OutputFile {
            name: "map.csv".to_owned(),
            bytes: csv(coverage)?,
        });
    }
    #[cfg(feature = "plots")]
    {
        use super::plot::coverage::{Shown, draw};
        for (name, shown) in [
            ("map_sinr", Shown::Sinr),
            ("map_rate", Shown::Rate),
            ("map_server", Shown::Server),
        ] {
            let figure = draw(title, world, coverage, shown)?;
            files.extend(super::plot::figure_files(name, &figure, formats)?);
        }
    }
    #[cfg(not(feature = "plots"))]
    let _ = (title, world);
    Ok(files)
}

/// The gains of the links that a replication has drawn, at time zero, in the form that
/// `channel.gains` reads: `gains.csv`.
///
/// # Errors
/// [`ReportError`], if the format's library fails.
pub fn gains(world: &World<'_>) -> Result<OutputFile, ReportError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(["time_s", "user", "server", "gain_db"])?;
    for (user, share) in world.power_shares().iter().enumerate() {
        for (server, gain) in world.links(user).iter() {
            let gain_db = db_from_ratio(gain / share);
            writer.write_record([
                "0".to_owned(),
                user.to_string(),
                server.to_string(),
                shortest(gain_db),
            ])?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error());
    Ok(OutputFile {
        name: "gains.csv".to_owned(),
        bytes: bytes.map_err(::csv::Error::from)?,
    })
}

fn csv(coverage: &Coverage) -> Result<Vec<u8>, ::csv::Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "x_m",
        "y_m",
        "server",
        "received_dbm",
        "sinr_db",
        "rate_mbps",
    ])?;
    for place in &coverage.places {
        writer.write_record([
            shortest(place.position.0),
            shortest(place.position.1),
            place.server.to_string(),
            shortest(place.received_dbm),
            shortest(place.sinr_db),
            shortest(place.rate.0 * 1e-6),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| ::csv::Error::from(std::io::Error::other(error.to_string())))
}

/// A few shares of the area, for the terminal.
pub fn summary(coverage: &Coverage) -> String {
    let mut sinr_db: Vec<f64> = coverage.places.iter().map(|place| place.sinr_db).collect();
    sinr_db.sort_by(f64::total_cmp);
    let at = |share: f64| sinr_db[(share * (sinr_db.len() - 1) as f64).round() as usize];
    format!(
        "{} x {} squares of {} m x {} m\nSINR in the worst 5 % of the area at most {:.1} dB, in half \
         of it at most {:.1} dB, in the best 5 % at least {:.1} dB\n",
        coverage.columns,
        coverage.rows,
        shortest(coverage.square_m.0),
        shortest(coverage.square_m.1),
        at(0.05),
        at(0.5),
        at(0.95),
    )
}
