//! A value that cannot be used: where, what was found, what is allowed; and the valid
//! name nearest to one that is not.

use std::fmt;

/// A field whose value cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The field's path, such as `users.capacity_gflops.low`.
    pub field: String,
    /// What was found there.
    pub found: String,
    /// What is allowed there.
    pub allowed: String,
}

impl Fault {
    /// A fault of a field.
    pub fn new(
        field: impl Into<String>,
        found: impl fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            found: found.to_string(),
            allowed: allowed.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            found,
            allowed,
        } = self;
        write!(f, "{field}: found {found}, allowed is {allowed}")
    }
}

impl std::error::Error for Fault {}

/// The valid name that is most like the one found, if any is like it at all.
///
/// ```
/// use edgelm::fault::nearest;
/// assert_eq!(nearest("bandwith_mhz", ["count", "bandwidth_mhz"]), Some("bandwidth_mhz"));
/// assert_eq!(nearest("zebra", ["count", "bandwidth_mhz"]), None);
/// ```
pub fn nearest<'n>(found: &str, valid: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |name: &str| {
        strsim::jaro_winkler(&found.to_lowercase(), &name.to_lowercase())
            .max(strsim::normalized_damerau_levenshtein(found, name))
    };
    valid
        .into_iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
