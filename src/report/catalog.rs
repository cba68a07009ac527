//! The catalogue of models and hardware as tables, explanations and JSON.

use super::number::{decimals, shortest};
use crate::llm::catalog::{Catalog, Entries, HardwareEntry, Measured, ModelEntry, Rates, Sourced};
use crate::llm::{Batch, ServerBlock, StepLaw};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};
use std::fmt::Write;

/// The prompt, in tokens, for which explanations of hardware say what it takes.
const EXAMPLE_PROMPT: u64 = 512;

/// All entries, a table of models and a table of hardware.
pub fn table(catalog: &Catalog) -> String {
    let mut models = plain([
        "model",
        "parameters (1e9)",
        "weights (GB)",
        "keys and values (bytes/token)",
        "attention width",
    ]);
    for model in catalog.models() {
        models.add_row(vec![
            model.name.clone(),
            shortest(model.parameters_billion.value()),
            shortest(model.weights_gb.value()),
            shortest(model.kv_bytes_per_token()),
            shortest(model.attention_width()),
        ]);
    }
    let mut hardware = plain([
        "hardware",
        "TFLOP/s",
        "GB/s",
        "step (ms)",
        "memory (GB)",
        "kind",
        "achieved rates",
    ]);
    for one in catalog.hardware() {
        let memory_gb = one.memory_gb.as_ref().map(Sourced::value);
        hardware.add_row(vec![
            one.name.clone(),
            digits(one.rates.achieved_tflops()),
            digits(one.rates.achieved_gb_per_s()),
            shortest(one.step_ms.value()),
            memory_gb.map_or_else(|| "-".to_owned(), shortest),
            one.kind.name().to_owned(),
            basis(one).to_owned(),
        ]);
    }
    // Words are aligned on the left, numbers on the right.
    for column in hardware.column_iter_mut().skip(5) {
        column.set_cell_alignment(CellAlignment::Left);
    }
    format!("{}\n\n{}\n", models.trim_fmt(), hardware.trim_fmt())
}

fn plain<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn digits(value: f64) -> String {
    format!("{value:.*}", decimals(value, 4))
}

/// What the achieved rates rest on.
fn basis(hardware: &HardwareEntry) -> &'static str {
    let assumed = hardware.rates.numbers();
    match hardware.rates {
        _ if assumed.iter().any(|(_, number)| number.is_class_value()) => "class values",
        Rates::DataSheet { .. } => "data sheet x fit",
        Rates::Achieved { .. } => "measured",
    }
}

/// One number of an entry: its name, its value with a unit, its source or how it is derived.
type Row = (&'static str, String, String);

/// A model, each number with its source.
pub fn explain_model(model: &ModelEntry) -> String {
    let shape = &model.shape;
    let of_shape = |name, count: u32| (name, count.to_string(), shape.source.clone());
    let sourced = |name, number: &Sourced, unit: &str| {
        let value = format!("{}{unit}", shortest(number.value()));
        (name, value, number.source().to_owned())
    };
    let rows = [
        sourced("parameters_billion", &model.parameters_billion, ""),
        sourced("weights_gb", &model.weights_gb, " GB"),
        of_shape("layers", shape.layers),
        of_shape("heads", shape.heads),
        of_shape("kv_heads", shape.kv_heads),
        of_shape("head_size", shape.head_size),
        sourced("kv_value_bytes", &model.kv_value_bytes, " bytes"),
        (
            "kv_bytes_per_token",
            format!("{} bytes", shortest(model.kv_bytes_per_token())),
            "= 2 x layers x kv_heads x head_size x kv_value_bytes".to_owned(),
        ),
        (
            "attention_width",
            shortest(model.attention_width()),
            "= layers x heads x head_size".to_owned(),
        ),
    ];
    format!("{} (model)\n{}", model.name, rows_as_text(&rows))
}

/// Hardware, each number with its source, and what the models of the catalogue take on it.
pub fn explain_hardware(hardware: &HardwareEntry, catalog: &Catalog) -> String {
    let units = |name: &str| match name {
        "tflops" => " TFLOP/s",
        "gb_per_s" => " GB/s",
        _ => "",
    };
    let sourced = |name: &'static str, number: &Sourced, unit: &str| {
        let value = format!("{}{unit}", shortest(number.value()));
        (name, value, number.source().to_owned())
    };
    let numbers = hardware.rates.numbers();
    let mut rows: Vec<Row> = numbers
        .into_iter()
        .map(|(name, number)| sourced(name, number, units(name)))
        .collect();
    if let Rates::DataSheet { .. } = hardware.rates {
        rows.push((
            "achieved",
            format!("{} TFLOP/s", digits(hardware.rates.achieved_tflops())),
            "= tflops x compute_efficiency".to_owned(),
        ));
        rows.push((
            "achieved",
            format!("{} GB/s", digits(hardware.rates.achieved_gb_per_s())),
            "= gb_per_s x bandwidth_efficiency".to_owned(),
        ));
    }
    rows.push(sourced("step_ms", &hardware.step_ms, " ms"));
    if let Some(memory_gb) = &hardware.memory_gb {
        rows.push(sourced("memory_gb", memory_gb, " GB"));
    }
    if let Some(sustained) = &hardware.sustained_share {
        rows.push(sourced("sustained_share, low", &sustained.low, ""));
        rows.push(sourced("sustained_share, high", &sustained.high, ""));
    }
    let kind = hardware.kind.name();
    let mut text = format!("{} ({kind})\n{}", hardware.name, rows_as_text(&rows));
    for measured in &hardware.measured {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "  measured with {}: a prompt of {} in {} ms, {} tokens/s behind it\n    {}",
            measured.model,
            measured.prompt_tokens,
            digits(measured.prompt_ms),
            digits(measured.tokens_per_s),
            measured.source
        );
    }
    for model in catalog.models() {
        // Of hardware whose memory is not known only a measurement says what fits.
        let of_model = |measured: &Measured| measured.model == model.name;
        if hardware.memory_gb.is_some() || hardware.measured.iter().any(of_model) {
            let _ = writeln!(text, "  {}", alone(hardware, model, catalog));
        }
    }
    text
}

/// What one query of a model takes that has the hardware to itself.
fn alone(hardware: &HardwareEntry, entry: &ModelEntry, catalog: &Catalog) -> String {
    let (model, achieved) = (entry.model(), hardware.hardware());
    let mut words = String::new();
    if achieved.memory_gb.is_some() {
        let block = ServerBlock::of(&entry.name, &hardware.name);
        match block.resolve(catalog) {
            Ok(server) => {
                let tokens = server.kv_tokens();
                let _ = write!(words, ", room for keys and values of {tokens} tokens");
            }
            Err(_) => return format!("{}: does not fit into its memory", entry.name),
        }
    }
    let law = StepLaw::roofline(
        &model,
        achieved.tflops * 1e12,
        achieved.gb_per_s * 1e9,
        achieved.step_ms * 1e-3,
    );
    let mut prompt = Batch::default();
    prompt.add(EXAMPLE_PROMPT, 0);
    let mut decode = Batch::default();
    decode.add(1, EXAMPLE_PROMPT);
    format!(
        "{}: a prompt of {EXAMPLE_PROMPT} alone in {} ms, {} tokens/s behind it{words}",
        entry.name,
        digits(law.time(&prompt).as_ms()),
        digits(1.0 / law.time(&decode).0),
    )
}

fn rows_as_text(rows: &[Row]) -> String {
    let width = |of: fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let (names, values) = (width(|row| row.0.len()), width(|row| row.1.len()));
    let mut text = String::new();
    for (name, value, source) in rows {
        let _ = writeln!(text, "  {name:<names$}  {value:<values$}  {source}");
    }
    text
}

/// All entries as a JSON document.
pub fn json(catalog: &Catalog) -> Value {
    json!({
        "edgelm": env!("CARGO_PKG_VERSION"),
        "models": catalog.models().iter().map(model_json).collect::<Vec<Value>>(),
        "hardware": catalog.hardware().iter().map(hardware_json).collect::<Vec<Value>>(),
    })
}

fn number(sourced: &Sourced) -> Value {
    json!({
        "value": sourced.value(),
        "source": sourced.source(),
        "class_value": sourced.is_class_value(),
    })
}

/// A model as a JSON object.
pub fn model_json(model: &ModelEntry) -> Value {
    json!({
        "name": model.name,
        "parameters_billion": number(&model.parameters_billion),
        "weights_gb": number(&model.weights_gb),
        "shape": model.shape,
        "kv_value_bytes": number(&model.kv_value_bytes),
        "kv_bytes_per_token": model.kv_bytes_per_token(),
        "attention_width": model.attention_width(),
    })
}

/// Hardware as a JSON object.
pub fn hardware_json(hardware: &HardwareEntry) -> Value {
    let mut object = json!({
        "name": hardware.name,
        "kind": hardware.kind.name(),
        "achieved_tflops": hardware.rates.achieved_tflops(),
        "achieved_gb_per_s": hardware.rates.achieved_gb_per_s(),
    });
    for (name, sourced) in hardware.rates.numbers() {
        object[name] = number(sourced);
    }
    object["step_ms"] = number(&hardware.step_ms);
    object["memory_gb"] = hardware.memory_gb.as_ref().map_or(Value::Null, number);
    object["measured"] = json!(hardware.measured);
    object["sustained_share"] = hardware.sustained_share.as_ref().map_or(
        Value::Null,
        |sustained| json!({"low": number(&sustained.low), "high": number(&sustained.high)}),
    );
    object
}
/// Own hardware as a file that `--catalog` and scenarios read, with what it is from.
///
/// # Errors
/// What RON says.
pub fn hardware_file(hardware: &HardwareEntry, comment: &str) -> Result<String, ron::Error> {
    let pretty = ron::ser::PrettyConfig::new().struct_names(false);
    let entries = Entries {
        models: Vec::new(),
        hardware: vec![hardware.clone()],
    };
    let entries = ron::ser::to_string_pretty(&entries, pretty)?;
    Ok(format!("// {comment}\n{entries}\n"))
}
