//! `edgelm table` as a user sees it.

use assert_cmd::Command;
use std::path::Path;

fn edgelm(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"))
        .arg("table")
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn bytes_in(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn measured_tables_are_explained_with_a_verdict() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap();
    for name in [
        "qwen25-coder-0.5b_qwen25-coder-1.5b_babi",
        "smollm2-135m_qwen25-coder-1.5b_babi",
    ] {
        let file = format!("scenarios/tables/{name}.csv");
        let (code, stdout, stderr) = edgelm(&[&file, "--out", folder]);
        assert_eq!(code, 0, "{stderr}");
        for metric in ["margin", "entropy", "perplexity"] {
            let begin = format!("for this pair, offloading the most uncertain 50 % by {metric}");
            let verdict = stdout.lines().find(|l| l.contains(&begin)).expect(&stdout);
            assert!(
                verdict.ends_with("]: uncertainty does not help"),
                "{verdict}"
            );
        }
        let files = bytes_in(&out.path().join(name));
        assert_eq!(files.iter().filter(|f| f.0.ends_with(".png")).count(), 9);
        // Once more: the same bytes.
        let (_, again, _) = edgelm(&[&file, "--out", folder]);
        assert_eq!(again, stdout);
        assert_eq!(bytes_in(&out.path().join(name)), files);
    }
}

#[test]
fn a_made_up_pair_can_help() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap();
    let pair = [
        "--synthetic",
        "0.5,0.95,0.85,0",
        "--share",
        "0.4",
        "--out",
        folder,
    ];
    let (code, stdout, stderr) = edgelm(&pair);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("made up, not measured"), "{stdout}");
    assert!(stdout.contains("uncertain 40 % by margin"), "{stdout}");
    assert!(stdout.trim_end().ends_with("uncertainty helps"), "{stdout}");
    assert!(out.path().join("synthetic/routing_margin.png").exists());
}

#[test]
fn wrong_input_is_shown_where_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("t.csv");
    let path = file.to_str().unwrap();
    let out = dir.path().join("out");
    let refused = |args: &[&str], said: &str| {
        let out = out.to_str().unwrap();
        let (code, stdout, stderr) = edgelm(&[args, &["--out", out]].concat());
        assert_eq!(code, 2, "{said}: {stderr}");
        assert!(stderr.contains(said), "{said}: {stderr}");
        assert_eq!(stdout, "");
    };
    std::fs::write(&file, "# c\nmargin,slm_correct,llm_correct\n0.5,1,2\n").unwrap();
    refused(&[path], "t.csv:3:7");
    refused(&[path], "0 (wrong) or 1 (right)");
    std::fs::write(&file, "margin,slm_corect,llm_correct\n0.5,1,1\n").unwrap();
    refused(&[path], "did you mean `slm_correct`");
    std::fs::write(&file, "margin,slm_correct,llm_correct\n0.5,1,1\n").unwrap();
    refused(&[path, "--metric", "entropy"], "no column `entropy`");
    refused(&[path, "--metric", "doubt"], "margin, entropy, perplexity");
    refused(&[path, "--share", "1.5"], "from 0 to 1");
    refused(&["/no/such.csv"], "/no/such.csv");
    refused(&["--synthetic", "0.5,0.9,0.8,0.9"], "0.3333");
    refused(&["--synthetic", "0.5"], "four numbers");
    refused(&[], "FILE");
    assert!(!out.exists());
    // One question alone is a table, too.
    let (code, stdout, _) = edgelm(&[path, "--out", out.to_str().unwrap()]);
    assert_eq!(code, 0);
    assert!(stdout.contains("undefined"), "{stdout}");
}
