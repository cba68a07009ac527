//! `edgelm catalog` as a user sees it, and its page.

use crate::command;
use crate::manual_numbers::{page, says};
use edgelm::llm::catalog::{Catalog, Entries, HardwareEntry, Kind, Rates, Sourced};
use edgelm::llm::{Batch, ServerBlock, StepLaw};
use edgelm::scenario::RonFile;
use serde_json::Value;
use std::fs;
use std::path::Path;

const PAGE: &str = "docs/catalog.md";

fn edgelm(args: &[&str]) -> (i32, String, String) {
    command::edgelm("catalog", args)
}

#[test]
fn every_number_is_explained_with_its_source() {
    let (code, listed, _) = edgelm(&[]);
    assert_eq!(code, 0);
    let catalog = Catalog::default();
    for model in catalog.models() {
        assert!(listed.contains(&model.name));
        let (_, said, _) = edgelm(&[&model.name]);
        for number in [
            &model.parameters_billion,
            &model.weights_gb,
            &model.kv_value_bytes,
        ] {
            let line = said.lines().find(|line| line.ends_with(number.source()));
            let line = line.expect(&said);
            assert!(line.contains(&number.value().to_string()), "{line}");
        }
        assert!(said.contains(&model.kv_bytes_per_token().to_string()));
    }
    for hardware in catalog.hardware() {
        assert!(listed.contains(&hardware.name));
        let (_, said, _) = edgelm(&[&hardware.name]);
        let mut numbers = hardware.rates.numbers();
        numbers.push(("step_ms", &hardware.step_ms));
        numbers.extend(
            hardware
                .memory_gb
                .iter()
                .map(|memory| ("memory_gb", memory)),
        );
        for (name, number) in numbers {
            let mut lines = said.lines().map(str::trim_start);
            let line = lines.find(|line| line.starts_with(name)).expect(&said);
            assert!(line.ends_with(number.source()), "{line}");
            assert!(line.contains(&number.value().to_string()), "{line}");
        }
        for measured in &hardware.measured {
            assert!(said.contains(&measured.source), "{said}");
        }
    }
    // The law of the fitted card: a prompt of 512 tokens alone takes 60.500 ms.
    let (_, said, _) = edgelm(&["rtx-4090"]);
    assert!(said.contains("a prompt of 512 alone in 60.50 ms"), "{said}");
    assert!(
        said.contains("room for keys and values of 42256 tokens"),
        "{said}"
    );
}

#[test]
fn json_has_the_same_numbers() {
    let (code, all, _) = edgelm(&["--json"]);
    assert_eq!(code, 0);
    let all: Value = serde_json::from_str(&all).unwrap();
    let catalog = Catalog::default();
    assert_eq!(
        all["models"].as_array().unwrap().len(),
        catalog.models().len()
    );
    let hardware = all["hardware"].as_array().unwrap();
    assert_eq!(hardware.len(), catalog.hardware().len());
    for (json, entry) in hardware.iter().zip(catalog.hardware()) {
        assert_eq!(json["achieved_tflops"], entry.rates.achieved_tflops());
        for (name, number) in entry.rates.numbers() {
            assert_eq!(json[name]["value"], number.value());
            assert_eq!(json[name]["source"], number.source());
            assert_eq!(json[name]["class_value"], number.is_class_value());
        }
        let (_, one, _) = edgelm(&[&entry.name, "--json"]);
        assert_eq!(&serde_json::from_str::<Value>(&one).unwrap(), json);
    }
}

#[test]
fn names_that_are_not_there_are_met_with_the_nearest() {
    let (code, _, said) = edgelm(&["rtx4090"]);
    assert_eq!(code, 2);
    assert!(said.contains("the catalogue has no `rtx4090`"), "{said}");
    assert!(said.contains("did you mean `rtx-4090`?"), "{said}");
}

#[test]
fn own_entries_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.ron");
    let path = file.to_str().unwrap();
    let own = blocks().into_iter().find(|text| text.contains("my-board"));
    let own = own.expect("the page shows own entries");
    fs::write(&file, &own).unwrap();
    let (code, said, stderr) = edgelm(&["my-board", "--catalog", path]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        said.contains("20 TFLOP/s") && said.contains("measured by us"),
        "{said}"
    );
    let (_, listed, _) = edgelm(&["--catalog", path]);
    assert!(
        listed.contains("my-model") && listed.contains("rtx-4090"),
        "{listed}"
    );

    fs::write(
        &file,
        own.replace("(150, ", "(-150, ")
            .replace("(16, \"its", "(16, \"\"), //"),
    )
    .unwrap();
    let (code, _, said) = edgelm(&["--catalog", path]);
    assert_eq!(code, 2);
    assert!(
        said.contains("hardware[0].rates.gb_per_s: found -150, allowed is a positive"),
        "{said}"
    );
    assert!(
        said.contains("hardware[0].memory_gb: found no source"),
        "{said}"
    );
    assert!(said.contains("own.ron:"), "shown where it stands: {said}");
    fs::write(&file, own.replace("kv_heads", "kv_haeds")).unwrap();
    let (code, _, said) = edgelm(&["--catalog", path]);
    assert_eq!(code, 2);
    assert!(said.contains("did you mean `kv_heads`?"), "{said}");
}

/// The RON texts that the page shows.
fn blocks() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let text = fs::read_to_string(path).unwrap();
    let blocks = text.split("```ron\n").skip(1);
    let block = |rest: &str| rest.split("```").next().unwrap().to_owned();
    blocks.map(block).collect()
}

#[test]
fn what_the_page_shows_can_be_used() {
    let (mut entries, mut servers) = (0, 0);
    for text in blocks() {
        if text.contains("models:") {
            let own = RonFile::<Entries>::parse(&text, Path::new(PAGE)).unwrap();
            Catalog::default().with(&own.value).unwrap();
            entries += 1;
        } else {
            let block = RonFile::<ServerBlock>::parse(&text, Path::new(PAGE)).unwrap();
            block.value.resolve(&Catalog::default()).unwrap();
            servers += 1;
        }
    }
    assert_eq!((entries, servers), (1, 3));
    let shortest: ServerBlock =
        RonFile::parse(r#"(model: "llama-3.1-8b", card: "l4")"#, Path::new(PAGE))
            .unwrap()
            .value;
    assert_eq!(shortest, ServerBlock::of("llama-3.1-8b", "l4"));
    says(
        PAGE,
        &[
            format!("in a batch | {} |", shortest.max_running),
            format!("a step computes | {} |", shortest.token_budget),
            format!("values in a block | {} |", shortest.block_tokens),
        ],
    );
}

fn grouped(number: f64) -> String {
    format!("{},{:03}", number as u64 / 1000, number as u64 % 1000)
}

/// Prompt in milliseconds and answer tokens a second of one query alone.
fn alone(hardware: &HardwareEntry, model: &str, prompt_tokens: u64) -> (f64, f64) {
    let catalog = Catalog::default();
    let model = catalog.find_model("model", model).unwrap().model();
    let achieved = hardware.hardware();
    let (flop_per_s, bytes_per_s) = (achieved.tflops * 1e12, achieved.gb_per_s * 1e9);
    let law = StepLaw::roofline(&model, flop_per_s, bytes_per_s, achieved.step_ms * 1e-3);
    let (mut prompt, mut decode) = (Batch::default(), Batch::default());
    prompt.add(prompt_tokens, 0);
    decode.add(1, prompt_tokens);
    (law.time(&prompt).as_ms(), 1.0 / law.time(&decode).0)
}

#[test]
fn the_page_has_the_numbers_of_the_catalogue() {
    let catalog = Catalog::default();
    let mut rows: Vec<String> = catalog
        .models()
        .iter()
        .map(|model| {
            format!(
                "| `{}` | {} | {} | {} | {} |",
                model.name,
                model.parameters_billion.value(),
                model.weights_gb.value(),
                grouped(model.kv_bytes_per_token()),
                grouped(model.attention_width())
            )
        })
        .collect();
    for hardware in catalog.hardware() {
        let (name, step_ms) = (&hardware.name, hardware.step_ms.value());
        match (&hardware.rates, hardware.kind) {
            (
                Rates::DataSheet {
                    tflops,
                    gb_per_s,
                    compute_efficiency,
                    bandwidth_efficiency,
                },
                Kind::Server,
            ) => {
                let memory_gb = hardware.memory_gb.as_ref().map(Sourced::value);
                rows.push(format!(
                    "| `{name}` | {} | {} | {} | {} | {step_ms} | {} | {} |",
                    tflops.value(),
                    compute_efficiency.value(),
                    gb_per_s.value(),
                    bandwidth_efficiency.value(),
                    memory_gb.expect("a server's memory is known"),
                    match compute_efficiency.is_class_value() {
                        true => "class values",
                        false => "fitted",
                    }
                ));
            }
            (Rates::Achieved { tflops, gb_per_s }, Kind::Phone) => {
                let [measured] = &hardware.measured[..] else {
                    panic!("one measurement of {name}");
                };
                let (prompt_ms, tokens_per_s) =
                    alone(hardware, &measured.model, measured.prompt_tokens);
                rows.push(format!(
                    "| `{name}` | {} | {} | {step_ms} | {} | {:.1} | {prompt_ms:.1} | {:.1} \
                     | {tokens_per_s:.1} |",
                    tflops.value(),
                    gb_per_s.value(),
                    measured.prompt_tokens,
                    measured.prompt_ms,
                    measured.tokens_per_s,
                ));
                let kept = hardware.sustained_share.as_ref().expect("of phones");
                let (low, high) = (kept.low.value(), kept.high.value());
                rows.push(format!("keep {low} to {high} of their rates"));
            }
            _ => panic!("{name} has no table"),
        }
    }
    says(PAGE, &rows);
    let named = page(PAGE).matches("| `").count();
    assert!(named >= catalog.models().len() + catalog.hardware().len());
}
