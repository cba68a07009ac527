//! The manual leads somewhere: every file that its pages link to, or name as an
//! example or a scenario, is there.

use std::fs;
use std::path::{Path, PathBuf};

/// README.md, CHANGELOG.md and every page under `docs/`, `benches/`, `python/`, `cluster/`.
fn pages(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = ["docs", "benches", "python", "cluster"]
        .map(|folder| root.join(folder))
        .into();
    let mut pages = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the manual") {
            let path = entry.expect("an entry").path();
            let hidden = |name: &str| name.starts_with('.') || name == "target";
            let name = path.file_name().and_then(|name| name.to_str());
            if path.is_dir() && !name.is_some_and(hidden) {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// The targets of a page's links to files.
fn linked(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split('#').next().unwrap_or(target))
        .filter(|target| !target.is_empty() && !target.contains(':'))
}

#[test]
fn every_link_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut links = 0;
    let mut dead = Vec::new();
    for page in pages(root) {
        let text = fs::read_to_string(&page).expect("a page");
        let folder = page.parent().expect("a page is in a folder");
        for target in linked(&text) {
            links += 1;
            if !folder.join(target).exists() {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(links > 20, "only {links} links found");
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
}

#[test]
fn every_scenario_and_example_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let of_the_root = |page: &PathBuf| !page.starts_with(root.join("python"));
    let mut named = 0;
    let mut missing = Vec::new();
    for page in pages(root).into_iter().filter(of_the_root) {
        let text = fs::read_to_string(&page).expect("a page");
        let words = text.split(|c: char| !(c.is_alphanumeric() || "/._-".contains(c)));
        let files = words.map(|word| word.trim_end_matches('.')).filter(|word| {
            let is_file = [".ron", ".py", ".rs"].iter().any(|end| word.ends_with(end));
            // `NAME` stands for any.
            is_file && !word.contains("NAME")
        });
        for file in files {
            if file.starts_with("scenarios/") || file.starts_with("examples/") {
                named += 1;
                if !root.join(file).exists() {
                    missing.push(format!("{}: {file}", page.display()));
                }
            }
        }
    }
    assert!(named > 10, "only {named} files named");
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
}
