use super::*;

fn read(text: &str) -> ServerBlock {
    let options =
        ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str(text).expect("a block")
}

fn resolved(text: &str) -> Result<ServerSpec, String> {
    let found = read(text).resolve(&Catalog::default());
    found.map_err(|fault| fault.to_string())
}

const ROOFLINE: &str = "law: Roofline(tflops: 138.2, gb_per_s: 972.8, step_ms: 0.5)";
const AFFINE: &str = "law: Affine(step_ms: 7.63, per_token_ms: 6.30, per_context_token_us: 1.2)";

#[test]
fn a_block_with_all_fields_is_what_it_says() {
    let spec = resolved(&format!(
        r#"(name: "my server", model: "llama-3.1-8b", {ROOFLINE}, max_running: 128,
            token_budget: 1024, block_tokens: 32, kv_tokens: 41409, order: ShortestPrompt)"#
    ))
    .unwrap();
    assert_eq!((spec.max_running, spec.token_budget), (128, 1024));
    assert_eq!((spec.block_tokens, spec.kv_blocks), (32, 1294));
    assert_eq!(spec.order, Order::ShortestPrompt);
    assert_eq!(spec.law.step_s, 5e-4);
    assert!((spec.law.per_token_s / (2.0 * 8.03e9 / 138.2e12) - 1.0).abs() < 1e-12);
    assert!((spec.law.weights_s / (16.06e9 / 972.8e9) - 1.0).abs() < 1e-12);
}

#[test]
fn what_weights_leave_of_the_memory_is_room_for_keys_and_values() {
    let by_card = resolved(r#"(model: "llama-3.1-8b", card: "rtx-4090")"#).unwrap();
    // (0.9 x 24e9 - 16.06e9) / 131,072 = 42,266.8 tokens.
    assert_eq!((by_card.kv_blocks, by_card.block_tokens), (42_266 / 16, 16));
    let by_law = resolved(&format!(
        r#"(model: "llama-3.1-8b", {ROOFLINE}, memory_gb: 24)"#
    ));
    assert_eq!(by_law.unwrap().kv_blocks, by_card.kv_blocks);
    let expected = StepLaw::roofline(
        &Catalog::default()
            .find_model("", "llama-3.1-8b")
            .unwrap()
            .model(),
        165.2e12 * 0.8365,
        1008e9 * 0.9651,
        5e-4,
    );
    assert!((by_card.law.per_token_s / expected.per_token_s - 1.0).abs() < 1e-12);
    assert!((by_card.law.weights_s / expected.weights_s - 1.0).abs() < 1e-12);
}

#[test]
fn a_server_known_by_measurement_needs_no_model() {
    let spec = resolved(&format!("({AFFINE}, max_running: 8, kv_tokens: 4096)")).unwrap();
    assert_eq!(spec.law, StepLaw::affine(7.63e-3, 6.30e-3, 1.2e-6));
    assert_eq!((spec.max_running, spec.kv_blocks), (8, 256));
    let with_model = format!(r#"(model: "llama-3.2-1b-4bit", {AFFINE}, memory_gb: 2)"#);
    // (0.9 x 2e9 - 0.78e9) / 32,768 = 31,127.9 tokens.
    assert_eq!(resolved(&with_model).unwrap().kv_blocks, 31_127 / 16);
}

#[test]
fn what_cannot_be_used_is_said() {
    let model = r#"model: "llama-3.1-8b""#;
    let law = |law: &str| format!("({model}, kv_tokens: 4096, law: {law})");
    for (text, said) in [
        (
            r#"(model: "llama-3.1-8", card: "rtx-4090")"#.to_owned(),
            "model: found `llama-3.1-8`, allowed is a model of the catalogue (did you mean \
             `llama-3.1-8b`?): llama-3.1-8b, llama-3.2-1b-4bit",
        ),
        (
            format!(r#"({model}, card: "rtx-4900")"#),
            "card: found `rtx-4900`, allowed is hardware of the catalogue (did you mean \
             `rtx-4090`?)",
        ),
        (
            format!(r#"({model}, card: "rtx-4090", {ROOFLINE})"#),
            "card: found `rtx-4090` beside `law`, allowed is either",
        ),
        (
            format!("({model})"),
            "law: found neither `law` nor `card`, allowed is",
        ),
        (
            r#"(card: "rtx-4090")"#.to_owned(),
            "model: found none, allowed is a model",
        ),
        (
            format!("({ROOFLINE}, kv_tokens: 4096)"),
            "model: found none, allowed is a model",
        ),
        (
            format!("({AFFINE})"),
            "kv_tokens: found none, and no memory is known, allowed is",
        ),
        (
            format!("({AFFINE}, memory_gb: 24)"),
            "model: found none, allowed is a model of the catalogue, or `kv_tokens`",
        ),
        (
            format!(r#"({model}, card: "rtx-4090", memory_gb: 48)"#),
            "memory_gb: found 48 beside `card`, allowed is no `memory_gb`",
        ),
        (
            format!("({model}, {ROOFLINE}, memory_gb: 17)"),
            "model: found `llama-3.1-8b` with 16.06 GB of weights, allowed is a model that \
             leaves room for keys and values in 0.9 x 17 GB of memory",
        ),
        (
            format!("({model}, {ROOFLINE}, memory_gb: 16, kv_tokens: 1600)"),
            "model: found `llama-3.1-8b` with 16.06 GB of weights, allowed is a model that \
             leaves room for keys and values in 16 GB of memory",
        ),
        (
            format!(r#"({model}, card: "rtx-4090", kv_tokens: 100000)"#),
            "kv_tokens: found 100000, allowed is at most the 60577 for which llama-3.1-8b \
             leaves room in 24 GB",
        ),
        (
            format!(r#"({model}, card: "rtx-4090", kv_tokens: 15)"#),
            "kv_tokens: found 15, allowed is at least one block of 16 tokens",
        ),
        (
            format!(r#"({model}, card: "rtx-4090", max_running: 0)"#),
            "max_running: found 0, allowed is a whole number of at least 1",
        ),
        (
            format!(r#"({model}, card: "rtx-4090", token_budget: 0)"#),
            "token_budget: found 0,",
        ),
        (
            format!(r#"({model}, card: "rtx-4090", block_tokens: 0)"#),
            "block_tokens: found 0,",
        ),
        (
            format!(r#"({model}, card: "rtx-4090", kv_tokens: 0)"#),
            "kv_tokens: found 0,",
        ),
        (
            format!("({model}, {ROOFLINE}, memory_gb: -24)"),
            "memory_gb: found -24, allowed is a positive",
        ),
        (
            law("Roofline(tflops: 0, gb_per_s: 972.8, step_ms: 0.5)"),
            "law.tflops: found 0, allowed is a positive",
        ),
        (
            law("Roofline(tflops: 138.2, gb_per_s: -1, step_ms: 0.5)"),
            "law.gb_per_s: found -1, allowed is a positive",
        ),
        (
            law("Roofline(tflops: 138.2, gb_per_s: 972.8, step_ms: -0.5)"),
            "law.step_ms: found -0.5, allowed is a finite number not below 0",
        ),
        (
            law("Affine(step_ms: 1, per_token_ms: NaN, per_context_token_us: 0)"),
            "law.per_token_ms: found NaN, allowed is",
        ),
        (
            law("Affine(step_ms: 0, per_token_ms: 0, per_context_token_us: 1)"),
            "law.per_token_ms: found 0, and a `step_ms` of 0, allowed is",
        ),
    ] {
        let fault = resolved(&text).expect_err(&text);
        assert!(fault.starts_with(said), "{text}\n{fault}\n{said}");
    }
}

#[test]
fn hardware_of_unknown_memory_needs_a_number_of_tokens() {
    let phone = r#"model: "llama-3.2-1b-4bit", card: "snapdragon-8-elite-npu""#;
    let fault = resolved(&format!("({phone})")).unwrap_err();
    assert!(
        fault.starts_with("kv_tokens: found none, and no memory"),
        "{fault}"
    );
    assert_eq!(
        resolved(&format!("({phone}, kv_tokens: 4096)"))
            .unwrap()
            .kv_blocks,
        256
    );
}

#[test]
fn a_block_is_read_back_as_it_was_written() {
    let text = format!(r#"(name: "a", model: "llama-3.1-8b", {ROOFLINE}, kv_tokens: 41408)"#);
    let block = read(&text);
    let options =
        ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    let written = options.to_string(&block).unwrap();
    assert_eq!(read(&written), block);
    for unknown in ["(gpu: 1)", "(card: \"l4\", law: Roofline(flops: 1))"] {
        assert!(
            options.from_str::<ServerBlock>(unknown).is_err(),
            "{unknown}"
        );
    }
}
