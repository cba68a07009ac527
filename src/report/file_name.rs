//! Names of files that say what is in them.

use std::collections::HashSet;

/// Characters of a name before its number and extension. Most file systems take
/// 255 bytes.
const LONGEST_STEM: usize = 200;

/// A name that every common file system and shell can bear with.
pub(super) fn safe(name: &str) -> String {
    name.chars()
        .filter_map(|c| match c {
            ' ' | ']' => None,
            ':' => Some('='),
            '[' => Some('.'),
            '.' | '_' | '=' | '(' | ')' | ',' | '+' | '-' => Some(c),
            c if c.is_ascii_alphanumeric() => Some(c),
            _ => Some('_'),
        })
        .take(LONGEST_STEM)
        .collect()
}

/// A name without its ending that none has yet, on file systems that do not tell the case of
/// letters apart either.
pub(super) fn distinct(stem: &str, taken: &mut HashSet<String>) -> String {
    let mut name = stem.to_owned();
    let mut number = 2;
    while !taken.insert(name.to_ascii_lowercase()) {
        name = format!("{stem}_{number}");
        number += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_distinct() {
        assert_eq!(
            safe("delay_users.count=120_Goa(tau: 0.6)"),
            "delay_users.count=120_Goa(tau=0.6)"
        );
        assert_eq!(
            safe("delay_policies[1].tau=1e-9_a/b\\é"),
            "delay_policies.1.tau=1e-9_a_b__"
        );
        let mut taken = HashSet::new();
        let names: Vec<String> = ["a", "A", "a_2", "a"]
            .iter()
            .map(|stem| distinct(stem, &mut taken))
            .collect();
        assert_eq!(names, ["a", "A_2", "a_2_2", "a_3"]);
        assert_eq!(safe(&"x".repeat(1000)).len(), LONGEST_STEM);
    }
}
