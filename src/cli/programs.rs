//! Whether the programs that a scenario names may be run: a scenario can be a stranger's.

use super::Failure;
use crate::scenario::{Diagnostic, Loaded, Override};
use std::path::Path;

/// What consents to running programs.
#[derive(Debug, clap::Args)]
pub(super) struct Consent {
    /// Run the programs that the scenario's `External` policies name. They can do
    /// whatever you can: look at the list that is shown without this option
    #[arg(long)]
    allow_programs: bool,
}

impl Consent {
    /// Says which programs a scenario will run; refuses if nobody has consented. Who
    /// names a program in an override has.
    pub fn ask(&self, loaded: &Loaded, overrides: &[Override]) -> Result<(), Failure> {
        let named = loaded.scenario.policies.iter().enumerate();
        let programs: Vec<(usize, &[String])> = named
            .filter_map(|(at, policy)| Some((at, policy.program()?)))
            .collect();
        let allowed = |command: &[String]| {
            self.allow_programs || overrides.iter().any(|one| names(&one.value, command))
        };
        let folder = match loaded.folder() {
            here if here == Path::new("") => Path::new("."),
            folder => folder,
        };
        let shown = |command: &[String]| format!("{command:?}");
        let refused: Vec<Diagnostic> = programs
            .iter()
            .filter(|(_, command)| !allowed(command))
            .map(|(at, command)| {
                let field = format!("policies[{at}].command");
                loaded.at_field(
                    &field,
                    format!(
                        "{field}: the scenario would run the program {} in {}, found no consent, \
                         allowed is `--allow-programs`",
                        shown(command),
                        folder.display()
                    ),
                    "a program can do whatever you can: give `--allow-programs` if you trust it",
                )
            })
            .collect();
        if !refused.is_empty() {
            return Err(Failure::Input(refused));
        }
        for (_, command) in programs {
            tell!(
                "runs the program {} in {}",
                shown(command),
                folder.display()
            );
        }
        Ok(())
    }
}

/// Whether an override's value holds this very command.
fn names(value: &str, command: &[String]) -> bool {
    let dense = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace()).collect() };
    let list = format!("{command:?}");
    dense(value).contains(&dense(&list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_named_on_the_command_line_is_consented_to() {
        let command = ["python3".to_owned(), "my policy.py".to_owned()];
        let value = "[EdgeAll, External(command: [\"python3\",\"my policy.py\"])]";
        assert!(names(value, &command));
        assert!(!names("[EdgeAll]", &command));
        assert!(!names(value, &command[..1]));
    }
}
