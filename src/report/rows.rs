//! Rows of a CSV file that is streamed.

use super::directory::DirectoryError;
use super::streamed::StreamedFile;
use std::io;

/// Rows of a CSV file. A recorder cannot refuse what it is shown: the first error is
/// kept until the end.
pub(super) struct Rows<W: io::Write> {
    writer: csv::Writer<W>,
    failure: Option<csv::Error>,
}

impl<W: io::Write> Rows<W> {
    pub fn new<'a>(out: W, header: impl IntoIterator<Item = &'a str>) -> Self {
        let mut rows = Self {
            writer: csv::Writer::from_writer(out),
            failure: None,
        };
        rows.write(header);
        rows
    }

    pub fn write<F: AsRef<[u8]>>(&mut self, fields: impl IntoIterator<Item = F>) {
        if self.failure.is_none() {
            self.failure = self.writer.write_record(fields).err();
        }
    }

    pub fn finish(self) -> io::Result<W> {
        match self.failure {
            Some(failure) => Err(io::Error::from(failure)),
            None => self.writer.into_inner().map_err(|error| error.into_error()),
        }
    }
}

impl Rows<StreamedFile> {
    /// The file, all rows in it.
    pub fn into_file(self) -> Result<StreamedFile, DirectoryError> {
        let path = self.writer.get_ref().place().to_owned();
        self.finish()
            .map_err(|reason| DirectoryError::Write { path, reason })
    }
}
