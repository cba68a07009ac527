//! What the fuzz targets call.

mod targets;

pub use targets::{ALL, Target};

/// The target of a name.
///
/// # Panics
/// If there is none.
pub fn target(name: &str) -> fn(&[u8]) {
    let found = ALL.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no target {name}")).1
}
