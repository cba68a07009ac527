//! Which replication is meant, where one is simulated once more.

use crate::experiment::{Experiment, PointOutline};
use crate::report::detail::TraceSelection;
use crate::scenario::{Diagnostic, SweptValue, nearest};

/// One replication of one policy at one point.
#[derive(Debug, clap::Args)]
pub(super) struct OneReplication {
    /// The sweep's point, counted from 0; the last one if not given
    #[arg(long, value_name = "K")]
    point: Option<usize>,
    /// The policy: its place in the scenario, counted from 0, or its name; the first
    /// one if not given
    #[arg(long, value_name = "I|NAME")]
    policy: Option<String>,
    /// The replication, counted from 0
    #[arg(long, value_name = "R", default_value_t = 0)]
    replication: u32,
}

impl OneReplication {
    /// The replication, with the point that it is at.
    pub fn of<'e>(
        &self,
        experiment: &'e Experiment,
    ) -> Result<(TraceSelection, PointOutline<'e>), Diagnostic> {
        let mut points: Vec<PointOutline<'_>> = experiment.points().collect();
        let at = self.point.unwrap_or(points.len() - 1);
        if at >= points.len() {
            return Err(no_point(at, &points));
        }
        let point = points.swap_remove(at);
        let replications = experiment.loaded().scenario.replications;
        if self.replication >= replications {
            return Err(Diagnostic::new(format!(
                "--replication {}: the scenario has {replications}, counted from 0",
                self.replication
            )));
        }
        let selection = TraceSelection {
            point: at,
            policy: policy(self.policy.as_deref(), &point.policies)?,
            replication: self.replication,
        };
        Ok((selection, point))
    }
}

fn no_point(at: usize, points: &[PointOutline<'_>]) -> Diagnostic {
    let values: Vec<String> = points
        .iter()
        .enumerate()
        .filter(|(_, point)| !point.values.is_empty())
        .map(|(at, point)| {
            let values = point.values.iter().map(SweptValue::to_string);
            format!("{at} ({})", values.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let error = Diagnostic::new(format!(
        "--point {at}: the sweep has {} point{}, counted from 0",
        points.len(),
        if points.len() == 1 { "" } else { "s" }
    ));
    match values.is_empty() {
        true => error,
        false => error.help(format!("points: {}", values.join(", "))),
    }
}

/// The place of a policy that is given by its place, its name, or its kind where
/// only one is of that kind.
fn policy(given: Option<&str>, labels: &[&str]) -> Result<usize, Diagnostic> {
    let Some(given) = given else {
        return Ok(0);
    };
    if let Ok(at) = given.parse::<usize>()
        && at < labels.len()
    {
        return Ok(at);
    }
    let bare = |name: &str| name.split_whitespace().collect::<String>().to_lowercase();
    let same = |label: &&str| bare(label) == bare(given);
    let of_kind = |label: &&str| {
        let kind = label.split('(').next().unwrap_or(label);
        bare(kind) == bare(given)
    };
    let mut of_kind = (0..labels.len()).filter(|&at| of_kind(&labels[at]));
    let found = labels
        .iter()
        .position(same)
        .or_else(|| match (of_kind.next(), of_kind.next()) {
            (Some(at), None) => Some(at),
            _ => None,
        });
    found.ok_or_else(|| {
        let error = Diagnostic::new(format!("--policy {given}: the scenario has no such policy"));
        let list: Vec<String> = labels
            .iter()
            .enumerate()
            .map(|(at, label)| format!("{at} {label}"))
            .collect();
        match nearest(given, labels.iter().copied()) {
            Some(name) => error.help(format!("did you mean `{name}`?")),
            None => error.help(format!("policies: {}", list.join(", "))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_found_by_place_name_or_kind() {
        let labels = [
            "Goa(tau: 0.6)",
            "EdgeAll",
            "Random(like: Goa(tau: 0.6))",
            "Goa(tau: 0.8)",
        ];
        let find = |given| policy(Some(given), &labels).ok();
        assert_eq!(policy(None, &labels).ok(), Some(0));
        assert_eq!(find("2"), Some(2));
        assert_eq!(find("goa(tau:0.8)"), Some(3));
        assert_eq!(find("random"), Some(2));
        assert_eq!(find("Goa"), None, "two of that kind");
        assert_eq!(find("4"), None);
        let error = policy(Some("EdgeAl"), &labels).unwrap_err();
        assert!(
            error.to_string().contains("did you mean `EdgeAll`?"),
            "{error}"
        );
    }
}
