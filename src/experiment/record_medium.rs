//! Where records that are made here are written and read again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Records of a run that keeps no journal lie in memory up to so many bytes, beyond that
/// in a file without a name in the system's folder for temporary files.
const IN_MEMORY_BYTES: usize = 64 << 20;

/// Where a record lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub file: u32,
    pub bytes: u32,
    pub offset: u64,
    pub checksum: [u8; 16],
}

/// A file, with a name or without.
#[derive(Debug)]
pub(super) enum Medium {
    /// Outlives the process.
    Journal(File),
    /// Is gone with the process.
    Temporary(Box<SpooledTempFile>),
}

impl Medium {
    pub fn temporary() -> Self {
        Self::Temporary(Box::new(SpooledTempFile::new(IN_MEMORY_BYTES)))
    }

    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Journal(file) => {
                file.seek(SeekFrom::End(0))?;
                file.write_all(bytes)
            }
            Self::Temporary(file) => {
                file.seek(SeekFrom::End(0))?;
                file.write_all(bytes)
            }
        }
    }

    pub fn read(&mut self, entry: &Entry) -> io::Result<Vec<u8>> {
        match self {
            Self::Journal(file) => read_at(file, entry),
            Self::Temporary(file) => read_at(file.as_mut(), entry),
        }
    }

    /// Brings what was written to the disk, where it must outlive the process.
    pub fn sync(&self) -> io::Result<()> {
        match self {
            Self::Journal(file) => file.sync_data(),
            Self::Temporary(_) => Ok(()),
        }
    }
}

pub(super) fn read_at(file: &mut (impl Read + Seek), entry: &Entry) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; entry.bytes as usize];
    file.seek(SeekFrom::Start(entry.offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
