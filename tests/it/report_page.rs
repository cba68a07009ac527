//! `report.html`: one page of a finished run, and what it does in a real browser.

use crate::command::edgelm;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SWEEP: &str = "(title: \"Cells & <phones>\", users: (count: 20), replications: 12,
    policies: [EdgeAll, Goa(tau: 0.6), LocalAll],
    sweep: (field: \"users.count\", values: [20, 40]))";

const GRID: &str = "(users: (count: 20), replications: 4, policies: [Goa(tau: 0.6), EdgeAll],
    sweep: [
        (field: \"policies.tau\", values: [0.4, 0.6, 0.8]),
        (field: \"channel.fading\", values: [None, Rayleigh]),
    ])";

/// A run over time at servers that batch, so that it has first tokens.
const TOKENS: &str = "(users: (count: 10), replications: 3,
    policies: [EdgeAll, LocalAll],
    servers: (serving: Batching(model: \"llama-3.1-8b\", card: \"rtx-4090\")),
    workload: (tokens: (prompt_tokens: 100, output_tokens: 20),
        arrivals: Poisson(rate_per_user_hz: 0.5)), run: (duration_s: 10))";

/// Runs a scenario and gives its folder.
fn run(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(format!("{name}.ron"));
    fs::write(&file, text).unwrap();
    let out = folder.to_str().unwrap();
    let formats = "csv,json,hgrm,html";
    let arguments = [file.to_str().unwrap(), "--out", out, "--export", formats];
    let (code, _, stderr) = edgelm("run", &arguments);
    assert_eq!(code, 0, "{stderr}");
    folder.join(name)
}

fn page(folder: &Path) -> String {
    fs::read_to_string(folder.join("report.html")).unwrap()
}

/// The page without its scripts.
fn without_scripts(page: &str) -> String {
    let parts = page.split("<script");
    let behind = |part: &str| {
        part.split_once("</script>")
            .map(|(_, rest)| rest.to_owned())
    };
    let mut kept = String::new();
    for (at, part) in parts.enumerate() {
        match at {
            0 => kept.push_str(part),
            _ => kept.push_str(&behind(part).expect("a script's end")),
        }
    }
    kept
}

#[test]
fn the_page_is_the_same_with_the_run_and_later() {
    let root = tempfile::tempdir().unwrap();
    for (name, scenario) in [("sweep", SWEEP), ("grid", GRID)] {
        let folder = run(root.path(), name, scenario);
        let with_the_run = page(&folder);
        fs::remove_file(folder.join("report.html")).unwrap();
        let (code, stdout, stderr) = edgelm("report", &[folder.to_str().unwrap()]);
        assert_eq!((code, &*stdout), (0, ""), "{stderr}");
        assert!(page(&folder) == with_the_run, "{name}");
        let elsewhere = root.path().join("elsewhere.html");
        let to = [
            folder.to_str().unwrap(),
            "--out",
            elsewhere.to_str().unwrap(),
        ];
        assert_eq!(edgelm("report", &to).0, 0);
        assert!(
            fs::read_to_string(&elsewhere).unwrap() == with_the_run,
            "{name}"
        );
    }
}

#[test]
fn the_page_has_the_numbers_of_the_run_and_needs_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let folder = run(root.path(), "sweep", SWEEP);
    let all = page(&folder);
    let shown = without_scripts(&all);
    assert!(shown.contains("<h1>Cells &amp; &lt;phones&gt;</h1>"));
    assert!(shown.contains("12 independent replications at each point"));
    assert!(shown.contains("users.count takes 20, 40."));
    let (code, table, _) = edgelm(
        "run",
        &[
            root.path().join("sweep.ron").to_str().unwrap(),
            "--out",
            root.path().join("again").to_str().unwrap(),
        ],
    );
    assert_eq!(code, 0);
    let mut numbers = 0;
    let rows = table
        .lines()
        .filter(|line| line.starts_with("EdgeAll") || line.starts_with("Goa"));
    for cell in rows.flat_map(|row| row.split("  ")).skip(1) {
        let cell = cell.trim();
        if cell.contains('±') || cell.contains('[') {
            assert!(shown.contains(&format!("<td>{cell}</td>")), "{cell}");
            numbers += 1;
        }
    }
    assert_eq!(numbers, 2 * (5 + 7));
    for outside in ["<link", " src=", "url(", "@import", "http:", "https:"] {
        assert!(!shown.contains(outside), "{outside}");
    }
    // No script is fetched either: those that are there carry their text.
    assert!(!all.contains("<script src"));
    // The scenario in full runs again, to the same numbers.
    let scenario = shown.split("<pre id=\"scenario\"><code>").nth(1).unwrap();
    let scenario = scenario.split("</code>").next().unwrap();
    let plain = ["&lt;", "&gt;", "&quot;", "&amp;"]
        .iter()
        .zip(["<", ">", "\"", "&"]);
    let scenario = plain.fold(scenario.to_owned(), |text, (escape, plain)| {
        text.replace(escape, plain)
    });
    let again = run(&root.path().join("again"), "saved", &scenario);
    for file in ["results.csv", "stages.csv"] {
        let bytes = |folder: &Path| fs::read(folder.join(file)).unwrap();
        assert_eq!(bytes(&again), bytes(&folder), "{file}");
    }
}

#[test]
fn what_is_not_a_run_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().to_str().unwrap();
    let (code, _, stderr) = edgelm("report", &[folder]);
    assert_eq!(code, 2);
    assert!(stderr.contains("results.json: found"), "{stderr}");
    assert!(
        stderr.contains("allowed is a file that `edgelm run` wrote"),
        "{stderr}"
    );
    for broken in ["", "{", "{}", "[1]", "{\"edgelm\": \"0\", \"points\": 3}"] {
        fs::write(root.path().join("results.json"), broken).unwrap();
        let (code, _, stderr) = edgelm("report", &[folder]);
        assert_eq!(code, 2, "{broken}");
        assert!(stderr.contains("allowed is the files of a run"), "{stderr}");
    }
    let run = run(root.path(), "sweep", SWEEP);
    for broken in ["", "a\n1\n", "sweep,value\n1,2,3\n"] {
        fs::write(run.join("stages.csv"), broken).unwrap();
        let (code, _, stderr) = edgelm("report", &[run.to_str().unwrap()]);
        assert_eq!(code, 2, "{broken}");
        assert!(stderr.contains("stages.csv: "), "{stderr}");
    }
}

/// What is done to a page, and what it says of itself afterwards, in the element `verdict`.
const STEPS: &str = include_str!("browser/steps.js");

/// Catches what goes wrong from the first script on.
const WATCH: &str = include_str!("browser/watch.js");

/// What a page says of itself in a browser.
fn in_a_browser(folder: &Path) -> serde_json::Value {
    let watched = page(folder)
        .replacen("<head>", &format!("<head><script>{WATCH}</script>"), 1)
        .replacen("</body>", &format!("<script>{STEPS}</script></body>"), 1);
    let file = folder.join("watched.html");
    fs::write(&file, watched).unwrap();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let browser = names
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok())
        .expect("a Chromium");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args(["--window-size=1280,1000", "--virtual-time-budget=20000"])
        .arg(format!(
            "--user-data-dir={}",
            folder.join("browser").display()
        ))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let verdict = dom.rsplit("<pre id=\"verdict\">").next().unwrap();
    let verdict = verdict.split("</pre>").next().unwrap();
    let verdict = verdict
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    serde_json::from_str(&verdict).unwrap_or_else(|error| panic!("{error}: {verdict:.300}"))
}

#[test]
#[ignore = "needs a Chromium"]
fn the_page_works_in_a_browser() {
    let root = tempfile::tempdir().unwrap();
    for (name, scenario) in [("sweep", SWEEP), ("grid", GRID), ("tokens", TOKENS)] {
        let found = in_a_browser(&run(root.path(), name, scenario));
        println!("{name}: {found}");
        assert_eq!(found["errors"], serde_json::json!([]), "{name}");
        let swept = name != "tokens";
        let mut figures = vec!["plane", "ccdf", "stages", "measure", "map"];
        if swept {
            figures.splice(0..0, ["accuracy", "delay"]);
        }
        assert_eq!(found["drawn"], serde_json::json!(figures), "{name}");
        assert_eq!(found["hides"], 1, "{name}");
        let mut works = vec!["toggle", "shows", "measure", "time", "plays"];
        if swept {
            works.extend(["slider", "quantile"]);
            assert_eq!(found["value"], ["20", "0.4"][usize::from(name == "grid")]);
        }
        if name == "grid" {
            works.push("held");
        }
        for work in works {
            assert_eq!(found[work], true, "{name}: {work}");
        }
    }
}
