//! Scenarios as RON text.

use super::Scenario;
use ron::error::SpannedError;
use ron::extensions::Extensions;
use ron::ser::PrettyConfig;

impl Scenario {
    /// Reads a scenario without checking its values.
    ///
    /// # Errors
    /// Syntax errors, unknown or missing fields, wrong types.
    pub fn from_ron(text: &str) -> Result<Self, SpannedError> {
        options().from_str(text)
    }

    /// The scenario as RON with every field written out.
    pub fn to_ron(&self) -> String {
        let pretty = PrettyConfig::new().extensions(Extensions::IMPLICIT_SOME);
        match options().to_string_pretty(self, pretty) {
            Ok(text) => text,
            Err(error) => unreachable!("plain data always serialises: {error}"),
        }
    }
}

/// How RON is read and written: an option's value needs no `Some`.
pub(super) fn options() -> ron::Options {
    ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME)
}
