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
        let pretty = PrettyConfig::new().extensions(EXTENSIONS);
        match options().to_string_pretty(self, pretty) {
            Ok(text) => text,
            Err(error) => unreachable!("plain data always serialises: {error}"),
        }
    }
}

/// How RON is read and written: an option's value needs no `Some`, and a struct in a
/// variant no parentheses of its own.
pub(super) fn options() -> ron::Options {
    ron::Options::default().with_default_extension(EXTENSIONS)
}

const EXTENSIONS: Extensions = Extensions::IMPLICIT_SOME.union(Extensions::UNWRAP_VARIANT_NEWTYPES);
