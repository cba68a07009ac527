use super::*;
use crate::llm::{Batch, StepLaw};

#[test]
fn what_edgelm_carries_is_valid() {
    let catalog = Catalog::default();
    assert_eq!(catalog.entries.check(), []);
    assert_eq!(catalog.models().len(), 2);
    assert_eq!(catalog.hardware().len(), 9);
    for hardware in catalog.hardware() {
        let server = hardware.kind == Kind::Server;
        assert_eq!(hardware.memory_gb.is_some(), server, "{}", hardware.name);
        assert_eq!(hardware.measured.is_empty(), server, "{}", hardware.name);
    }
}

#[test]
fn sizes_follow_from_shapes() {
    let catalog = Catalog::default();
    let large = catalog.find_model("", "llama-3.1-8b").unwrap().model();
    assert_eq!(
        (large.kv_bytes_per_token, large.attention_width),
        (131_072.0, 131_072.0)
    );
    assert_eq!((large.parameters_billion, large.weights_gb), (8.03, 16.06));
    let small = catalog.find_model("", "llama-3.2-1b-4bit").unwrap().model();
    assert_eq!(
        (small.kv_bytes_per_token, small.attention_width),
        (32_768.0, 32_768.0)
    );
    assert_eq!((small.parameters_billion, small.weights_gb), (1.236, 0.78));
}

/// Prompt in milliseconds and answer tokens a second of one query alone.
fn alone(hardware: &HardwareEntry, model: &str, prompt_tokens: u64) -> (f64, f64) {
    let model = Catalog::default().find_model("", model).unwrap().model();
    let hardware = hardware.hardware();
    let law = StepLaw::roofline(
        &model,
        hardware.tflops * 1e12,
        hardware.gb_per_s * 1e9,
        hardware.step_ms * 1e-3,
    );
    let mut prompt = Batch::default();
    prompt.add(prompt_tokens, 0);
    let mut decode = Batch::default();
    decode.add(1, prompt_tokens);
    (law.time(&prompt).as_ms(), 1.0 / law.time(&decode).0)
}

#[test]
fn phones_are_as_fast_as_measured() {
    let catalog = Catalog::default();
    let mut seen = 0;
    for hardware in catalog.hardware() {
        for measured in &hardware.measured {
            let (prompt_ms, tokens_per_s) =
                alone(hardware, &measured.model, measured.prompt_tokens);
            assert!(
                (prompt_ms / measured.prompt_ms - 1.0).abs() < 0.005,
                "{prompt_ms}"
            );
            assert!(
                (tokens_per_s / measured.tokens_per_s - 1.0).abs() < 0.005,
                "{tokens_per_s}"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
    let npu = catalog.find_hardware("", "snapdragon-8-elite-npu").unwrap();
    let (prompt_ms, tokens_per_s) = alone(npu, "llama-3.2-1b-4bit", 128);
    assert_eq!(format!("{prompt_ms:.1} {tokens_per_s:.1}"), "37.2 53.5");
}

#[test]
fn assumptions_about_a_class_are_marked_so() {
    let catalog = Catalog::default();
    for hardware in catalog.hardware() {
        let Rates::DataSheet {
            tflops,
            gb_per_s,
            compute_efficiency,
            bandwidth_efficiency,
        } = &hardware.rates
        else {
            continue;
        };
        assert!(!tflops.is_class_value() && !gb_per_s.is_class_value());
        let fitted = ["rtx-4090", "rtx-pro-6000"].contains(&hardware.name.as_str());
        for number in [compute_efficiency, bandwidth_efficiency, &hardware.step_ms] {
            assert_eq!(number.is_class_value(), !fitted, "{}", hardware.name);
        }
        if !fitted {
            let values = [compute_efficiency, bandwidth_efficiency, &hardware.step_ms];
            assert_eq!(values.map(Sourced::value), [0.6, 0.8, 1.0]);
        }
    }
}

#[test]
fn own_entries_join_and_take_the_place_of_others() {
    let own: Entries = ron::from_str(
        r##"#![enable(implicit_some)]
        (hardware: [
            (name: "rtx-4090", kind: Server,
             rates: Achieved(tflops: (140, "measured by us"), gb_per_s: (950, "measured by us")),
             step_ms: (0.7, "measured by us")),
            (name: "board", kind: Phone,
             rates: Achieved(tflops: (1, "measured by us"), gb_per_s: (60, "measured by us")),
             step_ms: (0, "measured by us")),
        ])"##,
    )
    .unwrap();
    let catalog = Catalog::default().with(&own).unwrap();
    assert_eq!(catalog.hardware().len(), 10);
    assert_eq!(
        catalog
            .find_hardware("card", "rtx-4090")
            .unwrap()
            .hardware()
            .tflops,
        140.0
    );
    assert!(catalog.find_hardware("card", "board").is_ok());
    let fault = catalog
        .find_hardware("card", "boart")
        .unwrap_err()
        .to_string();
    assert!(fault.contains("did you mean `board`?"), "{fault}");
}

#[test]
fn own_entries_are_checked() {
    let own: Entries = ron::from_str(
        r##"#![enable(implicit_some)]
        (models: [
            (name: "m", parameters_billion: (0, "x"), weights_gb: (1, " "),
             shape: (layers: 0, heads: 1, kv_heads: 1, head_size: 1, source: "x"),
             kv_value_bytes: (2, "x")),
        ], hardware: [
            (name: "m", kind: Server,
             rates: DataSheet(tflops: (1, "x"), gb_per_s: (1, "x"),
                              compute_efficiency: (1.1, "x"), bandwidth_efficiency: (0.5, "x")),
             step_ms: (-1, "x"), memory_gb: (0, "x")),
        ])"##,
    )
    .unwrap();
    let faults = Catalog::default().with(&own).unwrap_err();
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "models[0].parameters_billion",
            "models[0].weights_gb",
            "models[0].shape.layers",
            "hardware[0].name",
            "hardware[0].rates.compute_efficiency",
            "hardware[0].step_ms",
            "hardware[0].memory_gb",
        ]
    );
}
