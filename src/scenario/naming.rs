//! What a study is called: one plain name, since its folder of results is called so, too.

use super::Diagnostic;
use std::ffi::OsStr;
use std::path::Path;

/// Bytes of a name at most: file systems take 255, of which endings need some.
const LONGEST: usize = 200;

/// What may be a study's name.
pub(crate) const ALLOWED: &str =
    "a name of at most 200 bytes without slashes and control characters, and not `.` or `..`";

/// Whether a name is that of one file or folder, wherever it is put.
pub(crate) fn is_plain_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && name.len() <= LONGEST
        && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control())
}

/// The study's name: the file's, without its ending.
///
/// # Errors
/// A file's name that cannot name a folder beside others.
pub(crate) fn study_name(file: &Path) -> Result<String, Diagnostic> {
    let stem = file.file_stem().unwrap_or(OsStr::new("scenario"));
    let name = readable(stem);
    match is_plain_name(&name) {
        true => Ok(name),
        false => Err(Diagnostic::new(format!(
            "{}: its results would be called `{}`, allowed is {ALLOWED}",
            file.display(),
            name.escape_debug()
        ))),
    }
}

/// A name as text. Bytes that are no UTF-8 are written as `%E9`, so that two names that
/// differ in nothing else stay two.
fn readable(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_is_called_as_its_file() {
        let name = |file: &str| study_name(Path::new(file)).ok();
        assert_eq!(name("a/b/fig3.ron").as_deref(), Some("fig3"));
        assert_eq!(name("a.b.ron").as_deref(), Some("a.b"));
        assert_eq!(name("a/...ron"), None, "`..`");
        assert_eq!(name("..ron"), None, "`.`");
        assert_eq!(name("a\\b.ron"), None);
        assert_eq!(name("a\u{1b}b.ron"), None);
        assert_eq!(name(&format!("{}.ron", "x".repeat(201))), None);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_differ_stay_different() {
        use std::os::unix::ffi::OsStrExt;
        let name = |bytes: &[u8]| study_name(Path::new(OsStr::from_bytes(bytes))).unwrap();
        assert_eq!(name(b"caf\xe8.ron"), "caf%E8");
        assert_eq!(name(b"caf\xe9.ron"), "caf%E9");
        assert_eq!(name("café.ron".as_bytes()), "café");
    }
}
