//! The downhill simplex method (Nelder and Mead, The Computer Journal 7, 1965): needs values
//! only, which suits times of a simulated queue, whose derivatives jump.

/// Where a search ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Minimum {
    /// The point.
    pub at: Vec<f64>,
    /// The value there.
    pub value: f64,
}

/// How far a simplex reaches from its start.
const FIRST_STEP: f64 = 0.25;

/// Minimises a function from a start, by at most so many evaluations; begins anew around the
/// best point whenever the simplex has collapsed, until that no longer helps.
pub(super) fn minimise(
    start: &[f64],
    evaluations: usize,
    mut value_at: impl FnMut(&[f64]) -> f64,
) -> Minimum {
    let mut left = evaluations;
    let mut best = Minimum {
        at: start.to_vec(),
        value: f64::INFINITY,
    };
    while left > 0 {
        let before = best.value;
        let found = descend(&best.at, &mut left, &mut value_at);
        if found.value < best.value {
            best = found;
        }
        if before.is_finite() && before - best.value < 1e-4 * before.abs() {
            break;
        }
    }
    best
}

/// One simplex, until it has collapsed.
fn descend(start: &[f64], left: &mut usize, value_at: &mut impl FnMut(&[f64]) -> f64) -> Minimum {
    let mut evaluate = |at: Vec<f64>, left: &mut usize| {
        *left = left.saturating_sub(1);
        let value = value_at(&at);
        Minimum { at, value }
    };
    let mut simplex = vec![evaluate(start.to_vec(), left)];
    for axis in 0..start.len() {
        let mut at = start.to_vec();
        at[axis] += FIRST_STEP;
        simplex.push(evaluate(at, left));
    }
    loop {
        simplex.sort_by(|a, b| a.value.total_cmp(&b.value));
        let last = simplex.len() - 1;
        let width = (0..start.len())
            .map(|axis| {
                let along = simplex.iter().map(|vertex| vertex.at[axis]);
                let (low, high) = along.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| {
                    (l.min(x), h.max(x))
                });
                high - low
            })
            .fold(0.0, f64::max);
        if *left == 0 || width < 1e-4 {
            return simplex.swap_remove(0);
        }
        let centre: Vec<f64> = (0..start.len())
            .map(|axis| {
                let others = simplex[..last].iter().map(|vertex| vertex.at[axis]);
                others.sum::<f64>() / last as f64
            })
            .collect();
        let along = |factor: f64, worst: &Minimum| {
            let pairs = centre.iter().zip(&worst.at);
            pairs.map(|(c, w)| c + factor * (c - w)).collect::<Vec<_>>()
        };
        let reflected = evaluate(along(1.0, &simplex[last]), left);
        if reflected.value < simplex[0].value {
            let expanded = evaluate(along(2.0, &simplex[last]), left);
            simplex[last] = if expanded.value < reflected.value {
                expanded
            } else {
                reflected
            };
        } else if reflected.value < simplex[last - 1].value {
            simplex[last] = reflected;
        } else {
            let factor = if reflected.value < simplex[last].value {
                0.5
            } else {
                -0.5
            };
            let contracted = evaluate(along(factor, &simplex[last]), left);
            if contracted.value < simplex[last].value.min(reflected.value) {
                simplex[last] = contracted;
            } else {
                let best = simplex[0].at.clone();
                for vertex in &mut simplex[1..] {
                    let nearer = vertex.at.iter().zip(&best).map(|(x, b)| 0.5 * (x + b));
                    *vertex = evaluate(nearer.collect(), left);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valleys_and_kinks_are_followed_to_their_end() {
        let banana = |x: &[f64]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let found = minimise(&[-1.2, 1.0], 2000, banana);
        assert!((found.at[0] - 1.0).abs() < 0.01, "{found:?}");
        let kink = |x: &[f64]| (x[0] - 3.0).abs() + 2.0 * (x[1] + 1.0).abs() + (x[2] - x[0]).abs();
        let found = minimise(&[0.0, 0.0, 0.0], 3000, kink);
        assert!(found.value < 0.01, "{found:?}");
    }

    #[test]
    fn no_more_evaluations_are_made_than_allowed_but_a_simplex() {
        let mut count = 0;
        minimise(&[0.0, 0.0], 50, |x| {
            count += 1;
            x[0] * x[0] + x[1]
        });
        assert!(count <= 54, "{count}");
    }
}
