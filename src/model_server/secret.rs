//! Keeps an API key out of everything that is shown or stored, should a server have
//! echoed it.

use std::collections::HashSet;

/// Characters of a key that are enough to be taken out, where it is longer.
const FRAGMENT: usize = 8;

/// What stands in the key's place.
const REPLACEMENT: &str = "***";

/// Whether a key is one at all: local servers are content with `none` or `EMPTY`, which
/// must not be taken out of answers.
pub(super) fn is_secret(key: &str) -> bool {
    key.len() >= FRAGMENT
}

/// A text without the key: whole, or any eight characters in a row of it, in small
/// letters or capitals.
pub(super) fn without(key: &str, text: &str) -> String {
    let marked = marked(key, text);
    if !marked.contains(&true) {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    let mut inside = false;
    for (at, c) in text.char_indices() {
        match (marked[at], inside) {
            (true, false) => clean.push_str(REPLACEMENT),
            (true, true) => {}
            (false, _) => clean.push(c),
        }
        inside = marked[at];
    }
    clean
}

/// Whether the key stands in a JSON text in another spelling, which JSON allows for every
/// letter (`\u0073`): it would come out when the text is read.
pub(super) fn is_hidden_in(key: &str, json: &str) -> bool {
    json.contains('\\') && marked(key, &unescaped(json)).contains(&true)
}

/// Which bytes of a text belong to the key. Keys are ASCII, so that these are whole
/// characters.
fn marked(key: &str, text: &str) -> Vec<bool> {
    let key = key.to_ascii_lowercase().into_bytes();
    let bytes = text.to_ascii_lowercase().into_bytes();
    let mut marked = vec![false; bytes.len()];
    let length = key.len().min(FRAGMENT);
    if length == 0 {
        return marked;
    }
    let fragments: HashSet<&[u8]> = key.windows(length).collect();
    for (at, window) in bytes.windows(length).enumerate() {
        if fragments.contains(window) {
            marked[at..at + length].fill(true);
        }
    }
    marked
}

/// A JSON text with the escapes of its strings resolved; no JSON any more.
fn unescaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let code = rest.strip_prefix('u').and_then(|hex| hex.get(..4));
        let letter = code.and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?));
        match letter {
            Some(letter) => {
                text.push(letter);
                rest = &rest[5..];
            }
            None => {
                let next = rest.chars().next();
                text.extend(next);
                rest = &rest[next.map_or(0, char::len_utf8)..];
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "sk-Proj-0123456789abcdef";

    #[test]
    fn a_key_is_taken_out_whole_cut_and_in_capitals() {
        assert_eq!(without(KEY, &format!("a {KEY} b")), "a *** b");
        assert_eq!(without(KEY, &KEY.to_uppercase()), "***");
        assert_eq!(without(KEY, &format!("é{}é", &KEY[..12])), "é***é");
        assert_eq!(without(KEY, &format!("x{}", &KEY[9..])), "x***");
        assert_eq!(
            without(KEY, "nothing of it, sk-Proj only"),
            "nothing of it, sk-Proj only"
        );
        assert_eq!(without("abc", "an ABC of abc"), "an *** of ***");
        assert_eq!(without("", "text"), "text");
    }

    #[test]
    fn a_key_in_another_spelling_is_seen() {
        let spelt: String = KEY
            .chars()
            .map(|c| format!("\\u{:04x}", u32::from(c)))
            .collect();
        assert!(is_hidden_in(KEY, &format!("{{\"a\": \"{spelt}\"}}")));
        assert!(is_hidden_in("a/b/c/d/e/f", "\"a\\/b\\/c\\/d\\/e\\/f\""));
        assert!(!is_hidden_in(KEY, "\"a \\\"quoted\\\" word\\n\""));
        assert!(!is_hidden_in(KEY, "\\u00"));
    }

    proptest! {
        #[test]
        fn no_eight_characters_of_a_key_are_left(
            key in "[!-~]{8,40}", before in ".{0,20}", after in ".{0,20}",
            from in 0usize..32, length in 8usize..40,
        ) {
            let from = from.min(key.len() - 8);
            let part = &key[from..(from + length).min(key.len())];
            let clean = without(&key, &format!("{before}{part}{after}")).to_lowercase();
            for window in key.to_lowercase().as_bytes().windows(8) {
                let window = std::str::from_utf8(window).unwrap();
                // Of the three stars that stand for it a key may itself consist.
                prop_assert!(window.contains("***") || !clean.contains(window));
            }
        }
    }
}
