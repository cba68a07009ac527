//! A fit of a server's law: text, JSON, and the block as a file.

use super::number::{decimals, shortest};
use crate::validation::{Calibration, Determined, Fitted};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};

/// Parameters with their intervals, and the errors.
pub fn text(calibration: &Calibration) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["parameter", "value", "95 % interval", "determined"]);
    for fitted in &calibration.parameters {
        table.add_row([
            fitted.parameter.name().to_owned(),
            number(fitted.value),
            interval(fitted),
            word(fitted.determined()).to_owned(),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for column in table.column_iter_mut().skip(1).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let percent = |error: f64| format!("{:.2} %", 100.0 * error);
    let held_out = |error: Option<f64>| {
        error.map_or_else(String::new, |error| {
            format!(", {} of the others", percent(error))
        })
    };
    let guess = calibration.guess.map(|(error, others)| {
        format!(
            "by the card's data sheet: {} of these{}\n",
            percent(error),
            held_out(others)
        )
    });
    format!(
        "{}\nend-to-end error per request: {} of the {} scored{}\n{}",
        table.trim_fmt(),
        percent(calibration.error),
        calibration.scored,
        held_out(calibration.held_out_error),
        guess.unwrap_or_default()
    )
}

fn number(value: f64) -> String {
    format!("{value:.*}", decimals(value, 4))
}

fn interval(fitted: &Fitted) -> String {
    match fitted.interval {
        Some((low, high)) => format!("[{}, {}]", number(low), number(high)),
        None => "-".to_owned(),
    }
}

fn word(determined: Determined) -> &'static str {
    match determined {
        Determined::Well => "well",
        Determined::Roughly => "roughly",
        Determined::Hardly => "hardly",
        Determined::Unknown => "-",
    }
}

/// The fit as a JSON document.
pub fn json(calibration: &Calibration, logs: &[String]) -> Value {
    let parameters: serde_json::Map<String, Value> = calibration
        .parameters
        .iter()
        .map(|fitted| {
            let document = json!({
                "value": fitted.value,
                "interval": fitted.interval.map(|(low, high)| [low, high]),
                "determined": word(fitted.determined()),
            });
            (fitted.parameter.name().to_owned(), document)
        })
        .collect();
    json!({
        "edgelm": env!("CARGO_PKG_VERSION"),
        "logs": logs,
        "scored": calibration.scored,
        "error": calibration.error,
        "held_out_error": calibration.held_out_error,
        "data_sheet_error": calibration.guess.map(|(error, _)| error),
        "data_sheet_held_out_error": calibration.guess.and_then(|(_, others)| others),
        "parameters": parameters,
        "range": {
            "prompt_tokens": calibration.range.prompt_tokens,
            "output_tokens": calibration.range.output_tokens,
            "requests_per_s": calibration.range.requests_per_s,
            "at_once": calibration.range.at_once,
        },
    })
}

/// The block as a file that `validate` and scenarios read, with what it is from.
///
/// # Errors
/// What RON says.
pub fn file(calibration: &Calibration, logs: &[String]) -> Result<String, ron::Error> {
    let pretty = ron::ser::PrettyConfig::new()
        .extensions(ron::extensions::Extensions::IMPLICIT_SOME)
        .struct_names(false);
    let block = ron::ser::to_string_pretty(&calibration.block, pretty)?;
    // Read without being told: as scenarios are.
    let block = block.replace("#![enable(implicit_some)]\n", "");
    let mut lines = vec![format!(
        "// Fitted by edgelm {} to {}: {} requests scored.",
        env!("CARGO_PKG_VERSION"),
        logs.join(", "),
        calibration.scored
    )];
    lines.push(format!(
        "// End-to-end error per request: {} %{}.",
        shortest((1e4 * calibration.error).round() / 100.0),
        calibration
            .held_out_error
            .map_or_else(String::new, |error| format!(
                ", of those held out {} %",
                shortest((1e4 * error).round() / 100.0)
            ))
    ));
    for fitted in &calibration.parameters {
        lines.push(format!(
            "// {}: {} {} ({} determined)",
            fitted.parameter.name(),
            number(fitted.value),
            interval(fitted),
            word(fitted.determined())
        ));
    }
    Ok(format!("{}\n{block}\n", lines.join("\n")))
}
