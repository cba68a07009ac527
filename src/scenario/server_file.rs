//! Server blocks in files of their own that a scenario names.

use super::pointing::Source;
use super::{Diagnostic, RonFile};
use crate::fault::Fault;
use crate::llm::ServerBlock;

impl Source {
    /// Puts the block that a file holds in place of its name.
    ///
    /// # Errors
    /// It cannot be read or used; something stands beside its name.
    pub(super) fn read_block(
        &self,
        block: &mut Option<ServerBlock>,
        field: &str,
    ) -> Result<(), Diagnostic> {
        let Some((named, file)) = block
            .as_ref()
            .and_then(|named| Some((named, named.file.as_ref()?)))
        else {
            return Ok(());
        };
        let alone = ServerBlock {
            file: Some(file.clone()),
            ..ServerBlock::default()
        };
        if *named != alone {
            return Err(self.fault(&Fault::new(
                format!("{field}.file"),
                "a file beside other fields",
                "`Batching(file: ..)` alone: all of the server is in the file",
            )));
        }
        let (path, text) = self.referred_text(field, file)?;
        *block = Some(RonFile::<ServerBlock>::parse(&text, &path)?.value);
        Ok(())
    }
}
