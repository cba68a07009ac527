//! Measured times of a server beside simulated ones: text, JSON, and a row per request.

use super::number::{decimals, optional, shortest};
#[cfg(feature = "plots")]
use super::{Format, ReportError};
use crate::units::Seconds;
use crate::validation::{Comparison, Duration, Log, Measure, Replayed, Summary};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};
use std::io::Write;

/// The columns of a log.
pub(super) const COLUMNS_OF_LOG: [&str; 5] = [
    "arrival_s",
    "prompt_tokens",
    "output_tokens",
    "first_token_s",
    "end_s",
];

/// The columns behind them of the rows per request.
const SIMULATED_COLUMNS: [&str; 3] = ["simulated_first_token_s", "simulated_end_s", "preemptions"];

/// A line on the requests and a table of three rows a duration: measured, simulated, and
/// what simulated is above measured.
pub fn text(comparison: &Comparison) -> String {
    let Comparison {
        requests,
        measured,
        refused,
        preemptions,
        ..
    } = comparison;
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["", "", "mean", "p50", "p90", "p99", "error per request (%)"]);
    for measure in &comparison.measures {
        for row in rows(measure) {
            table.add_row(row);
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let plural = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    };
    format!(
        "{}, {measured} measured, {refused} refused, {}\n{}\n",
        plural(*requests, "request"),
        plural(
            usize::try_from(*preemptions).unwrap_or(usize::MAX),
            "preemption"
        ),
        table.trim_fmt()
    ) + &comparison
        .verdict()
        .map(|verdict| format!("verdict: {verdict}\n"))
        .unwrap_or_default()
}

pub(super) fn name(duration: Duration) -> &'static str {
    match duration {
        Duration::FirstToken => "TTFT",
        Duration::PerToken => "TPOT",
        Duration::EndToEnd => "end to end",
    }
}

fn rows(measure: &Measure) -> Vec<Vec<String>> {
    let row = |title: &str, what: &str, cells: [String; 4], error: String| {
        let mut row = vec![title.to_owned(), what.to_owned()];
        row.extend(cells);
        row.push(error);
        row
    };
    let title = name(measure.duration);
    let nothing = || "-".to_owned();
    let of = |summary: Option<Summary>| match summary {
        Some(summary) => summary
            .values_ms()
            .map(|ms| format!("{ms:.*}", decimals(ms, 4))),
        None => std::array::from_fn(|_| nothing()),
    };
    let (Some(measured), Some(simulated)) = (measure.measured, measure.simulated) else {
        let cells = of(measure.simulated);
        return vec![row(title, "simulated (ms)", cells, String::new())];
    };
    let pairs = measured.values_ms().into_iter().zip(simulated.values_ms());
    let above: Vec<String> = pairs
        .map(|(measured, simulated)| match measured > 0.0 {
            true => format!("{:+.2}", 100.0 * (simulated / measured - 1.0)),
            false => nothing(),
        })
        .collect();
    let above = std::array::from_fn(|at| above[at].clone());
    let error = measure.mean_absolute_relative_error;
    let error = error.map_or_else(nothing, |error| format!("{:.2}", 100.0 * error));
    let (measured, simulated) = (of(Some(measured)), of(Some(simulated)));
    vec![
        row(title, "measured (ms)", measured, String::new()),
        row("", "simulated (ms)", simulated, String::new()),
        row("", "difference (%)", above, error),
    ]
}

/// The distribution functions of measured and simulated times as a picture, in the format that
/// the file's name ends in: `png` or `svg`. `None` where no request was served.
///
/// # Errors
/// [`ReportError`], if a format's library fails.
#[cfg(feature = "plots")]
pub fn picture(
    title: &str,
    comparison: &Comparison,
    format: Format,
) -> Result<Option<Vec<u8>>, ReportError> {
    let Some(figure) = super::plot::distributions::draw(title, comparison)? else {
        return Ok(None);
    };
    let files = super::plot::figure_files("validation", &figure, &[format])?;
    Ok(files.into_iter().next().map(|file| file.bytes))
}

/// How a duration is called in JSON.
pub(super) fn key(duration: Duration) -> &'static str {
    match duration {
        Duration::FirstToken => "ttft",
        Duration::PerToken => "tpot",
        Duration::EndToEnd => "end_to_end",
    }
}

/// A mean and quantiles as JSON, in seconds.
pub(super) fn seconds_of(summary: Summary) -> Value {
    json!({
        "mean": summary.mean_ms * 1e-3,
        "p50": summary.p50_ms * 1e-3,
        "p90": summary.p90_ms * 1e-3,
        "p99": summary.p99_ms * 1e-3,
    })
}

/// The comparison as a JSON document; times in seconds.
pub fn json(comparison: &Comparison, log: &str, server: &str) -> Value {
    let mut document = json!({
        "edgelm": env!("CARGO_PKG_VERSION"),
        "log": log,
        "server": server,
        "requests": comparison.requests,
        "measured": comparison.measured,
        "refused": comparison.refused,
        "preemptions": comparison.preemptions,
        "per_request_error": comparison.per_request_error(),
    });
    for measure in &comparison.measures {
        document[key(measure.duration)] = json!({
            "requests": measure.requests,
            "measured": measure.measured.map(seconds_of),
            "simulated": measure.simulated.map(seconds_of),
            "mean_absolute_relative_error": measure.mean_absolute_relative_error,
        });
    }
    document
}

/// A row per request, in the order of the log; what was not measured or was refused is
/// an empty field.
///
/// # Errors
/// What `out` says.
pub fn write_requests(log: &Log, replayed: &Replayed, out: impl Write) -> Result<(), ::csv::Error> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(COLUMNS_OF_LOG.iter().chain(&SIMULATED_COLUMNS))?;
    for (request, simulated) in log.requests.iter().zip(&replayed.requests) {
        let seconds = |time: Option<Seconds>| optional(time.map(|time| time.0));
        writer.write_record([
            shortest(request.arrival.0),
            request.prompt_tokens.to_string(),
            request.output_tokens.to_string(),
            seconds(request.measured.map(|times| times.first_token)),
            seconds(request.measured.map(|times| times.end)),
            seconds(simulated.map(|simulated| simulated.first_token)),
            seconds(simulated.map(|simulated| simulated.end)),
            simulated.map_or_else(String::new, |one| one.preemptions.to_string()),
        ])?;
    }
    writer.flush()?;
    Ok(())
}
