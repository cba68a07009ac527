//! The plots of a table: accuracy against uncertainty (Fig. 2a of arXiv
//! 2602.07958), how many queries are how uncertain (Fig. 2b), and accuracy against
//! the share offloaded.

use super::{MetricStudy, TableStudy};
use crate::report::plot::{Axis, Figure, PlotError, Swatch, theme};
use crate::report::{OutputFile, ReportError};
use crate::uncertainty::analysis::Interval;

pub(super) fn files(
    study: &TableStudy,
    metric: &MetricStudy,
) -> Result<Vec<OutputFile>, ReportError> {
    let name = metric.name();
    let file = |kind: &str, bytes| OutputFile {
        name: format!("{kind}_{name}.png"),
        bytes,
    };
    Ok(vec![
        file("reliability", reliability(study, metric)?),
        file("histogram", histogram(study, metric)?),
        file("routing", routing(study, metric)?),
    ])
}

fn uncertainty_axis(metric: &MetricStudy) -> Axis {
    let label = match metric.metric {
        Some(metric) => format!("Uncertainty ({metric})"),
        None => "Uncertainty".to_owned(),
    };
    Axis::linear_between(&label, 0.0, 1.0)
}

fn percent(i: Interval) -> (f64, (f64, f64)) {
    (100.0 * i.value, (100.0 * i.low, 100.0 * i.high))
}

fn reliability(study: &TableStudy, metric: &MetricStudy) -> Result<Vec<u8>, PlotError> {
    let mut figure = Figure::new(
        uncertainty_axis(metric),
        Axis::linear_between("Accuracy (%)", 0.0, 103.0),
    );
    figure.title = study.name.clone();
    figure.series(["SLM", "LLM"]);
    figure.png(|plot| {
        // Side by side, so that neither model's intervals hide the other's.
        for (at, aside) in [(0, -0.004), (1, 0.004)] {
            let style = theme::series(at);
            let mut line = Vec::new();
            for bin in &metric.bins {
                let Some(accuracy) = (if at == 0 { bin.slm } else { bin.llm }) else {
                    continue;
                };
                let (value, ends) = percent(accuracy);
                let x = (bin.low + bin.high) / 2.0 + aside;
                if bin.count.is_some() {
                    plot.error_y(x, ends, style);
                }
                line.push((x, value));
            }
            plot.line(&line, style);
            plot.markers(&line, style);
        }
    })
}

fn histogram(study: &TableStudy, metric: &MetricStudy) -> Result<Vec<u8>, PlotError> {
    // Bins may differ in width: what is drawn is a density, so that areas compare.
    let density =
        |bin: &crate::uncertainty::analysis::ReliabilityBin| bin.share / (bin.high - bin.low);
    let most = metric.bins.iter().map(density).fold(0.0, f64::max);
    let mut figure = Figure::new(
        uncertainty_axis(metric),
        Axis::linear_between("Density of queries", 0.0, 1.06 * most.max(0.01)),
    );
    figure.title = match study.questions {
        Some(n) => format!("{}, {n} questions", study.name),
        None => study.name.clone(),
    };
    figure.png(|plot| {
        for bin in &metric.bins {
            plot.bar((bin.low, bin.high), (0.0, density(bin)), theme::series(0));
        }
    })
}

fn routing(study: &TableStudy, metric: &MetricStudy) -> Result<Vec<u8>, PlotError> {
    let r = &metric.routing;
    let values = r
        .by_uncertainty
        .iter()
        .chain(&r.at_random)
        .flat_map(|i| [100.0 * i.low, 100.0 * i.high])
        .chain(r.oracle.iter().map(|o| 100.0 * o));
    let mut figure = Figure::new(
        Axis::linear_between("Share of queries offloaded (%)", 0.0, 100.0),
        Axis::linear("Accuracy (%)", values),
    );
    figure.title = study.name.clone();
    let names = ["most uncertain first", "at random", "oracle"];
    for (at, name) in names.iter().enumerate() {
        figure.legend_entry(*name, theme::series(at), Swatch::Line);
    }
    figure.png(|plot| {
        let curves = [&r.by_uncertainty, &r.at_random];
        if r.has_intervals {
            for (at, curve) in curves.iter().enumerate() {
                let band: Vec<_> = r
                    .shares
                    .iter()
                    .zip(*curve)
                    .map(|(s, i)| (100.0 * s, 100.0 * i.low, 100.0 * i.high))
                    .collect();
                plot.band(&band, theme::series(at));
            }
        }
        for (at, curve) in curves.iter().enumerate() {
            let line: Vec<_> = r
                .shares
                .iter()
                .zip(*curve)
                .map(|(s, i)| (100.0 * s, 100.0 * i.value))
                .collect();
            plot.line(&line, theme::series(at));
        }
        let oracle: Vec<_> = r
            .shares
            .iter()
            .zip(&r.oracle)
            .map(|(s, o)| (100.0 * s, 100.0 * o))
            .collect();
        plot.line(&oracle, theme::series(2));
    })
}
