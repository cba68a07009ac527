//! What figures call policies, and how they draw them: as people write their names, and each
//! kind of policy the same in every figure.

use super::series_style::{PALETTE, Rgb, Style, series};

/// Kinds of policies in the order of their styles: the first have a colour to themselves.
const KINDS: [&str; 30] = [
    "Goa",
    "EdgeAll",
    "MinDelay",
    "Random",
    "LocalAll",
    "Refined",
    "Marginal",
    "Threshold",
    "Optimal",
    "StrongestSignal",
    "NearestServer",
    "LeastLoaded",
    "PowerOfTwo",
    "JoinShortestQueue",
    "Deadline",
    "AccuracyOracle",
    "AdaptiveTau",
    "RecServe",
    "SpecDecode",
    "Uhlm",
    "Corrected",
    "Race",
    "CloudOnly",
    "EdgeFirst",
    "PricedAssociation",
    "FairAssociation",
    "Timed",
    "Labelled",
    "Learned",
    "External",
];

/// The policies of one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnPolicies {
    labels: Vec<String>,
    styles: Vec<Style>,
}

impl DrawnPolicies {
    /// Of policies as results name them, such as `Goa(tau: 0.6)`.
    pub fn of<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<S> = names.into_iter().collect();
        Self {
            labels: names.iter().map(|name| label(name.as_ref())).collect(),
            styles: styles(names.iter().map(AsRef::as_ref)),
        }
    }

    /// What a policy is called.
    pub fn label(&self, policy: usize) -> &str {
        &self.labels[policy]
    }

    /// How a policy is drawn.
    pub fn style(&self, policy: usize) -> Style {
        self.styles[policy]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Style)> {
        let labels = self.labels.iter().map(String::as_str);
        labels.zip(self.styles.iter().copied())
    }
}

/// A style for each policy: that of its kind where its colour is free, another free colour
/// where there is one.
fn styles<'n>(names: impl Iterator<Item = &'n str>) -> Vec<Style> {
    let kinds: Vec<Option<usize>> = names
        .map(|name| KINDS.iter().position(|kind| *kind == split(name).0))
        .collect();
    let mut styles: Vec<Option<Style>> = vec![None; kinds.len()];
    let with_own_colour = |kind: &Option<usize>| kind.is_some_and(|at| at < PALETTE.len());
    // Kinds whose colour is their own first, so that none of the others takes it.
    for own in [true, false] {
        for at in 0..kinds.len() {
            if with_own_colour(&kinds[at]) == own {
                styles[at] = Some(free_style(kinds[at].unwrap_or(KINDS.len()), &styles));
            }
        }
    }
    styles.into_iter().flatten().collect()
}

/// The style of the wanted index or, where its colour is taken, the first one of a colour that
/// is not; where all are taken, the first style that is not.
fn free_style(wanted: usize, taken: &[Option<Style>]) -> Style {
    let has_colour = |colour: Rgb| taken.iter().flatten().any(|style| style.colour == colour);
    let candidates = || std::iter::once(wanted).chain(0..280).map(series);
    let of_free_colour = candidates().find(|style| !has_colour(style.colour));
    let free = || candidates().find(|style| !taken.contains(&Some(*style)));
    of_free_colour
        .or_else(free)
        .unwrap_or_else(|| series(wanted))
}

/// A policy's name as people write it: `Goa(tau: 0.6)` is "GOA, τ = 0.6".
pub(super) fn label(name: &str) -> String {
    let (kind, parameters, rest) = split(name);
    if !KINDS.contains(&kind) || kind == "External" {
        return name.to_owned();
    }
    let mut label = match kind {
        "Goa" => "GOA".to_owned(),
        "RecServe" => kind.to_owned(),
        "SpecDecode" => "Speculative decoding".to_owned(),
        "Uhlm" => "U-HLM".to_owned(),
        "AdaptiveTau" => "Adaptive τ".to_owned(),
        "Timed" => String::new(),
        _ => spaced(kind),
    };
    for parameter in split_list(parameters) {
        let (field, value) = parameter.split_once(": ").unwrap_or(("", parameter));
        let text = match (field, value) {
            ("like", policy) => format!(" like {}", self::label(policy)),
            ("policy", policy) => self::label(policy),
            ("takes", "Measured") => ", decides in measured time".to_owned(),
            ("takes", time) => format!(", decides in {} ms", number(split(time).1)),
            ("to" | "start", choice) => format!(", {field} {}", spaced(choice).to_lowercase()),
            ("target", target) => match split(target) {
                ("OffloadedShare", share, _) => format!(", offloaded share {}", number(share)),
                ("DelayP99Ms", limit, _) => format!(", p99 of {} ms", number(limit)),
                _ => format!(", target {target}"),
            },
            ("to_cloud", _) => ", to cloud".to_owned(),
            ("", value) => format!(", {value}"),
            (field, value) => match field.strip_suffix("_ms") {
                Some(field) => format!(", {} = {} ms", plain(field), number(value)),
                None => format!(", {} = {}", plain(field), number(value)),
            },
        };
        label.push_str(&text);
    }
    label.push_str(rest);
    label
}

/// A name, what is between its parentheses, and what follows.
fn split(name: &str) -> (&str, &str, &str) {
    let end = |c: char| !c.is_alphanumeric();
    let (kind, rest) = name.split_at(name.find(end).unwrap_or(name.len()));
    match (rest.starts_with('('), rest.rfind(')')) {
        (true, Some(close)) => (kind, &rest[1..close], &rest[close + 1..]),
        _ => (kind, "", rest),
    }
}

/// The parts of a list, split at commas that no parenthesis holds.
fn split_list(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// `EdgeAll` is "Edge all".
fn spaced(name: &str) -> String {
    let mut text = String::new();
    for (at, c) in name.char_indices() {
        if at > 0 && c.is_uppercase() {
            text.push(' ');
            text.extend(c.to_lowercase());
        } else {
            text.push(c);
        }
    }
    text
}

/// A field's name as people write it.
fn plain(field: &str) -> String {
    let words = field.split('_').map(|word| match word {
        "tau" => "τ",
        "alpha" => "α",
        "beta" => "β",
        "gamma" => "γ",
        "epsilon" => "ε",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// "2.0" is "2".
fn number(text: &str) -> &str {
    text.strip_suffix(".0").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_people_write_them() {
        for (name, expected) in [
            ("EdgeAll", "Edge all"),
            ("Goa", "GOA"),
            ("Goa(tau: 0.6)", "GOA, τ = 0.6"),
            (
                "Goa(tau_quantile: 0.4) by Entropy",
                "GOA, τ quantile = 0.4 by Entropy",
            ),
            ("Random(like: Goa(tau: 0.6))", "Random like GOA, τ = 0.6"),
            (
                "Refined(tau: 0.6, start: MinDelay)",
                "Refined, τ = 0.6, start min delay",
            ),
            (
                "Threshold(tau: 0.6, to: NearestServer)",
                "Threshold, τ = 0.6, to nearest server",
            ),
            (
                "RecServe(beta: 0.4, to_cloud: true)",
                "RecServe, β = 0.4, to cloud",
            ),
            ("Deadline(slack_ms: 20.0)", "Deadline, slack = 20 ms"),
            (
                "Timed(policy: Goa(tau: 0.6), takes: FixedMs(414.0))",
                "GOA, τ = 0.6, decides in 414 ms",
            ),
            (
                "AdaptiveTau(target: DelayP99Ms(80.0))",
                "Adaptive τ, p99 of 80 ms",
            ),
            ("External(command: [\"a\"])", "External(command: [\"a\"])"),
            ("my own policy", "my own policy"),
        ] {
            assert_eq!(label(name), expected);
        }
    }

    #[test]
    fn every_policy_has_a_place_among_the_kinds() {
        let refused = crate::scenario::policy_from_text("Nobody", "").unwrap_err();
        let help = refused.help.expect("what is allowed");
        let (_, allowed) = help.split_once("allowed are ").expect("a list");
        let mut allowed: Vec<&str> = allowed.split(", ").collect();
        let mut kinds = KINDS;
        allowed.sort_unstable();
        kinds.sort_unstable();
        assert_eq!(kinds.as_slice(), allowed);
    }

    #[test]
    fn a_kind_has_its_colour_whoever_is_beside_it() {
        let colour = |names: &[&str], of: usize| DrawnPolicies::of(names).style(of).colour;
        let blue = PALETTE[0];
        assert_eq!(colour(&["Goa(tau: 0.6)"], 0), blue);
        assert_eq!(colour(&["Refined(tau: 0.6)", "Goa(tau: 0.6)"], 1), blue);
        // Even where another of the same colour comes first.
        assert_eq!(
            colour(&["Threshold(tau: 0.6)", "mine", "Goa(tau: 0.6)"], 2),
            blue
        );
        assert_eq!(
            colour(&["EdgeAll"], 0),
            colour(&["LocalAll", "Goa", "EdgeAll"], 2)
        );
    }

    #[test]
    fn seven_policies_have_seven_colours_and_all_have_a_style_of_their_own() {
        let names: Vec<String> = (0..7).map(|at| format!("Goa(tau: 0.{at})")).collect();
        let drawn = DrawnPolicies::of(&names);
        let colours: std::collections::BTreeSet<Rgb> =
            (0..7).map(|at| drawn.style(at).colour).collect();
        assert_eq!(colours.len(), 7);
        let drawn = DrawnPolicies::of(KINDS);
        for at in 0..KINDS.len() {
            assert!((0..at).all(|other| drawn.style(other) != drawn.style(at)));
        }
    }
}
