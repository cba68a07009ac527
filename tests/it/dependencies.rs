//! What edgelm is built from: crates of crates.io, of licences that let it be passed
//! on, each in one version. The lists are those of `deny.toml`.

use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const LOCK: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"));
const DENY: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml"));

struct Package<'a> {
    name: &'a str,
    version: &'a str,
    /// None for what is in this repository.
    source: Option<&'a str>,
}

/// The packages of the lock file: of all platforms, and of the Python package.
fn locked() -> Vec<Package<'static>> {
    let packages: Vec<_> = LOCK
        .split("[[package]]")
        .skip(1)
        .map(|text| {
            let field = |name: &str| {
                text.lines().find_map(|line| {
                    line.strip_prefix(name)?
                        .strip_prefix(" = \"")?
                        .strip_suffix('"')
                })
            };
            Package {
                name: field("name").expect("a name"),
                version: field("version").expect("a version"),
                source: field("source"),
            }
        })
        .collect();
    assert!(packages.len() > 50, "{} packages", packages.len());
    packages
}

/// The strings of a list in `deny.toml`: the first of each of its lines.
fn list(name: &str) -> BTreeSet<&'static str> {
    let after = DENY
        .split_once(&format!("\n{name} = [\n"))
        .unwrap_or_else(|| panic!("no list {name}"))
        .1;
    after
        .lines()
        .take_while(|line| *line != "]")
        .map(|line| line.split('"').nth(1).expect("a string in every line"))
        .collect()
}

#[test]
fn all_comes_from_crates_io() {
    for package in locked() {
        match package.source {
            Some(source) => assert!(
                source.starts_with("registry+") && source.ends_with("/crates.io-index"),
                "{} comes from {source}",
                package.name
            ),
            None => assert!(
                ["edgelm", "edgelm-python"].contains(&package.name),
                "{} is neither of crates.io nor of this repository",
                package.name
            ),
        }
    }
}

#[test]
fn a_crate_is_there_in_one_version() {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in locked() {
        versions
            .entry(package.name)
            .or_default()
            .push(package.version);
    }
    let excused = list("skip");
    for (name, all) in &versions {
        let counted: Vec<_> = all
            .iter()
            .filter(|version| {
                !excused.iter().any(|excuse| {
                    let (of, prefix) = excuse.split_once('@').expect("name@version");
                    of == *name && version.starts_with(&format!("{prefix}."))
                })
            })
            .collect();
        assert!(counted.len() == 1, "{name} is there in {all:?}");
    }
    for excuse in excused {
        let name = excuse.split('@').next().expect("a name");
        assert!(
            versions.get(name).is_some_and(|all| all.len() > 1),
            "deny.toml excuses {excuse} for nothing"
        );
    }
}

/// The crates that a set of features needs, by `cargo tree`.
fn needed(features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .args(features)
        .output()
        .expect("cargo starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let name = |line: &str| line.split_whitespace().next().map(str::to_owned);
    text.lines().filter_map(name).collect()
}

#[test]
fn the_bare_library_and_the_wheel_need_neither_arguments_nor_http_nor_tls_nor_plots() {
    let heavy = [
        "clap",
        "ctrlc",
        "indicatif",
        "maud",
        "plotly",
        "plotters",
        "rustls",
        "ureq",
    ];
    let all = needed(&[]);
    let bare = needed(&["--no-default-features"]);
    let wheel = needed(&["--package", "edgelm-python"]);
    for name in heavy {
        assert!(all.contains(name), "{name} is among what all features need");
        assert!(!bare.contains(name), "the bare library needs {name}");
        assert!(!wheel.contains(name), "the wheel needs {name}");
    }
    assert!(bare.len() > 30 && wheel.contains("pyo3"));
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Licensed>,
}

#[derive(Deserialize)]
struct Licensed {
    name: String,
    license: Option<String>,
}

#[test]
#[ignore = "downloads the crates of other platforms and of the Python package"]
fn every_licence_is_one_of_those_allowed() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("cargo's JSON");
    assert_eq!(metadata.packages.len(), locked().len());

    let allowed: Vec<Licensee> = list("allow")
        .into_iter()
        .map(|name| Licensee::parse(name).expect("an SPDX identifier"))
        .collect();
    let mut needed = vec![false; allowed.len()];
    for package in &metadata.packages {
        let text = package
            .license
            .as_ref()
            .unwrap_or_else(|| panic!("{} names no licence", package.name));
        // "MIT/Apache-2.0" is from a time before SPDX expressions.
        let licence = Expression::parse_mode(text, ParseMode::LAX).expect("an SPDX expression");
        let holds = licence.evaluate(|part| {
            let found = allowed.iter().position(|one| one.satisfies(part));
            found.inspect(|&at| needed[at] = true).is_some()
        });
        assert!(holds, "{} is under {text}", package.name);
    }
    for (licence, needed) in allowed.iter().zip(needed) {
        assert!(needed, "deny.toml allows {licence} for nothing");
    }
}
