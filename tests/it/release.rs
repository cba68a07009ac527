//! A release has one version wherever it is written, and what contributors are told to
//! touch is there.

const CITATION: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/CITATION.cff"));
const CHANGELOG: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/CHANGELOG.md"));
const PYTHON: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/python/Cargo.toml"));

fn after<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(start))
        .unwrap_or_else(|| panic!("no line starts with {start:?}"))
}

#[test]
fn crate_wheel_citation_and_changelog_name_the_same_version() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(after(PYTHON, "version = "), format!("{version:?}"));
    assert_eq!(after(CITATION, "version: "), version);
    let newest = after(CHANGELOG, "## ");
    assert_eq!(newest.trim_end_matches(" (unreleased)"), version);
}

#[test]
fn files_that_contributors_are_sent_to_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = 0;
    for text in [
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/CONTRIBUTING.md")),
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/RELEASING.md")),
    ] {
        // Whole paths stand in backticks or are links; a module may be a file or a folder.
        for part in text.split(['`', '(', ')']) {
            let top = part.split('/').next().unwrap_or_default();
            if ["src", "tests", "docs", "benches", "scenarios"].contains(&top) && part != top {
                found += 1;
                let path = root.join(part);
                assert!(
                    path.exists() || path.with_extension("rs").exists(),
                    "{part} is not there"
                );
            }
        }
    }
    assert!(found > 15, "{found} paths");
}
