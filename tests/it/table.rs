//! `edgelm table` as a user sees it.

use crate::command;
use crate::manual_numbers::says;
use std::path::Path;

fn edgelm(args: &[&str]) -> (i32, String, String) {
    command::edgelm("table", args)
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

/// What `edgelm table` says of a shipped table, and the rows of its `routing.csv`.
fn shipped(name: &str) -> (String, Vec<csv::StringRecord>) {
    let out = tempfile::tempdir().unwrap();
    let file = format!("scenarios/tables/{name}.csv");
    let (code, said, stderr) = edgelm(&[&file, "--out", out.path().to_str().unwrap()]);
    assert_eq!(code, 0, "{stderr}");
    let mut reader = csv::Reader::from_path(out.path().join(name).join("routing.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    assert_eq!(
        [&header[9], &header[10], &header[11]],
        ["gain", "gain_low", "gain_high"]
    );
    (said, reader.records().map(|row| row.unwrap()).collect())
}

#[test]
fn the_tables_give_the_numbers_of_their_page() {
    let (said, mut rows) = shipped("qwen25-coder-0.5b_qwen25-coder-1.5b_babi");
    let (of_smollm, more) = shipped("smollm2-135m_qwen25-coder-1.5b_babi");
    rows.extend(more);
    let number = |text: &str| -> f64 { text.parse().expect("a number") };
    let mut sentences = Vec::new();

    let verdict = |said: &str| {
        let begin = "for this pair, offloading the most uncertain 50 % by margin";
        let line = said.lines().find(|line| line.contains(begin));
        line.expect("a verdict").trim().to_owned()
    };
    sentences.push(verdict(&said));
    let of_smollm = verdict(&of_smollm);
    let gain = of_smollm.split("gains ").nth(1).expect("a gain");
    let (points, interval) = gain.split_once(" points over random ").expect("words");
    let interval = interval.split(':').next().expect("a colon");
    sentences.push(format!("({points} points {interval})"));

    // AUROC, to two digits.
    let aurocs = said.lines().filter(|line| line.contains("AUROC"));
    let aurocs: Vec<String> = aurocs
        .map(|line| {
            let inside = line.split_once("errors").expect("a number").1;
            let words = inside.split(['[', ',', ']', ' ']);
            let numbers: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
            format!("{:.2} [{:.2}, {:.2}]", numbers[0], numbers[1], numbers[2])
        })
        .collect();
    sentences.push(format!(
        "against errors is {}, of entropy {}",
        aurocs[0], aurocs[1]
    ));
    let large = said.lines().find(|line| line.contains("LLM right, %  "));
    let large = large.expect("a share").split_whitespace().skip(3);
    let large: Vec<&str> = large.collect();
    sentences.push(format!(
        "(LLM right: {} % {})",
        large[0],
        large[1..].join(" ")
    ));

    // The intervals of the gain that the text shows, and those without zero.
    let (mut shown, mut lost) = (0, Vec::new());
    for row in &rows {
        let percent = (100.0 * number(&row[1])).round();
        if percent % 10.0 != 0.0 || percent == 0.0 || percent == 100.0 {
            continue;
        }
        shown += 1;
        let [gain, low, high] = [9, 10, 11].map(|at| 100.0 * number(&row[at]));
        assert!(low <= 0.0, "{row:?} gains");
        if high < 0.0 {
            lost.push(format!(
                "{} {percent} {gain:.1} [{low:.1}, {high:.1}]",
                &row[0]
            ));
        }
    }
    assert_eq!(shown, 54);
    assert_eq!(
        lost,
        [
            "margin 70 -2.3 [-4.3, -0.2]",
            "margin 80 -2.2 [-4.3, -0.3]",
            "entropy 60 -2.4 [-4.6, -0.2]",
            "perplexity 60 -2.4 [-4.6, -0.2]",
        ]
    );
    sentences.push(
        "by margin -2.3 [-4.3, -0.2] at 70 % and -2.2 [-4.3, -0.3] at 80 %, by entropy and \
         perplexity -2.4 [-4.6, -0.2] at 60 %. These are four of the 54 intervals"
            .to_owned(),
    );
    says("docs/uncertainty.md", &sentences);
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
