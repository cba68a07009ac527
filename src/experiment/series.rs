//! What policies are called where several points are shown together.

/// A name for each policy that holds at every point: its own, or its kind where the sweep
/// changes its parameters. Takes the names at each point, as many at each.
pub fn series(points: &[Vec<&str>]) -> Vec<String> {
    let Some(first) = points.first() else {
        return Vec::new();
    };
    let names = first.iter().enumerate().map(|(at, name)| {
        let is_constant = points.iter().all(|point| point.get(at) == Some(name));
        match is_constant {
            true => (*name).to_owned(),
            false => name.split('(').next().unwrap_or(name).to_owned(),
        }
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_changes_along_the_sweep_is_that_of_its_kind() {
        let points = [
            vec!["Goa(tau: 0.4)", "EdgeAll", "Goa(tau: 0.9)"],
            vec!["Goa(tau: 0.6)", "EdgeAll", "Goa(tau: 0.9)"],
        ];
        assert_eq!(series(&points), ["Goa", "EdgeAll", "Goa(tau: 0.9)"]);
        assert!(series(&[]).is_empty());
    }
}
