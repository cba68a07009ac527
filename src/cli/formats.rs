//! `--export`: in which formats results are written.

use crate::report::Format;

/// Formats of results.
#[derive(Debug, clap::Args)]
pub(super) struct Formats {
    /// Formats to write, separated by commas. Figures are png or svg, or both
    #[arg(
        long,
        value_name = "FORMATS",
        value_enum,
        value_delimiter = ',',
        default_values_t = Format::USUAL.to_vec()
    )]
    export: Vec<Format>,
}

impl Formats {
    /// The formats asked for.
    pub fn list(&self) -> &[Format] {
        &self.export
    }

    /// Whether tables are among them.
    pub fn has_tables(&self) -> bool {
        self.export.contains(&Format::Csv)
    }
}
