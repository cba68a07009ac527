//! What is said on stderr.
//!
//! Nobody may be listening any more (`2>&1 | head -1`): that ends no run, since results
//! go to files. What a server, a program or a file says may hold control characters, with
//! which it could write over what stands on a terminal: they are shown, not sent.

use std::borrow::Cow;
use std::fmt::Arguments;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Says a line on stderr, formatted as `println!` does, unless quiet was asked for.
macro_rules! tell {
    ($($arguments:tt)*) => {
        if !$crate::cli::telling::is_quiet() {
            $crate::cli::telling::say(format_args!($($arguments)*))
        }
    };
}

/// The same where details were asked for.
macro_rules! tell_more {
    ($($arguments:tt)*) => {
        if $crate::cli::telling::is_verbose() {
            $crate::cli::telling::say(format_args!($($arguments)*))
        }
    };
}

/// The same for errors and warnings, which are said in any case.
macro_rules! insist {
    ($($arguments:tt)*) => {
        $crate::cli::telling::say(format_args!($($arguments)*))
    };
}

/// Whether only errors and warnings are to be said.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Whether details are to be said, too.
static VERBOSE: AtomicBool = AtomicBool::new(false);

/// From now on details are said, too.
pub(super) fn be_verbose() {
    VERBOSE.store(true, Ordering::Relaxed);
}

pub(super) fn is_verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// From now on only errors and warnings are said.
pub(super) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

pub(super) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Whether what goes to stderr is coloured.
pub(super) fn in_colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Says a line; control characters are shown as they are written in Rust.
pub(super) fn say(line: Arguments<'_>) {
    write(&harmless(&line.to_string()));
}

/// Shows a text that may be coloured: what it quotes has lost its escape sequences.
pub(super) fn show(text: &str) {
    write(&written_out(text, |c| {
        c.is_control() && !matches!(c, '\n' | '\t' | '\u{1b}')
    }));
}

fn write(text: &str) {
    // Nobody is left to be told that nobody listens.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A text whose control characters are written out, line breaks and tabulators excepted.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    written_out(text, |c| c.is_control() && !matches!(c, '\n' | '\t'))
}

fn written_out(text: &str, harms: fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(harms) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if harms(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        let text = "a\u{1b}[2Jb\r\u{9b}31m\u{7}\n\tc\u{7f}";
        let shown = "a\\u{1b}[2Jb\\r\\u{9b}31m\\u{7}\n\tc\\u{7f}";
        assert_eq!(harmless(text), shown);
        assert!(matches!(harmless("plain é\n"), Cow::Borrowed(_)));
    }
}
