//! PNG figures, 5 inches wide at 300 dpi, with text in print sizes.
//!
//! A figure is an x [`Axis`], a y [`Axis`] and a legend ([`Figure`]); what is drawn
//! into it goes through [`Plot`] in data coordinates. [`theme`] decides what
//! everything looks like. The font is carried along (`font/`), so that plots need
//! nothing of the system, and the same data give the same bytes everywhere.
//!
//! ```
//! use edgelm::report::plot::{Axis, Figure, theme};
//!
//! let points = [(1.0, 10.0), (2.0, 14.0), (3.0, 13.0)];
//! let mut figure = Figure::new(
//!     Axis::linear("Number of servers M", points.iter().map(|p| p.0)),
//!     Axis::linear("Mean delay (ms)", points.iter().map(|p| p.1)),
//! );
//! figure.series(["EdgeAll"]);
//! let png = figure
//!     .png(|plot| {
//!         plot.line(&points, theme::series(0));
//!         plot.markers(&points, theme::series(0));
//!     })
//!     .unwrap();
//! assert!(png.starts_with(b"\x89PNG"));
//! ```

mod against_sweep;
mod axis;
pub(super) mod batches;
mod by_policy;
mod canvas;
mod ccdf;
pub(super) mod coverage;
pub(super) mod distributions;
mod field_label;
mod figure;
pub(super) mod finding;
pub(super) mod gap;
mod marks;
mod panels;
mod plane;
mod plot_error;
mod quantiles;
mod raster;
mod slice;
mod stages;
mod svg;
mod swept_axis;
mod text;
pub mod theme;
mod ticks;

pub use axis::{Axis, Scale};
pub use canvas::{Align, Canvas};
pub use field_label::{field_label, field_symbol};
pub use figure::{Figure, Swatch};
pub use marks::Plot;
pub use plot_error::PlotError;

use super::file_name::distinct;
use super::{Finished, Format, OutputFile, ReportError};
use crate::experiment::{DEADLINE_MISSED, Estimate, PointResult, PolicyResult, Results};
use slice::Slice;
use std::collections::HashSet;

/// A quantity that has a figure of its own.
struct Quantity {
    name: &'static str,
    label: &'static str,
    /// What the values are kept to, such as 0..100 %.
    bounds: (f64, f64),
    /// `None` where the scenario does not ask for it.
    of: fn(&PolicyResult) -> Option<Estimate>,
}

const QUANTITIES: [Quantity; 7] = [
    Quantity {
        name: "accuracy",
        label: "Accuracy (%)",
        bounds: (0.0, 100.0),
        of: |policy| Some(policy.accuracy.scaled(100.0)),
    },
    Quantity {
        name: "delay_mean",
        label: "Mean delay (ms)",
        bounds: (0.0, f64::INFINITY),
        of: |policy| Some(policy.delay_mean_ms),
    },
    Quantity {
        name: "deadline_missed",
        label: "Deadline missed (%)",
        bounds: (0.0, 100.0),
        of: |policy| Some(policy.measure(DEADLINE_MISSED)?.scaled(100.0)),
    },
    Quantity {
        name: "ttft_p99",
        label: "Time to first token, p99 (ms)",
        bounds: (0.0, f64::INFINITY),
        of: |policy| policy.measure("ttft_p99_ms"),
    },
    Quantity {
        name: "tpot_p99",
        label: "Time per later token, p99 (ms)",
        bounds: (0.0, f64::INFINITY),
        of: |policy| policy.measure("tpot_p99_ms"),
    },
    Quantity {
        name: "slo_met",
        label: "Answers within the SLO (%)",
        bounds: (0.0, 100.0),
        of: |policy| Some(policy.measure("slo_met_share")?.scaled(100.0)),
    },
    Quantity {
        name: "energy_per_token",
        label: "Energy per answer token (J)",
        bounds: (0.0, f64::INFINITY),
        of: |policy| policy.measure("energy_j_per_token"),
    },
];

impl Quantity {
    /// Whether the results have it.
    fn is_in(&self, results: &Results) -> bool {
        let mut policies = results.points.iter().flat_map(|point| &point.policies);
        policies.any(|policy| (self.of)(policy).is_some())
    }
}

/// A figure as a file of each of the formats that figures have.
pub(super) fn figure_files(
    name: &str,
    figure: &Canvas,
    formats: &[Format],
) -> Result<Vec<OutputFile>, PlotError> {
    let mut files = Vec::new();
    if formats.contains(&Format::Png) {
        files.push(OutputFile {
            name: format!("{name}.png"),
            bytes: figure.png()?,
        });
    }
    if formats.contains(&Format::Svg) {
        files.push(OutputFile {
            name: format!("{name}.svg"),
            bytes: figure.svg().into_bytes(),
        });
    }
    Ok(files)
}

/// The figures of a run as PNG files.
pub(super) fn png_files(run: Finished<'_>) -> Result<Vec<OutputFile>, ReportError> {
    files(run, Format::Png)
}

/// The same figures as SVG files.
pub(super) fn svg_files(run: Finished<'_>) -> Result<Vec<OutputFile>, ReportError> {
    files(run, Format::Svg)
}

fn files(run: Finished<'_>, format: Format) -> Result<Vec<OutputFile>, ReportError> {
    let mut files = Vec::new();
    for (name, figure) in figures(run)? {
        files.extend(figure_files(&name, &figure, &[format])?);
    }
    Ok(files)
}

/// The figures of a run, each with its name.
fn figures(run: Finished<'_>) -> Result<Vec<(String, Canvas)>, PlotError> {
    let (mut figures, mut taken) = (Vec::new(), HashSet::new());
    for slice in Slice::of_results(run.results) {
        let title = slice.title(&run.scenario.title);
        for (name, figure) in figures_of(&title, &slice, run.results)? {
            figures.push((distinct(&slice.file_name(name), &mut taken), figure));
        }
    }
    Ok(figures)
}

fn figures_of(
    title: &str,
    slice: &Slice<'_, PointResult>,
    results: &Results,
) -> Result<Vec<(&'static str, Canvas)>, PlotError> {
    let swept = slice.is_swept();
    // One mark in a figure says no more than the table.
    let compares = swept || slice.series.len() > 1;
    let mut figures = Vec::new();
    let quantities = QUANTITIES
        .iter()
        .filter(|one| compares && one.is_in(results));
    for quantity in quantities {
        let figure = if swept {
            against_sweep::draw(title, quantity, slice)?
        } else {
            by_policy::draw(title, quantity, slice)?
        };
        figures.push((quantity.name, figure));
    }
    let quantiles = if swept {
        quantiles::against_sweep(title, slice)?
    } else {
        quantiles::by_policy(title, slice)?
    };
    for time in &ccdf::TIMES {
        let figure = ccdf::draw(title, slice, time)?;
        figures.extend(figure.map(|figure| (time.name, figure)));
    }
    for (name, figure) in [
        ("delay_quantiles", quantiles),
        ("delay_stages", stages::draw(title, slice)?),
    ] {
        figures.extend(figure.map(|figure| (name, figure)));
    }
    // Over a sweep of anything but the policies' own parameters, the world changes
    // along the curves, and they are no trade-off that anyone could choose from.
    if compares
        && (!swept || slice.is_of_policies())
        && let Some(figure) = plane::draw(title, slice)?
    {
        figures.push(("accuracy_delay", figure));
    }
    Ok(figures)
}

/// The ends of an estimate's interval, if it has one.
fn interval(estimate: Estimate) -> Option<(f64, f64)> {
    estimate
        .ci95
        .filter(|half_width| half_width.is_finite())
        .map(|half_width| (estimate.mean - half_width, estimate.mean + half_width))
}

/// Everything of an estimate that an axis must show.
fn extent(estimate: Estimate) -> impl Iterator<Item = f64> {
    let (low, high) = interval(estimate).unwrap_or((estimate.mean, estimate.mean));
    [low, high, estimate.mean].into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn pictures(results: &Results) -> Vec<OutputFile> {
        let mut scenario = fixture::scenario();
        scenario.title = "A study".to_owned();
        png_files(Finished {
            scenario: &scenario,
            name: "small",
            results,
            #[cfg(feature = "html")]
            experiment: None,
        })
        .unwrap()
    }

    /// Width, height and dots of a picture.
    fn decode(file: &OutputFile) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(&*file.bytes).read_info().unwrap();
        let mut dots = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut dots).unwrap();
        (info.width, info.height, dots)
    }

    #[test]
    fn every_policy_is_in_every_picture() {
        for results in [
            fixture::sweep(3, 5),
            fixture::one_point(5),
            fixture::sweep(1, 5),
        ] {
            // The stages have colours of their own.
            let by_policy = |file: &OutputFile| file.name != "delay_stages.png";
            for file in pictures(&results).into_iter().filter(by_policy) {
                let (.., dots) = decode(&file);
                for (r, g, b) in &theme::PALETTE[..5] {
                    assert!(
                        dots.chunks(3).any(|dot| dot == [*r, *g, *b]),
                        "{}",
                        file.name
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_touches_the_edges() {
        for results in [
            fixture::sweep(7, 1),
            fixture::sweep(7, 12),
            fixture::one_point(12),
            fixture::single_query(),
            fixture::no_query(),
        ] {
            for file in pictures(&results) {
                let (width, height, dots) = decode(&file);
                for (at, dot) in dots.chunks(3).enumerate() {
                    let (x, y) = (at as u32 % width, at as u32 / width);
                    let rim = x.min(y).min(width - 1 - x).min(height - 1 - y) < 6;
                    assert!(!rim || dot == [255; 3], "{} at {x}, {y}", file.name);
                }
            }
        }
    }

    #[test]
    fn what_the_scenario_asks_for_has_a_picture() {
        for (measure, picture) in [
            (DEADLINE_MISSED, "deadline_missed.png"),
            ("ttft_p99_ms", "ttft_p99.png"),
            ("tpot_p99_ms", "tpot_p99.png"),
            ("slo_met_share", "slo_met.png"),
            ("energy_j_per_token", "energy_per_token.png"),
        ] {
            for mut results in [fixture::sweep(3, 2), fixture::one_point(2)] {
                let is_it = |file: &OutputFile| file.name == picture;
                assert!(!pictures(&results).iter().any(is_it));
                for policy in results.points.iter_mut().flat_map(|p| &mut p.policies) {
                    policy.measures = vec![(measure, policy.accuracy.scaled(0.1))];
                }
                assert!(pictures(&results).iter().any(is_it), "{picture}");
            }
        }
    }

    #[test]
    fn without_a_completed_query_there_is_no_ccdf() {
        assert_eq!(pictures(&fixture::no_query()).len(), 0);
        assert_eq!(pictures(&fixture::single_query()).len(), 2);
    }
}
