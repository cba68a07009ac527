//! The table of modules in `docs/architecture.md` is that of the crate's front page, and
//! imports point down it only.

use std::fs;
use std::path::{Path, PathBuf};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The (module, what it holds) rows of the first table in a text.
fn table(text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(|line| line.trim_start_matches("//!").trim())
        .skip_while(|line| !line.starts_with("| module |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let name = cells[1].trim_matches(['[', ']', '`']);
            (name.to_owned(), cells[2].to_owned())
        })
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !path.ends_with("tests.rs")
        {
            found.push(path);
        }
    }
}

/// The modules of the crate that a source names, its tests left out.
fn named(source: &str) -> Vec<&str> {
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
    source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()
        })
        .map(|name| name.unwrap_or(""))
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn one_table_of_modules_and_imports_point_down_it() {
    let modules = table(&read("docs/architecture.md"));
    assert_eq!(
        table(&read("src/lib.rs")),
        modules,
        "lib.rs has the same table"
    );
    let place = |name: &str| modules.iter().position(|(module, _)| module == name);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let (mut upwards, mut seen) = (Vec::new(), 0);
    for file in files {
        let within = file.strip_prefix(&root).expect("below src");
        let first = within.components().next().expect("a name");
        let module = Path::new(first.as_os_str()).with_extension("");
        let module = module.to_str().expect("a plain name");
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let own = place(module).unwrap_or_else(|| panic!("{module} is not in the table"));
        for name in named(&fs::read_to_string(&file).expect("a source")) {
            seen += 1;
            if place(name).is_none_or(|other| other < own) {
                upwards.push(format!("{}: crate::{name}", within.display()));
            }
        }
    }
    assert!(seen > 300, "only {seen} imports found");
    assert!(upwards.is_empty(), "{upwards:#?}");
}
