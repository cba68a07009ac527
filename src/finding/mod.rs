//! How far a field may go before conditions no longer hold: by bisection, each place
//! replicated until it is decided.

mod bisection;
mod condition;
mod place;
mod search;
mod verdict;

pub use condition::Condition;
pub use place::{Judgement, Place, PolicyAt};
pub use search::{FindError, Question, Search};
pub use verdict::Verdict;

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The field that was varied.
    pub field: String,
    /// Its values go from here,
    pub low: f64,
    /// to here,
    pub high: f64,
    /// in steps of this.
    pub step: f64,
    /// What must hold, all of it.
    pub conditions: Vec<Condition>,
    /// A name for each policy, whatever the field's value.
    pub policies: Vec<String>,
    /// One a policy.
    pub answers: Vec<Answer>,
    /// The values that were simulated, in their order.
    pub path: Vec<Place>,
    /// Policies for which the conditions were not seen to change once only.
    pub warnings: Vec<String>,
}

/// How far the conditions hold for a policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Answer {
    /// At both ends of the range, and so within it.
    Throughout,
    /// At neither end.
    Nowhere,
    /// From the low end of the range up to a value.
    UpTo {
        /// The greatest value at which they hold.
        holds: f64,
        /// The least value at which they fail; `None` if that is undecided up to the end.
        fails: Option<f64>,
    },
    /// From a value up to the high end of the range.
    From {
        /// The least value at which they hold.
        holds: f64,
        /// The greatest value at which they fail; `None` if that is undecided.
        fails: Option<f64>,
    },
    /// They fail from this value up to the high end of the range; the replications allowed
    /// did not decide the low end.
    FailsFrom(f64),
    /// They fail from the low end of the range up to this value; the replications allowed did
    /// not decide the high end.
    FailsUpTo(f64),
    /// The replications allowed decided neither end of the range.
    Undecided,
}
