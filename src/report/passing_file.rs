//! Files under a passing name, until they are whole.

use std::io;
use std::path::Path;
use tempfile::NamedTempFile;

/// An empty file under a passing name in a folder; removed again unless it is
/// renamed.
pub(super) fn new_beside(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".edgelm-");
    // Results are for everyone whom the user's umask lets read them, not private
    // as temporary files are.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
