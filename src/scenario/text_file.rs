//! Text files, as far as they may be read.

use super::Diagnostic;
use crate::fault::nearest;
use std::io::{self, Read};
use std::path::Path;

/// Reads a text file, without the byte order mark that some editors begin a file with.
///
/// # Errors
/// That it cannot be read, with the file's nearest neighbour in name where it does not exist.
pub(crate) fn read(file: &Path) -> Result<String, Diagnostic> {
    bounded(file).map(without_mark).map_err(|error| {
        let diagnostic = Diagnostic::new(format!("cannot read {}: {error}", file.display()));
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let names: Vec<String> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        let wanted = file.file_name().unwrap_or_default().to_string_lossy();
        match nearest(&wanted, names.iter().map(String::as_str)) {
            Some(name) if error.kind() == std::io::ErrorKind::NotFound => {
                diagnostic.help(format!("did you mean {}?", folder.join(name).display()))
            }
            _ => diagnostic,
        }
    })
}

/// The largest file that is read, in bytes; a scenario may be a stranger's and name
/// `/dev/zero`.
const LARGEST_FILE: u64 = 1 << 30;

fn bounded(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let open = std::fs::File::open(file)?;
    open.take(LARGEST_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other("it is larger than 1 GiB"));
    }
    Ok(text)
}

/// A text without the byte order mark at its beginning.
pub(crate) fn without_mark(mut text: String) -> String {
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    text
}
