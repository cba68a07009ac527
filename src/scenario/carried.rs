//! The scenarios that edgelm carries, so that an installed tool has them anywhere: those
//! of the folder `scenarios`, with the tables that they name.

use super::Scenario;
use include_dir::{Dir, include_dir};
use std::path::{Component, Path, PathBuf};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// What carried files lie below.
const FOLDER: &str = "scenarios";

/// A scenario that edgelm carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its name, such as `fig3` or `systems/plans`.
    pub name: String,
    /// Where it lies, such as `scenarios/fig3.ron`.
    pub file: PathBuf,
    /// Its text, with all comments.
    pub text: &'static str,
}

impl Carried {
    /// Its title.
    pub fn title(&self) -> String {
        Scenario::from_ron(self.text).map_or_else(|_| String::new(), |scenario| scenario.title)
    }
}

/// All of them, by name.
pub fn all() -> Vec<Carried> {
    let mut all = Vec::new();
    add(&FILES, &mut all);
    all.sort_by(|a: &Carried, b| a.name.cmp(&b.name));
    all
}

fn add(folder: &'static Dir<'static>, all: &mut Vec<Carried>) {
    for below in folder.dirs() {
        // What is described there is no scenario.
        if below.path() != Path::new("servers") {
            add(below, all);
        }
    }
    let scenarios = folder.files().filter(|file| {
        file.path()
            .extension()
            .is_some_and(|ending| ending == "ron")
    });
    all.extend(scenarios.filter_map(|file| {
        Some(Carried {
            name: file.path().with_extension("").to_str()?.to_owned(),
            file: Path::new(FOLDER).join(file.path()),
            text: file.contents_utf8()?,
        })
    }));
}

/// The one that is meant by a name or by its place in the repository: `fig3`, `fig3.ron`,
/// `scenarios/fig3.ron`.
pub fn find(written: &Path) -> Option<Carried> {
    let below = written.strip_prefix(FOLDER).unwrap_or(written);
    if below.extension().is_some_and(|ending| ending != "ron") {
        return None;
    }
    let name = below.with_extension("");
    let mut all = all().into_iter();
    all.find(|carried| Path::new(&carried.name) == name)
}

/// The text of a carried file by its path below [`FOLDER`], which may go up and down again.
pub(super) fn text(path: &Path) -> Option<&'static str> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => {
                plain.pop();
            }
            _ => {}
        }
    }
    FILES
        .get_file(plain.strip_prefix(FOLDER).ok()?)?
        .contents_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_found_by_name_and_by_place() {
        let found = |written: &str| find(Path::new(written)).map(|carried| carried.name);
        for written in ["fig3", "fig3.ron", "scenarios/fig3.ron"] {
            assert_eq!(found(written).as_deref(), Some("fig3"));
        }
        assert_eq!(found("systems/plans").as_deref(), Some("systems/plans"));
        for written in [
            "fig33",
            "fig3.csv",
            "../fig3",
            "/fig3",
            "servers/rtx-4090_llama-3.1-8b",
        ] {
            assert_eq!(found(written), None, "{written}");
        }
        assert!(all().iter().all(|carried| !carried.title().is_empty()));
        assert!(
            text(Path::new(
                "scenarios/systems/../tables/paper-fig2-shape.csv"
            ))
            .is_some()
        );
        assert_eq!(text(Path::new("scenarios/../Cargo.toml")), None);
    }
}
