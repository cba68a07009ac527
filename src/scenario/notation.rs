//! Scenarios as RON text.

use super::Scenario;
use super::text_place::byte_offset;
use ron::error::{Error as RonError, SpannedError};
use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use std::borrow::Cow;

impl Scenario {
    /// Reads a scenario without checking its values. A bare number where a distribution is
    /// wanted is a fixed value: `capacity_tflops: 40` is `Fixed(40)`.
    ///
    /// # Errors
    /// Syntax errors, unknown or missing fields, wrong types.
    pub fn from_ron(text: &str) -> Result<Self, SpannedError> {
        read(text).1
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

/// Reads a scenario, and the text as it was read: with `Fixed(..)` around bare numbers.
pub(super) fn read(text: &str) -> (Cow<'_, str>, Result<Scenario, SpannedError>) {
    let mut written = Cow::Borrowed(text);
    loop {
        let error = match options().from_str(&written) {
            Ok(scenario) => return (written, Ok(scenario)),
            Err(error) => error,
        };
        match with_fixed(&written, &error) {
            Some(next) => written = Cow::Owned(next),
            None => return (written, Err(error)),
        }
    }
}

/// The text with `Fixed(..)` around the number at which it could not be read, if it can be
/// read further then.
fn with_fixed(text: &str, error: &SpannedError) -> Option<String> {
    let RonError::SuggestRawIdentifier(_) = error.code else {
        return None;
    };
    let place = |position: ron::error::Position| byte_offset(text, position.line, position.col);
    let start = place(error.span.start);
    let length = text[start..].find(|c: char| !(c.is_alphanumeric() || "+-._".contains(c)))?;
    let number = &text[start..start + length];
    number.parse::<f64>().ok().filter(|n| n.is_finite())?;
    let next = format!(
        "{}Fixed({number}){}",
        &text[..start],
        &text[start + length..]
    );
    let further = match options().from_str::<Scenario>(&next) {
        Ok(_) => true,
        Err(later) => byte_offset(&next, later.span.start.line, later.span.start.col) > start + 6,
    };
    further.then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_a_fixed_value_where_a_distribution_is_wanted() {
        let bare = "(users: (count: 3, capacity_gflops: 90), policies: [EdgeAll], servers: \
                    (capacity_tflops: 4e1), workload: (query_bits: 1300))";
        let written = "(users: (count: 3, capacity_gflops: Fixed(90)), policies: [EdgeAll], \
                       servers: (capacity_tflops: Fixed(4e1)), workload: (query_bits: \
                       Fixed(1300)))";
        let (text, scenario) = read(bare);
        assert_eq!(text, written);
        assert_eq!(scenario.unwrap(), Scenario::from_ron(written).unwrap());
        assert!(matches!(read(written).0, Cow::Borrowed(_)));
    }

    #[test]
    fn a_number_where_none_is_wanted_stays_as_it_is() {
        for text in [
            "(users: (count: 3), policies: [0.6])",
            "(users: (count: 3), policies: [Goa(0.6)])",
            "(users: (count: 3), policies: [EdgeAll], sharing: 3)",
            "(users: (count: 3), policies: [EdgeAll], sharing: 3",
        ] {
            let (written, scenario) = read(text);
            assert_eq!(written, text);
            assert!(scenario.is_err(), "{text}");
        }
    }
}
