//! `docs/first-study.md` as a reader follows it: its files are written, its commands are run,
//! and what it shows is what they print. And `docs/SUMMARY.md` leads to every page.

use crate::command::{run_in, words};
use std::fs;
use std::path::Path;

/// A block of a page: its kind, its text, and the last file that was named before it.
struct Block {
    kind: String,
    text: String,
    file: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut file) = (Vec::new(), String::new());
    for (at, part) in page.split("```").enumerate() {
        if at % 2 == 0 {
            let mut names = part.split('`').filter(|name| name.ends_with(".ron"));
            file = names.next_back().map_or(file, str::to_owned);
            continue;
        }
        let (kind, text) = part.split_once('\n').expect("a kind and a text");
        blocks.push(Block {
            kind: kind.to_owned(),
            text: text.to_owned(),
            file: file.clone(),
        });
    }
    blocks
}

#[test]
fn the_first_study_goes_as_its_page_says() {
    let root = tempfile::tempdir().unwrap();
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/first-study.md"));
    let (mut said, mut commands, mut shown) = (String::new(), 0, 0);
    for block in blocks(page) {
        match &*block.kind {
            "ron" => fs::write(root.path().join(&block.file), &block.text).unwrap(),
            "sh" => {
                let words = words(&block.text);
                let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
                assert_eq!(arguments[0], "edgelm");
                let (code, stdout, stderr) = run_in(root.path(), &arguments[1..]);
                assert_eq!(code, 0, "{}: {stderr}", block.text);
                said = stdout;
                commands += 1;
            }
            "text" => {
                assert_eq!(said.trim(), block.text.trim());
                shown += 1;
            }
            kind => panic!("a block of {kind}"),
        }
    }
    assert_eq!((commands, shown), (5, 3));
    // What the text says of the files that are there.
    let folder = root.path().join("output/cell");
    let p99 = |tau: &str| -> f64 {
        let table = csv::Reader::from_path(folder.join("results.csv"));
        let mut table = table.unwrap();
        let header = table.headers().unwrap().clone();
        let column = header.iter().position(|name| name == "delay_p99_ms");
        let rows = table.records().map(Result::unwrap);
        let mut at_160 = rows.filter(|row| row[1] == *tau && row[3] == *"160");
        at_160.next().expect("a row")[column.unwrap()]
            .parse()
            .unwrap()
    };
    assert!(p99("0.9") < p99("0.4"));
    for file in [
        "delay_quantiles_users.count=160.png",
        "accuracy_users.count=160.png",
        "report.html",
    ] {
        assert!(folder.join(file).exists(), "{file}");
    }
}

#[test]
fn the_summary_leads_to_every_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let summary = fs::read_to_string(root.join("SUMMARY.md")).unwrap();
    let mut pages = 0;
    for folder in ["", "systems"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            if path.extension().is_some_and(|ending| ending == "md") && name != "SUMMARY.md" {
                assert!(summary.contains(&format!("]({name})")), "{name}");
                pages += 1;
            }
        }
    }
    assert!(pages > 25, "{pages} pages");
}
