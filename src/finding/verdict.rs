//! Whether conditions hold, as far as simulations can tell.

/// What is known of a policy at a value of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every condition holds.
    Holds,
    /// A condition does not hold.
    Fails,
    /// More replications would be needed.
    Undecided,
}

impl Verdict {
    /// Of several conditions together.
    pub fn of_all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::Holds;
        for verdict in verdicts {
            match verdict {
                Self::Fails => return Self::Fails,
                Self::Undecided => all = Self::Undecided,
                Self::Holds => {}
            }
        }
        all
    }

    /// Its word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Undecided => "undecided",
        }
    }
}
