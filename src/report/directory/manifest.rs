//! Which files of a folder are edgelm's, and of what they are the results.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// The list's name in the folder.
pub(super) const MANIFEST: &str = ".edgelm-files";

/// The word before what the results are of.
const OF: &str = "results of ";

/// What edgelm put into a folder: a line that says of what it is the results, and a line
/// with checksum and name for each file. A file that is listed and was changed since is
/// nobody's but who changed it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Manifest {
    /// Of what they are the results; none where there is no list, or one that is none.
    pub identity: Option<String>,
    /// Checksums by name.
    files: BTreeMap<String, String>,
}

impl Manifest {
    pub fn of(identity: &str) -> Self {
        Self {
            identity: Some(identity.to_owned()),
            files: BTreeMap::new(),
        }
    }

    /// The list in a folder. An unreadable one is none: the worst that follows is a file
    /// that stays.
    pub fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
        let mut lines = text.lines();
        let identity = lines.next().and_then(|line| line.strip_prefix(OF));
        let Some(identity) = identity else {
            return Self::default();
        };
        let files = lines.filter_map(|line| {
            let (checksum, name) = line.split_once(' ')?;
            Some((name.to_owned(), checksum.to_owned()))
        });
        Self {
            identity: Some(identity.to_owned()),
            files: files.collect(),
        }
    }

    /// Adds a file of the folder to the list.
    pub fn add(&mut self, folder: &Path, name: &str) -> io::Result<()> {
        self.files
            .insert(name.to_owned(), checksum(&folder.join(name))?);
        Ok(())
    }

    pub fn text(&self) -> String {
        let mut text = format!("{OF}{}\n", self.identity.as_deref().unwrap_or_default());
        for (name, checksum) in &self.files {
            text.push_str(&format!("{checksum} {name}\n"));
        }
        text
    }

    /// Whether a file of the folder is as edgelm wrote it, or is the list itself.
    pub fn owns(&self, folder: &Path, name: &str) -> bool {
        let written = |known: &String| checksum(&folder.join(name)).is_ok_and(|c| c == *known);
        name == MANIFEST || self.files.get(name).is_some_and(written)
    }
}

fn checksum(file: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut fs::File::open(file)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}
