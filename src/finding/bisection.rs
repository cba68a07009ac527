//! Where a verdict changes between the ends of a range.

use super::verdict::Verdict;

/// How far the conditions are known to hold on a grid, of which the ends are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edges {
    /// The place farthest from the end where they hold that is known to hold.
    pub holds: Option<usize>,
    /// The place nearest to it that is known to fail.
    pub fails: Option<usize>,
}

/// Bisects the grid `0..=last`, in which verdicts are taken to change once at most.
pub(super) fn edges<E>(
    last: usize,
    mut verdict: impl FnMut(usize) -> Result<Verdict, E>,
) -> Result<Edges, E> {
    let ends = [(0, verdict(0)?), (last, verdict(last)?)];
    let end = |wanted: Verdict| ends.iter().find(|(_, v)| *v == wanted).map(|(at, _)| *at);
    let (good, bad) = (end(Verdict::Holds), end(Verdict::Fails));
    let Some(good) = good else {
        let fails = match bad {
            // From there on it fails; nothing can be said of what is before.
            Some(bad) if ends.iter().any(|(_, v)| *v == Verdict::Undecided) => {
                Some(boundary(bad, last - bad, |at| {
                    Ok(verdict(at)? == Verdict::Fails)
                })?)
            }
            bad => bad,
        };
        return Ok(Edges { holds: None, fails });
    };
    if ends.iter().all(|(_, v)| *v == Verdict::Holds) {
        return Ok(Edges {
            holds: Some(last),
            fails: None,
        });
    }
    let other = last - good;
    // While a place is undecided, the two edges are looked for apart: the places between
    // them are those of which nothing can be said.
    let holds = boundary(good, other, |at| Ok(verdict(at)? == Verdict::Holds))?;
    let fails = match bad {
        Some(bad) => Some(boundary(bad, holds, |at| {
            Ok(verdict(at)? == Verdict::Fails)
        })?),
        None => None,
    };
    Ok(Edges {
        holds: Some(holds),
        fails,
    })
}

/// Of the places between one with a property and one without it, the last that has it.
fn boundary<E>(
    mut with: usize,
    mut without: usize,
    mut has: impl FnMut(usize) -> Result<bool, E>,
) -> Result<usize, E> {
    while with.abs_diff(without) > 1 {
        let middle = with.midpoint(without);
        if has(middle)? {
            with = middle;
        } else {
            without = middle;
        }
    }
    Ok(with)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(verdicts: &[Verdict]) -> (Edges, usize) {
        let mut asked = std::collections::BTreeSet::new();
        let outcome = edges(verdicts.len() - 1, |at| {
            asked.insert(at);
            Ok::<_, ()>(verdicts[at])
        });
        (outcome.unwrap(), asked.len())
    }

    proptest! {
        #[test]
        fn edges_are_found_wherever_they_are(
            holds in 1usize..40, undecided in 0usize..6, fails in 1usize..40, reversed: bool,
        ) {
            let mut verdicts = [
                vec![Verdict::Holds; holds],
                vec![Verdict::Undecided; undecided],
                vec![Verdict::Fails; fails],
            ]
            .concat();
            let last = verdicts.len() - 1;
            let (mut good, mut bad) = (holds - 1, holds + undecided);
            if reversed {
                verdicts.reverse();
                (good, bad) = (last - good, last - bad);
            }
            let (edges, asked) = found(&verdicts);
            prop_assert_eq!(edges, Edges { holds: Some(good), fails: Some(bad) });
            prop_assert!(asked <= 2 + 2 * (last as f64).log2().ceil() as usize, "{}", asked);
        }
    }

    #[test]
    fn ends_that_agree_or_say_nothing_are_told() {
        use Verdict::{Fails, Holds, Undecided};
        let edges = |verdicts: &[Verdict]| {
            let found = found(verdicts).0;
            (found.holds, found.fails)
        };
        assert_eq!(edges(&[Holds, Holds, Holds]), (Some(2), None));
        assert_eq!(edges(&[Fails, Fails, Fails]), (None, Some(0)));
        assert_eq!(edges(&[Undecided, Undecided]), (None, None));
        assert_eq!(edges(&[Undecided, Undecided, Fails]), (None, Some(2)));
        assert_eq!(edges(&[Undecided, Fails, Fails, Fails]), (None, Some(1)));
        assert_eq!(edges(&[Fails, Fails, Undecided]), (None, Some(1)));
        assert_eq!(
            edges(&[Holds, Holds, Undecided, Undecided]),
            (Some(1), None)
        );
    }
}
